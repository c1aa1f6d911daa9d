/* SPDX-License-Identifier: MIT */
/*
 * Reauthentication (RFC 7296 2.8.3, RFC 4478): when, by whom, without a gap, and what becomes of an
 * IKE SA that could not be made anew in time.
 */
#include <kselftest_harness.h>

#include "ikev2/exchange/exchange.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "pair.h"

FIXTURE(reauth)
{
	struct sim sim;
};

FIXTURE_SETUP(reauth)
{
	log_add_sink(log_stderr_sink, NULL);
}

FIXTURE_TEARDOWN(reauth)
{
	sim_fini(&self->sim);
}

#define HOUR "rekey_time = 0\n reauth_time = 1h\n over_time = 10m\n rand_time = 5m"

static const struct pair_options hourly = { .connection = HOUR };
static const struct pair_options ageless = { .connection = "rekey_time = 0" };

/*
 * Until the time is over, in steps of a millisecond around changes: how many times peer i was
 * without a Child SA in its kernel.
 */
static unsigned gaps(struct sim *sim, unsigned i, unsigned seconds)
{
	unsigned n = 0;

	for (unsigned s = 0; s < seconds; s++) {
		unsigned ups = sim->peers[i].ups;

		pair_wait(sim, DURATION_S(1));
		n += sim->peers[i].kernel.n_sas < 2;
		for (unsigned ms = 0; ups != sim->peers[i].ups && ms < 2000; ms++) {
			pair_wait(sim, DURATION_MS(1));
			n += sim->peers[i].kernel.n_sas < 2;
		}
	}
	return n;
}

TEST_F(reauth, the_new_one_is_up_before_the_old_one_goes)
{
	struct sim *sim = &self->sim;
	uint32_t first;

	pair_init(sim, &hourly, &ageless);
	ASSERT_TRUE(pair_up(sim));
	first = sim_only_sa(&sim->peers[0])->unique_id;
	/* Not earlier than rand_time allows. */
	EXPECT_EQ(0, gaps(sim, 0, 3600 - 300 - 2));
	EXPECT_EQ(1, sim->peers[0].ups);
	EXPECT_EQ(0, gaps(sim, 0, 310));
	EXPECT_EQ(2, sim->peers[0].ups);
	EXPECT_EQ(1, sim->peers[0].downs);
	EXPECT_EQ(NULL, sim_agreement(sim));
	ASSERT_NE(NULL, sim_only_sa(&sim->peers[0]));
	EXPECT_NE(first, sim_only_sa(&sim->peers[0])->unique_id);
	EXPECT_EQ(0, gaps(sim, 1, 36000));
	EXPECT_LE(11, sim->peers[0].ups);
	EXPECT_GE(13, sim->peers[0].ups);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* Each side does it, and the one who is called says when. */
TEST_F(reauth, both_want_it_and_agree)
{
	const struct pair_options b = { .connection = HOUR "\n unique = replace" };
	struct sim *sim = &self->sim;

	pair_init(sim, &hourly, &b);
	ASSERT_TRUE(pair_up(sim));
	EXPECT_EQ(0, gaps(sim, 1, 36000));
	EXPECT_LE(11, sim->peers[0].ups);
	EXPECT_GE(13, sim->peers[0].ups);
	pair_wait(sim, DURATION_S(60));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_NE(NULL, sim_only_sa(&sim->peers[0]));
}

TEST_F(reauth, the_responders_lifetime_is_honoured)
{
	struct sim *sim = &self->sim;

	pair_init(sim, &ageless, &hourly);
	ASSERT_TRUE(pair_up(sim));
	EXPECT_EQ(0, gaps(sim, 0, 3600 * 18 / 20 - 2));
	EXPECT_EQ(1, sim->peers[0].ups);
	EXPECT_EQ(0, gaps(sim, 0, 3600 / 20 + 4));
	EXPECT_EQ(2, sim->peers[0].ups);
	EXPECT_TRUE(sim_only_sa(&sim->peers[0])->initiator);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_F(reauth, break_before_make_deletes_first)
{
	const struct pair_options a = { .settings = "make_before_break = no", .connection = HOUR };
	struct sim *sim = &self->sim;

	pair_init(sim, &a, &ageless);
	ASSERT_TRUE(pair_up(sim));
	pair_wait(sim, DURATION_S(3598));
	EXPECT_EQ(2, sim->peers[0].ups);
	EXPECT_EQ(1, sim->peers[0].begun);
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_NE(NULL, sim_only_sa(&sim->peers[0]));
	pair_wait(sim, DURATION_S(36000));
	EXPECT_LE(11, sim->peers[0].ups);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* Rekeying begins on the old IKE SA, and comes to nothing there. */
TEST_F(reauth, a_child_sa_that_is_being_rekeyed_comes_along)
{
	const struct ike_filter all = { .ike = NULL };
	struct sim *sim = &self->sim;

	pair_init(sim, &ageless, &ageless);
	ASSERT_TRUE(pair_up(sim));
	pair_cut(sim, true);
	EXPECT_EQ(1, sim_rekey_child(sim, 0, "net"));
	pair_cut(sim, false);
	EXPECT_EQ(1, ike_input_reauth(sim->peers[0].core, sim->now, &all));
	sim_act(sim, 0);
	EXPECT_EQ(0, gaps(sim, 0, 60));
	EXPECT_EQ(2, sim->peers[0].ups);
	EXPECT_EQ(1, sim->peers[0].core->n_children);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_F(reauth, what_fails_is_tried_again_and_the_old_one_stays)
{
	struct sim *sim = &self->sim;
	struct ike_config *config;

	pair_init(sim, &hourly, &ageless);
	ASSERT_TRUE(pair_up(sim));
	/* The peer refuses new ones for a while: no half-open ones are admitted. */
	config = sim->peers[1].config;
	config->settings.ike_sa_limit = 1;
	EXPECT_EQ(0, gaps(sim, 0, 3700));
	EXPECT_EQ(1, sim->peers[0].ups);
	config->settings.ike_sa_limit = 0;
	EXPECT_EQ(0, gaps(sim, 0, 300));
	EXPECT_EQ(2, sim->peers[0].ups);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_F(reauth, too_old_an_ike_sa_is_closed)
{
	struct sim *sim = &self->sim;

	pair_init(sim, &hourly, &ageless);
	ASSERT_TRUE(pair_up(sim));
	sim->peers[1].config->settings.ike_sa_limit = 1;
	pair_wait(sim, DURATION_S(3600 + 600 - 5));
	EXPECT_EQ(0, sim->peers[0].downs);
	pair_wait(sim, DURATION_S(6));
	EXPECT_EQ(1, sim->peers[0].downs);
	pair_wait(sim, DURATION_S(300));
	/* A try that was under way just then has got the room that this made. */
	EXPECT_EQ(sim->peers[0].ups - 1, sim->peers[0].core->n_sas);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* The responder can't call: what the initiator doesn't renew ends. */
TEST_F(reauth, a_responder_that_can_not_call_closes_in_the_end)
{
	const struct pair_options b = { .connection = HOUR "\n remote_addrs = %any" };
	struct sim *sim = &self->sim;

	pair_init(sim, &ageless, &b);
	ASSERT_TRUE(pair_up(sim));
	sim_only_sa(&sim->peers[0])->reauth_at = INSTANT_NEVER;
	pair_wait(sim, DURATION_S(3600 + 600 + 5));
	EXPECT_EQ(1, sim->peers[1].downs);
	EXPECT_EQ(0, sim->peers[1].core->n_sas);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* One that can does it itself when the initiator didn't. */
TEST_F(reauth, a_responder_that_can_call_does_so)
{
	struct sim *sim = &self->sim;

	pair_init(sim, &ageless, &hourly);
	ASSERT_TRUE(pair_up(sim));
	sim_only_sa(&sim->peers[0])->reauth_at = INSTANT_NEVER;
	EXPECT_EQ(0, gaps(sim, 1, 3600 + 310));
	EXPECT_EQ(2, sim->peers[1].ups);
	ASSERT_NE(NULL, sim_only_sa(&sim->peers[1]));
	EXPECT_TRUE(sim_only_sa(&sim->peers[1])->initiator);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_F(reauth, losses_on_the_way_leave_nothing_one_sided)
{
	struct sim *sim = &self->sim;

	pair_init(sim, &hourly, &ageless);
	ASSERT_TRUE(pair_up(sim));
	sim->link.loss = 300;
	sim->link.duplication = 200;
	pair_wait(sim, DURATION_S(36000));
	sim->link.loss = 0;
	pair_wait(sim, DURATION_S(400));
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_LE(9, sim->peers[0].ups);
}

TEST_F(reauth, a_user_may_ask_for_it)
{
	const struct ike_filter all = { .ike = NULL }, other = { .ike = "other" };
	struct sim *sim = &self->sim;

	pair_init(sim, &ageless, &ageless);
	ASSERT_TRUE(pair_up(sim));
	EXPECT_EQ(0, ike_input_reauth(sim->peers[0].core, sim->now, &other));
	EXPECT_EQ(1, ike_input_reauth(sim->peers[0].core, sim->now, &all));
	/* Twice is once. */
	EXPECT_EQ(1, ike_input_reauth(sim->peers[0].core, sim->now, &all));
	EXPECT_EQ(0, gaps(sim, 0, 5));
	EXPECT_EQ(2, sim->peers[0].ups);
	EXPECT_EQ(1, sim->peers[0].downs);
	EXPECT_EQ(NULL, sim_agreement(sim));
	EXPECT_NE(NULL, sim_only_sa(&sim->peers[0]));
	/* The responder can call as well. */
	EXPECT_EQ(1, ike_input_reauth(sim->peers[1].core, sim->now, &all));
	EXPECT_EQ(0, gaps(sim, 1, 5));
	EXPECT_EQ(3, sim->peers[1].ups);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

/* The one that it is to replace may be gone by then, and another be made at the same time. */
TEST_F(reauth, the_new_one_never_claims_to_be_the_only_one)
{
	const struct ike_filter everything = { 0 };
	struct sim *sim = &self->sim;
	const struct ike_sa *sa;

	pair_init(sim, &ageless, &ageless);
	ASSERT_TRUE(pair_up(sim));
	EXPECT_EQ(1, ike_input_reauth(sim->peers[0].core, sim->now, &everything));
	sa = list_last(&sim->peers[0].core->sas, struct ike_sa, link);
	EXPECT_NE(0, sa->reauth_of);
	sim_terminate(sim, 1);
	while (sa->state != IKE_STATE_AUTH_SENT)
		pair_wait(sim, DURATION_MS(1));
	EXPECT_FALSE(contact_is_initial(sa));
}

static int lifetime_request(struct ike_sa *sa, struct exchange *x, struct message *m)
{
	message_notify_u32(m, IKE_NOTIFY_AUTH_LIFETIME, 0);
	return 0;
}

/* However often the peer says that it is time. */
TEST_F(reauth, one_is_made_at_a_time)
{
	static const struct exchange_ops at_once = { .name = "AUTH_LIFETIME",
						     .type = IKE_EXCHANGE_INFORMATIONAL,
						     .request = lifetime_request };
	struct sim *sim = &self->sim;
	struct ike_sa *b;

	pair_init(sim, NULL, NULL);
	ASSERT_TRUE(pair_up(sim));
	b = sim_only_sa(&sim->peers[1]);
	for (int i = 0; i < 5; i++)
		ASSERT_EQ(0, exchange_queue(b, &at_once, 0));
	exchange_next(b);
	sim_act(sim, 1);
	pair_wait(sim, DURATION_S(60));
	EXPECT_EQ(2, sim->peers[0].ups);
	EXPECT_EQ(1, sim->peers[0].core->n_sas);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_F(reauth, a_child_sa_that_is_wanted_meanwhile_stays)
{
	const struct pair_options a = {
		.children = "other { local_ts = 10.11.0.0/16\n remote_ts = 10.12.0.0/16\n"
			    " esp_proposals = aes128gcm16\n }"
	};
	const struct pair_options b = {
		.children = "other { local_ts = 10.12.0.0/16\n remote_ts = 10.11.0.0/16\n"
			    " esp_proposals = aes128gcm16\n }"
	};
	const struct ike_filter all = { 0 };
	const struct connection *conn;
	struct sim *sim = &self->sim;
	struct sim_peer *peer = &sim->peers[0];

	pair_init(sim, &a, &b);
	ASSERT_TRUE(pair_up(sim));
	conn = peer->config->connections[0];
	sim->link.delay = DURATION_MS(100);
	EXPECT_EQ(1, ike_input_reauth(peer->core, sim->now, &all));
	sim_act(sim, 0);
	pair_wait(sim, DURATION_MS(20));
	ike_input_initiate(peer->core, sim->now, conn, &conn->children[1], &peer->addr,
			   &sim->peers[1].addr, NULL, 9);
	sim_act(sim, 0);
	pair_wait(sim, DURATION_S(60));
	EXPECT_EQ(2, peer->results);
	EXPECT_EQ(0, peer->result);
	EXPECT_EQ(1, peer->core->n_sas);
	EXPECT_EQ(2, peer->core->n_children);
	EXPECT_EQ(NULL, sim_agreement(sim));
}

TEST_HARNESS_MAIN
