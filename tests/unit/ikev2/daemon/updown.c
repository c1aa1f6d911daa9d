/* SPDX-License-Identifier: MIT */
/* Commands are real ones: they write into a file of the test's own. */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "pdk/log/log.h"
#include "pdk/loop/loop.h"
#include "ikev2/daemon/updown.h"
#include "ikev2/daemon/updown_env.h"
#include "ikev2/sa/info.h"

FIXTURE(updown)
{
	struct loop *loop;
	struct updown *updown;
	char path[64];
	bool lacks;
};

FIXTURE_SETUP(updown)
{
	int fd;

	log_set_level(NULL, LOG_LEVEL_ERROR);
	strcpy(self->path, "/tmp/postern-updown.XXXXXX");
	fd = mkstemp(self->path);
	ASSERT_LE(0, fd);
	close(fd);
	self->lacks = loop_new(&self->loop) < 0;
	if (!self->lacks)
		ASSERT_EQ(0, updown_new(self->loop, DURATION_S(20), &self->updown));
}

FIXTURE_TEARDOWN(updown)
{
	updown_free(self->updown);
	if (!self->lacks)
		loop_free(self->loop);
	unlink(self->path);
}

#define SKIP_WITHOUT_LOOP                                                                          \
	do {                                                                                       \
		if (self->lacks)                                                                   \
			SKIP(return, "needs io_uring");                                            \
	} while (0)

static struct netaddr addr(const char *text)
{
	struct netaddr a = NETADDR_NONE;

	netaddr_parse(text, 4500, &a);
	return a;
}

/* A Child SA with the reqid whose command appends to the file. */
static struct ike_sa_info *info_of(const char *path, uint32_t reqid, const char *command)
{
	struct ike_sa_info *info = ike_sa_info_new(1);
	struct ts_list local = { .n = 2 }, remote = { .n = 1 };
	struct child_sa_info *c = &info->children[0];
	struct netaddr net = addr("10.1.0.0"), host = addr("192.0.2.1"), peer = addr("10.2.0.0");
	char text[300];

	snprintf(text, sizeof(text), "{ %s; } >>%s", command, path);
	info->name = strdup("gw");
	info->local = addr("192.0.2.1");
	info->remote = addr("192.0.2.2");
	info->local_id = strdup("a.test");
	info->remote_id = strdup("b.test");
	info->uniqueid = 5;
	c->name = strdup("net");
	c->updown = strdup(text);
	c->reqid = reqid;
	c->udp_encap = true;
	c->mark_in = (struct info_mark){ 3, 0xff };
	c->if_id_out = 9;
	local.v[0] = ts_from_prefix(&net, 16, 6, 80, 80);
	local.v[1] = ts_from_prefix(&host, 32, 0, 0, 65535);
	remote.v[0] = ts_from_prefix(&peer, 24, 0, 0, 65535);
	child_sa_info_set_ts(c, &local, &remote);
	return info;
}

static void turn_until_done(struct loop *loop, struct updown *u)
{
	struct instant end = instant_add(instant_now(), DURATION_S(20));

	while (updown_waiting(u) && instant_before(instant_now(), end))
		loop_run_once(loop, instant_add(instant_now(), DURATION_MS(100)));
}

static const char *contents(const char *path)
{
	static char buf[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

TEST_F(updown, a_command_learns_of_each_pair_of_selectors)
{
	SKIP_WITHOUT_LOOP;
	updown_event_take(
		self->updown, true,
		info_of(self->path, 1,
			"echo $PLUTO_VERB $PLUTO_CONNECTION $PLUTO_ME $PLUTO_MY_CLIENT "
			"$PLUTO_MY_PROTOCOL/$PLUTO_MY_PORT $PLUTO_MY_ID $PLUTO_PEER "
			"$PLUTO_PEER_CLIENT $PLUTO_PEER_ID $PLUTO_UNIQUEID $PLUTO_REQID "
			"$PLUTO_UDP_ENC $PLUTO_MARK_IN $PLUTO_IF_ID_OUT ${PLUTO_MARK_OUT-none}"));
	EXPECT_EQ(1, updown_waiting(self->updown));
	turn_until_done(self->loop, self->updown);
	EXPECT_STREQ("up-client net 192.0.2.1 10.1.0.0/16 6/80 a.test 192.0.2.2 10.2.0.0/24 b.test "
		     "5 1 4500 3/0x000000ff 9 none\n"
		     "up-host net 192.0.2.1 192.0.2.1/32 0/0 a.test 192.0.2.2 10.2.0.0/24 b.test "
		     "5 1 4500 3/0x000000ff 9 none\n",
		     contents(self->path));
}

TEST_F(updown, commands_of_one_child_sa_keep_their_order)
{
	SKIP_WITHOUT_LOOP;
	updown_event_take(self->updown, true,
			  info_of(self->path, 1, "sleep 0.2; echo $PLUTO_VERB"));
	updown_event_take(self->updown, false, info_of(self->path, 1, "echo $PLUTO_VERB"));
	/* Another one does not wait for it. */
	updown_event_take(self->updown, true, info_of(self->path, 2, "echo first"));
	turn_until_done(self->loop, self->updown);
	EXPECT_STREQ("first\nfirst\nup-client\nup-host\ndown-client\ndown-host\n",
		     contents(self->path));
}

TEST_F(updown, many_events_are_all_worked_off)
{
	unsigned lines = 0;

	SKIP_WITHOUT_LOOP;
	for (uint32_t i = 0; i < 3 * UPDOWN_AT_ONCE; i++)
		updown_event_take(self->updown, true, info_of(self->path, 100 + i, "echo x"));
	turn_until_done(self->loop, self->updown);
	for (const char *p = contents(self->path); *p; p++)
		lines += *p == '\n';
	EXPECT_EQ(2 * 3 * UPDOWN_AT_ONCE, lines);
}

TEST_F(updown, a_command_that_takes_too_long_is_killed_with_its_children)
{
	struct updown *u;

	SKIP_WITHOUT_LOOP;
	ASSERT_EQ(0, updown_new(self->loop, DURATION_MS(200), &u));
	updown_event_take(u, true, info_of(self->path, 1, "sleep 60 & sleep 61; echo late"));
	turn_until_done(self->loop, u);
	EXPECT_EQ(0, updown_waiting(u));
	EXPECT_STREQ("", contents(self->path));
	updown_free(u);
}

TEST_F(updown, what_waits_at_the_end_is_still_run)
{
	SKIP_WITHOUT_LOOP;
	updown_event_take(self->updown, true, info_of(self->path, 1, "echo $PLUTO_VERB"));
	updown_event_take(self->updown, false, info_of(self->path, 1, "echo $PLUTO_VERB"));
	self->updown = updown_free(self->updown);
	EXPECT_STREQ("up-client\nup-host\ndown-client\ndown-host\n", contents(self->path));
}

TEST_F(updown, nothing_is_run_without_a_command_and_failures_stop_nothing)
{
	struct ike_sa_info *info = info_of(self->path, 1, "echo x");

	SKIP_WITHOUT_LOOP;
	free(info->children[0].updown);
	info->children[0].updown = NULL;
	updown_event_take(self->updown, true, info);
	EXPECT_EQ(0, updown_waiting(self->updown));
	updown_event_take(self->updown, true, info_of(self->path, 1, "echo y; exit 3"));
	updown_event_take(self->updown, true, info_of(self->path, 1, "/nonexistent"));
	updown_event_take(self->updown, true, info_of(self->path, 1, "echo z"));
	turn_until_done(self->loop, self->updown);
	EXPECT_STREQ("y\ny\nz\nz\n", contents(self->path));
}

static void count_errors(const struct log_record *record, void *data)
{
	unsigned *n = data;

	*n += record->level == LOG_LEVEL_ERROR;
}

/* Its end couldn't be seen: no descriptor is left for that. */
TEST_F(updown, a_command_that_cannot_be_watched_does_not_take_the_next_one_with_it)
{
	struct rlimit before, none;
	unsigned errors = 0;

	SKIP_WITHOUT_LOOP;
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	none = before;
	none.rlim_cur = (rlim_t)dup(0);
	close((int)none.rlim_cur);
	log_add_sink(count_errors, &errors);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	updown_event_take(self->updown, true, info_of(self->path, 1, "sleep 60"));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
	log_remove_sink(count_errors, &errors);
	EXPECT_EQ(0, updown_waiting(self->updown));
	EXPECT_EQ(2, errors);
}

TEST_HARNESS_MAIN
