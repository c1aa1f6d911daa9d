/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "ikev2/vici/change.h"

/* Commands about certification authorities: load, unload, names, details. */

static enum vici_outcome load_authority(struct vici_session *s, struct bytes args, struct writer *w)
{
	return vici_load(s, args, "load-authority", config_load_authority, w);
}

static enum vici_outcome unload_authority(struct vici_session *s, struct bytes args,
					  struct writer *w)
{
	return vici_unload(s, args, "name", config_unload_authority, w);
}

/* As get-conns: only what came over this protocol. */
static enum vici_outcome get_authorities(struct vici_session *s, struct bytes args,
					 struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	const struct ike_config *config = server->backend->config(server->ctx);

	vici_put_list(w, "authorities");
	for (size_t i = 0; i < config->n_authorities; i++)
		if (config->authorities[i]->from_control)
			vici_put_item(w, bytes_str(config->authorities[i]->name));
	vici_put_list_end(w);
	return VICI_DONE;
}

/* -------- list-authorities -------- */

/* Goes through a snapshot, which stays while a slow client reads. */
struct list_authorities {
	struct vici_listing listing;
	struct ike_config *config;
	char *name; /* NULL: all */
	size_t at;
};

static void list_authorities_free(struct vici_listing *l)
{
	struct list_authorities *list = container_of(l, struct list_authorities, listing);

	config_unref(list->config);
	free(list->name);
	free(list);
}

static void put_uris(struct writer *w, const char *name, const struct conf_strings *uris)
{
	if (!uris->n)
		return;
	vici_put_list(w, name);
	for (size_t i = 0; i < uris->n; i++)
		vici_put_item(w, bytes_str(uris->v[i]));
	vici_put_list_end(w);
}

static enum vici_step list_authorities_step(struct vici_listing *l, struct vici_session *s,
					    struct writer *w)
{
	struct list_authorities *list = container_of(l, struct list_authorities, listing);

	while (list->at < list->config->n_authorities) {
		const struct authority_conf *one = list->config->authorities[list->at++];

		if (list->name && strcmp(list->name, one->name) != 0)
			continue;
		vici_put_section(w, one->name);
		vici_put_str(w, "cacert", certificate_subject_str(one->ca));
		put_uris(w, "crl_uris", &one->crl_uris);
		put_uris(w, "ocsp_uris", &one->ocsp_uris);
		vici_put_section_end(w);
		return VICI_STEP_EVENT;
	}
	return VICI_STEP_END;
}

static enum vici_outcome list_authorities(struct vici_session *s, struct bytes args,
					  struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	struct list_authorities *list = calloc(1, sizeof(*list));
	char buf[VICI_TEXT_MAX];
	const char *name = vici_get_str(args, "name", buf);

	if (list && name)
		list->name = strdup(name);
	if (!list || (name && !list->name)) {
		free(list);
		vici_put_result(w, "out of memory");
		return VICI_DONE;
	}
	list->listing = (struct vici_listing){ .event = VICI_EVENT_LIST_AUTHORITY,
					       .step = list_authorities_step,
					       .free = list_authorities_free };
	list->config = config_ref(server->backend->config(server->ctx));
	vici_session_list(s, &list->listing);
	return VICI_LATER;
}

const struct vici_command vici_authority_commands[] = {
	{ "get-authorities", get_authorities },
	{ "list-authorities", list_authorities },
	{ "load-authority", load_authority },
	{ "unload-authority", unload_authority },
	{ NULL, NULL },
};
