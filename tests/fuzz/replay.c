/* SPDX-License-Identifier: MIT */
/*
 * Every file of every target's corpus, and of parsers every beginning of it, through the target. The input
 * lies in memory of exactly its size, so a sanitizer sees a read past it.
 */
#include <kselftest_harness.h>

#include <dirent.h>
#include <limits.h>

#include "fuzz.h"

#define FILE_MAX     65536
#define PREFIXES_MAX 1024 /* longer files are cut at this many places, evenly */

static void run_cut(int (*target)(const uint8_t *, size_t), const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	if (!exact)
		abort();
	memcpy(exact, data, len);
	target(exact, len);
	free(exact);
}

/* Returns false when the file can't be read. */
static bool run_file(const char *path, int (*target)(const uint8_t *, size_t), bool cut_too)
{
	static uint8_t data[FILE_MAX];
	FILE *f = fopen(path, "re");
	size_t len, step;

	if (!f)
		return false;
	len = fread(data, 1, sizeof(data), f);
	fclose(f);
	step = len / PREFIXES_MAX + 1;
	for (size_t cut = 0; cut_too && cut < len; cut += step)
		run_cut(target, data, cut);
	run_cut(target, data, len);
	return true;
}

/* The number of files, or -1 when something can't be read. */
static int run_corpus(const char *name, int (*target)(const uint8_t *, size_t))
{
	/* Two peers come up for each input: of these only the inputs themselves. */
	const bool plays = strcmp(name, "responder") == 0 || strcmp(name, "configuration") == 0;
	char path[PATH_MAX];
	struct dirent *entry;
	int files = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", CORPUS_DIR, name);
	dir = opendir(path);
	if (!dir)
		return -1;
	while (files >= 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", CORPUS_DIR, name, entry->d_name);
		files = run_file(path, target, !plays) ? files + 1 : -1;
	}
	closedir(dir);
	return files;
}

#define REPLAY(name)                                                                               \
	TEST(name)                                                                                 \
	{                                                                                          \
		int files = run_corpus(#name, fuzz_##name);                                        \
                                                                                                   \
		EXPECT_LT(0, files);                                                               \
		TH_LOG("%d files", files);                                                         \
	}
FUZZ_TARGETS(REPLAY)

TEST_HARNESS_MAIN
