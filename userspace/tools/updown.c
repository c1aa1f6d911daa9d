/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/postern.h"

/*
 * postern up, down, rekey. A bare NAME is a connection, or else a child; CONNECTION/CHILD says it
 * exactly. What there is of that name is asked of the daemon.
 */

#define TARGETS_MAX 256 /* of one name */

struct target {
	char *ike, *child; /* child: NULL for the connection's first */
};

struct targets {
	const char *name;
	bool is_ike; /* the name is a connection's */
	size_t n;
	struct target v[TARGETS_MAX];
};

static void targets_clear(struct targets *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->v[i].ike);
		free(t->v[i].child);
	}
	t->n = 0;
}

static void targets_add(struct targets *t, struct bytes ike, const struct bytes *child)
{
	struct target *target = &t->v[t->n];

	if (t->n == TARGETS_MAX)
		return;
	target->ike = strndup((const char *)ike.data, ike.len);
	target->child = child ? strndup((const char *)child->data, child->len) : NULL;
	if (target->ike && (!child || target->child))
		t->n++;
}

/* Is name "ike/child"? */
static bool is_path(const char *name, struct bytes ike, struct bytes child)
{
	size_t len = strlen(name);

	return len == ike.len + 1 + child.len && !memcmp(name, ike.data, ike.len) &&
	       name[ike.len] == '/' && !memcmp(name + ike.len + 1, child.data, child.len);
}

static int collect_conn(struct postern *p _unused_, struct bytes name, struct bytes content,
			void *data)
{
	struct targets *t = data;
	struct vici_item item;
	struct bytes children;
	size_t before;

	if (!vici_get(content, VICI_SECTION_START, "children", &children))
		children = BYTES_NONE;
	if (vici_bytes_are(name, t->name)) {
		targets_clear(t);
		t->is_ike = true;
		before = t->n;
		while (vici_next(&children, &item))
			if (item.type == VICI_SECTION_START)
				targets_add(t, name, &item.name);
		if (t->n == before)
			targets_add(t, name, NULL);
		return 0;
	}
	while (!t->is_ike && vici_next(&children, &item))
		if (item.type == VICI_SECTION_START &&
		    (vici_bytes_are(item.name, t->name) || is_path(t->name, name, item.name)))
			targets_add(t, name, &item.name);
	return 0;
}

static int collect_sa(struct postern *p _unused_, struct bytes name, struct bytes content,
		      void *data)
{
	struct bytes children, child_name;
	struct targets *t = data;
	struct vici_item item;

	if (vici_bytes_are(name, t->name)) {
		targets_clear(t);
		t->is_ike = true;
		targets_add(t, name, NULL);
		return 0;
	}
	if (t->is_ike || t->n > 0 || !vici_get(content, VICI_SECTION_START, "child-sas", &children))
		return 0;
	while (t->n == 0 && vici_next(&children, &item))
		if (vici_get(item.content, VICI_KEY_VALUE, "name", &child_name) &&
		    (vici_bytes_are(child_name, t->name) || is_path(t->name, name, child_name)))
			targets_add(t, name, &child_name);
	return 0;
}

static int show_log(struct bytes name, struct bytes message, void *data)
{
	struct bytes group, text;

	if (vici_bytes_are(name, "control-log") &&
	    vici_get(message, VICI_KEY_VALUE, "group", &group) &&
	    vici_get(message, VICI_KEY_VALUE, "msg", &text))
		fprintf(stderr, "[%.*s] %.*s\n", (int)group.len, (const char *)group.data,
			(int)text.len, (const char *)text.data);
	return 0;
}

/* Call initiate or terminate, showing its progress, and print the outcome. */
static int act(struct postern *p, const char *command, const struct writer *w, const char *done,
	       const char *subject)
{
	struct bytes response, errmsg;
	int err = 0;

	if (!p->quiet)
		err = vici_client_register(p->client, "control-log");
	if (!err)
		err = vici_client_call(p->client, command, writer_view(w), show_log, NULL,
				       &response);
	if (err)
		return postern_error(p, err);
	if (p->json) {
		json_section(response, 0);
		putchar('\n');
	}
	if (!vici_get_bool(response, "success")) {
		if (!vici_get(response, VICI_KEY_VALUE, "errmsg", &errmsg))
			errmsg = bytes_str("refused without a reason");
		fprintf(stderr, "postern: %s: %.*s\n", subject, (int)errmsg.len,
			(const char *)errmsg.data);
		return POSTERN_FAILED;
	}
	if (!p->json)
		printf("%s: %s\n", subject, done);
	return POSTERN_OK;
}

static void put_common(struct postern *p, struct writer *w)
{
	if (p->timeout_ms)
		vici_put_fmt(w, "timeout", "%" PRId64, p->timeout_ms);
	vici_put_str(w, "loglevel", p->quiet ? "-1" : "1");
}

static int bring_up(struct postern *p, const char *ike, const char *child)
{
	char subject[VICI_TEXT_MAX];
	struct writer w;
	int rc;

	snprintf(subject, sizeof(subject), "%s%s%s", ike ? ike : "", ike && child ? "/" : "",
		 child ? child : "");
	writer_init_heap(&w, VICI_PACKET_MAX);
	vici_put_str(&w, "ike", ike);
	vici_put_str(&w, "child", child);
	put_common(p, &w);
	rc = act(p, "initiate", &w, "up", subject);
	writer_fini(&w);
	return rc;
}

/* Goes on after a failure; the first one decides the exit code. */
static int bring_all_up(struct postern *p, const struct targets *t)
{
	int rc = POSTERN_OK, one;

	if (t->n > 1 && !t->is_ike) {
		fprintf(stderr,
			"postern: several connections have a child '%s': say which, as "
			"in '%s/%s'\n",
			t->name, t->v[0].ike, t->name);
		return POSTERN_FAILED;
	}
	for (size_t i = 0; i < t->n; i++) {
		one = bring_up(p, t->v[i].ike, t->v[i].child);
		if (rc == POSTERN_OK)
			rc = one;
	}
	return rc;
}

int cmd_up(struct postern *p)
{
	struct targets t = { 0 };
	int rc;

	if (p->n_args == 0)
		return bring_up(p, p->ike, p->child);
	t.name = p->args[0];
	rc = postern_stream(p, "list-conns", "list-conn", NULL, collect_conn, &t);
	if (rc == POSTERN_OK && t.n == 0) {
		fprintf(stderr, "postern: no connection and no child is named '%s'\n", t.name);
		rc = POSTERN_FAILED;
	} else if (rc == POSTERN_OK) {
		rc = bring_all_up(p, &t);
	}
	targets_clear(&t);
	return rc;
}

/* -------- SAs that are there -------- */

/* What to do with them. */
struct deed {
	const char *command, *done;
};

static int do_to(struct postern *p, const struct deed *deed, const char *ike, const char *child,
		 const char *subject)
{
	struct writer w;
	int rc;

	writer_init_heap(&w, VICI_PACKET_MAX);
	vici_put_str(&w, "ike", ike);
	vici_put_str(&w, "child", child);
	vici_put_str(&w, "ike-id", p->ike_id);
	vici_put_str(&w, "child-id", p->child_id);
	if (p->force)
		vici_put_str(&w, "force", "yes");
	if (p->reauth)
		vici_put_str(&w, "reauth", "yes");
	put_common(p, &w);
	rc = act(p, deed->command, &w, deed->done, subject);
	writer_fini(&w);
	return rc;
}

static int do_to_named(struct postern *p, const struct deed *deed)
{
	struct targets t = { 0 };
	bool path;
	int rc;

	if (p->n_args == 0)
		return do_to(p, deed, p->ike, p->child, "SA");
	t.name = p->args[0];
	rc = postern_stream(p, "list-sas", "list-sa", NULL, collect_sa, &t);
	if (rc == POSTERN_OK && t.n == 0) {
		fprintf(stderr, "postern: no SA is named '%s'\n", t.name);
		rc = POSTERN_FAILED;
	} else if (rc == POSTERN_OK) {
		/* A bare name means all Child SAs that have it. */
		path = t.v[0].child && strcmp(t.name, t.v[0].child);
		rc = do_to(p, deed, path || t.is_ike ? t.v[0].ike : NULL, t.v[0].child, t.name);
	}
	targets_clear(&t);
	return rc;
}

int cmd_down(struct postern *p)
{
	static const struct deed deed = { "terminate", "down" };

	return do_to_named(p, &deed);
}

int cmd_rekey(struct postern *p)
{
	static const struct deed deed = { "rekey", "begun" };

	return do_to_named(p, &deed);
}
