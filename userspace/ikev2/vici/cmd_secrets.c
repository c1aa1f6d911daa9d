/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "ikev2/vici/change.h"

/*
 * Commands about credentials: shared secrets, and the questions about kinds of credentials that we
 * have none of, which clients ask before they load any.
 */

static enum vici_outcome load_shared(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	struct conf_report report = CONF_REPORT_INIT;
	struct conf_node *root = vici_request_tree(args, "load-shared");
	struct ike_config *config = NULL;
	int err = -ENOMEM;

	if (root)
		err = config_load_shared(server->backend->config(server->ctx), root, &report,
					 &config);
	vici_change_config(s, err, config, &report, w);
	conf_report_fini(&report);
	conf_free(root);
	return VICI_DONE;
}

static enum vici_outcome unload_shared(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	struct ike_config *config = NULL;
	char buf[VICI_TEXT_MAX];
	const char *id = vici_get_str(args, "id", buf);
	int err = -ENOENT;

	if (id)
		err = config_unload_shared(server->backend->config(server->ctx), id, &config);
	vici_change_config(s, err, config, NULL, w);
	return VICI_DONE;
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
