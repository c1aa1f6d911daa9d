/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "ikev2/codec/ikev2.h"
#include "ikev2/fsm/transition.h"

TEST(every_row_tells_a_story_and_has_an_action)
{
	const struct transition *t;
	size_t n;

	t = transition_table(&n);
	ASSERT_LT(0, n);
	for (size_t i = 0; i < n; i++) {
		EXPECT_NE(NULL, t[i].story);
		EXPECT_TRUE(t[i].action != NULL);
		EXPECT_FALSE(t[i].from & STATE_BIT(IKE_STATE_DEAD));
		for (int from = 0; from < IKE_STATE_N && t[i].to != TRANSITION_STAYS; from++)
			if (t[i].from & STATE_BIT(from))
				EXPECT_TRUE(transition_allows((enum ike_state)from,
							      (enum ike_state)t[i].to));
		for (size_t j = 0; j < i; j++)
			EXPECT_NE(0, strcmp(t[i].story, t[j].story));
	}
}

TEST(only_ike_sa_init_is_in_clear)
{
	const struct transition *t;
	size_t n;

	t = transition_table(&n);
	for (size_t i = 0; i < n; i++)
		EXPECT_EQ(t[i].exchange != IKE_EXCHANGE_IKE_SA_INIT, t[i].encrypted);
}

TEST(nothing_in_clear_establishes_or_ends_an_sa)
{
	const struct transition *t;
	size_t n;

	t = transition_table(&n);
	for (size_t i = 0; i < n; i++)
		if (!t[i].encrypted) {
			EXPECT_NE(IKE_STATE_ESTABLISHED, t[i].to);
			EXPECT_NE(IKE_STATE_DELETING, t[i].to);
			EXPECT_NE(IKE_STATE_DEAD, t[i].to);
		}
}

/* No row may hide behind an earlier one that fits whenever it does. */
TEST(every_row_can_be_reached)
{
	const struct transition *t;
	size_t n;

	t = transition_table(&n);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++) {
			bool same = !(t[i].from & ~t[j].from) && t[i].exchange == t[j].exchange &&
				    t[i].request == t[j].request &&
				    t[i].encrypted == t[j].encrypted;
			bool covered = (t[i].required & t[j].required) == t[j].required &&
				       (!t[j].notify || t[j].notify == t[i].notify) &&
				       (!t[j].error_notify || t[i].error_notify);

			EXPECT_FALSE(same && covered)
			{
				TH_LOG("'%s' hides '%s'", t[j].story, t[i].story);
			}
		}
}

TEST(states_have_names)
{
	for (int s = 0; s < IKE_STATE_N; s++) {
		EXPECT_NE(NULL, ike_state_name((enum ike_state)s));
		EXPECT_NE(NULL, ike_state_vici_name((enum ike_state)s));
	}
}

TEST(an_sa_comes_to_be_in_few_ways)
{
	/* A first message, ours or the peer's; or it replaces another and has its keys already. */
	for (int s = 0; s < IKE_STATE_N; s++)
		EXPECT_EQ(s == IKE_STATE_INIT_SENT || s == IKE_STATE_INIT_ANSWERED ||
				  s == IKE_STATE_ESTABLISHED || s == IKE_STATE_DEAD,
			  transition_allows(IKE_STATE_NEW, (enum ike_state)s));
	EXPECT_FALSE(transition_allows(IKE_STATE_INIT_SENT, IKE_STATE_ESTABLISHED));
}

TEST_HARNESS_MAIN
