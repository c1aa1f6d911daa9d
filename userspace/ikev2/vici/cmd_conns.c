/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "ikev2/vici/change.h"
#include "ikev2/vici/print.h"

/* Commands about connections: load, unload, names, details, and which have traps installed. */

static enum vici_outcome load_conn(struct vici_session *s, struct bytes args, struct writer *w)
{
	return vici_load(s, args, "load-conn", config_load_conn, w);
}

static enum vici_outcome unload_conn(struct vici_session *s, struct bytes args, struct writer *w)
{
	return vici_unload(s, args, "name", config_unload_conn, w);
}

/*
 * Only what came over this protocol: swanctl unloads what it finds here and not in its own file,
 * and the connections of ours are not its to take away.
 */
static enum vici_outcome get_conns(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	const struct ike_config *config = server->backend->config(server->ctx);

	vici_put_list(w, "conns");
	for (size_t i = 0; i < config->n_connections; i++)
		if (config->connections[i]->from_control)
			vici_put_item(w, bytes_str(config->connections[i]->name));
	vici_put_list_end(w);
	return VICI_DONE;
}

/* -------- list-conns, list-policies -------- */

/* Goes through a snapshot, which stays while a slow client reads. */
struct list_conns {
	struct vici_listing listing;
	struct ike_config *config;
	char *ike, *child; /* names, NULL: all */
	size_t conn_pos, child_pos;
	bool traps, drops, passes; /* policies that are wanted */
};

static void list_conns_free(struct vici_listing *l)
{
	struct list_conns *list = container_of(l, struct list_conns, listing);

	config_unref(list->config);
	free(list->ike);
	free(list->child);
	free(list);
}

static bool wanted(const char *filter, const char *name)
{
	return !filter || !strcmp(filter, name);
}

static enum vici_step list_conns_step(struct vici_listing *l, struct vici_session *s,
				      struct writer *w)
{
	struct list_conns *list = container_of(l, struct list_conns, listing);
	const struct connection *conn;

	while (list->conn_pos < list->config->n_connections) {
		conn = list->config->connections[list->conn_pos++];
		if (wanted(list->ike, conn->name)) {
			vici_put_connection(w, conn);
			return VICI_STEP_EVENT;
		}
	}
	return VICI_STEP_END;
}

static bool wants_mode(const struct list_conns *list, enum child_mode mode)
{
	switch (mode) {
	case CHILD_MODE_TUNNEL:
	case CHILD_MODE_TRANSPORT:
		return list->traps;
	case CHILD_MODE_PASS:
		return list->passes;
	case CHILD_MODE_DROP:
		return list->drops;
	}
	return false;
}

static enum vici_step list_policies_step(struct vici_listing *l, struct vici_session *s,
					 struct writer *w)
{
	struct list_conns *list = container_of(l, struct list_conns, listing);
	struct vici_server *server = vici_session_server(s);
	const struct connection *conn;
	const struct child_conf *child;

	while (list->conn_pos < list->config->n_connections) {
		conn = list->config->connections[list->conn_pos];
		while (wanted(list->ike, conn->name) && list->child_pos < conn->n_children) {
			child = &conn->children[list->child_pos++];
			if (wanted(list->child, child->name) && wants_mode(list, child->mode) &&
			    server->backend->installed(server->ctx, conn->name, child->name)) {
				vici_put_policy(w, conn, child);
				return VICI_STEP_EVENT;
			}
		}
		list->conn_pos++;
		list->child_pos = 0;
	}
	return VICI_STEP_END;
}

static bool keep(struct bytes args, const char *key, char **ret_copy)
{
	char buf[VICI_TEXT_MAX];
	const char *text = vici_get_str(args, key, buf);

	*ret_copy = text ? strdup(text) : NULL;
	return *ret_copy || !text;
}

static enum vici_outcome start_listing(struct vici_session *s, struct bytes args, struct writer *w,
				       const struct vici_listing *kind)
{
	struct vici_server *server = vici_session_server(s);
	struct list_conns *list = calloc(1, sizeof(*list));

	if (!list)
		goto no_memory;
	list->listing = *kind;
	list->config = config_ref(server->backend->config(server->ctx));
	list->traps = vici_get_bool(args, "trap");
	list->drops = vici_get_bool(args, "drop");
	list->passes = vici_get_bool(args, "pass");
	if (!keep(args, "ike", &list->ike) || !keep(args, "child", &list->child)) {
		list_conns_free(&list->listing);
		goto no_memory;
	}
	vici_session_list(s, &list->listing);
	return VICI_LATER;

no_memory:
	vici_put_result(w, "out of memory");
	return VICI_DONE;
}

static enum vici_outcome list_conns(struct vici_session *s, struct bytes args, struct writer *w)
{
	static const struct vici_listing kind = { .event = VICI_EVENT_LIST_CONN,
						  .step = list_conns_step,
						  .free = list_conns_free };

	return start_listing(s, args, w, &kind);
}

static enum vici_outcome list_policies(struct vici_session *s, struct bytes args, struct writer *w)
{
	static const struct vici_listing kind = { .event = VICI_EVENT_LIST_POLICY,
						  .step = list_policies_step,
						  .free = list_conns_free };

	return start_listing(s, args, w, &kind);
}

const struct vici_command vici_conn_commands[] = {
	{ "get-conns", get_conns },         { "list-conns", list_conns },
	{ "list-policies", list_policies }, { "load-conn", load_conn },
	{ "unload-conn", unload_conn },     { NULL, NULL },
};
