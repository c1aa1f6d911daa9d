/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ikev2/policy/credential_files.h"
#include "ikev2/policy/credentials.h"
#include "ikev2/vici/change.h"

/* Commands about certificates and private keys. */

#define KEY_ID_STRLEN (2 * PUBLIC_KEY_HASH_LEN + 1)

/* -------- loading -------- */

static enum vici_outcome load_cert(struct vici_session *s, struct bytes args, struct writer *w)
{
	return vici_load(s, args, "load-cert", config_load_cert, w);
}

static enum vici_outcome load_key(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	struct conf_report report = CONF_REPORT_INIT;
	struct conf_node *root = vici_request_tree(args, "load-key");
	struct ike_config *config = NULL;
	uint8_t id[PUBLIC_KEY_HASH_LEN];
	char text[KEY_ID_STRLEN];
	int err = -ENOMEM;

	if (root)
		err = config_load_key(server->backend->config(server->ctx), root, &report, id,
				      &config);
	vici_change_config(s, err, config, &report, w);
	if (err == 0)
		vici_put_str(w, "id", bytes_hex(BYTES_OF(id), text, sizeof(text)));
	conf_report_fini(&report);
	conf_free(root);
	return VICI_DONE;
}

static int parse_id(const char *text, uint8_t ret_id[PUBLIC_KEY_HASH_LEN])
{
	if (!text || strlen(text) != 2 * PUBLIC_KEY_HASH_LEN)
		return -ENOENT;
	for (size_t i = 0; i < PUBLIC_KEY_HASH_LEN; i++) {
		unsigned octet;

		if (sscanf(text + 2 * i, "%2x", &octet) != 1)
			return -ENOENT;
		ret_id[i] = (uint8_t)octet;
	}
	return 0;
}

static enum vici_outcome unload_key(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	struct ike_config *config = NULL;
	uint8_t id[PUBLIC_KEY_HASH_LEN];
	char buf[VICI_TEXT_MAX];
	int err = parse_id(vici_get_str(args, "id", buf), id);

	if (err == 0)
		err = config_unload_key(server->backend->config(server->ctx), BYTES_OF(id),
					&config);
	vici_change_config(s, err, config, NULL, w);
	return VICI_DONE;
}

/* As get-conns: only what came over this protocol. */
static enum vici_outcome get_keys(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	const struct credentials *creds = server->backend->config(server->ctx)->creds;
	char text[KEY_ID_STRLEN];

	vici_put_list(w, "keys");
	for (size_t i = 0; creds && i < creds->n; i++)
		if (creds->v[i]->kind == CREDENTIAL_KEY && creds->v[i]->from_control)
			vici_put_item(w, bytes_str(bytes_hex(public_key_id(private_key_public(
								     creds->v[i]->key)),
							     text, sizeof(text))));
	vici_put_list_end(w);
	return VICI_DONE;
}

/* -------- list-certs -------- */

/* Goes through a snapshot, which stays while a slow client reads. */
struct list_certs {
	struct vici_listing listing;
	struct ike_config *config;
	size_t kind, at; /* in kinds, in the store */
	char *type, *flag, *subject;
};

static const struct {
	enum trust_kind kind;
	const char *flag;
} kinds[] = {
	{ TRUST_END_ENTITY, "NONE" },
	{ TRUST_ANCHOR, "CA" },
	{ TRUST_INTERMEDIATE, "CA" },
};

static void list_certs_free(struct vici_listing *l)
{
	struct list_certs *list = container_of(l, struct list_certs, listing);

	config_unref(list->config);
	free(list->type);
	free(list->flag);
	free(list->subject);
	free(list);
}

static bool passes(const char *filter, const char *value)
{
	return !filter || strcasecmp(filter, "ANY") == 0 || strcasecmp(filter, value) == 0;
}

static void put_cert(struct writer *w, const struct list_certs *list,
		     const struct certificate *cert)
{
	vici_put_str(w, "type", "X509");
	vici_put_str(w, "flag", kinds[list->kind].flag);
	if (credentials_key_by_spki(list->config->creds, certificate_spki(cert)))
		vici_put_str(w, "has_privkey", "yes");
	vici_put_value(w, "data", certificate_der(cert));
	vici_put_str(w, "subject", certificate_subject_str(cert));
}

static enum vici_step list_certs_step(struct vici_listing *l, struct vici_session *s,
				      struct writer *w)
{
	struct list_certs *list = container_of(l, struct list_certs, listing);
	const struct credentials *creds = list->config->creds;
	const struct trust_store *trust = creds ? creds->trust : NULL;

	if (!trust || !passes(list->type, "X509"))
		return VICI_STEP_END;
	for (; list->kind < ARRAY_SIZE(kinds); list->kind++, list->at = 0)
		while (list->at < trust_store_count(trust, kinds[list->kind].kind)) {
			const struct certificate *cert =
				trust_store_get(trust, kinds[list->kind].kind, list->at++);

			if (!passes(list->flag, kinds[list->kind].flag) ||
			    (list->subject && strcmp(list->subject, certificate_subject_str(cert))))
				continue;
			put_cert(w, list, cert);
			return VICI_STEP_EVENT;
		}
	return VICI_STEP_END;
}

static bool keep(struct bytes args, const char *key, char **ret_copy)
{
	char buf[VICI_TEXT_MAX];
	const char *text = vici_get_str(args, key, buf);

	*ret_copy = text && *text ? strdup(text) : NULL;
	return *ret_copy || !text || !*text;
}

static enum vici_outcome list_certs(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	struct list_certs *list = calloc(1, sizeof(*list));

	if (!list)
		goto no_memory;
	list->listing = (struct vici_listing){ .event = VICI_EVENT_LIST_CERT,
					       .step = list_certs_step,
					       .free = list_certs_free };
	list->config = config_ref(server->backend->config(server->ctx));
	if (!keep(args, "type", &list->type) || !keep(args, "flag", &list->flag) ||
	    !keep(args, "subject", &list->subject)) {
		list_certs_free(&list->listing);
		goto no_memory;
	}
	vici_session_list(s, &list->listing);
	return VICI_LATER;

no_memory:
	vici_put_result(w, "out of memory");
	return VICI_DONE;
}

/* -------- flush-certs -------- */

/* Of what is fetched there are these two kinds; whoever means another has nothing to forget. */
static enum vici_outcome flush_certs(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	char buf[VICI_TEXT_MAX];
	const char *type = vici_get_str(args, "type", buf);

	if (passes(type, "X509_CRL") || passes(type, "OCSP_RESPONSE"))
		server->backend->flush_certs(server->ctx);
	vici_put_result(w, NULL);
	return VICI_DONE;
}

/* -------- load-token -------- */

/* The token may take its time: the daemon asks it elsewhere. */
static enum vici_outcome load_token(struct vici_session *s, struct bytes args, struct writer *w)
{
	static const struct vici_request_options options = { .log_level = -1 };
	struct vici_server *server = vici_session_server(s);
	char handle[VICI_TEXT_MAX], slot[VICI_TEXT_MAX], module[VICI_TEXT_MAX], pin[VICI_TEXT_MAX];
	const struct credential_token token = {
		.handle = vici_get_str(args, "handle", handle),
		.slot = vici_get_str(args, "slot", slot),
		.module = vici_get_str(args, "module", module),
	};
	const char *secret = vici_get_str(args, "pin", pin);
	char uri[CREDENTIAL_URI_MAX];
	struct vici_request *req;

	if (!server->backend->load_token || !credential_token_uri(&token, uri, sizeof(uri))) {
		vici_put_result(w, "expected a handle of hexadecimal digits");
		return VICI_DONE;
	}
	req = vici_request_new(s, &options);
	if (req)
		server->backend->load_token(server->ctx, uri, secret ? secret : "", req);
	else
		vici_put_result(w, "out of memory");
	explicit_bzero(pin, sizeof(pin));
	return req ? VICI_LATER : VICI_DONE;
}

const struct vici_command vici_cred_commands[] = {
	{ "flush-certs", flush_certs }, { "get-keys", get_keys }, { "list-certs", list_certs },
	{ "load-cert", load_cert },     { "load-key", load_key }, { "load-token", load_token },
	{ "unload-key", unload_key },   { NULL, NULL },
};
