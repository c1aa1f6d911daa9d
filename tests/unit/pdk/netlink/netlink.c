/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>

#include "../leaks.h"
#include "fake_kernel.h"

/* Requests of the tests: the type says what the fake does, the payload is a number. */
enum {
	TYPE_OK = 0x20,
	TYPE_REFUSE, /* the payload is the error */
	TYPE_ANSWER, /* payload many answers first */
	TYPE_NO_ACK,
	TYPE_HANG_UP,
	TYPE_STRAY, /* answers of other numbers around its own */
	TYPE_DUMP,
	TYPE_DUMP_FAILS,
	TYPE_DUMP_INTERRUPTED,
	TYPE_SHORT_ACK,
};

static int handle(struct fake_kernel *f, const struct nlmsghdr *h, char *text)
{
	struct nlmsghdr other = *h;
	int number, zero = 0;

	memcpy(&number, nlmsg_data((struct nlmsghdr *)h), sizeof(number));
	switch (h->nlmsg_type) {
	case TYPE_REFUSE:
		snprintf(text, NETLINK_TEXT_MAX, "no %d", number);
		return number;
	case TYPE_ANSWER:
		for (int i = 0; i < number; i++)
			fake_reply(f, h, TYPE_ANSWER, 0, &i, sizeof(i));
		return 0;
	case TYPE_NO_ACK:
		return FAKE_NO_ACK;
	case TYPE_HANG_UP:
		return FAKE_HANG_UP;
	case TYPE_STRAY:
		other.nlmsg_seq--;
		fake_ack(f, &other, -EPERM, "old");
		other.nlmsg_seq += 1000;
		fake_ack(f, &other, -EPERM, "new");
		return 0;
	case TYPE_DUMP:
	case TYPE_DUMP_INTERRUPTED:
		for (int i = 0; i < number; i++)
			fake_reply(f, h, TYPE_ANSWER,
				   NLM_F_MULTI | (h->nlmsg_type == TYPE_DUMP ? 0 : NLM_F_DUMP_INTR),
				   &i, sizeof(i));
		fake_reply(f, h, NLMSG_DONE, NLM_F_MULTI, &zero, sizeof(zero));
		return FAKE_NO_ACK;
	case TYPE_DUMP_FAILS:
		number = -EBUSY;
		fake_reply(f, h, NLMSG_DONE, NLM_F_MULTI, &number, sizeof(number));
		return FAKE_NO_ACK;
	case TYPE_SHORT_ACK:
		fake_reply(f, h, NLMSG_ERROR, 0, &zero, sizeof(zero));
		return FAKE_NO_ACK;
	}
	return 0;
}

static struct nl_msg *request(uint16_t type, int number)
{
	return netlink_msg_new(type, 0, BYTES(&number, sizeof(number)), 64);
}

struct sum {
	unsigned calls;
	int total;
};

static void add_up(const struct nlmsghdr *h, void *data)
{
	struct sum *s = data;
	int number;

	memcpy(&number, nlmsg_data((struct nlmsghdr *)h), sizeof(number));
	s->calls++;
	s->total += number;
}

FIXTURE(netlink)
{
	struct fake_kernel fake;
	struct netlink_socket *s;
};

FIXTURE_SETUP(netlink)
{
	self->s = fake_start(&self->fake, handle, NULL);
	ASSERT_NE(NULL, self->s);
}

FIXTURE_TEARDOWN(netlink)
{
	fake_stop(&self->fake, self->s);
	EXPECT_NO_LEAKS();
}

TEST_F(netlink, every_message_of_a_batch_has_its_own_answer)
{
	_cleanup_(netlink_batch_fini) struct netlink_batch b = NETLINK_BATCH_INIT;
	struct sum sum = { 0 };

	for (int i = 0; i < 30; i++) {
		struct nl_msg *msg = request(i % 3 == 0   ? TYPE_OK
					     : i % 3 == 1 ? TYPE_REFUSE
							  : TYPE_ANSWER,
					     i % 3 == 1 ? -i : 3);

		ASSERT_EQ(0, netlink_batch_add(&b, msg, add_up, &sum));
	}
	ASSERT_EQ(0, netlink_transact(self->s, &b));
	for (int i = 0; i < 30; i++) {
		char text[32] = "";

		if (i % 3 == 1)
			snprintf(text, sizeof(text), "no %d", -i);
		EXPECT_EQ(i % 3 == 1 ? -i : 0, b.items[i].err);
		EXPECT_STREQ(text, b.items[i].text);
	}
	EXPECT_EQ(30, sum.calls);
	EXPECT_EQ(30, sum.total);
	EXPECT_EQ(1, self->fake.datagrams);
	EXPECT_EQ(30, self->fake.messages);
}

TEST_F(netlink, a_batch_beyond_the_buffers_goes_in_parts_and_is_answered_whole)
{
	_cleanup_(netlink_batch_fini) struct netlink_batch b = NETLINK_BATCH_INIT;

	for (int i = 1; i <= 2000; i++)
		ASSERT_EQ(0, netlink_batch_add(&b, request(TYPE_REFUSE, -i), NULL, NULL));
	ASSERT_EQ(0, netlink_transact(self->s, &b));
	for (int i = 1; i <= 2000; i++)
		ASSERT_EQ(-i, b.items[i - 1].err);
	EXPECT_LT(1, self->fake.datagrams);
	EXPECT_GE(2000 / 128 + 1, self->fake.datagrams);
}

TEST_F(netlink, a_batch_can_be_used_again)
{
	_cleanup_(netlink_batch_fini) struct netlink_batch b = NETLINK_BATCH_INIT;

	ASSERT_EQ(0, netlink_batch_add(&b, request(TYPE_REFUSE, -5), NULL, NULL));
	ASSERT_EQ(0, netlink_transact(self->s, &b));
	ASSERT_EQ(0, netlink_transact(self->s, &b)); /* the same messages once more */
	EXPECT_EQ(-5, b.items[0].err);
	netlink_batch_fini(&b);
	ASSERT_EQ(0, netlink_transact(self->s, &b)); /* nothing to do */
	ASSERT_EQ(0, netlink_batch_add(&b, request(TYPE_OK, 0), NULL, NULL));
	ASSERT_EQ(0, netlink_transact(self->s, &b));
	EXPECT_EQ(0, b.items[0].err);
	EXPECT_EQ(-ENOMEM, netlink_batch_add(&b, NULL, NULL, NULL));
	EXPECT_EQ(1, b.n);
}

TEST_F(netlink, the_text_is_found_behind_a_full_echo)
{
	char text[NETLINK_TEXT_MAX];

	self->fake.full_echo = true;
	EXPECT_EQ(-EINVAL,
		  netlink_request(self->s, request(TYPE_REFUSE, -EINVAL), NULL, NULL, text));
	EXPECT_STREQ("no -22", text);
}

TEST_F(netlink, answers_to_others_are_dropped)
{
	char text[NETLINK_TEXT_MAX];

	EXPECT_EQ(0, netlink_request(self->s, request(TYPE_STRAY, 0), NULL, NULL, text));
	EXPECT_STREQ("", text);
}

TEST_F(netlink, an_acknowledgement_too_short_is_an_error)
{
	EXPECT_EQ(-EBADMSG, netlink_request(self->s, request(TYPE_SHORT_ACK, 0), NULL, NULL, NULL));
}

TEST_F(netlink, a_lost_socket_fails_what_has_no_answer_yet)
{
	_cleanup_(netlink_batch_fini) struct netlink_batch b = NETLINK_BATCH_INIT;

	ASSERT_EQ(0, netlink_batch_add(&b, request(TYPE_OK, 0), NULL, NULL));
	ASSERT_EQ(0, netlink_batch_add(&b, request(TYPE_NO_ACK, 0), NULL, NULL));
	ASSERT_EQ(0, netlink_batch_add(&b, request(TYPE_HANG_UP, 0), NULL, NULL));
	ASSERT_EQ(0, netlink_batch_add(&b, request(TYPE_OK, 0), NULL, NULL));
	EXPECT_EQ(-ECONNRESET, netlink_transact(self->s, &b));
	EXPECT_EQ(0, b.items[0].err);
	EXPECT_EQ(-ECONNRESET, b.items[1].err);
	EXPECT_EQ(-ECONNRESET, b.items[2].err);
	EXPECT_EQ(-ECONNRESET, b.items[3].err);
	EXPECT_GT(0, netlink_request(self->s, request(TYPE_OK, 0), NULL, NULL, NULL));
}

TEST_F(netlink, a_dump_gives_every_object_and_says_when_it_is_not_whole)
{
	struct sum sum = { 0 };

	EXPECT_EQ(0, netlink_dump(self->s, request(TYPE_DUMP, 10), add_up, &sum));
	EXPECT_EQ(10, sum.calls);
	EXPECT_EQ(45, sum.total);
	EXPECT_EQ(-EAGAIN, netlink_dump(self->s, request(TYPE_DUMP_INTERRUPTED, 2), add_up, &sum));
	EXPECT_EQ(12, sum.calls);
	EXPECT_EQ(-EBUSY, netlink_dump(self->s, request(TYPE_DUMP_FAILS, 0), add_up, &sum));
	EXPECT_EQ(-EACCES, netlink_dump(self->s, request(TYPE_REFUSE, -EACCES), add_up, &sum));
	EXPECT_EQ(-ENOMEM, netlink_dump(self->s, NULL, add_up, &sum));
	EXPECT_EQ(12, sum.calls);
}

/* -------- messages -------- */

TEST(a_message_is_taken_apart_as_it_was_put_together)
{
	struct {
		uint32_t a, b;
	} fixed = { 1, 2 }, copy = { 0 };
	struct nl_msg *msg = netlink_msg_new(TYPE_OK, 0, BYTES(&fixed, sizeof(fixed)), 64);
	static const struct nla_policy policy[4] = { [2] = { .type = NLA_U32 } };
	struct nlattr *tb[4];

	ASSERT_NE(NULL, msg);
	ASSERT_EQ(0, nla_put_u32(msg, 2, 77));
	ASSERT_EQ(0, netlink_msg_parse(nlmsg_hdr(msg), 3, policy, &copy, sizeof(copy), tb));
	EXPECT_EQ(1, copy.a);
	EXPECT_EQ(2, copy.b);
	EXPECT_EQ(NULL, tb[1]);
	ASSERT_NE(NULL, tb[2]);
	EXPECT_EQ(77, nla_get_u32(tb[2]));
	nlmsg_hdr(msg)->nlmsg_len = NLMSG_HDRLEN + 7; /* shorter than the fixed header */
	EXPECT_EQ(-EBADMSG, netlink_msg_parse(nlmsg_hdr(msg), 3, policy, &copy, sizeof(copy), tb));
	netlink_msg_free(msg);
}

TEST(an_attribute_shorter_than_its_type_is_malformed)
{
	uint32_t fixed = 0;
	struct nl_msg *msg = netlink_msg_new(TYPE_OK, 0, BYTES(&fixed, sizeof(fixed)), 64);
	static const struct nla_policy policy[4] = { [2] = { .type = NLA_U32 } };
	struct nlattr *tb[4];

	ASSERT_EQ(0, nla_put_u8(msg, 2, 7));
	EXPECT_EQ(-EBADMSG,
		  netlink_msg_parse(nlmsg_hdr(msg), 3, policy, &fixed, sizeof(fixed), tb));
	netlink_msg_free(msg);
}

TEST(room_for_attributes_is_as_much_as_was_asked_for)
{
	uint8_t fixed[3] = { 0 }; /* padded to 4 */
	struct nl_msg *msg = netlink_msg_new(TYPE_OK, 0, BYTES_OF(fixed), 3 * 8);

	for (int i = 0; i < 3; i++)
		EXPECT_EQ(0, nla_put_u32(msg, 1, 1));
	EXPECT_NE(0, nla_put_u32(msg, 1, 1));
	netlink_msg_free(msg);
	EXPECT_EQ(NULL, netlink_msg_free(NULL));
}

/* -------- the real kernel -------- */

static void count_links(const struct nlmsghdr *h, void *data)
{
	if (h->nlmsg_type == RTM_NEWLINK)
		++*(unsigned *)data;
}

TEST(the_real_kernel_answers_and_explains_itself)
{
	struct ifinfomsg m = { .ifi_family = AF_UNSPEC };
	char text[NETLINK_TEXT_MAX] = "";
	struct netlink_socket *s;
	unsigned links = 0;

	ASSERT_EQ(0, netlink_socket_new(NETLINK_ROUTE, &s));
	EXPECT_EQ(0, netlink_dump(s, netlink_msg_new(RTM_GETLINK, 0, BYTES(&m, sizeof(m)), 0),
				  count_links, &links));
	EXPECT_LT(0, links);
	m.ifi_index = 1;
	EXPECT_EQ(0, netlink_request(s, netlink_msg_new(RTM_GETLINK, 0, BYTES(&m, sizeof(m)), 0),
				     count_links, &links, NULL));
	/* A header that is too short: the kernel says so in words. */
	EXPECT_EQ(-EINVAL, netlink_request(s, netlink_msg_new(RTM_GETLINK, 0, BYTES(&m, 1), 0),
					   NULL, NULL, text));
	EXPECT_NE(0, strlen(text));
	netlink_socket_free(s);
	EXPECT_GT(0, netlink_socket_new(9999, &s));
}

TEST_HARNESS_MAIN
