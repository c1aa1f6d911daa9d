/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ikev2/daemon/command.h"

static int shell(const char *script, const char *input, struct duration limit)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	return command_run(argv, bytes_str(input), limit);
}

TEST(the_exit_code_is_told)
{
	EXPECT_EQ(0, shell("true", "", DURATION_S(10)));
	EXPECT_EQ(7, shell("exit 7", "", DURATION_S(10)));
	EXPECT_EQ(-EINTR, shell("kill -TERM $$", "", DURATION_S(10)));
}

TEST(input_is_its_standard_input_and_ends)
{
	EXPECT_EQ(0, shell("test \"$(cat)\" = 'nameserver 10.0.0.1'", "nameserver 10.0.0.1\n",
			   DURATION_S(10)));
	EXPECT_EQ(0, shell("test -z \"$(cat)\"", "", DURATION_S(10)));
}

TEST(what_takes_too_long_is_killed)
{
	const struct instant before = instant_now();

	EXPECT_EQ(-ETIMEDOUT, shell("sleep 60 & sleep 60", "", DURATION_MS(200)));
	EXPECT_GT(20, duration_s(instant_diff(instant_now(), before)));
}

TEST(what_is_not_there_can_not_be_run)
{
	const char *const argv[] = { "no-such-program", NULL };

	EXPECT_EQ(-ENOENT, command_run(argv, BYTES_NONE, DURATION_S(1)));
	EXPECT_FALSE(command_exists("no-such-program"));
	EXPECT_FALSE(command_exists("/no/such/program"));
	EXPECT_TRUE(command_exists("sh"));
	EXPECT_TRUE(command_exists("/bin/sh"));
	setenv("PATH", "/nowhere:/bin", 1);
	EXPECT_TRUE(command_exists("sh"));
	setenv("PATH", "", 1);
	EXPECT_FALSE(command_exists("sh"));
}

TEST_HARNESS_MAIN
