/* SPDX-License-Identifier: MIT */
/*
 * Private keys on a token (RFC 7512's URIs, an OpenSSL provider): from the URI over the store to a
 * signature in IKE_AUTH that only the token can make, by a job.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <kselftest_harness.h>

#include "pdk/conf/parser.h"
#include "pdk/crypto/private_key.h"
#include "pdk/log/log.h"
#include "ikev2/sa/ike_sa.h"
#include "tests/lib/token/token.h"
#include "../unit/pdk/leaks.h"
#include "auth_files.h"
#include "sim.h"

FIXTURE(token)
{
	struct sim sim;
	bool running;
	char dir[64];
	char said[4096]; /* warnings */
};

static void remember(const struct log_record *record, void *data)
{
	char *said = data;
	size_t len = strlen(said);

	if (record->level <= LOG_LEVEL_WARNING)
		snprintf(said + len, 4096 - len, "%s\n", record->message);
}

FIXTURE_SETUP(token)
{
	log_set_level(NULL, LOG_LEVEL_WARNING);
	log_add_sink(remember, self->said);
	strcpy(self->dir, "/tmp/postern-token.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	auth_files_make(self->dir);
	token_use(self->dir);
}

FIXTURE_TEARDOWN(token)
{
	char command[128];

	if (self->running)
		sim_fini(&self->sim);
	log_remove_sink(remember, self->said);
	snprintf(command, sizeof(command), "rm -r %s", self->dir);
	EXPECT_EQ(0, system(command));
	EXPECT_NO_LEAKS();
}

static int key_at(const char *uri, const char *pin, struct private_key **ret_key)
{
	return private_key_from_uri(uri, bytes_str(pin), ret_key);
}

TEST_F(token, key_is_found_by_uri_and_pin_and_signs)
{
	static const struct {
		const char *uri;
		enum crypto_key_type type;
		struct crypto_sign_scheme scheme;
	} cases[] = {
		{ "pkcs11:object=b-ecdsa;type=private",
		  CRYPTO_KEY_ECDSA_P256,
		  { CRYPTO_ECDSA_DER, CRYPTO_HASH_SHA256, 0 } },
		{ "pkcs11:object=b-ecdsa;type=private",
		  CRYPTO_KEY_ECDSA_P256,
		  { CRYPTO_ECDSA_RAW, CRYPTO_HASH_SHA256, 0 } },
		{ "pkcs11:object=b-rsa;type=private",
		  CRYPTO_KEY_RSA,
		  { CRYPTO_PKCS1, CRYPTO_HASH_SHA512, 0 } },
		{ "pkcs11:object=b-rsa;type=private",
		  CRYPTO_KEY_RSA,
		  { CRYPTO_PSS, CRYPTO_HASH_SHA384, 0 } },
	};
	const struct bytes octets = bytes_str("octets");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct private_key *key;
		struct writer w;

		ASSERT_EQ(0, key_at(cases[i].uri, TOKEN_PIN, &key));
		EXPECT_EQ(cases[i].type, public_key_type(private_key_public(key)));
		EXPECT_TRUE(private_key_blocks(key));
		writer_init_heap(&w, CRYPTO_SIGNATURE_MAX);
		EXPECT_EQ(0, private_key_sign(key, &cases[i].scheme, &octets, 1, &w));
		EXPECT_EQ(0, public_key_verify(private_key_public(key), &cases[i].scheme, &octets,
					       1, writer_view(&w)));
		EXPECT_EQ(i + 1, token_signatures(self->dir));
		writer_fini(&w);
		private_key_unref(key);
	}
}

TEST_F(token, wrong_pin_and_what_is_not_there_are_told_from_no_provider)
{
	struct private_key *key;

	EXPECT_EQ(-ENOENT, key_at("pkcs11:object=b-ecdsa", "1235", &key));
	EXPECT_EQ(-ENOENT, key_at("pkcs11:object=b-ecdsa", "", &key));
	EXPECT_EQ(-ENOENT, key_at("pkcs11:object=nonesuch", TOKEN_PIN, &key));
	EXPECT_EQ(-ENOTSUP, key_at("tpm2:object=b-ecdsa", TOKEN_PIN, &key));
}

/* The key is b's; its certificate is in a file. */
static void begin(FIXTURE_DATA(token) * self, const char *kind)
{
	static const char form[] =
		"connections { c { local_addrs = 192.0.2.%d\n remote_addrs = 192.0.2.%d\n"
		" local { certs = %s/%c-%s.pem\n id = %c.test }\n"
		" remote { id = %c.test\n cacerts = %s/ca.pem }\n"
		" children { net { local_ts = 10.%d.0.0/16\n remote_ts = 10.%d.0.0/16 } } } }\n"
		"secrets { %s }\n";
	char text_a[4096], text_b[4096], secrets[256];
	const char *dir = self->dir;

	snprintf(secrets, sizeof(secrets), "private-1 { file = %s/a-ecdsa.key }", dir);
	snprintf(text_a, sizeof(text_a), form, 1, 2, dir, 'a', "ecdsa", 'a', 'b', dir, 1, 2,
		 secrets);
	snprintf(secrets, sizeof(secrets),
		 "token-1 { uri = \"pkcs11:object=b-%s;type=private\"\n pin = " TOKEN_PIN " }",
		 kind);
	snprintf(text_b, sizeof(text_b), form, 2, 1, dir, 'b', kind, 'b', 'a', dir, 2, 1, secrets);
	if (self->running)
		sim_fini(&self->sim);
	sim_init(&self->sim, 3, text_a, text_b);
	self->running = true;
	self->sim.link.delay = DURATION_MS(5);
	self->sim.job_delay = DURATION_MS(20);
}

static bool up(FIXTURE_DATA(token) * self, unsigned initiator)
{
	struct sim *sim = &self->sim;

	sim_initiate(sim, initiator);
	return sim_run_results(sim, initiator, 1, DURATION_S(300)) &&
	       sim->peers[initiator].result == 0 && !sim_agreement(sim);
}

TEST_F(token, signs_in_ike_auth_by_a_job)
{
	static const char *const kinds[] = { "ecdsa", "rsa" };

	for (unsigned i = 0; i < 4; i++) {
		begin(self, kinds[i % 2]);
		EXPECT_TRUE(up(self, i / 2))
		{
			TH_LOG("%s", self->said);
		}
		/* One for the peer's certificate, one for our signature. */
		EXPECT_EQ(2, self->sim.peers[1].jobs);
		EXPECT_EQ(i + 1, token_signatures(self->dir));
	}
}

TEST_F(token, that_refuses_is_a_refusal_with_a_reason)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/broken", self->dir);
	f = fopen(path, "w");
	ASSERT_NE(NULL, f);
	fclose(f);
	for (unsigned initiator = 0; initiator < 2; initiator++) {
		self->said[0] = '\0';
		begin(self, "ecdsa");
		EXPECT_FALSE(up(self, initiator));
		EXPECT_NE(NULL, strstr(self->said, "connection c: "));
		EXPECT_NE(NULL,
			  strstr(self->said, "whoever holds our private key refuses to sign"));
	}
	EXPECT_EQ(0, token_signatures(self->dir));
}

TEST_F(token, that_has_no_such_key_is_a_reason_in_the_configuration)
{
	static const char *const bad[] = { "uri = \"pkcs11:object=b-ecdsa\"\n pin = 1",
					   "uri = \"pkcs11:object=b-ecdsa\"",
					   ("uri = \"pkcs11:object=c2\"\n pin = " TOKEN_PIN) };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct conf_report report = CONF_REPORT_INIT;
		struct conf_node *root = conf_root_new();
		struct ike_config *cfg;
		char text[256];

		snprintf(text, sizeof(text), "secrets { token-1 { %s } }", bad[i]);
		ASSERT_EQ(0, conf_parse(bytes_str(text), "f", root, &report));
		EXPECT_EQ(-EINVAL, config_from_tree(root, NULL, &report, &cfg));
		EXPECT_STREQ("f:1:11: secrets.token-1: there is no such private key, or the PIN is "
			     "wrong\n",
			     conf_report_text(&report));
		conf_report_fini(&report);
		conf_free(root);
	}
}

TEST_HARNESS_MAIN
