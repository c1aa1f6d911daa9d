/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "ikev2/cert/fetch_cache.h"
#include "../../pdk/leaks.h"

struct source {
	unsigned calls;
	int err;
	size_t len;
	struct duration ttl;
};

static int fetch(void *data, struct fetched **ret_fetched, struct duration *ret_ttl, char *error)
{
	struct source *source = data;

	source->calls++;
	if (source->err) {
		snprintf(error, HTTP_ERROR_LEN, "failed");
		return source->err;
	}
	*ret_fetched = fetched_new_take(calloc(1, source->len + 1), source->len, NULL);
	*ret_ttl = source->ttl;
	return 0;
}

FIXTURE(cache)
{
	struct fetch_cache *cache;
	struct source source;
};

FIXTURE_SETUP(cache)
{
	ASSERT_EQ(0, fetch_cache_new(4, 8000, DURATION_MS(900), &self->cache));
	self->source = (struct source){ .len = 10, .ttl = DURATION_S(100) };
}

FIXTURE_TEARDOWN(cache)
{
	fetch_cache_free(self->cache);
	EXPECT_NO_LEAKS();
}

static int get(FIXTURE_DATA(cache) * self, const char *key)
{
	char error[HTTP_ERROR_LEN] = "";
	struct fetched *fetched;
	int err;

	err = fetch_cache_get(self->cache, key, fetch, &self->source, &fetched, error);
	if (!err)
		fetched_unref(fetched);
	else if (err != -ECANCELED && strcmp(error, "failed") != 0)
		abort();
	return err;
}

TEST_F(cache, what_is_there_is_not_fetched_again)
{
	EXPECT_EQ(0, get(self, "a"));
	EXPECT_EQ(0, get(self, "a"));
	EXPECT_EQ(1, self->source.calls);
	EXPECT_EQ(0, get(self, "b"));
	EXPECT_EQ(2, self->source.calls);
	fetch_cache_flush(self->cache);
	EXPECT_EQ(0, get(self, "a"));
	EXPECT_EQ(3, self->source.calls);
}

TEST_F(cache, failures_are_kept_for_a_while)
{
	self->source.err = -ENOENT;
	EXPECT_EQ(-ENOENT, get(self, "a"));
	self->source.err = 0;
	EXPECT_EQ(-ENOENT, get(self, "a"));
	EXPECT_EQ(1, self->source.calls);
	usleep(950000);
	EXPECT_EQ(0, get(self, "a"));
	EXPECT_EQ(2, self->source.calls);
}

TEST_F(cache, what_was_cancelled_is_not_kept)
{
	self->source.err = -ECANCELED;
	EXPECT_EQ(-ECANCELED, get(self, "a"));
	self->source.err = 0;
	EXPECT_EQ(0, get(self, "a"));
}

TEST_F(cache, what_expires_at_once_still_serves_those_who_came_together)
{
	self->source.ttl = DURATION_S(0);
	EXPECT_EQ(0, get(self, "a"));
	EXPECT_EQ(0, get(self, "a"));
	EXPECT_EQ(1, self->source.calls);
}

TEST_F(cache, the_oldest_go_when_there_are_too_many)
{
	static const char *const keys[] = { "a", "b", "c", "d", "e" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		EXPECT_EQ(0, get(self, keys[i]));
	for (size_t i = 1; i < ARRAY_SIZE(keys); i++)
		EXPECT_EQ(0, get(self, keys[i]));
	EXPECT_EQ(5, self->source.calls);
	EXPECT_EQ(0, get(self, "a"));
	EXPECT_EQ(6, self->source.calls);
}

TEST_F(cache, the_oldest_go_when_they_are_too_long_and_the_caller_keeps_its_own)
{
	char error[HTTP_ERROR_LEN];
	struct fetched *fetched;

	self->source.len = 5000;
	ASSERT_EQ(0, fetch_cache_get(self->cache, "a", fetch, &self->source, &fetched, error));
	EXPECT_EQ(0, get(self, "b"));
	EXPECT_EQ(0, get(self, "b"));
	EXPECT_EQ(2, self->source.calls);
	EXPECT_EQ(0, fetched->data[4999]);
	fetched_unref(fetched);
	EXPECT_EQ(0, get(self, "a"));
	EXPECT_EQ(3, self->source.calls);

	/* Longer than all of the cache: used, not kept. */
	self->source.len = 9000;
	EXPECT_EQ(0, get(self, "c"));
	EXPECT_EQ(0, get(self, "c"));
	EXPECT_EQ(5, self->source.calls);
}

TEST_F(cache, a_dead_server_is_remembered_under_its_name)
{
	char error[HTTP_ERROR_LEN];

	EXPECT_EQ(0, fetch_cache_failure(self->cache, "http://a", error));
	fetch_cache_fail(self->cache, "http://a", -ETIMEDOUT, "no answer");
	EXPECT_EQ(-ETIMEDOUT, fetch_cache_failure(self->cache, "http://a", error));
	EXPECT_STREQ("no answer", error);
	EXPECT_EQ(0, fetch_cache_failure(self->cache, "http://b", error));
	usleep(950000);
	EXPECT_EQ(0, fetch_cache_failure(self->cache, "http://a", error));
}

TEST(servers_are_told_apart_by_scheme_host_and_port)
{
	static const struct {
		const char *url, *origin;
	} cases[] = {
		{ "http://A.example.org/x.crl", "http://a.example.org" },
		{ "http://a.example.org:80?x", "http://a.example.org:80" },
		{ "HTTPS://[2001:db8::1]:8443/a/b", "https://[2001:db8::1]:8443" },
		{ "http://", "http://" },
		{ "junk", "junk" },
	};
	char origin[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		http_origin(cases[i].url, origin, sizeof(origin));
		EXPECT_STREQ(cases[i].origin, origin);
	}
	http_origin("http://a.example.org", origin, 8);
	EXPECT_STREQ("http://", origin);
}

TEST_HARNESS_MAIN
