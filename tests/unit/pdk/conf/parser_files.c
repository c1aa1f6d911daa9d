/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pdk/conf/parser.h"
#include "../leaks.h"

FIXTURE(files)
{
	char dir[64];
	struct conf_node *root;
	struct conf_report report;
};

FIXTURE_SETUP(files)
{
	strcpy(self->dir, "/tmp/postern-conf-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, chdir(self->dir));
	self->root = conf_root_new();
	self->report = CONF_REPORT_INIT;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

FIXTURE_TEARDOWN(files)
{
	conf_free(self->root);
	conf_report_fini(&self->report);
	self->root = NULL;
	EXPECT_EQ(0, chdir("/"));
	EXPECT_EQ(0, nftw(self->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS));
	EXPECT_NO_LEAKS();
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

TEST_F(files, patterns_are_relative_to_the_file_and_sorted)
{
	mkdir("sub", 0700);
	mkdir("sub/conf.d", 0700);
	write_file("top.conf", "include sub/mid.conf\n");
	write_file("sub/mid.conf", "a {\n include conf.d/*.conf\n include none.d/*.conf\n}\n");
	write_file("sub/conf.d/2.conf", "x = 2\n");
	write_file("sub/conf.d/1.conf", "x = 1\ny = 1\n");
	write_file("sub/conf.d/other", "z = 1\n");
	EXPECT_EQ(0, conf_parse_file("top.conf", self->root, &self->report))
	TH_LOG("%s", conf_report_text(&self->report));
	EXPECT_STREQ("2", conf_string(conf_find(self->root, "a"), "x"));
	EXPECT_STREQ("1", conf_string(conf_find(self->root, "a"), "y"));
	EXPECT_EQ(NULL, conf_string(conf_find(self->root, "a"), "z"));
	EXPECT_STREQ("sub/conf.d/2.conf",
		     conf_source_name(conf_find(conf_find(self->root, "a"), "x")->origin.source));
}

TEST_F(files, quoted_and_absolute_names_work)
{
	char text[200];

	write_file("with space.conf", "x = 1\n");
	write_file("abs.conf", "y = 2\n");
	snprintf(text, sizeof(text), "include \"with space.conf\"\ninclude %s/abs.conf # c\n",
		 self->dir);
	write_file("top.conf", text);
	EXPECT_EQ(0, conf_parse_file("top.conf", self->root, &self->report));
	EXPECT_STREQ("1", conf_string(self->root, "x"));
	EXPECT_STREQ("2", conf_string(self->root, "y"));
}

TEST_F(files, a_named_file_must_be_there)
{
	write_file("top.conf", "\n  include missing.conf\n");
	EXPECT_EQ(-EINVAL, conf_parse_file("top.conf", self->root, &self->report));
	EXPECT_STREQ("top.conf:2:3: can't read 'missing.conf': No such file or directory\n",
		     conf_report_text(&self->report));
}

TEST_F(files, the_first_file_must_be_there)
{
	EXPECT_EQ(-EINVAL, conf_parse_file("top.conf", self->root, &self->report));
	EXPECT_STREQ("can't read 'top.conf': No such file or directory\n",
		     conf_report_text(&self->report));
}

TEST_F(files, loops_end)
{
	write_file("a.conf", "include b.conf\n");
	write_file("b.conf", "include ./a.conf\n");
	EXPECT_EQ(-EINVAL, conf_parse_file("a.conf", self->root, &self->report));
	EXPECT_STREQ("b.conf:1:1: can't read './a.conf': it includes itself\n",
		     conf_report_text(&self->report));
}

TEST_F(files, a_chain_is_bounded)
{
	char name[16], text[40];

	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "%d.conf", i);
		snprintf(text, sizeof(text), "include %d.conf\n", i + 1);
		write_file(name, text);
	}
	EXPECT_EQ(-EINVAL, conf_parse_file("0.conf", self->root, &self->report));
	EXPECT_STREQ("10.conf:1:1: can't read '11.conf': too many files include one another\n",
		     conf_report_text(&self->report));
}

TEST_F(files, the_number_of_files_is_bounded)
{
	FILE *f = fopen("top.conf", "w");

	write_file("x.conf", "x = 1\n");
	for (int i = 0; i < CONF_FILES_MAX; i++)
		fputs("include x.conf\n", f);
	fclose(f);
	EXPECT_EQ(-EINVAL, conf_parse_file("top.conf", self->root, &self->report));
	EXPECT_STREQ("top.conf:256:1: can't read 'x.conf': there are too many files\n",
		     conf_report_text(&self->report));
}

TEST_F(files, what_is_no_file_or_too_large_is_refused)
{
	mkdir("dir", 0700);
	EXPECT_EQ(0, mkfifo("fifo", 0600));
	write_file("large", "");
	EXPECT_EQ(0, truncate("large", CONF_FILE_MAX + 1));
	write_file("top.conf", "include dir\ninclude fifo\ninclude large\n");
	EXPECT_EQ(-EINVAL, conf_parse_file("top.conf", self->root, &self->report));
	EXPECT_STREQ("top.conf:1:1: can't read 'dir': it is no regular file\n"
		     "top.conf:2:1: can't read 'fifo': it is no regular file\n"
		     "top.conf:3:1: can't read 'large': it is too large\n",
		     conf_report_text(&self->report));
}

TEST_F(files, an_included_file_cannot_leave_its_section)
{
	write_file("top.conf", "a {\n include b.conf\n x = 1\n}\n");
	write_file("b.conf", "}\nc {\n");
	EXPECT_EQ(-EINVAL, conf_parse_file("top.conf", self->root, &self->report));
	EXPECT_STREQ("b.conf:1:1: found '}', expected no more of them: no section is open\n"
		     "b.conf:3:1: found end of file, expected '}' to close section 'c' of line 2\n",
		     conf_report_text(&self->report));
}

TEST_F(files, errors_of_all_files_are_reported)
{
	write_file("top.conf", "x y\ninclude b.conf\nz w\n");
	write_file("b.conf", "q r\n");
	EXPECT_EQ(-EINVAL, conf_parse_file("top.conf", self->root, &self->report));
	EXPECT_STREQ("top.conf:1:3: found 'y', expected '=', '{' or ':'\n"
		     "b.conf:1:3: found 'r', expected '=', '{' or ':'\n"
		     "top.conf:3:3: found 'w', expected '=', '{' or ':'\n",
		     conf_report_text(&self->report));
}

TEST_HARNESS_MAIN
