/* SPDX-License-Identifier: MIT */
/*
 * OCSP responses along with our own certificate (RFC 4806). Peer a insists on knowing the status of
 * b's certificate and has no way to ask a server; b's certificate names one, which b can ask.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <kselftest_harness.h>

#include "pdk/log/log.h"
#include "ikev2/cert/revocation.h"
#include "ikev2/sa/ike_sa.h"
#include "../unit/pdk/leaks.h"
#include "ocsp_server.h"
#include "auth_files.h"
#include "sim.h"

FIXTURE(staple)
{
	struct sim sim;
	bool running;
	char dir[64];
	struct ocsp_server *server;
	struct revocation *revocation; /* b's */
};

FIXTURE_SETUP(staple)
{
	log_set_level(NULL, getenv("SIM_VERBOSE") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	log_add_sink(log_stderr_sink, NULL);
	strcpy(self->dir, "/tmp/postern-staple.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	auth_files_make(self->dir);
	self->server = ocsp_server_new(self->dir);
	ASSERT_EQ(0, revocation_new(NULL, &self->revocation));
}

FIXTURE_TEARDOWN(staple)
{
	char command[128];

	if (self->running)
		sim_fini(&self->sim);
	revocation_free(self->revocation);
	ocsp_server_free(self->server);
	snprintf(command, sizeof(command), "rm -r %s", self->dir);
	EXPECT_EQ(0, system(command));
	EXPECT_NO_LEAKS();
}

/* What each side's connection adds, and a's policy about b's certificate. */
static void begin(FIXTURE_DATA(staple) * self, const char *a, const char *b, const char *policy)
{
	static const char form[] =
		"connections { c { local_addrs = 192.0.2.%d\n remote_addrs = 192.0.2.%d\n"
		" local { certs = %s/%s.pem\n id = %c.test }\n"
		" remote { id = %c.test\n cacerts = %s/%s.pem\n revocation = %s }\n %s\n"
		" children { net { local_ts = 10.%d.0.0/16\n remote_ts = 10.%d.0.0/16 } } } }\n"
		"authorities { own { cacert = %s/%s.pem } }\n"
		"secrets { private-1 { file = %s/%s.key } }\n";
	char text_a[4096], text_b[4096];
	const char *dir = self->dir;

	snprintf(text_a, sizeof(text_a), form, 1, 2, dir, "a-ecdsa", 'a', 'b', dir, "ocsp-ca",
		 policy, a, 1, 2, dir, "ca", dir, "a-ecdsa");
	snprintf(text_b, sizeof(text_b), form, 2, 1, dir, "b-ocsp", 'b', 'a', dir, "ca", "relaxed",
		 b, 2, 1, dir, "ocsp-ca", dir, "b-ocsp");
	if (self->running)
		sim_fini(&self->sim);
	sim_init(&self->sim, 3, text_a, text_b);
	self->running = true;
	self->sim.link.delay = DURATION_MS(5);
	self->sim.job_delay = DURATION_MS(20);
	self->sim.peers[1].core->params.revocation = self->revocation;
}

/* Peer `initiator` initiates; is it up, on both sides? */
static bool up(FIXTURE_DATA(staple) * self, unsigned initiator)
{
	struct sim *sim = &self->sim;

	sim_initiate(sim, initiator);
	return sim_run_results(sim, initiator, 1, DURATION_S(300)) &&
	       sim->peers[initiator].result == 0 && !sim_agreement(sim) &&
	       sim->peers[0].core->n_sas && sim->peers[1].core->n_sas;
}

TEST_F(staple, response_for_our_certificate_spares_the_peer_a_server)
{
	for (unsigned initiator = 0; initiator < 2; initiator++) {
		begin(self, "ocsp = request", "", "strict");
		EXPECT_TRUE(up(self, initiator));
		/* Asked once, and kept for the next. */
		EXPECT_EQ(1, ocsp_server_hits(self->server));
		EXPECT_EQ(2, self->sim.peers[1].jobs);
	}
}

TEST_F(staple, is_sent_to_who_asks_and_only_if_we_reply)
{
	static const struct {
		const char *a, *b;
		bool sent;
	} cases[] = {
		{ "ocsp = request", "ocsp = reply", true },
		{ "ocsp = both", "ocsp = both", true },
		{ "ocsp = both", "", true },
		{ "", "", false },
		{ "ocsp = reply", "ocsp = reply", false },
		{ "ocsp = never", "", false },
		{ "ocsp = request", "ocsp = never", false },
		{ "ocsp = both", "ocsp = request", false },
		{ "ocsp = request\n send_certreq = no", "", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (unsigned initiator = 0; initiator < 2; initiator++) {
			revocation_flush(self->revocation);
			begin(self, cases[i].a, cases[i].b, "strict");
			EXPECT_EQ(cases[i].sent, up(self, initiator))
			{
				TH_LOG("a: %s, b: %s", cases[i].a, cases[i].b);
			}
		}
	EXPECT_EQ(6, ocsp_server_hits(self->server));
}

TEST_F(staple, without_one_the_certificate_goes_alone)
{
	static const enum ocsp_answer answers[] = { OCSP_ANSWER_REVOKED, OCSP_ANSWER_NONSENSE };

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		ocsp_server_set(self->server, answers[i]);
		revocation_flush(self->revocation);
		begin(self, "ocsp = request", "", "strict");
		EXPECT_FALSE(up(self, 0));
		begin(self, "ocsp = request", "", "relaxed");
		EXPECT_TRUE(up(self, 0));
	}
	/* We can't ask, as b can't in the tests above. */
	begin(self, "ocsp = request", "", "relaxed");
	self->sim.peers[1].core->params.revocation = NULL;
	EXPECT_TRUE(up(self, 1));
}

TEST_F(staple, server_that_says_nothing_is_given_up_soon_and_not_asked_again)
{
	struct instant start = instant_now();

	ocsp_server_set(self->server, OCSP_ANSWER_NEVER);
	for (unsigned initiator = 0; initiator < 2; initiator++) {
		begin(self, "ocsp = request", "", "relaxed");
		EXPECT_TRUE(up(self, initiator));
	}
	EXPECT_EQ(1, ocsp_server_hits(self->server));
	EXPECT_LT(duration_ms(instant_diff(instant_now(), start)), 6000);
}

TEST_F(staple, death_of_the_ike_sa_meanwhile_does_no_harm)
{
	struct sim *sim = &self->sim;

	/* Nobody but b needs a job, and that for the response alone. */
	begin(self, "ocsp = request", "", "relaxed");
	sim->job_delay = DURATION_S(5);
	sim_initiate(sim, 1);
	for (unsigned steps = 0; !sim->peers[1].jobs && steps < 60000; steps++)
		sim_run(sim, instant_add(sim->now, DURATION_MS(1)));
	ASSERT_EQ(1, sim->peers[1].jobs);
	sim_terminate(sim, 1);
	EXPECT_EQ(0, sim->peers[1].core->n_sas);
	sim_run(sim, instant_add(sim->now, DURATION_S(600)));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_EQ(0, sim->peers[0].core->n_sas);
}

TEST_HARNESS_MAIN
