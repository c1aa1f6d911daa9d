/* SPDX-License-Identifier: MIT */
#include "ikev2/vici/change.h"

#include <errno.h>
#include <stdio.h>

#include "ikev2/vici/tree.h"

struct conf_node *vici_request_tree(struct bytes args, const char *command)
{
	struct conf_source *source = conf_source_new(command);
	struct conf_node *root = conf_root_new();

	if (!source || !root || vici_message_to_tree(args, source, root))
		root = conf_free(root);
	conf_source_unref(source);
	return root;
}

/* A message of one line: that of the report, without its last newline and the others turned. */
static void report_line(const struct conf_report *report, int err, char text[VICI_TEXT_MAX])
{
	char *nl;

	if (report && conf_report_failed(report) && report->n > 0)
		snprintf(text, VICI_TEXT_MAX, "%s", conf_report_text(report));
	else
		snprintf(text, VICI_TEXT_MAX, "%s", err == -ENOENT ? "not found" : strerror(-err));
	while ((nl = strchr(text, '\n')))
		*nl = nl[1] ? ';' : '\0';
}

void vici_change_config(struct vici_session *s, int err, struct ike_config *new_take,
			const struct conf_report *report, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	char text[VICI_TEXT_MAX] = "";

	if (err) {
		report_line(report, err, text);
	} else {
		err = server->backend->set_config(server->ctx, new_take, text, sizeof(text));
		if (err && !text[0])
			report_line(NULL, err, text);
	}
	if (err)
		log_info(vici, "change of the configuration refused: %s", text);
	vici_put_result(w, err ? text : NULL);
}

enum vici_outcome vici_load(struct vici_session *s, struct bytes args, const char *command,
			    vici_load_fn load, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	struct conf_report report = CONF_REPORT_INIT;
	struct conf_node *root = vici_request_tree(args, command);
	struct ike_config *config = NULL;
	int err = -ENOMEM;

	if (root)
		err = load(server->backend->config(server->ctx), root, &report, &config);
	vici_change_config(s, err, config, &report, w);
	conf_report_fini(&report);
	conf_free(root);
	return VICI_DONE;
}

enum vici_outcome vici_unload(struct vici_session *s, struct bytes args, const char *key,
			      vici_unload_fn unload, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	struct ike_config *config = NULL;
	char buf[VICI_TEXT_MAX];
	const char *name = vici_get_str(args, key, buf);
	int err = -ENOENT;

	if (name)
		err = unload(server->backend->config(server->ctx), name, &config);
	/* swanctl unloads all that it finds here and not in its own file. */
	if (err == -EPERM)
		vici_put_result(w, "it stands in posternd's own configuration");
	else
		vici_change_config(s, err, config, NULL, w);
	return VICI_DONE;
}
