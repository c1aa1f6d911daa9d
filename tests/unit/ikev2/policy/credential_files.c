/* SPDX-License-Identifier: MIT */
/* Certificates and keys in the folders beside a configuration file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <kselftest_harness.h>

#include "pdk/log/log.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/credentials.h"
#include "tests/sim/auth_files.h"
#include "../../pdk/leaks.h"

FIXTURE(folders)
{
	char dir[64];
	struct ike_config *cfg;
};

static int run(const FIXTURE_DATA(folders) * self, const char *command)
{
	char line[1024];

	snprintf(line, sizeof(line), "cd %s && { %s; } >/dev/null 2>&1", self->dir, command);
	return system(line);
}

FIXTURE_SETUP(folders)
{
	log_set_level(NULL, LOG_LEVEL_ERROR);
	strcpy(self->dir, "/tmp/postern-creds.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	auth_files_make(self->dir);
	ASSERT_EQ(0, run(self, "mkdir x509 x509ca x509crl private pkcs8 pkcs12 pubkey"));
}

FIXTURE_TEARDOWN(folders)
{
	char line[128];

	config_unref(self->cfg);
	snprintf(line, sizeof(line), "rm -r %s", self->dir);
	EXPECT_EQ(0, system(line));
	EXPECT_NO_LEAKS();
}

/* Writes the file and loads it in the place of what is in force. ret_why: free() it. */
static int load(FIXTURE_DATA(folders) * self, const char *text, char **ret_why)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct ike_config *next;
	char path[128];
	FILE *f;
	int err;

	snprintf(path, sizeof(path), "%s/postern.conf", self->dir);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
	err = config_from_file(path, self->cfg, &report, &next);
	if (ret_why)
		*ret_why = strdup(conf_report_text(&report));
	conf_report_fini(&report);
	if (err == 0) {
		config_unref(self->cfg);
		self->cfg = next;
	}
	return err;
}

TEST_F(folders, each_folder_gives_what_is_in_it)
{
	ASSERT_EQ(0,
		  run(self, "cp ca.pem x509ca; cp a-rsa.pem b-sub.pem x509; cp a-rsa.key private;"
			    "cp a-ecdsa.key pkcs8; echo nonsense >private/broken"));
	ASSERT_EQ(0, load(self, "", NULL));
	EXPECT_EQ(2, credentials_count_keys(self->cfg->creds));
	EXPECT_EQ(1, trust_store_count(self->cfg->creds->trust, TRUST_ANCHOR));
	EXPECT_EQ(2, trust_store_count(self->cfg->creds->trust, TRUST_END_ENTITY));
	/* It stood behind b-sub.pem. */
	EXPECT_EQ(1, trust_store_count(self->cfg->creds->trust, TRUST_INTERMEDIATE));
}

TEST_F(folders, encrypted_keys_and_containers_need_their_secret)
{
	ASSERT_EQ(0, run(self,
			 "openssl pkcs8 -topk8 -in a-rsa.key -passout pass:one -out private/a.key;"
			 "openssl pkcs12 -export -inkey b-rsa.key -in b-rsa.pem -certfile ca.pem "
			 "-passout pass:two -out pkcs12/b.p12"));
	ASSERT_EQ(0, load(self, "", NULL));
	EXPECT_EQ(0, credentials_count_keys(self->cfg->creds));
	ASSERT_EQ(0, load(self,
			  "secrets { private-1 { file = a.key\n secret = one }\n"
			  " pkcs12-1 { file = b.p12\n secret = two } }",
			  NULL));
	EXPECT_EQ(2, credentials_count_keys(self->cfg->creds));
	EXPECT_EQ(2, credentials_count_certificates(self->cfg->creds));
	ASSERT_EQ(0, load(self, "secrets { private-1 { file = a.key\n secret = wrong } }", NULL));
	EXPECT_EQ(0, credentials_count_keys(self->cfg->creds));
}

TEST_F(folders, what_has_not_changed_is_not_decoded_again)
{
	const struct private_key *key;

	ASSERT_EQ(0, run(self, "cp a-rsa.key private"));
	ASSERT_EQ(0, load(self, "", NULL));
	key = self->cfg->creds->v[0]->key;
	ASSERT_EQ(0, run(self, "cp ca.pem x509ca"));
	ASSERT_EQ(0, load(self, "", NULL));
	EXPECT_EQ(2, self->cfg->creds->n);
	for (size_t i = 0; i < 2; i++)
		if (self->cfg->creds->v[i]->kind == CREDENTIAL_KEY)
			EXPECT_EQ(key, self->cfg->creds->v[i]->key);
	ASSERT_EQ(0, run(self, "rm private/a-rsa.key"));
	ASSERT_EQ(0, load(self, "", NULL));
	EXPECT_EQ(0, credentials_count_keys(self->cfg->creds));
}

#define CONN(side) "connections { c { local { " side " }\n remote { auth = psk } } }"

TEST_F(folders, connection_changes_with_its_certificates_file)
{
	const struct connection *before;

	ASSERT_EQ(0, run(self, "cp a-rsa.pem x509/own.pem"));
	ASSERT_EQ(0, load(self, CONN("certs = own.pem\n id = a.test"), NULL));
	before = connection_ref(self->cfg->connections[0]);
	ASSERT_EQ(0, load(self, CONN("certs = own.pem\n id = a.test"), NULL));
	EXPECT_EQ(before, self->cfg->connections[0]);
	ASSERT_EQ(0, run(self, "cp a-ecdsa.pem x509/own.pem"));
	ASSERT_EQ(0, load(self, CONN("certs = own.pem\n id = a.test"), NULL));
	EXPECT_NE(before, self->cfg->connections[0]);
	connection_unref(before);
}

TEST_F(folders, what_is_named_and_can_not_be_used_is_refused)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ CONN("certs = nonesuch.pem"), "x509/nonesuch.pem: No such file or directory" },
		{ CONN("certs = ."), "Is a directory" },
		{ CONN("certs = bad.pem"), "expected an X.509 certificate in PEM or DER" },
		{ CONN("certs = half.pem"), "it is malformed" },
		{ CONN("certs = own.pem\n id = c.test"), "identity c.test isn't in certificate" },
		{ CONN("pubkeys = own.pub"), "pubkey/own.pub: No such file or directory" },
		{ CONN("cert1 { handle = 01 }"), "certificates on a token are not supported" },
		{ "secrets { token-1 { handle = xyz } }", "expected a URI, or a handle" },
		{ "secrets { token-1 { uri = \"nothing:x\" } }", "OpenSSL has no provider" },
	};

	ASSERT_EQ(0, run(self, "cp a-rsa.pem x509/own.pem; echo no >x509/bad.pem;"
			       "head -5 a-rsa.pem >x509/half.pem"));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *why;

		EXPECT_EQ(-EINVAL, load(self, cases[i].text, &why));
		EXPECT_NE(NULL, strstr(why, cases[i].why))
		{
			TH_LOG("'%s' not in: %s", cases[i].why, why);
		}
		free(why);
	}
}

TEST_F(folders, cas_of_our_own_certificate_are_not_trusted_for_peers)
{
	const struct trust_store *trust;

	ASSERT_EQ(0, run(self, "cp b-sub.pem x509; cp ca.pem other-ca.pem x509ca; mv x509ca cas;"
			       "mkdir x509ca"));
	ASSERT_EQ(0, load(self,
			  "connections { c { local { id = b.test\n certs = b-sub.pem\n"
			  " cacert1 { file = ../cas/ca.pem } }\n"
			  " remote { cacert1 { file = ../cas/other-ca.pem } } } }",
			  NULL));
	trust = self->cfg->creds->trust;
	ASSERT_EQ(1, trust_store_count(trust, TRUST_ANCHOR));
	EXPECT_EQ(self->cfg->connections[0]->remote.cacerts[0],
		  trust_store_get(trust, TRUST_ANCHOR, 0));
	/* They make our chain, from the one that stands behind ours up. */
	EXPECT_EQ(2, trust_store_count(trust, TRUST_INTERMEDIATE));
	EXPECT_EQ(self->cfg->connections[0]->local.cacerts[0],
		  trust_store_issuer(trust, self->cfg->connections[0]->local.extras[0]));
}

/* RFC 7670 1: a raw key says nothing about the ID payload that comes with it. */
TEST_F(folders, several_raw_keys_need_a_name_that_is_theirs_alone)
{
	static const struct {
		const char *remote;
		int err;
	} cases[] = {
		{ "pubkeys = a.pub", 0 },
		{ "pubkeys = a.pub\n id = *.test", 0 },
		{ "pubkeys = a.pub, b.pub\n id = moon.test", 0 },
		{ "pubkeys = a.pub, b.pub\n id = \"C=CH, CN=moon\"", 0 },
		{ "pubkeys = a.pub, b.pub", -EINVAL },
		{ "pubkeys = a.pub, b.pub\n id = %any", -EINVAL },
		{ "pubkeys = a.pub, b.pub\n id = *.test", -EINVAL },
		{ "pubkeys = a.pub, b.pub\n id = *@test", -EINVAL },
		{ "pubkeys = a.pub, b.pub\n id = \"C=CH, CN=*\"", -EINVAL },
	};

	ASSERT_EQ(0, run(self, "openssl pkey -in a-rsa.key -pubout -out pubkey/a.pub;"
			       "openssl pkey -in a-ecdsa.key -pubout -out pubkey/b.pub"));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[256], *why = NULL;

		snprintf(text, sizeof(text),
			 "connections { c { local { auth = psk }\n remote { %s } } }",
			 cases[i].remote);
		EXPECT_EQ(cases[i].err, load(self, text, &why)) TH_LOG("%s", cases[i].remote);
		EXPECT_TRUE(!cases[i].err ||
			    (why && strstr(why, "several pubkeys need an exact id")))
		{
			TH_LOG("%s: %s", cases[i].remote, why);
		}
		free(why);
	}
	/* Ours are shown by the name that we give. */
	EXPECT_EQ(0, load(self, CONN("pubkeys = a.pub, b.pub"), NULL));
}

static const char *uri_of_only_ca(const struct ike_config *cfg, enum trust_uri kind, size_t i)
{
	const struct trust_store *trust = cfg->creds->trust;

	return trust_store_uri(trust, trust_store_get(trust, TRUST_ANCHOR, 0), kind, i);
}

/* RFC 4945 3.2.3 */
TEST_F(folders, authorities_are_trusted_and_say_where_their_lists_lie)
{
	char text[256];

	ASSERT_EQ(0, run(self, "cp ca.pem other-ca.pem x509ca; mv x509ca/ca.pem ."));
	ASSERT_EQ(0, run(self, "rm x509ca/other-ca.pem"));
	snprintf(text, sizeof(text),
		 "authorities { a { file = %s/ca.pem\n crl_uris = http://x/1, http://x/2\n"
		 " ocsp_uris = http://x/ocsp } }",
		 self->dir);
	ASSERT_EQ(0, load(self, text, NULL));
	ASSERT_EQ(1, self->cfg->n_authorities);
	EXPECT_EQ(1, trust_store_count(self->cfg->creds->trust, TRUST_ANCHOR));
	EXPECT_STREQ("http://x/1", uri_of_only_ca(self->cfg, TRUST_URI_CRL, 0));
	EXPECT_STREQ("http://x/2", uri_of_only_ca(self->cfg, TRUST_URI_CRL, 1));
	EXPECT_EQ(NULL, uri_of_only_ca(self->cfg, TRUST_URI_CRL, 2));
	EXPECT_STREQ("http://x/ocsp", uri_of_only_ca(self->cfg, TRUST_URI_OCSP, 0));
	/* From the folder, and other servers: the store is another one. */
	ASSERT_EQ(0, run(self, "cp other-ca.pem x509ca/its.pem"));
	ASSERT_EQ(0, load(self, "authorities { a { cacert = its.pem\n crl_uris = http://y/ } }",
			  NULL));
	EXPECT_EQ(1, trust_store_count(self->cfg->creds->trust, TRUST_ANCHOR));
	EXPECT_STREQ("http://y/", uri_of_only_ca(self->cfg, TRUST_URI_CRL, 0));
	ASSERT_EQ(0, load(self, "", NULL));
	EXPECT_EQ(NULL, uri_of_only_ca(self->cfg, TRUST_URI_CRL, 0));
}

TEST_F(folders, refusals_name_section_and_certificate)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "authorities { a { cacert = nonesuch.pem } }",
		  "authorities.a.cacert: " }, /* and the path */
		{ "authorities { a { cacert = own.pem } }",
		  "authorities.a.cacert: certificate 'C=CH, CN=a' is no CA by its "
		  "basicConstraints" },
		{ "authorities { a { cacert = ca.pem\n file = /etc/passwd } }",
		  "authorities.a.file: expected one of cacert and file" },
		{ CONN("cacerts = own.pem"),
		  "connections.c.local.cacerts: found " }, /* so many bytes */
		{ CONN("cacerts = own.pem"),
		  "expected a CA's X.509 certificate: it is no CA by its basicConstraints" },
	};

	ASSERT_EQ(0, run(self, "cp a-rsa.pem x509ca/own.pem; cp ca.pem x509ca"));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *why;

		EXPECT_EQ(-EINVAL, load(self, cases[i].text, &why));
		EXPECT_NE(NULL, strstr(why, cases[i].why))
		{
			TH_LOG("'%s' not in: %s", cases[i].why, why);
		}
		free(why);
	}
}

TEST_HARNESS_MAIN
