/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/postern.h"

/*
 * postern list-pools: the daemon puts as many leases into an answer as fit, and is asked again for
 * those behind them, pool by pool. In JSON each answer is an object of its own.
 */

struct listing {
	bool any;	/* something was printed */
	bool more;	/* of the pool just seen */
	uint64_t seen;	/* leases of it */
	char name[VICI_NAME_MAX + 1]; /* the pool, NUL-terminated */
};

static void print_figures(const struct vici_item *pool)
{
	text_print(pool->name);
	fputs(": from ", stdout);
	text_value(pool->content, "base", "?");
	fputs(", size ", stdout);
	text_value(pool->content, "size", "?");
	fputs(", online ", stdout);
	text_value(pool->content, "online", "?");
	fputs(", offline ", stdout);
	text_value(pool->content, "offline", "?");
	putchar('\n');
}

static uint64_t print_leases(const struct vici_item *pool, bool json)
{
	struct vici_item lease;
	struct bytes leases;
	uint64_t n = 0;

	if (!vici_get(pool->content, VICI_SECTION_START, "leases", &leases))
		return 0;
	for (; vici_next(&leases, &lease); n++) {
		if (json)
			continue;
		fputs("  ", stdout);
		text_value(lease.content, "address", "?");
		fputs(" ", stdout);
		text_value(lease.content, "status", "?");
		fputs(" '", stdout);
		text_value(lease.content, "identity", "?");
		puts("'");
	}
	return n;
}

static void print_pool(const struct postern *p, struct listing *l, const struct vici_item *pool)
{
	if (p->json) {
		fputs(l->any ? ",\n  " : "\n  ", stdout);
		json_named_section(pool->name, pool->content, 1);
	} else if (!l->seen) {
		print_figures(pool);
	}
	l->any = true;
	l->seen += print_leases(pool, p->json);
	l->more = vici_get_bool(pool->content, "more");
	snprintf(l->name, sizeof(l->name), "%.*s", (int)pool->name.len,
		 (const char *)pool->name.data);
}

/* One question: all pools, or the rest of one. */
static int ask(struct postern *p, struct listing *l, const char *name, struct bytes *ret_response)
{
	struct writer w;
	int rc;

	writer_init_heap(&w, VICI_PACKET_MAX);
	vici_put_str(&w, "name", name);
	if (p->leases) {
		vici_put_str(&w, "leases", "yes");
		vici_put_fmt(&w, "skip", "%" PRIu64, l->seen);
	}
	rc = postern_call(p, "get-pools", &w, NULL, ret_response);
	writer_fini(&w);
	return rc;
}

/* The rest of the leases of the pool in l. */
static int list_rest(struct postern *p, struct listing *l)
{
	int rc = POSTERN_OK;

	while (rc == POSTERN_OK && l->more) {
		uint64_t before = l->seen;
		struct bytes response;
		struct vici_item pool;

		rc = ask(p, l, l->name, &response);
		if (rc != POSTERN_OK || !vici_next(&response, &pool))
			break;
		print_pool(p, l, &pool);
		/* Leases may have gone meanwhile. */
		if (l->seen == before)
			break;
	}
	return rc;
}

/* Each pool by itself, so that one with many leases takes no room from the others. */
static int list_leases(struct postern *p, struct listing *l, char *const *names, size_t n)
{
	int rc = POSTERN_OK;

	for (size_t i = 0; i < n && rc == POSTERN_OK; i++) {
		snprintf(l->name, sizeof(l->name), "%s", names[i]);
		l->seen = 0;
		l->more = true;
		rc = list_rest(p, l);
	}
	return rc;
}

/* Copies of the names in a response; what there is no memory for is left out. */
static size_t take_names(struct bytes response, char ***ret_names)
{
	char **names = NULL, **more;
	struct vici_item pool;
	size_t n = 0;

	while (vici_next(&response, &pool)) {
		more = reallocarray(names, n + 1, sizeof(*names));
		if (!more)
			break;
		names = more;
		names[n] = strndup((const char *)pool.name.data, pool.name.len);
		if (!names[n])
			break;
		n++;
	}
	*ret_names = names;
	return n;
}

static int list_pools(struct postern *p, struct listing *l, const char *name)
{
	const bool leases = p->leases;
	struct bytes response;
	struct vici_item pool;
	char **names;
	size_t n;
	int rc;

	p->leases = false;
	rc = ask(p, l, name, &response);
	p->leases = leases;
	if (rc != POSTERN_OK)
		return rc;
	if (!leases) {
		for (; vici_next(&response, &pool); l->seen = 0)
			print_pool(p, l, &pool);
		return POSTERN_OK;
	}
	n = take_names(response, &names);
	rc = list_leases(p, l, names, n);
	while (n > 0)
		free(names[--n]);
	free(names);
	return rc;
}

int cmd_list_pools(struct postern *p)
{
	const char *name = p->n_args > 0 ? p->args[0] : NULL;
	struct listing l = { .any = false };
	int rc;

	if (p->json)
		putchar('[');
	rc = list_pools(p, &l, name);
	if (p->json)
		puts(l.any ? "\n]" : "]");
	if (rc == POSTERN_OK && name && !l.any) {
		fprintf(stderr, "postern: there is no pool '%s'\n", name);
		return POSTERN_FAILED;
	}
	return rc;
}
