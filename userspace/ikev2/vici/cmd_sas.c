/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "ikev2/policy/config.h"
#include "ikev2/vici/list_sas.h"
#include "ikev2/vici/lookup.h"

/*
 * Commands about SAs: list-sas, initiate, terminate, rekey, install, uninstall. Names are looked up in the
 * configuration here, so the daemon gets only such that exist.
 */

#define TIMEOUT_MAX_MS (24 * 60 * 60 * INT64_C(1000))

/* Strings of a filter that was read from a request. */
struct filter_text {
	char ike[VICI_TEXT_MAX], child[VICI_TEXT_MAX];
};

static enum vici_outcome refuse(struct writer *w, const char *errmsg)
{
	vici_put_result(w, errmsg);
	return VICI_DONE;
}

/* An id under either spelling of its key ("ike-id" by newer clients, "ike_id" by older ones). */
static int get_id(struct bytes args, const char *key, const char *old_key, uint32_t *ret_id)
{
	int64_t id;

	if (vici_get_int(args, key, 0, &id) || (id == 0 && vici_get_int(args, old_key, 0, &id)) ||
	    id < 0 || id > UINT32_MAX)
		return -EINVAL;
	*ret_id = (uint32_t)id;
	return 0;
}

/* NULL, or what is wrong. */
static const char *get_filter(struct bytes args, struct filter_text *text,
			      struct vici_sa_filter *ret_filter)
{
	struct bytes value;

	*ret_filter = (struct vici_sa_filter){
		.ike = vici_get_str(args, "ike", text->ike),
		.child = vici_get_str(args, "child", text->child),
	};
	if (vici_get(args, VICI_KEY_VALUE, "ike", &value) && !ret_filter->ike)
		return "ike: bad name";
	if (vici_get(args, VICI_KEY_VALUE, "child", &value) && !ret_filter->child)
		return "child: bad name";
	if (get_id(args, "ike-id", "ike_id", &ret_filter->ike_id))
		return "ike-id: not a number";
	if (get_id(args, "child-id", "child_id", &ret_filter->child_id))
		return "child-id: not a number";
	return NULL;
}

static const char *get_options(struct bytes args, struct vici_request_options *ret_options)
{
	*ret_options = (struct vici_request_options){ 0 };
	if (vici_get_int(args, "timeout", 0, &ret_options->timeout_ms) ||
	    ret_options->timeout_ms > TIMEOUT_MAX_MS)
		return "timeout: not a number of milliseconds, at most a day";
	if (vici_get_int(args, "loglevel", VICI_LOG_CONTROL, &ret_options->log_level))
		return "loglevel: not a number";
	return NULL;
}

static enum vici_outcome list_sas(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct vici_sa_filter filter;
	struct filter_text text;
	const char *wrong = get_filter(args, &text, &filter);

	if (wrong)
		return refuse(w, wrong);
	if (vici_list_sas_start(s, &filter))
		return refuse(w, "out of memory");
	return VICI_LATER;
}

static enum vici_outcome initiate(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	struct vici_request_options options;
	struct vici_request *req;
	char errmsg[VICI_TEXT_MAX];
	struct vici_target target;
	const char *wrong = get_options(args, &options);

	if (wrong)
		return refuse(w, wrong);
	if (vici_lookup(server->backend->config(server->ctx), args, VICI_TARGET_IKE_OR_CHILD,
			&target, errmsg))
		return refuse(w, errmsg);
	req = vici_request_new(s, &options);
	if (!req)
		return refuse(w, "out of memory");
	server->backend->initiate(server->ctx, target.ike, target.child, req);
	return VICI_LATER;
}

static enum vici_outcome terminate(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	struct vici_request_options options;
	struct vici_sa_filter filter;
	struct vici_request *req;
	struct filter_text text;
	const char *wrong = get_filter(args, &text, &filter);

	if (!wrong)
		wrong = get_options(args, &options);
	if (!wrong && vici_sa_filter_is_empty(&filter))
		wrong = "which SA? child, ike, child-id or ike-id is needed";
	if (wrong)
		return refuse(w, wrong);
	req = vici_request_new(s, &options);
	if (!req)
		return refuse(w, "out of memory");
	server->backend->terminate(server->ctx, &filter, vici_get_bool(args, "force"), req);
	return VICI_LATER;
}

static enum vici_outcome rekey(struct vici_session *s, struct bytes args, struct writer *w)
{
	const struct vici_request_options options = { .log_level = -1 };
	const bool reauth = vici_get_bool(args, "reauth");
	struct vici_server *server = vici_session_server(s);
	struct vici_sa_filter filter;
	struct vici_request *req;
	struct filter_text text;
	const char *wrong = get_filter(args, &text, &filter);

	if (!wrong && vici_sa_filter_is_empty(&filter))
		wrong = "which SA? child, ike, child-id or ike-id is needed";
	if (!wrong && reauth && (filter.child || filter.child_id))
		wrong = "only IKE SAs authenticate: name one by ike or ike-id";
	if (wrong)
		return refuse(w, wrong);
	req = vici_request_new(s, &options);
	if (!req)
		return refuse(w, "out of memory");
	server->backend->rekey(server->ctx, &filter, reauth, req);
	return VICI_LATER;
}

static enum vici_outcome trap(struct vici_session *s, struct bytes args, struct writer *w,
			      bool install)
{
	const struct vici_request_options options = { .log_level = -1 };
	struct vici_server *server = vici_session_server(s);
	struct vici_request *req;
	char errmsg[VICI_TEXT_MAX];
	struct vici_target target;

	if (vici_lookup(server->backend->config(server->ctx), args, VICI_TARGET_CHILD, &target,
			errmsg))
		return refuse(w, errmsg);
	req = vici_request_new(s, &options);
	if (!req)
		return refuse(w, "out of memory");
	if (install)
		server->backend->install(server->ctx, target.ike, target.child, req);
	else
		server->backend->uninstall(server->ctx, target.ike, target.child, req);
	return VICI_LATER;
}

static enum vici_outcome install(struct vici_session *s, struct bytes args, struct writer *w)
{
	return trap(s, args, w, true);
}

static enum vici_outcome uninstall(struct vici_session *s, struct bytes args, struct writer *w)
{
	return trap(s, args, w, false);
}

const struct vici_command vici_sa_commands[] = {
	{ "initiate", initiate },   { "install", install },     { "list-sas", list_sas },
	{ "rekey", rekey },	    { "terminate", terminate }, { "uninstall", uninstall }, { NULL, NULL },
};
