/* SPDX-License-Identifier: MIT */
/*
 * Authentication between two peers: every method with every other, what is refused on which side,
 * and an IKE SA that dies while something is being checked (RFC 7296 2.15, RFC 7427, RFC 7670).
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <kselftest_harness.h>

#include "pdk/log/log.h"
#include "ikev2/codec/message.h"
#include "ikev2/exchange/auth_run.h"
#include "ikev2/sa/ike_sa.h"
#include "../unit/pdk/leaks.h"
#include "auth_files.h"
#include "sim.h"

/* The warnings of the protocol, one a line. */
static struct {
	char text[64 << 10];
	size_t len;
} said;

static void remember(const struct log_record *record, void *unused)
{
	if (record->level <= LOG_LEVEL_WARNING && said.len < sizeof(said.text))
		said.len += (size_t)snprintf(said.text + said.len, sizeof(said.text) - said.len,
					     "%s\n", record->message);
}

/* Is there a line that begins with one and ends, or goes on, with the other? */
static bool was_said(const char *begin, const char *then)
{
	for (char *line = said.text, *end; (end = strchr(line, '\n')); line = end + 1) {
		const char *at;

		if (strncmp(line, begin, strlen(begin)) != 0)
			continue;
		at = strstr(line + strlen(begin), then);
		if (at && at < end)
			return true;
	}
	return false;
}

FIXTURE(peers)
{
	struct sim sim;
	bool running;
	char dir[64];
};

FIXTURE_SETUP(peers)
{
	log_set_level(NULL, LOG_LEVEL_WARNING);
	log_add_sink(remember, NULL);
	if (getenv("SIM_VERBOSE"))
		log_add_sink(log_stderr_sink, NULL);
	strcpy(self->dir, "/tmp/postern-auth.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	auth_files_make(self->dir);
}

FIXTURE_TEARDOWN(peers)
{
	char command[128];

	if (self->running)
		sim_fini(&self->sim);
	snprintf(command, sizeof(command), "rm -r %s", self->dir);
	EXPECT_EQ(0, system(command));
	EXPECT_NO_LEAKS();
}

/* -------- configurations -------- */

/* How one side authenticates: what stands in its own local, and in the other's remote section. */
struct way {
	const char *name;
	const char *local, *remote, *secrets; /* @: folder, $: a or b */
};

#define KEY(kind) "private-1 { file = @/$-" kind ".key }\n"
#define CERT(kind)                                                                         \
	"certs = @/$-" kind ".pem\n id = $.test\n", "id = $.test\n "            \
	"cacerts = @/ca.pem\n", KEY(kind)
#define RAW(kind)                                                                          \
	"pubkeys = @/$-" kind ".pub\n id = $.test\n",                             \
	"id = $.test\n pubkeys = @/$-" kind ".pub\n", KEY(kind)

static const struct way ways[] = {
	{ "psk", "auth = psk\n id = $.test\n", "auth = psk\n id = $.test\n",
	  "ike-1 { secret = both }\n" },
	{ "rsa", CERT("rsa") },		  { "ecdsa", CERT("ecdsa") },
	{ "ed25519", CERT("ed25519") },	  { "ed448", CERT("ed448") },
	{ "ECDSA P-384", CERT("p384") },  { "ECDSA P-521", CERT("p521") },
	{ "raw rsa", RAW("rsa") },	  { "raw ecdsa", RAW("ecdsa") },
	{ "raw ed25519", RAW("ed25519") },
};

enum { BY_PSK, BY_RSA, BY_ECDSA, ED25519, ED448, P384, P521, RAW_RSA, RAW_ECDSA };

static void expand(const char *from, const char *dir, char peer, char *to, size_t size)
{
	FILE *f = fmemopen(to, size, "w");

	for (; *from; from++)
		if (*from == '@')
			fputs(dir, f);
		else
			fputc(*from == '$' ? peer : *from, f);
	fclose(f);
}

static void config(const FIXTURE_DATA(peers) *self, char buf[4096], bool b, const struct way *own,
		   const struct way *peers, const char *options)
{
	char local[1024], remote[1024], secrets[1024];

	expand(own->local, self->dir, b ? 'b' : 'a', local, sizeof(local));
	expand(peers->remote, self->dir, b ? 'a' : 'b', remote, sizeof(remote));
	expand(own->secrets, self->dir, b ? 'b' : 'a', secrets, sizeof(secrets));
	snprintf(buf, 4096,
		 "connections { c { local_addrs = 192.0.2.%d\n remote_addrs = 192.0.2.%d\n %s\n"
		 " local { %s }\n remote { %s }\n"
		 " children { net { local_ts = 10.%d.0.0/16\n remote_ts = 10.%d.0.0/16 } } } }\n"
		 "secrets { %s ike-9 { secret = both } }\n",
		 b ? 2 : 1, b ? 1 : 2, options, local, remote, b ? 2 : 1, b ? 1 : 2, secrets);
}

static void begin(FIXTURE_DATA(peers) *self, const struct way *a, const struct way *b,
		  const char *options)
{
	char text_a[4096], text_b[4096];

	if (self->running)
		sim_fini(&self->sim);
	config(self, text_a, false, a, b, options);
	config(self, text_b, true, b, a, options);
	said.len = 0;
	said.text[0] = '\0';
	sim_init(&self->sim, 3, text_a, text_b);
	self->running = true;
	self->sim.link.delay = DURATION_MS(5);
	self->sim.job_delay = DURATION_MS(20);
}

/* Peer 0 initiates; is it up? Afterwards both sides agree. */
static bool up(struct __test_metadata *_metadata, FIXTURE_DATA(peers) *self)
{
	struct sim *sim = &self->sim;

	sim_initiate(sim, 0);
	EXPECT_TRUE(sim_run_results(sim, 0, 1, DURATION_S(300)));
	sim_run(sim, instant_add(sim->now, DURATION_S(60)));
	EXPECT_EQ(NULL, sim_agreement(sim));
	return sim->peers[0].result == 0 && sim->peers[1].core->n_sas == 1;
}

/* -------- what works -------- */

TEST_F(peers, each_method_goes_with_each_other)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		for (size_t j = 0; j < ARRAY_SIZE(ways); j++) {
			begin(self, &ways[i], &ways[j], "");
			EXPECT_TRUE(up(_metadata, self))
			{
				TH_LOG("%s with %s", ways[i].name, ways[j].name);
			}
		}
}

TEST_F(peers, checks_of_certificates_are_jobs)
{
	begin(self, &ways[BY_RSA], &ways[BY_ECDSA], "");
	EXPECT_TRUE(up(_metadata, self));
	EXPECT_EQ(1, self->sim.peers[0].jobs);
	EXPECT_EQ(1, self->sim.peers[1].jobs);
}

TEST_F(peers, intermediates_behind_the_certificate_are_sent)
{
	struct way b = ways[BY_ECDSA];

	b.local = "certs = @/b-sub.pem\n id = b.test\n";
	b.secrets = "private-1 { file = @/b-sub.key }\n";
	begin(self, &ways[BY_ECDSA], &b, "");
	EXPECT_TRUE(up(_metadata, self));
}

TEST_F(peers, identity_is_the_subject_unless_it_is_said)
{
	struct way a = ways[BY_ECDSA];

	a.local = "certs = @/a-ecdsa.pem\n";
	a.remote = "id = \"C=CH, CN=*\"\n cacerts = @/ca.pem\n";
	begin(self, &a, &ways[BY_ECDSA], "");
	EXPECT_TRUE(up(_metadata, self));
	EXPECT_EQ(IKE_ID_DER_ASN1_DN, sim_only_sa(&self->sim.peers[1])->remote_id.type);
}

TEST_F(peers, pinned_certificate_needs_no_ca_and_need_not_be_sent)
{
	struct way a = ways[BY_RSA], b = ways[BY_ECDSA];

	a.remote = "id = a.test\n certs = @/a-rsa.pem\n";
	b.remote = "id = b.test\n certs = @/b-ecdsa.pem\n";
	begin(self, &a, &b, "");
	EXPECT_TRUE(up(_metadata, self));
	begin(self, &a, &b, "send_cert = never");
	EXPECT_TRUE(up(_metadata, self));
	begin(self, &a, &b, "send_certreq = no");
	EXPECT_TRUE(up(_metadata, self));
}

/* RFC 7296 3.7, RFC 4945 3.2.7.1: of two certificates of b the one whose CA a names, whoever
 * begins. */
TEST_F(peers, certificate_is_chosen_by_the_cas_that_the_peer_names)
{
	static const char *const cas[] = { "ca", "other-ca" };

	for (unsigned i = 0; i < 4; i++) {
		struct sim *sim = &self->sim;
		char remote[128];
		struct way b = { "two",
				 "certs = @/b-ecdsa.pem, @/b-stranger.pem\n id = b.test\n"
				 " cacerts = @/ca.pem, @/other-ca.pem\n",
				 remote,
				 "private-1 { file = @/b-ecdsa.key }\n"
				 "private-2 { file = @/b-stranger.key }\n" };

		snprintf(remote, sizeof(remote), "id = b.test\n cacerts = @/%s.pem\n", cas[i % 2]);
		begin(self, &ways[BY_PSK], &b, "");
		sim_initiate(sim, i / 2);
		EXPECT_TRUE(sim_run_results(sim, i / 2, 1, DURATION_S(300)));
		EXPECT_EQ(0, sim->peers[i / 2].result)
		{
			TH_LOG("%s: %s", cas[i % 2], said.text);
		}
	}
}

/* -------- what doesn't -------- */

#define BY_CA(name)                                                                                \
	"certs = @/" name ".pem\n id = b.test\n", "id = b.test\n cacerts = @/ca.pem\n",            \
		"private-1 { file = @/" name ".key }\n"
/* By the CA with an RSA key; auth is of a's section remote. */
#define BY_RSA_CA(name, auth)                                                                      \
	"certs = @/" name ".pem\n id = b.test\n", "id = b.test\n cacerts = @/rsa-ca.pem\n" auth,   \
		"private-1 { file = @/" name ".key }\n"
#define B_ECDSA "certs = @/b-ecdsa.pem\n id = b.test\n"

/* b's way is replaced by parts of another; nothing comes up, and a job is spent or not. */
struct refusal {
	const char *name, *local, *remote, *secrets;
	unsigned jobs; /* of peer 0, which refuses, or of nobody */
	/* The line of whoever refuses: behind "connection c: the responder " or "... initiator ".
	 */
	const char *line;
};

static const struct refusal refusals[] = {
	{ "another CA's certificate", BY_CA("b-stranger"), 1,
	  "[b.test] is refused: certificate 'CN=b.test' was issued by 'CN=another CA', which is no "
	  "CA "
	  "known here: load that CA, or have the peer send the certificates between" },
	{ "an expired certificate", BY_CA("b-old"), 1,
	  "[b.test] is refused: certificate 'CN=b.test' expired at " },
	{ "an identity that isn't configured", "certs = @/c.pem\n id = c.test\n",
	  "id = b.test\n cacerts = @/ca.pem\n", "private-1 { file = @/c.key }\n", 0, NULL },
	{ "a certificate that isn't the pinned one", B_ECDSA, "id = b.test\n certs = @/b-rsa.pem\n",
	  KEY("ecdsa"), 0,
	  "[b.test] is refused: certificate 'C=CH, CN=b' is none of remote.certs" },
	{ "a CA that isn't the one asked for", B_ECDSA, "id = b.test\n cacerts = @/other-ca.pem\n",
	  KEY("ecdsa"), 1,
	  "[b.test] is refused: certificate 'C=CH, CN=b': its chain holds none of remote.cacerts" },
	{ "a CA of another name", B_ECDSA,
	  "id = b.test\n cacerts = @/ca.pem\n ca_id = \"CN=another CA\"\n", KEY("ecdsa"), 1,
	  "[b.test] is refused: certificate 'C=CH, CN=b': no CA of its chain is remote.ca_id" },
	{ "no known revocation status", B_ECDSA,
	  "id = b.test\n cacerts = @/ca.pem\n revocation = strict\n", KEY("ecdsa"), 1,
	  "[b.test] is refused: whether certificate 'C=CH, CN=b' is revoked is not known (no CRL "
	  "of "
	  "'CN=a CA' is loaded and no server is named) and revocation = strict wants to know" },
	{ "another raw key", "pubkeys = @/b-ecdsa.pub\n id = b.test\n",
	  "id = b.test\n pubkeys = @/c.pub\n", KEY("ecdsa"), 0,
	  "[b.test] is refused: public key (the last of 1 in remote.pubkeys): its signature is "
	  "wrong" },
	{ "a kind of key that isn't asked for", B_ECDSA,
	  "id = b.test\n auth = rsa\n cacerts = @/ca.pem\n", KEY("ecdsa"), 0,
	  "[b.test] is refused: certificate 'C=CH, CN=b': a key of this kind is not what auth asks "
	  "for" },
	{ "a hash that isn't asked for", "auth = pubkey-sha256\n " B_ECDSA,
	  "id = b.test\n auth = ike:pubkey-sha512\n cacerts = @/ca.pem\n", KEY("ecdsa"), 0,
	  "[b.test] is refused: certificate 'C=CH, CN=b': the algorithm of its signature is not "
	  "among "
	  "those that auth names" },
	{ "a key of few bits", "auth = rsa-1024\n certs = @/b-1024.pem\n id = b.test\n",
	  "id = b.test\n cacerts = @/ca.pem\n", "private-1 { file = @/b-1024.key }\n", 0,
	  "[b.test] is refused: certificate 'CN=b.test': the RSA key has fewer than 2048 bits" },
	{ "a key of the chain of fewer bits than asked for",
	  BY_RSA_CA("b-sha384", "auth = ecdsa-256-rsa-3072\n"), 1,
	  "[b.test] is refused: certificate 'CN=an RSA CA' has an RSA key of 2048 bits, at least "
	  "3072 "
	  "are wanted" },
	{ "a certificate signed with MD5", BY_RSA_CA("b-md5", "auth = pubkey-sha1-sha256\n"), 1,
	  "[b.test] is refused: certificate 'CN=b.test' is signed with MD5" },
	{ "a certificate signed with SHA-1", BY_RSA_CA("b-sha1", ""), 1,
	  "[b.test] is refused: certificate 'CN=b.test' is signed with SHA-1" },
	{ "a certificate signed with another hash than asked for",
	  BY_RSA_CA("b-sha384", "auth = pubkey-sha256-sha512\n"), 1,
	  "[b.test] is refused: certificate 'CN=b.test' is signed with sha384WithRSAEncryption, "
	  "which "
	  "auth does not allow in a chain" },
	{ "a signature in the place of a shared key", B_ECDSA, "auth = psk\n id = b.test\n",
	  KEY("ecdsa"), 0,
	  "[b.test] is refused: AUTH is of method DIGITAL_SIGNATURE, and remote.auth asks for a "
	  "shared key (psk)" },
	{ "a shared key in the place of a signature", "auth = psk\n id = b.test\n",
	  "id = b.test\n cacerts = @/ca.pem\n", "", 0,
	  "[b.test] is refused: it uses a shared key, and remote.auth asks for a signature "
	  "(pubkey)" },
	{ "no private key", B_ECDSA, "id = b.test\n cacerts = @/ca.pem\n", "", 0, NULL },
};

TEST_F(peers, what_proves_nothing_is_refused_in_one_line)
{
	struct way a = ways[BY_ECDSA];

	/*
	 * Whatever the peer must have: the one CA is known, and the other is named for our own chain,
	 * for which no peer is believed.
	 */
	a.local = "certs = @/a-ecdsa.pem\n cacerts = @/other-ca.pem\n id = a.test\n";
	a.secrets = KEY("ecdsa") "}\nauthorities { known { file = @/ca.pem } }\nsecrets {";
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *r = &refusals[i];
		const struct way b = { r->name, r->local, r->remote, r->secrets };

		begin(self, &a, &b, "");
		EXPECT_FALSE(up(_metadata, self))
		{
			TH_LOG("%s", r->name);
		}
		EXPECT_EQ(r->jobs, self->sim.peers[0].jobs)
		{
			TH_LOG("%s", r->name);
		}
		EXPECT_TRUE(!r->line || was_said("connection c: the responder ", r->line))
		{
			TH_LOG("%s: no '%s' in: %s", r->name, r->line, said.text);
		}
		/* The other way round: what does the refusing is the responder. */
		begin(self, &a, &b, "");
		sim_initiate(&self->sim, 1);
		sim_run(&self->sim, instant_add(self->sim.now, DURATION_S(300)));
		EXPECT_NE(0, self->sim.peers[1].result)
		{
			TH_LOG("%s, as initiator", r->name);
		}
		EXPECT_EQ(0, self->sim.peers[0].core->n_sas + self->sim.peers[1].core->n_sas);
		EXPECT_TRUE(!r->line || was_said("connection c: the initiator ", r->line))
		{
			TH_LOG("%s: no '%s' in: %s", r->name, r->line, said.text);
		}
	}
}

/* swanctl.conf's remote.auth: what is named there may be what is refused otherwise. */
TEST_F(peers, weak_keys_and_hashes_are_taken_where_they_are_named)
{
	static const struct way cases[] = {
		{ "SHA-1", BY_RSA_CA("b-sha1", "auth = pubkey-sha1-sha256\n") },
		{ "SHA-1 of RSA alone", BY_RSA_CA("b-sha1", "auth = rsa-sha1-ecdsa-sha256\n") },
		{ "SHA-384 in the chain, SHA-256 in IKE",
		  BY_RSA_CA("b-sha384", "auth = pubkey-sha384-ike:pubkey-sha256\n") },
		{ "2048 bits", BY_RSA_CA("b-sha384", "auth = rsa-2048-ecdsa-256\n") },
		{ "1024 bits", "auth = rsa-1024\n certs = @/b-1024.pem\n id = b.test\n",
		  "id = b.test\n auth = rsa-1024\n cacerts = @/ca.pem\n",
		  "private-1 { file = @/b-1024.key }\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(self, &ways[BY_ECDSA], &cases[i], "");
		EXPECT_TRUE(up(_metadata, self))
		{
			TH_LOG("%s: %s", cases[i].name, said.text);
		}
	}
}

/* The key isn't the certificate's: the signature is looked at before the certificate is. */
TEST_F(peers, wrong_key_is_refused_without_a_job)
{
	struct way b = ways[RAW_ECDSA];

	b.remote = "id = b.test\n cacerts = @/ca.pem\n";
	begin(self, &ways[BY_ECDSA], &b, "");
	EXPECT_FALSE(up(_metadata, self));
	EXPECT_EQ(0, self->sim.peers[0].jobs);
}

/* -------- negotiation -------- */

/* What passes in IKE_SA_INIT. */
struct seen {
	unsigned hashes, certreqs;
};

static void look(struct sim *sim, unsigned to, const struct netaddr *local,
		 const struct netaddr *remote, struct bytes message, void *data)
{
	struct seen *seen = data;
	struct ike_message m;

	if (ike_message_parse(message, &m, NULL) != IKE_OK ||
	    m.header.exchange != IKE_EXCHANGE_IKE_SA_INIT)
		return;
	seen->hashes += ike_message_find_notify(&m, IKE_NOTIFY_SIGNATURE_HASH_ALGORITHMS, 0, NULL);
	seen->certreqs += ike_message_count(&m, IKE_PAYLOAD_CERTREQ) != 0;
}

TEST_F(peers, hash_algorithms_and_cas_are_announced_where_they_are_of_use)
{
	static const struct {
		int a, b;
		unsigned hashes, certreqs;
	} cases[] = {
		{ BY_PSK, BY_PSK, 0, 0 },	  { BY_RSA, BY_RSA, 2, 1 },	    { BY_PSK, BY_RSA, 2, 0 },
		{ BY_RSA, BY_PSK, 2, 1 },	  { RAW_RSA, RAW_RSA, 2, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seen seen = { 0 };

		begin(self, &ways[cases[i].a], &ways[cases[i].b], "");
		self->sim.tap = look;
		self->sim.tap_data = &seen;
		EXPECT_TRUE(up(_metadata, self));
		EXPECT_EQ(cases[i].hashes, seen.hashes);
		EXPECT_EQ(cases[i].certreqs, seen.certreqs)
		{
			TH_LOG("case %zu", i);
		}
	}
}

/* -------- dying meanwhile -------- */

TEST_F(peers, pending_check_of_a_dead_ike_sa_is_dropped)
{
	for (unsigned who = 0; who < 2; who++) {
		struct sim *sim = &self->sim;
		unsigned steps = 0;

		begin(self, &ways[BY_ECDSA], &ways[BY_ECDSA], "");
		sim->job_delay = DURATION_S(5);
		sim_initiate(sim, 0);
		while (!sim->peers[who].jobs && steps++ < 60000)
			sim_run(sim, instant_add(sim->now, DURATION_MS(1)));
		ASSERT_EQ(1, sim->peers[who].jobs);
		sim_terminate(sim, who);
		/* The responder goes at once; the initiator's Delete waits for an answer, or for none. */
		EXPECT_EQ(who == 0, sim->peers[who].core->n_sas);
		sim->link.loss = 1000;
		sim_run(sim, instant_add(sim->now, DURATION_S(6)));
		EXPECT_EQ(who == 0, sim->peers[who].core->n_sas);
		sim->link.loss = 0;
		sim_run(sim, instant_add(sim->now, DURATION_S(600)));
		EXPECT_EQ(0, sim->peers[0].core->n_sas);
		EXPECT_EQ(0, sim->peers[1].core->n_sas);
		EXPECT_EQ(NULL, sim_agreement(sim));
	}
}

TEST_F(peers, check_that_takes_too_long_is_a_refusal)
{
	for (unsigned who = 0; who < 2; who++) {
		struct sim *sim = &self->sim;

		/* Only one side checks a certificate. */
		begin(self, &ways[who ? BY_ECDSA : BY_PSK], &ways[who ? BY_PSK : BY_ECDSA], "");
		sim->job_delay = DURATION_S(3600);
		EXPECT_FALSE(up(_metadata, self));
		EXPECT_EQ(1, sim->peers[who].jobs);
		EXPECT_EQ(0, sim->peers[0].core->n_sas);
		sim_run(sim, instant_add(sim->now, DURATION_S(7200)));
		EXPECT_EQ(0, sim->peers[1].core->n_sas);
	}
}

TEST_F(peers, full_job_pool_is_a_refusal)
{
	begin(self, &ways[BY_ECDSA], &ways[BY_ECDSA], "");
	self->sim.jobs_full = true;
	EXPECT_FALSE(up(_metadata, self));
	EXPECT_EQ(0, self->sim.peers[0].core->n_sas);
}

/* The request is repeated while its certificate is being checked; it isn't worked on twice. */
TEST_F(peers, repetitions_wait_for_the_check)
{
	begin(self, &ways[BY_ECDSA], &ways[BY_ECDSA], "");
	self->sim.job_delay = DURATION_S(10);
	EXPECT_TRUE(up(_metadata, self));
	EXPECT_LT(0, self->sim.peers[0].core->counters.retransmitted);
	EXPECT_EQ(1, self->sim.peers[1].jobs);
}

TEST_HARNESS_MAIN
