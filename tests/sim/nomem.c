/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out in one of two peers, at every single allocation of a handshake, a rekeying and a
 * delete: once alone, and once with all that follow in the same input. When memory is back, both
 * sides come to hold the same again, or nothing, every user has been answered, and nothing is leaked.
 * The linker sends the calls here (--wrap, see meson.build); what the simulation needs for itself is
 * always there. OpenSSL's allocations count too.
 *
 *	NOMEM_POINT=17 NOMEM_VERBOSE=1 build/tests/sim/sim_nomem
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <kselftest_harness.h>

#include <openssl/crypto.h>

#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "../unit/pdk/leaks.h"
#include "pair.h"

/* -------- failing -------- */

static struct {
	const struct ike_core *core; /* whose; NULL: nothing fails */
	bool inside;		     /* an input of that core is being worked on */
	bool openssl;		     /* OpenSSL's allocations count, else ours */
	long countdown;		     /* until the one that fails; negative: it has */
	bool burst;		     /* all fail until the end of that input */
	bool failing;
} memory;

static bool fails(void)
{
	if (!memory.inside)
		return false;
	if (memory.countdown >= 0 && memory.countdown-- == 0) {
		memory.failing = memory.burst;
		return true;
	}
	return memory.failing;
}

#define WRAP(type, name, params, args)                                                             \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		return !memory.openssl && fails() ? NULL : __real_##name args;                     \
	}

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, (void *p, size_t size), (p, size))
WRAP(void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size))
WRAP(char *, strdup, (const char *s), (s))
WRAP(char *, strndup, (const char *s, size_t n), (s, n))

static void *openssl_malloc(size_t size, const char *file, int line)
{
	return (memory.openssl && fails()) || !size ? NULL : __real_malloc(size);
}

static void *openssl_realloc(void *p, size_t size, const char *file, int line)
{
	if (!size) {
		free(p);
		return NULL;
	}
	return memory.openssl && fails() ? NULL : __real_realloc(p, size);
}

static void openssl_free(void *p, const char *file, int line)
{
	free(p);
}

/* Before the first allocation of OpenSSL's. */
__attribute__((constructor)) static void openssl_set(void)
{
	if (!CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free))
		abort();
}

static void enter(const struct ike_core *core)
{
	memory.inside = core == memory.core;
}

static void leave(void)
{
	memory.inside = memory.failing = false;
}

#define WRAP_INPUT(name, params, args)                                                             \
	void __real_##name params;                                                                 \
	void __wrap_##name params;                                                                 \
	void __wrap_##name params                                                                  \
	{                                                                                          \
		enter(core);                                                                       \
		__real_##name args;                                                                \
		leave();                                                                           \
	}

#define WRAP_COUNT(name, params, args)                                                             \
	unsigned __real_##name params;                                                             \
	unsigned __wrap_##name params;                                                             \
	unsigned __wrap_##name params                                                              \
	{                                                                                          \
		unsigned n;                                                                        \
                                                                                                   \
		enter(core);                                                                       \
		n = __real_##name args;                                                            \
		leave();                                                                           \
		return n;                                                                          \
	}

WRAP_INPUT(ike_input_datagram,
	   (struct ike_core *core, struct instant now, const struct netaddr *local,
	    const struct netaddr *remote, uint8_t *data, size_t len),
	   (core, now, local, remote, data, len))
WRAP_INPUT(ike_input_time, (struct ike_core *core, struct instant now), (core, now))
WRAP_INPUT(ike_input_ipsec_done,
	   (struct ike_core *core, struct instant now, struct ipsec_request *req), (core, now, req))
WRAP_INPUT(ike_input_job_done, (struct ike_core *core, struct instant now, struct ike_job *job),
	   (core, now, job))
WRAP_INPUT(ike_input_initiate,
	   (struct ike_core *core, struct instant now, const struct connection *conn,
	    const struct child_conf *child, const struct netaddr *local,
	    const struct netaddr *remote, const struct ike_acquire *acquire, uint64_t token),
	   (core, now, conn, child, local, remote, acquire, token))
WRAP_COUNT(ike_input_terminate,
	   (struct ike_core *core, struct instant now, const struct ike_filter *filter, bool force,
	    uint64_t token),
	   (core, now, filter, force, token))
WRAP_COUNT(ike_input_rekey,
	   (struct ike_core *core, struct instant now, const struct ike_filter *filter),
	   (core, now, filter))

/* -------- what is done meanwhile -------- */

static void handshake(struct sim *sim)
{
	sim_initiate(sim, 0);
}

static void rekey_child(struct sim *sim)
{
	sim_rekey_child(sim, 0, "net");
}

static void rekey_ike(struct sim *sim)
{
	sim_rekey_ike(sim, 0);
}

static void terminate_child(struct sim *sim)
{
	const struct ike_filter filter = { .child = "net" };

	ike_input_terminate(sim->peers[0].core, sim->now, &filter, false, 2);
	sim_act(sim, 0);
}

static void terminate(struct sim *sim)
{
	const struct ike_filter everything = { 0 };

	ike_input_terminate(sim->peers[0].core, sim->now, &everything, false, 2);
	sim_act(sim, 0);
}

struct deed {
	void (*begin)(struct sim *sim);
	bool up;	  /* both are connected before */
	unsigned results; /* that users get, with that of coming up */
};

static void begin(struct sim *sim)
{
	static const struct pair_options o = {
		.settings = "retransmit_tries = 3\n retransmit_timeout = 1s\n"
			    " retransmit_base = 1.2",
		.connection = "dpd_delay = 10s",
		.child = "esp_proposals = aes128gcm16-x25519",
	};

	pair_init(sim, &o, &o);
	if (getenv("NOMEM_VERBOSE"))
		log_set_level(NULL, LOG_LEVEL_DEBUG);
}

/* Until both sides agree, and stay so. NULL, or what is wrong. */
static const char *calm(struct sim *sim)
{
	const char *wrong = NULL;

	for (unsigned n = 0; n < 60; n++) {
		pair_wait(sim, DURATION_S(10));
		wrong = sim_agreement(sim);
		if (!wrong)
			break;
	}
	return wrong;
}

/* One point of one deed. ret_done: there is no such point any more. NULL, or what is wrong. */
static const char *try(const struct deed *deed, unsigned victim, long point, bool *ret_done)
{
	static struct sim sim;
	const char *wrong = NULL;

	begin(&sim);
	if (deed->up && !pair_up(&sim))
		wrong = "it did not come up";
	memory.core = sim.peers[victim].core;
	memory.countdown = point;
	deed->begin(&sim);
	pair_wait(&sim, DURATION_S(8));
	memory.core = NULL;
	*ret_done = memory.countdown >= 0;
	if (!wrong)
		wrong = calm(&sim);
	if (!wrong && sim.peers[0].results != deed->results)
		wrong = "a user who was not answered, or twice";
	if (wrong)
		sim_print(&sim);
	sim_fini(&sim);
	return wrong;
}

FIXTURE(nomem)
{
	unsigned unused;
};

FIXTURE_VARIANT(nomem)
{
	struct deed deed;
};

#define DEED(name, is_up, n)                                                                       \
	FIXTURE_VARIANT_ADD(nomem, name) { .deed = { name, is_up, n } };
DEED(handshake, false, 1)
DEED(rekey_child, true, 1)
DEED(rekey_ike, true, 1)
DEED(terminate_child, true, 2)
DEED(terminate, true, 2)

FIXTURE_SETUP(nomem)
{
	log_add_sink(log_stderr_sink, NULL);
}

FIXTURE_TEARDOWN(nomem)
{
}

static void every_point(struct __test_metadata *_metadata, const struct deed *deed)
{
	const char *only = getenv("NOMEM_POINT");
	unsigned wrongs = 0;

	for (unsigned victim = 0; victim < 2; victim++) {
		long point = only ? atol(only) : 0;
		const char *wrong;
		bool done;

		do {
			wrong = try(deed, victim, point, &done);
			if (wrong) {
				printf("# peer %u, %s%s: allocation %ld: %s\n", victim,
				       memory.openssl ? "OpenSSL's" : "ours",
				       memory.burst ? ", and those that follow" : "", point, wrong);
				fflush(stdout);
				wrongs++;
			}
			point++;
		} while (!done && !only);
		printf("# peer %u, %s%s: %ld allocations\n", victim,
		       memory.openssl ? "OpenSSL's" : "ours",
		       memory.burst ? ", and those that follow" : "", point - 1);
		fflush(stdout);
		if (!only && !memory.openssl)
			EXPECT_LT(2, point);
	}
	EXPECT_EQ(0, wrongs);
	EXPECT_NO_LEAKS();
}

TEST_F(nomem, one_allocation_fails)
{
	every_point(_metadata, &variant->deed);
}

TEST_F(nomem, no_memory_until_the_end_of_an_input)
{
	memory.burst = true;
	every_point(_metadata, &variant->deed);
}

TEST_F_TIMEOUT(nomem, an_allocation_of_openssl_fails, 120)
{
	memory.openssl = true;
	every_point(_metadata, &variant->deed);
}

TEST_HARNESS_MAIN
