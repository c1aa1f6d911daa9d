/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include "../../pdk/leaks.h"
#include "ikev2/ipsec/ipsec.h"
#include "pdk/log/log.h"
#include "pdk/loop/loop.h"

static void count_warnings(const struct log_record *record, void *data)
{
	if (record->level == LOG_LEVEL_WARNING && strcmp(record->subsystem->name, "ipsec") == 0)
		++*(unsigned *)data;
}

static void on_done(struct ipsec_request *req, void *data)
{
	*(bool *)data = true;
}

TEST(all_succeeds_by_mailbox_and_the_log_says_that_nothing_is_protected)
{
	struct ipsec_events events = { 0 };
	struct ipsec_request *req = ipsec_request_new(2);
	unsigned warnings = 0;
	struct mailbox *mailbox;
	struct ipsec *ipsec;
	struct loop *loop;
	bool done = false;

	ASSERT_EQ(0, log_add_sink(count_warnings, &warnings));
	ASSERT_EQ(0, loop_new(&loop));
	ASSERT_EQ(0, mailbox_new(loop, &mailbox));
	ASSERT_EQ(0, ipsec_null_ops.open(loop, &events, &ipsec));
	EXPECT_EQ(1, warnings);
	EXPECT_STREQ("null", ipsec->ops->name);
	req->ops[0].type = IPSEC_SA_ADD;
	req->ops[1].type = IPSEC_SA_QUERY;
	req->ops[1].err = -1;
	req->ops[1].usage.packets = 5;
	req->reply_to = mailbox;
	req->done = on_done;
	req->data = &done;
	ipsec_submit(ipsec, req);
	EXPECT_FALSE(done); /* not from inside submit */
	ASSERT_EQ(0, loop_run_until(loop, &done, instant_add(instant_now(), DURATION_S(5))));
	EXPECT_EQ(0, req->err);
	EXPECT_EQ(0, req->ops[1].err);
	EXPECT_EQ(0, req->ops[1].usage.packets);
	ipsec_request_free(req);
	ipsec_submit(ipsec, ipsec_request_new(1)); /* nobody waits: it frees the request */
	EXPECT_EQ(0, ipsec->ops->prepare_socket(ipsec, -1, AF_INET, true));
	EXPECT_NE(0, strlen(ipsec->ops->features(ipsec)));
	ipsec->ops->close(ipsec);
	mailbox_free(mailbox);
	loop_free(loop);
	log_remove_sink(count_warnings, &warnings);
	EXPECT_NO_LEAKS();
}

TEST(a_request_too_large_is_none)
{
	EXPECT_EQ(NULL, ipsec_request_new(SIZE_MAX / 2));
	EXPECT_EQ(NULL, ipsec_request_free(NULL));
}

TEST_HARNESS_MAIN
