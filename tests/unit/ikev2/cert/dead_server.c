/* SPDX-License-Identifier: MIT */
/* Many checks at a time and servers that don't answer: nothing may add up. */
#include <kselftest_harness.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pdk/loop/loop.h"
#include "pdk/worker/jobs.h"
#include "checking.h"
#include "httpd.h"

#define N_CHECKS  40
#define N_THREADS 4

FIXTURE(dead_server)
{
	struct pki_cert *root, *peers[N_CHECKS];
	struct trust_store *store;
	struct revocation *revocation;
	struct loop *loop;
	struct mailbox *box;
	struct jobs *jobs;
	int silent; /* takes connections and says nothing */
	int port;
};

FIXTURE_SETUP(dead_server)
{
	struct revocation_limits limits = {
		.connect_timeout = DURATION_MS(400),
		.timeout = DURATION_MS(400),
		.negative_ttl = DURATION_S(60),
		.max_bytes = 32 << 10,
		.cache_entries = 100,
		.cache_bytes = 1 << 20,
	};
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	self->silent = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(0, bind(self->silent, (void *)&addr, len));
	ASSERT_EQ(0, listen(self->silent, 100));
	ASSERT_EQ(0, getsockname(self->silent, (void *)&addr, &len));
	self->port = ntohs(addr.sin_port);
	self->root = pki_issue(NULL, &(struct pki_spec){ .subject = "CN=Root", PKI_CA });
	self->store = store_with(TRUST_ANCHOR, self->root, NULL);
	ASSERT_EQ(0, revocation_new(&limits, &self->revocation));
	ASSERT_EQ(0, loop_new(&self->loop));
	ASSERT_EQ(0, mailbox_new(self->loop, &self->box));
	ASSERT_EQ(0, jobs_new(N_THREADS, N_CHECKS, &self->jobs));
}

FIXTURE_TEARDOWN(dead_server)
{
	jobs_free(self->jobs);
	mailbox_free(self->box);
	loop_free(self->loop);
	revocation_free(self->revocation);
	trust_store_unref(self->store);
	for (int i = 0; i < N_CHECKS; i++)
		pki_free(self->peers[i]);
	pki_free(self->root);
	close(self->silent);
	EXPECT_NO_LEAKS();
}

static void work_done(struct job *job)
{
	struct cert_check *check = container_of(job, struct cert_check, job);

	++*(unsigned *)check->owner;
}

/* All checks at once; how long they took together. */
static struct duration run_all(FIXTURE_DATA(dead_server) * self, struct cert_check **checks)
{
	struct cert_check_conf conf = { .store = self->store, .revocation = self->revocation };
	struct instant start = instant_now();
	unsigned done = 0;

	for (int i = 0; i < N_CHECKS; i++) {
		checks[i] = check_of(&conf, self->peers[i], NULL);
		checks[i]->owner = &done;
		if (jobs_submit(self->jobs, &checks[i]->job, cert_check_run, work_done, self->box) <
		    0)
			abort();
	}
	while (done < N_CHECKS)
		loop_run_once(self->loop, instant_add(start, DURATION_S(30)));
	return instant_diff(instant_now(), start);
}

TEST_F(dead_server, each_certificate_with_its_own_url_and_one_time_out_for_all)
{
	struct cert_check *checks[N_CHECKS];
	struct duration took;

	for (int i = 0; i < N_CHECKS; i++) {
		char aia[128], cdp[128];

		snprintf(aia, sizeof(aia), "OCSP;URI:http://127.0.0.1:%d/ocsp", self->port);
		snprintf(cdp, sizeof(cdp), "URI:http://127.0.0.1:%d/%d.crl", self->port, i);
		self->peers[i] = pki_issue(
			self->root,
			&(struct pki_spec){ .subject = "CN=peer", .aia = aia, .cdp = cdp });
	}
	took = run_all(self, checks);
	EXPECT_GE(duration_ms(took), 400);
	/* 40 checks with two sources each on 4 threads: 8 s if each waited for itself. */
	EXPECT_LT(duration_ms(took), 5000);
	for (int i = 0; i < N_CHECKS; i++) {
		EXPECT_EQ(0, checks[i]->verdict);
		EXPECT_NE(NULL, strstr(checks[i]->reason, "not known"));
		cert_check_free(checks[i]);
	}
}

TEST_F(dead_server, one_fetch_serves_all_who_wait_for_it)
{
	struct revocation_limits patient = REVOCATION_LIMITS_DEFAULT;
	struct cert_check *checks[N_CHECKS];
	struct httpd *httpd = calloc(1, sizeof(*httpd));
	uint8_t buf[PKI_CRL_SIZE];

	httpd->routes[0] = (struct httpd_route){
		.path = "/ca.crl",
		.delay_ms = 100,
		.body = pki_crl(self->root, &(struct pki_crl_spec){ .number = 1 }, buf),
	};
	revocation_free(self->revocation);
	ASSERT_EQ(0, revocation_new(&patient, &self->revocation));
	ASSERT_EQ(0, httpd_start(httpd));
	for (int i = 0; i < N_CHECKS; i++) {
		char cdp[128];

		snprintf(cdp, sizeof(cdp), "URI:http://127.0.0.1:%d/ca.crl", httpd->port);
		self->peers[i] = pki_issue(self->root,
					   &(struct pki_spec){ .subject = "CN=peer", .cdp = cdp });
	}
	run_all(self, checks);
	for (int i = 0; i < N_CHECKS; i++) {
		EXPECT_EQ(0, checks[i]->verdict);
		EXPECT_STREQ("", checks[i]->reason);
		cert_check_free(checks[i]);
	}
	httpd_stop(httpd);
	EXPECT_EQ(1, httpd->routes[0].hits);
	free(httpd);
}

static void *cancel_soon(void *data)
{
	usleep(100000);
	revocation_cancel(data);
	return NULL;
}

TEST_F(dead_server, cancelling_ends_what_is_under_way_and_lets_nothing_pass)
{
	struct revocation_limits limits = REVOCATION_LIMITS_DEFAULT;
	struct cert_check_conf conf = { .store = self->store };
	struct instant start = instant_now();
	struct cert_check *check;
	pthread_t thread;
	char cdp[128];

	revocation_free(self->revocation);
	ASSERT_EQ(0, revocation_new(&limits, &self->revocation));
	conf.revocation = self->revocation;
	snprintf(cdp, sizeof(cdp), "URI:http://127.0.0.1:%d/ca.crl", self->port);
	self->peers[0] =
		pki_issue(self->root, &(struct pki_spec){ .subject = "CN=peer", .cdp = cdp });
	check = check_of(&conf, self->peers[0], NULL);
	ASSERT_EQ(0, pthread_create(&thread, NULL, cancel_soon, self->revocation));
	EXPECT_EQ(-ECANCELED, run(check));
	EXPECT_LT(duration_ms(instant_diff(instant_now(), start)), 5000);
	pthread_join(thread, NULL);
	cert_check_free(check);
}

TEST_HARNESS_MAIN
