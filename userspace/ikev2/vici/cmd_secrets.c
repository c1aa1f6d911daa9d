/* SPDX-License-Identifier: MIT */
#include "ikev2/vici/change.h"

/*
 * Commands about credentials: shared secrets, and the questions about kinds of credentials that we
 * have none of, which clients ask before they load any.
 */

static enum vici_outcome load_shared(struct vici_session *s, struct bytes args, struct writer *w)
{
	return vici_load(s, args, "load-shared", config_load_shared, w);
}

static enum vici_outcome unload_shared(struct vici_session *s, struct bytes args, struct writer *w)
{
	return vici_unload(s, args, "id", config_unload_shared, w);
}

static enum vici_outcome clear_creds(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	struct ike_config *config = NULL;
	int err = config_clear_creds(server->backend->config(server->ctx), &config);

	vici_change_config(s, err, config, NULL, w);
	return VICI_DONE;
}

/* As get-conns: only what came over this protocol. */
static enum vici_outcome get_shared(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	const struct ike_config *config = server->backend->config(server->ctx);

	vici_put_list(w, "keys");
	for (size_t i = 0; i < config->n_secrets; i++)
		if (config->secrets[i]->from_control)
			vici_put_item(w, bytes_str(config->secrets[i]->name));
	vici_put_list_end(w);
	return VICI_DONE;
}

const struct vici_command vici_secret_commands[] = {
	{ "clear-creds", clear_creds },
	{ "get-shared", get_shared },
	{ "load-shared", load_shared },
	{ "unload-shared", unload_shared },
	{ NULL, NULL },
};
