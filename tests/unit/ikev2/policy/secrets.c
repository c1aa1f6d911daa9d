/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdlib.h>

#include "pdk/conf/parser.h"
#include "ikev2/policy/secrets.h"
#include "../../pdk/leaks.h"

static int from_text(const char *text, struct conf_report *report, struct shared_secret **ret)
{
	struct conf_node *root = conf_root_new();
	int err = conf_parse(bytes_str(text), "f", root, report);

	if (!err)
		err = shared_secret_from_section(conf_find(root, "ike-x"), report, ret);
	conf_free(root);
	return err;
}

TEST(a_section_becomes_a_secret_with_its_owners)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct shared_secret *s;

	ASSERT_EQ(0, from_text("ike-x { secret = 0sAAEC\n id = moon\n id-sun = sun\n id3 = %any }",
			       &report, &s));
	EXPECT_STREQ("ike-x", s->name);
	EXPECT_TRUE(bytes_equal(BYTES("\0\1\2", 3), shared_secret_bytes(s)));
	EXPECT_EQ(3, s->n_owners);
	EXPECT_TRUE(s->owners[2].wild);
	EXPECT_FALSE(s->from_control);
	EXPECT_EQ(s, shared_secret_ref(s));
	EXPECT_EQ(NULL, shared_secret_unref(s));
	EXPECT_EQ(3, s->len);
	shared_secret_unref(s);
	EXPECT_EQ(NULL, shared_secret_unref(NULL));
	EXPECT_NO_LEAKS();
}

TEST(bad_sections_are_refused_and_secrets_are_not_repeated)
{
	static const struct {
		const char *text, *report;
	} bad[] = {
		{ "ike-x { }", "f:1:1: ike-x: expected a secret that isn't empty\n" },
		{ "ike-x { secret = 0xabc }",
		  "f:1:9: ike-x.secret: expected a secret: text, 0x and hexadecimal digits, or 0s "
		  "and base64\n" },
		{ "ike-x { secret = s\n id-1 = a b }",
		  "f:2:2: ike-x.id-1: found 'a b', expected an identity: a host name, user@host, "
		  "an IP address, a distinguished name (C=..., O=..., CN=...), @#hex or %any\n" },
		{ "ike-x { secret = s\n secrets = t }",
		  "f:2:2: ike-x.secrets: unknown option; did you mean secret?\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct conf_report report = CONF_REPORT_INIT;
		struct shared_secret *s;

		EXPECT_EQ(-EINVAL, from_text(bad[i].text, &report, &s));
		EXPECT_STREQ(bad[i].report, conf_report_text(&report));
		conf_report_fini(&report);
	}
	EXPECT_NO_LEAKS();
}

FIXTURE(request)
{
	struct conf_node *root, *owners;
	struct conf_report report;
	struct shared_secret *s;
};

FIXTURE_SETUP(request)
{
	self->root = conf_root_new();
	self->report = CONF_REPORT_INIT;
	self->s = NULL;
	conf_add_list(self->root, "owners", NULL, &self->owners);
}

FIXTURE_TEARDOWN(request)
{
	self->root = conf_free(self->root);
	self->s = shared_secret_unref(self->s);
	conf_report_fini(&self->report);
	EXPECT_NO_LEAKS();
}

TEST_F(request, the_data_is_taken_as_it_is)
{
	conf_add_string(self->root, "id", "ike-1", NULL);
	conf_add_string(self->root, "type", "IKE", NULL);
	conf_add_value(self->root, "data", BYTES("0x\0\1", 4), NULL, NULL);
	conf_add_item(self->owners, bytes_str("moon"), NULL);
	ASSERT_EQ(0, shared_secret_from_request(self->root, &self->report, &self->s));
	EXPECT_STREQ("ike-1", self->s->name);
	EXPECT_TRUE(bytes_equal(BYTES("0x\0\1", 4), shared_secret_bytes(self->s)));
	EXPECT_EQ(1, self->s->n_owners);
	EXPECT_TRUE(self->s->from_control);
}

TEST_F(request, without_an_id_the_owners_are_the_name)
{
	conf_add_string(self->root, "type", "ike", NULL);
	conf_add_string(self->root, "data", "x", NULL);
	conf_add_item(self->owners, bytes_str("moon"), NULL);
	conf_add_item(self->owners, bytes_str("10.0.0.1"), NULL);
	ASSERT_EQ(0, shared_secret_from_request(self->root, &self->report, &self->s));
	EXPECT_STREQ("moon,10.0.0.1", self->s->name);
}

TEST_F(request, other_types_and_missing_data_are_refused)
{
	struct conf_node *type;

	EXPECT_EQ(-EINVAL, shared_secret_from_request(self->root, &self->report, &self->s));
	conf_add_value(self->root, "type", bytes_str("eap"), NULL, &type);
	EXPECT_EQ(-EINVAL, shared_secret_from_request(self->root, &self->report, &self->s));
	conf_free(type);
	conf_add_string(self->root, "type", "ike", NULL);
	EXPECT_EQ(-EINVAL, shared_secret_from_request(self->root, &self->report, &self->s));
	conf_add_string(self->root, "data", "", NULL);
	EXPECT_EQ(-EINVAL, shared_secret_from_request(self->root, &self->report, &self->s));
	EXPECT_STREQ("type: found 'nothing', expected ike: no other secrets are supported\n"
		     "type: found 'eap', expected ike: no other secrets are supported\n"
		     "data: found nothing, expected a secret\n"
		     "data: expected a secret that isn't empty\n",
		     conf_report_text(&self->report));
}

TEST_F(request, too_many_owners_are_refused)
{
	conf_add_string(self->root, "type", "ike", NULL);
	conf_add_string(self->root, "data", "x", NULL);
	for (int i = 0; i <= SECRET_OWNERS_MAX; i++)
		conf_add_item(self->owners, bytes_str("moon"), NULL);
	EXPECT_EQ(-EINVAL, shared_secret_from_request(self->root, &self->report, &self->s));
	EXPECT_STREQ("owners: found 'moon', expected no more than 64 owners\n",
		     conf_report_text(&self->report));
}

static unsigned match(const char *owners, const char *local, const char *remote)
{
	uint8_t l_buf[IDENTITY_CANONICAL_MAX], r_buf[IDENTITY_CANONICAL_MAX];
	struct shared_secret s = { .owners = calloc(8, sizeof(*s.owners)) };
	char copy[200], *rest = copy, *owner;
	struct identity id, l, r;
	unsigned score;

	strcpy(copy, owners);
	while (*owners && (owner = strsep(&rest, " "))) {
		identity_parse(owner, &id, NULL);
		identity_pattern_init(&s.owners[s.n_owners++], &id);
	}
	identity_parse(local, &l, NULL);
	identity_parse(remote, &r, NULL);
	score = shared_secret_match(&s, identity_canonical(&l, l_buf), identity_canonical(&r, r_buf));
	while (s.n_owners)
		identity_pattern_fini(&s.owners[--s.n_owners]);
	free(s.owners);
	return score;
}

TEST(the_closer_secret_wins)
{
	/* For moon, whose peer is sun: from the worst to the best. */
	static const char *const better[] = { "",        "moon %any",  "*.org sun.org",
					      "sun.org", "moon *.org", "moon sun.org" };
	unsigned before = 0;

	for (size_t i = 0; i < ARRAY_SIZE(better); i++) {
		unsigned score = match(better[i], "moon", "sun.org");

		EXPECT_GT(score, before) TH_LOG("'%s'", better[i]);
		/* "*.org" says nothing about moon, and no less about sun than its name. */
		before = i == 2 ? score - 1 : score;
	}
	EXPECT_EQ(match("", "moon", "sun"), match("%any", "moon", "sun"));
}

TEST(a_secret_shared_with_somebody_else_proves_nothing)
{
	EXPECT_EQ(0, match("moon sun", "moon", "venus"));
	EXPECT_EQ(0, match("sun venus", "moon", "mars"));
	EXPECT_EQ(0, match("sun", "moon", "venus"));
	EXPECT_NE(0, match("moon", "moon", "venus"));
	EXPECT_NE(0, match("moon %any", "moon", "venus"));
	EXPECT_NE(0, match("moon sun", "mars", "sun"));
}

TEST(a_pair_is_no_proof_for_a_peer_that_says_it_is_us)
{
	EXPECT_EQ(0, match("moon sun", "moon", "moon"));
	EXPECT_EQ(0, match("sun moon", "moon", "MOON"));
	EXPECT_EQ(0, match("moon *.org", "moon", "moon"));
	/* Two owners of one name are a pair again, and a secret of ours alone is for all peers. */
	EXPECT_EQ(match("moon sun", "moon", "sun"), match("moon moon", "moon", "moon"));
	EXPECT_EQ(match("moon", "moon", "sun"), match("moon", "moon", "moon"));
	EXPECT_EQ(match("moon %any", "moon", "sun"), match("moon %any", "moon", "moon"));
	EXPECT_EQ(match("%any", "moon", "sun"), match("%any", "moon", "moon"));
	/* A pattern stands for many: for two that differ, too. */
	EXPECT_EQ(0, match("*.org sun", "a.org", "a.org"));
	EXPECT_NE(0, match("*.org sun", "a.org", "b.org"));
	EXPECT_NE(0, match("*.org", "a.org", "a.org"));
	EXPECT_GT(match("a.org *.org", "a.org", "a.org"), match("a.org", "a.org", "b.org"));
}

TEST_HARNESS_MAIN
