/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "ikev2/vici/change.h"

/*
 * Commands about pools of internal addresses: load, unload, and what they have lent.
 *
 * get-pools is one message, so there is an end to the leases in it: then "more" says so, and a
 * client of ours goes on with "skip", the number of leases of one pool that it has seen.
 */

/* Leases are written while the message is shorter than this: room for another pool's figures. */
#define LEASES_MAX_LEN  (VICI_PACKET_MAX - 64 * 1024)
#define FIGURES_MAX_LEN 512

static enum vici_outcome load_pool(struct vici_session *s, struct bytes args, struct writer *w)
{
	return vici_load(s, args, "load-pool", config_load_pool, w);
}

static enum vici_outcome unload_pool(struct vici_session *s, struct bytes args, struct writer *w)
{
	return vici_unload(s, args, "name", config_unload_pool, w);
}

/* -------- get-pools -------- */

struct leases {
	struct writer *w;
	uint64_t index;
	bool more;
};

static bool put_lease(const struct vici_lease *lease, void *data)
{
	struct leases *leases = data;
	char text[NETADDR_STRLEN];

	if (leases->w->len > LEASES_MAX_LEN) {
		leases->more = true;
		return false;
	}
	snprintf(text, sizeof(text), "%" PRIu64, leases->index++);
	vici_put_section(leases->w, text);
	vici_put_str(leases->w, "address", netaddr_str(&lease->addr, text));
	vici_put_str(leases->w, "identity", lease->identity);
	vici_put_str(leases->w, "status", lease->online ? "online" : "offline");
	vici_put_section_end(leases->w);
	return true;
}

static void put_pool(struct vici_server *server, const struct pool_conf *pool, struct bytes args,
		     struct writer *w)
{
	struct leases leases = { .w = w };
	struct vici_pool figures;
	char addr[NETADDR_STRLEN];
	int64_t skip;

	/* It is there as soon as it is in force; without memory it may not be. */
	if (!server->backend->pool(server->ctx, pool->name, &figures))
		return;
	vici_put_section(w, pool->name);
	vici_put_str(w, "base", netaddr_str(&figures.base, addr));
	vici_put_fmt(w, "size", "%" PRIu64, figures.size);
	vici_put_fmt(w, "online", "%" PRIu64, figures.online);
	vici_put_fmt(w, "offline", "%" PRIu64, figures.offline);
	if (vici_get_bool(args, "leases")) {
		if (vici_get_int(args, "skip", 0, &skip) < 0 || skip < 0)
			skip = 0;
		leases.index = (uint64_t)skip;
		vici_put_section(w, "leases");
		server->backend->leases(server->ctx, pool->name, (uint64_t)skip, put_lease,
					&leases);
		vici_put_section_end(w);
	}
	if (leases.more)
		vici_put_str(w, "more", "yes");
	vici_put_section_end(w);
}

static enum vici_outcome get_pools(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	const struct ike_config *config = server->backend->config(server->ctx);
	char buf[VICI_TEXT_MAX];
	const char *name = vici_get_str(args, "name", buf);

	for (size_t i = 0; i < config->n_pools; i++) {
		if (name && strcmp(name, config->pools[i]->name) != 0)
			continue;
		if (w->len > VICI_PACKET_MAX - FIGURES_MAX_LEN - VICI_NAME_MAX)
			break;
		put_pool(server, config->pools[i], args, w);
	}
	return VICI_DONE;
}

const struct vici_command vici_pool_commands[] = {
	{ "get-pools", get_pools },
	{ "load-pool", load_pool },
	{ "unload-pool", unload_pool },
	{ NULL, NULL },
};
