/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/secrets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pdk/conf/options.h"

static struct shared_secret *secret_new(void)
{
	struct shared_secret *s = calloc(1, sizeof(*s));

	if (s)
		s->refs = 1;
	return s;
}

struct shared_secret *shared_secret_ref(const struct shared_secret *secret)
{
	struct shared_secret *s = (struct shared_secret *)secret;

	if (s)
		__atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
	return s;
}

struct shared_secret *shared_secret_unref(const struct shared_secret *secret)
{
	struct shared_secret *s = (struct shared_secret *)secret;

	if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return NULL;
	if (s->data)
		explicit_bzero(s->data, s->len);
	free(s->data);
	for (size_t i = 0; i < s->n_owners; i++)
		identity_pattern_fini(&s->owners[i]);
	free(s->owners);
	free(s->name);
	free(s);
	return NULL;
}

/* ret_id may be NULL. */
static int add_owner(struct shared_secret *s, const char *text, const struct conf_node *node,
		     struct conf_report *report, struct identity *ret_id)
{
	struct identity_pattern *owners;
	const char *expected;
	struct identity id;
	int err;

	if (identity_parse(text, &id, &expected) < 0) {
		conf_report_bad(report, node, "%s", expected);
		return -EINVAL;
	}
	if (s->n_owners == SECRET_OWNERS_MAX) {
		conf_report_bad(report, node, "no more than %d owners", SECRET_OWNERS_MAX);
		return -EINVAL;
	}
	owners = reallocarray(s->owners, s->n_owners + 1, sizeof(*owners));
	if (!owners)
		return -ENOMEM;
	s->owners = owners;
	err = identity_pattern_init(&owners[s->n_owners], &id);
	if (err)
		return err;
	s->n_owners++;
	if (ret_id)
		*ret_id = id;
	return 0;
}

/* Moves the bytes over. */
static int set_data(struct shared_secret *s, struct conf_secret *secret,
		    const struct conf_node *node, struct conf_report *report)
{
	if (!secret->len || secret->len > SECRET_LEN_MAX) {
		conf_report_bad_secret(report, node,
				       secret->len ? "a secret of at most 4096 bytes"
						   : "a secret that isn't empty");
		return -EINVAL;
	}
	s->data = secret->data;
	s->len = secret->len;
	*secret = (struct conf_secret){ 0 };
	return 0;
}

/* -------- from a file -------- */

struct section_target {
	struct shared_secret *secret;
	struct conf_secret data;
};

static int take_owner(const struct conf_option *o, const struct conf_node *node, void *target,
		      struct conf_report *report)
{
	struct section_target *t = target;

	if (node->type != CONF_VALUE || conf_is_binary(node)) {
		conf_report_bad(report, node, "an identity");
		return -EINVAL;
	}
	return add_owner(t->secret, node->value, node, report, NULL);
}

const struct conf_option shared_secret_options[] = {
	{ "secret", CONF_OPT_SECRET, offsetof(struct section_target, data),
	  .doc = "The secret: text, 0x and hexadecimal digits, or 0s and base64." },
	{ "id*", CONF_OPT_CUSTOM, .unit = "an identity", .take = take_owner,
	  .doc = "An identity that the secret belongs to; one each. Without any it is for every "
		 "pair; of two or more, the peer must be another one than we are." },
	{ 0 },
};

static int fill_from_section(const struct conf_node *section, struct section_target *t,
			     struct conf_report *report)
{
	const struct conf_node *node = conf_find(section, "secret");
	int err;

	err = conf_options_apply(shared_secret_options, section, t, report);
	if (err)
		return err;
	err = set_data(t->secret, &t->data, node ? node : section, report);
	if (err)
		return err;
	t->secret->name = strdup(section->name);
	return t->secret->name ? 0 : -ENOMEM;
}

int shared_secret_from_section(const struct conf_node *section, struct conf_report *report,
			       struct shared_secret **ret_secret)
{
	struct section_target t = { secret_new(), { 0 } };
	int err;

	if (!t.secret)
		return -ENOMEM;
	err = fill_from_section(section, &t, report);
	conf_options_clear(shared_secret_options, &t);
	if (err)
		shared_secret_unref(t.secret);
	else
		*ret_secret = t.secret;
	return err;
}

/* -------- from a request -------- */

struct request_target {
	struct shared_secret *secret;
	char *id, *type;
	struct writer owners; /* the name of one that comes without: so it replaces itself */
	struct conf_report *report;
};

static int take_data(const struct conf_option *o, const struct conf_node *node, void *target,
		     struct conf_report *report)
{
	struct request_target *t = target;
	struct conf_secret copy;
	uint8_t *data;
	int err;

	if (node->type != CONF_VALUE) {
		conf_report_bad(report, node, "a secret");
		return -EINVAL;
	}
	if (t->secret->data) {
		conf_report_bad_secret(report, node, "one secret only");
		return -EINVAL;
	}
	/* As it is: whoever made the request has decoded prefixes already. */
	err = bytes_dup(conf_bytes(node), &data);
	if (err)
		return err;
	copy = (struct conf_secret){ data, node->len };
	err = set_data(t->secret, &copy, node, report);
	conf_secret_clear(&copy);
	return err;
}

static int owner_item(const char *item, const struct conf_node *node, void *data)
{
	struct request_target *t = data;
	char text[IDENTITY_STRLEN];
	struct identity id;
	int err;

	err = add_owner(t->secret, item, node, t->report, &id);
	if (err)
		return err;
	if (t->owners.len)
		writer_u8(&t->owners, ',');
	writer_bytes(&t->owners, bytes_str(identity_str(&id, text, sizeof(text))));
	return t->owners.err;
}

static int take_owners(const struct conf_option *o, const struct conf_node *node, void *target,
		       struct conf_report *report)
{
	return conf_for_each_string(node, report, owner_item, target);
}

static const struct conf_option request_options[] = {
	{ "id", CONF_OPT_STRING, offsetof(struct request_target, id) },
	{ "type", CONF_OPT_STRING, offsetof(struct request_target, type) },
	{ "data", CONF_OPT_CUSTOM, .take = take_data },
	{ "owners", CONF_OPT_CUSTOM, .take = take_owners },
	{ 0 },
};

static int fill_from_request(const struct conf_node *request, struct request_target *t,
			     struct conf_report *report)
{
	int err;

	err = conf_options_apply(request_options, request, t, report);
	if (err)
		return err;
	if (!t->type || strcasecmp(t->type, "ike") != 0) {
		conf_report_add(report, &request->origin,
				"type: found '%.60s', expected ike: no other secrets are supported",
				t->type ? t->type : "nothing");
		return -EINVAL;
	}
	if (!t->secret->data) {
		conf_report_add(report, &request->origin, "data: found nothing, expected a secret");
		return -EINVAL;
	}
	t->secret->from_control = true;
	if (!t->owners.len)
		writer_bytes(&t->owners, bytes_str("%any"));
	writer_u8(&t->owners, '\0');
	if (t->owners.err)
		return t->owners.err;
	t->secret->name = t->id ? steal_ptr(t->id) : strdup((const char *)t->owners.data);
	return t->secret->name ? 0 : -ENOMEM;
}

int shared_secret_from_request(const struct conf_node *request, struct conf_report *report,
			       struct shared_secret **ret_secret)
{
	struct request_target t = { .secret = secret_new(), .report = report };
	int err;

	if (!t.secret)
		return -ENOMEM;
	writer_init_heap(&t.owners, SECRET_OWNERS_MAX * IDENTITY_STRLEN);
	err = fill_from_request(request, &t, report);
	writer_fini(&t.owners);
	conf_options_clear(request_options, &t);
	if (err)
		shared_secret_unref(t.secret);
	else
		*ret_secret = t.secret;
	return err;
}

/* -------- which one -------- */

/* The best match of an identity among the owners but for *owner, which becomes the one it is. */
static unsigned best_match(const struct shared_secret *s, struct bytes id,
			   const struct identity_pattern **owner)
{
	const struct identity_pattern *except = *owner;
	unsigned best = 0;

	for (size_t i = 0; i < s->n_owners; i++) {
		unsigned match = identity_pattern_match(&s->owners[i], id);

		if (match <= best || &s->owners[i] == except)
			continue;
		best = match;
		*owner = &s->owners[i];
	}
	return best;
}

static bool all_match(const struct shared_secret *s, struct bytes id)
{
	for (size_t i = 0; i < s->n_owners; i++)
		if (!identity_pattern_match(&s->owners[i], id))
			return false;
	return true;
}

#define TIER 10000u

unsigned shared_secret_match(const struct shared_secret *s, struct bytes local, struct bytes remote)
{
	const struct identity_pattern *owner = NULL;
	unsigned by_local = best_match(s, local, &owner), by_remote;
	/* %any as an owner is nobody in particular. */
	bool names_local = by_local > IDENTITY_MATCH_ANY, names_remote;

	/* Whoever shares a secret with us isn't us: an owner is one end of a pair. */
	if (!names_local || !bytes_equal(local, remote))
		owner = NULL;
	by_remote = best_match(s, remote, &owner);
	names_remote = by_remote > IDENTITY_MATCH_ANY;

	if (names_local && names_remote)
		return 3 * TIER + by_local + by_remote;
	if (names_remote)
		return 2 * TIER + by_remote;
	/*
	 * The secret of us and somebody else is no proof of who this peer is: that somebody could
	 * use it too.
	 */
	if (names_local)
		return all_match(s, local) || by_remote ? TIER + by_local : 0;
	return !s->n_owners || (by_local && by_remote) ? 1 : 0;
}
