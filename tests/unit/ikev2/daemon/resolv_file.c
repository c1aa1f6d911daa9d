/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ikev2/daemon/resolv_file.h"

FIXTURE(resolv_file)
{
	char dir[32], path[64];
	struct netaddr servers[2];
};

FIXTURE_SETUP(resolv_file)
{
	strcpy(self->dir, "/tmp/resolv-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->path, sizeof(self->path), "%s/resolv.conf", self->dir);
	netaddr_parse("10.1.0.53", 0, &self->servers[0]);
	netaddr_parse("2001:db8::53", 0, &self->servers[1]);
}

FIXTURE_TEARDOWN(resolv_file)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", self->dir);
	EXPECT_EQ(0, system(command));
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

static const char *get(const char *path)
{
	static char text[1000];
	FILE *f = fopen(path, "r");

	if (!f)
		return "no file";
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

#define OURS                                                                                       \
	"nameserver 10.1.0.53 # by postern\n"                                                      \
	"nameserver 2001:db8::53 # by postern\n"

TEST_F(resolv_file, ours_come_first_and_go_again_and_the_rest_stays)
{
	static const char *const texts[] = {
		"", "nameserver 192.0.2.53\n",
		"# made by hand\n\nsearch example.org\nnameserver 192.0.2.53\noptions edns0\n",
		"nameserver 192.0.2.53", /* without an end of line */
	};
	char *with, *without, expected[400];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		with = resolv_file_edit(texts[i], self->servers, 2);
		snprintf(expected, sizeof(expected), OURS "%s", texts[i]);
		EXPECT_STREQ(expected, with);
		without = resolv_file_edit(with, NULL, 0);
		EXPECT_STREQ(texts[i], without);
		free(without);
		/* What a killed process left is not left twice. */
		without = resolv_file_edit(with, self->servers, 1);
		snprintf(expected, sizeof(expected), "nameserver 10.1.0.53 # by postern\n%s",
			 texts[i]);
		EXPECT_STREQ(expected, without);
		free(without);
		free(with);
	}
}

TEST_F(resolv_file, the_file_is_replaced_as_a_whole_with_its_mode)
{
	struct stat before, after;

	put(self->path, "nameserver 192.0.2.53\n");
	chmod(self->path, 0640);
	stat(self->path, &before);
	ASSERT_EQ(0, resolv_file_write(self->path, self->servers, 2));
	EXPECT_STREQ(OURS "nameserver 192.0.2.53\n", get(self->path));
	stat(self->path, &after);
	EXPECT_NE(before.st_ino, after.st_ino);
	EXPECT_EQ(0640, after.st_mode & 0777);
	ASSERT_EQ(0, resolv_file_write(self->path, NULL, 0));
	EXPECT_STREQ("nameserver 192.0.2.53\n", get(self->path));
	/* Where nothing changes nothing is written. */
	stat(self->path, &before);
	ASSERT_EQ(0, resolv_file_write(self->path, NULL, 0));
	stat(self->path, &after);
	EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(resolv_file, a_file_that_is_not_there_is_made_when_there_is_something_to_say)
{
	EXPECT_EQ(0, resolv_file_write(self->path, NULL, 0));
	EXPECT_STREQ("no file", get(self->path));
	EXPECT_EQ(0, resolv_file_write(self->path, self->servers, 1));
	EXPECT_STREQ("nameserver 10.1.0.53 # by postern\n", get(self->path));
}

TEST_F(resolv_file, a_symbolic_link_stays_one)
{
	char target[80];
	struct stat st;

	snprintf(target, sizeof(target), "%s/target", self->dir);
	put(target, "nameserver 192.0.2.53\n");
	ASSERT_EQ(0, symlink(target, self->path));
	ASSERT_EQ(0, resolv_file_write(self->path, self->servers, 1));
	ASSERT_EQ(0, lstat(self->path, &st));
	EXPECT_TRUE(S_ISLNK(st.st_mode));
	EXPECT_STREQ("nameserver 10.1.0.53 # by postern\nnameserver 192.0.2.53\n", get(target));
}

TEST_F(resolv_file, what_can_not_be_is_said)
{
	FILE *f;

	EXPECT_EQ(-EISDIR, resolv_file_write(self->dir, self->servers, 1));
	EXPECT_EQ(-ENOENT, resolv_file_write("/nowhere/resolv.conf", self->servers, 1));
	f = fopen(self->path, "w");
	for (unsigned i = 0; i < 70000; i++)
		fputc('x', f);
	fclose(f);
	EXPECT_EQ(-EFBIG, resolv_file_write(self->path, self->servers, 1));
}

TEST_HARNESS_MAIN
