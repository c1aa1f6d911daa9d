/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "ikev2/policy/connection.h"
#include "ikev2/vici/message.h"
#include "ikev2/vici/print.h"

static void put_addrs(struct writer *w, const char *name, const struct addr_ranges *ranges)
{
	char buf[ADDR_RANGE_STRLEN];

	vici_put_list(w, name);
	for (size_t i = 0; i < ranges->n; i++)
		vici_put_item(w, bytes_str(addr_range_str(&ranges->v[i], buf)));
	if (ranges->n == 0)
		vici_put_item(w, bytes_str("%any"));
	vici_put_list_end(w);
}

static void put_ts_conf(struct writer *w, const char *name, const struct ts_conf_list *list)
{
	char buf[TS_CONF_STRLEN];

	vici_put_list(w, name);
	for (size_t i = 0; i < list->n; i++)
		vici_put_item(w, bytes_str(ts_conf_str(&list->v[i], buf)));
	vici_put_list_end(w);
}

static const char *auth_class(enum auth_type type)
{
	switch (type) {
	case AUTH_TYPE_PSK:
		return "pre-shared key";
	case AUTH_TYPE_PUBKEY:
		return "public key";
	}
	return "unknown";
}

static void put_auth(struct writer *w, const char *name, const struct auth_conf *auth)
{
	char buf[IDENTITY_STRLEN];

	vici_put_section(w, name);
	vici_put_str(w, "class", auth_class(auth->type));
	vici_put_str(w, "id", identity_str(&auth->id, buf, sizeof(buf)));
	if (auth->n_certs) {
		vici_put_list(w, "certs");
		for (size_t i = 0; i < auth->n_certs; i++)
			vici_put_item(w, bytes_str(certificate_subject_str(auth->certs[i])));
		vici_put_list_end(w);
	}
	if (auth->n_cacerts) {
		vici_put_list(w, "cacerts");
		for (size_t i = 0; i < auth->n_cacerts; i++)
			vici_put_item(w, bytes_str(certificate_subject_str(auth->cacerts[i])));
		vici_put_list_end(w);
	}
	vici_put_section_end(w);
}

static void put_child_conf(struct writer *w, const struct child_conf *child)
{
	vici_put_section(w, child->name);
	vici_put_str(w, "mode", child_mode_name(child->mode));
	vici_put_fmt(w, "reqid", "%" PRIu32, child->reqid);
	vici_put_str(w, "start_action", child_action_name(child->start_action));
	vici_put_str(w, "close_action", child_action_name(child->close_action));
	vici_put_str(w, "dpd_action", child_action_name(child->dpd_action));
	put_ts_conf(w, "local-ts", &child->local_ts);
	put_ts_conf(w, "remote-ts", &child->remote_ts);
	vici_put_section_end(w);
}

void vici_put_connection(struct writer *w, const struct connection *conn)
{
	vici_put_section(w, conn->name);
	put_addrs(w, "local_addrs", &conn->local_addrs);
	put_addrs(w, "remote_addrs", &conn->remote_addrs);
	vici_put_fmt(w, "local_port", "%u", conn->local_port);
	vici_put_fmt(w, "remote_port", "%u", conn->remote_port);
	vici_put_str(w, "version", "IKEv2");
	vici_put_str(w, "unique", unique_policy_name(conn->unique));
	if (conn->rekey_time.ns > 0)
		vici_put_fmt(w, "rekey_time", "%" PRId64, duration_s(conn->rekey_time));
	if (conn->reauth_time.ns > 0)
		vici_put_fmt(w, "reauth_time", "%" PRId64, duration_s(conn->reauth_time));
	if (conn->dpd_delay.ns > 0)
		vici_put_fmt(w, "dpd_delay", "%" PRId64, duration_s(conn->dpd_delay));
	put_auth(w, "local-1", &conn->local);
	put_auth(w, "remote-1", &conn->remote);
	vici_put_section(w, "children");
	for (size_t i = 0; i < conn->n_children; i++)
		put_child_conf(w, &conn->children[i]);
	vici_put_section_end(w);
	vici_put_section_end(w);
}

void vici_put_policy(struct writer *w, const struct connection *conn,
		     const struct child_conf *child)
{
	char name[VICI_NAME_MAX + 1];

	snprintf(name, sizeof(name), "%.120s/%.120s", conn->name, child->name);
	vici_put_section(w, name);
	vici_put_str(w, "child", child->name);
	vici_put_str(w, "ike", conn->name);
	vici_put_str(w, "mode", child_mode_name(child->mode));
	put_ts_conf(w, "local-ts", &child->local_ts);
	put_ts_conf(w, "remote-ts", &child->remote_ts);
	vici_put_section_end(w);
}
