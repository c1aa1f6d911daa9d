/* SPDX-License-Identifier: MIT */
/*
 * What a client does not get is told apart by the RFCs: no address at all is
 * INTERNAL_ADDRESS_FAILURE, an address that the connection demands and nobody asked for is
 * FAILED_CP_REQUIRED. Both refuse the Child SA only (2.19, 2.21.2). Attributes that we have nothing
 * to say about are ignored (3.15.1), and a request gets its reply even so.
 */
#include "ikev2/exchange/configuration.h"

#include <errno.h>

#include "pdk/log/log.h"
#include "ikev2/cfg/cfg.h"
#include "ikev2/codec/payload.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/internal_addr.h"

LOG_USE(ike);

/* An IPv6 address has its prefix length behind it (3.15.1). */
#define IP6_ADDRESS_LEN 17

/* The first CP payload of that type; false when there is none. */
static bool find_cp(const struct ike_message *m, uint8_t type, struct ike_cfg *ret_cfg)
{
	const struct ike_payload *payload;

	for (size_t i = 0; (payload = ike_message_find(m, IKE_PAYLOAD_CP, i)); i++)
		if (ike_cfg_parse(payload->body, ret_cfg, NULL) == IKE_OK && ret_cfg->type == type)
			return true;
	return false;
}

/* An INTERNAL_IPx_ADDRESS: false for another attribute, or one of a length that it can't have. */
static bool address_of(const struct ike_cfg_attr *attr, struct netaddr *ret_addr)
{
	const int family = attr->type == IKE_CFG_ATTR_INTERNAL_IP6_ADDRESS ? AF_INET6 : AF_INET;
	const size_t len = family == AF_INET6 ? IP6_ADDRESS_LEN : 4;

	if (attr->type != IKE_CFG_ATTR_INTERNAL_IP4_ADDRESS &&
	    attr->type != IKE_CFG_ATTR_INTERNAL_IP6_ADDRESS)
		return false;
	if (attr->value.len == 0)
		*ret_addr = netaddr_any(family, 0);
	else if (attr->value.len == len)
		*ret_addr = netaddr_from_bytes(BYTES(attr->value.data, netaddr_family_len(family)), 0);
	else
		return false;
	return true;
}

static void write_address(struct writer *w, const struct netaddr *addr, uint8_t prefix)
{
	uint8_t value[IP6_ADDRESS_LEN] = { 0 };

	if (addr->family == AF_INET) {
		ike_cfg_write_attr(w, IKE_CFG_ATTR_INTERNAL_IP4_ADDRESS, netaddr_bytes(addr));
		return;
	}
	memcpy(value, addr->addr, 16);
	value[16] = prefix;
	ike_cfg_write_attr(w, IKE_CFG_ATTR_INTERNAL_IP6_ADDRESS, BYTES_OF(value));
}

/* -------- client -------- */

/* What another IKE SA of this connection has: the one that this one replaces. */
static const struct internal_addrs *predecessor(const struct ike_sa *sa)
{
	const struct ike_sa *other;

	ike_sa_for_each(other, sa->core)
		if (other != sa && other->internal && !other->internal->lent &&
		    strcmp(other->conn->name, sa->conn->name) == 0)
			return other->internal;
	return NULL;
}

/* The address to ask for: the configured one, else the one that we have already. */
static struct netaddr wish(const struct netaddr *configured, const struct internal_addrs *before,
			   bool used[CFG_ADDRS_MAX])
{
	for (size_t i = 0; before && netaddr_is_any(configured) && i < before->n; i++)
		if (before->addrs[i].family == configured->family && !used[i]) {
			used[i] = true;
			return before->addrs[i];
		}
	return *configured;
}

void configuration_write_request(struct ike_sa *sa, struct message *m)
{
	const struct internal_addrs *before = predecessor(sa);
	bool used[CFG_ADDRS_MAX] = { false };
	unsigned families = 0;
	struct writer *w;

	if (!sa->conn->n_vips)
		return;
	w = message_payload(m, IKE_PAYLOAD_CP);
	ike_cfg_write(w, IKE_CFG_REQUEST);
	for (size_t i = 0; i < sa->conn->n_vips; i++) {
		struct netaddr addr = wish(&sa->conn->vips[i], before, used);

		families |= cfg_family_bit(addr.family);
		if (!netaddr_is_any(&addr))
			write_address(w, &addr, 128);
		else if (addr.family == AF_INET)
			ike_cfg_write_attr(w, IKE_CFG_ATTR_INTERNAL_IP4_ADDRESS, BYTES_NONE);
		else
			ike_cfg_write_attr(w, IKE_CFG_ATTR_INTERNAL_IP6_ADDRESS, BYTES_NONE);
	}
	if (families & CFG_IP4)
		ike_cfg_write_attr(w, IKE_CFG_ATTR_INTERNAL_IP4_DNS, BYTES_NONE);
	if (families & CFG_IP6)
		ike_cfg_write_attr(w, IKE_CFG_ATTR_INTERNAL_IP6_DNS, BYTES_NONE);
}

/* Is there room for one more of this family in what we have asked for? */
static bool asked_for(const struct connection *conn, const struct netaddr *got, size_t n, int family)
{
	size_t room = 0;

	for (size_t i = 0; i < conn->n_vips; i++)
		room += conn->vips[i].family == family;
	for (size_t i = 0; i < n; i++)
		room -= got[i].family == family;
	return room > 0;
}

enum auth_step_end configuration_take_reply(struct ike_sa *sa, const struct ike_message *m)
{
	struct netaddr got[CFG_ADDRS_MAX], addr;
	struct ike_cfg_attr attr;
	char text[NETADDR_STRLEN];
	struct ike_cfg cfg;
	size_t n = 0, pos = 0;

	/* A reply that nobody asked for is none (2.19). */
	if (!sa->conn->n_vips || !find_cp(m, IKE_CFG_REPLY, &cfg))
		return AUTH_STEP_DONE;
	while (ike_cfg_next(&cfg, &pos, &attr)) {
		if (!address_of(&attr, &addr) || netaddr_is_any(&addr) ||
		    !asked_for(sa->conn, got, n, addr.family))
			continue;
		log_obj_notice(ike, sa->log_name, "the peer lends us %s", netaddr_str(&addr, text));
		got[n++] = addr;
	}
	if (cfg.attributes.len > CFG_ATTRS_MAX)
		cfg.attributes.len = 0;
	if (n && internal_addrs_got(sa, got, n, cfg.attributes) < 0)
		log_obj_warning(ike, sa->log_name, "out of memory: internal addresses are lost");
	return AUTH_STEP_DONE;
}

/* -------- gateway -------- */

/* The Child SA won't come about, and why is told to the client. */
static void refuse_child(struct ike_sa *sa, uint16_t notify, const char *why)
{
	log_obj_warning(ike, sa->log_name, "connection %s: no Child SA: %s, %s", sa->conn->name,
			ike_notify_name(notify), why);
	sa->auth->child_refused = true;
	sa->auth->child_notify = notify;
	sa->lacks_address = sa->conn->pools.n > 0;
}

static void take_wishes(const struct ike_cfg *cfg, struct cfg_request *req)
{
	struct ike_cfg_attr attr;
	struct netaddr addr;
	size_t pos = 0;

	while (ike_cfg_next(cfg, &pos, &attr)) {
		if (address_of(&attr, &addr)) {
			if (req->n_addrs < CFG_ADDRS_MAX)
				req->addrs[req->n_addrs++].wanted = addr;
		} else if (req->n_types < CFG_TYPES_MAX) {
			req->types[req->n_types++] = attr.type;
		}
	}
}

/* What is answered without asking a provider. */
static void write_own_attributes(struct writer *w, const uint16_t *types, size_t n)
{
	static const uint16_t supported[] = {
		IKE_CFG_ATTR_INTERNAL_IP4_ADDRESS, IKE_CFG_ATTR_INTERNAL_IP4_NETMASK,
		IKE_CFG_ATTR_INTERNAL_IP4_DNS,	   IKE_CFG_ATTR_INTERNAL_IP4_NBNS,
		IKE_CFG_ATTR_INTERNAL_IP4_DHCP,	   IKE_CFG_ATTR_APPLICATION_VERSION,
		IKE_CFG_ATTR_INTERNAL_IP6_ADDRESS, IKE_CFG_ATTR_INTERNAL_IP6_DNS,
		IKE_CFG_ATTR_INTERNAL_IP6_DHCP,	   IKE_CFG_ATTR_INTERNAL_IP4_SUBNET,
		IKE_CFG_ATTR_SUPPORTED_ATTRIBUTES, IKE_CFG_ATTR_INTERNAL_IP6_SUBNET,
	};
	uint8_t value[2 * ARRAY_SIZE(supported)];
	bool listed = false, version = false;

	for (size_t i = 0; i < ARRAY_SIZE(supported); i++) {
		value[2 * i] = (uint8_t)(supported[i] >> 8);
		value[2 * i + 1] = (uint8_t)supported[i];
	}
	for (size_t i = 0; i < n; i++) {
		/* 2.20: who declines to tell its version says so by an empty one. */
		if (types[i] == IKE_CFG_ATTR_APPLICATION_VERSION && !version)
			ike_cfg_write_attr(w, types[i], BYTES_NONE);
		if (types[i] == IKE_CFG_ATTR_SUPPORTED_ATTRIBUTES && !listed)
			ike_cfg_write_attr(w, types[i], BYTES_OF(value));
		version |= types[i] == IKE_CFG_ATTR_APPLICATION_VERSION;
		listed |= types[i] == IKE_CFG_ATTR_SUPPORTED_ATTRIBUTES;
	}
}

/* Netmasks are for clients that have an IPv4 address (3.15.1). */
static void write_attributes(struct writer *w, const struct cfg_request *req)
{
	struct ike_cfg cfg = { IKE_CFG_REPLY, writer_view(&req->attrs) };
	struct ike_cfg_attr attr;
	bool ip4 = false;
	size_t pos = 0;

	for (size_t i = 0; i < req->n_addrs; i++)
		ip4 |= req->addrs[i].addr.family == AF_INET;
	while (ike_cfg_next(&cfg, &pos, &attr))
		if (ip4 || attr.type != IKE_CFG_ATTR_INTERNAL_IP4_NETMASK)
			ike_cfg_write_attr(w, attr.type, attr.value);
}

static void build_reply(struct auth_run *run, const struct cfg_request *req)
{
	struct writer *w = &run->cfg_reply;

	ike_cfg_write(w, IKE_CFG_REPLY);
	for (size_t i = 0; i < req->n_addrs; i++)
		if (netaddr_is_set(&req->addrs[i].addr))
			write_address(w, &req->addrs[i].addr, req->addrs[i].prefix);
	write_attributes(w, req);
	write_own_attributes(w, req->types, req->n_types);
	run->cfg_families = req->n_addrs ? req->families : 0;
}

enum auth_step_end configuration_take_request(struct ike_sa *sa, const struct ike_message *m)
{
	const struct connection *conn = sa->conn;
	struct cfg_request *req;
	struct ike_cfg cfg;

	if (!find_cp(m, IKE_CFG_REQUEST, &cfg)) {
		/* Without an SA payload there is no Child SA to refuse yet (RFC 6023). */
		sa->lacks_address = conn->pools.n > 0;
		if (conn->pools.n && ike_message_find(m, IKE_PAYLOAD_SA, 0))
			refuse_child(sa, IKE_NOTIFY_FAILED_CP_REQUIRED,
				     "the initiator has not asked for an internal address");
		return AUTH_STEP_DONE;
	}
	req = cfg_request_new(CFG_ACQUIRE, conn);
	if (!req) {
		refuse_child(sa, IKE_NOTIFY_INTERNAL_ADDRESS_FAILURE, "out of memory");
		return AUTH_STEP_DONE;
	}
	take_wishes(&cfg, req);
	req->identity = sa->remote_id;
	req->remote = sa->remote;
	if (internal_addrs_acquire_take(sa, req) == 0)
		return AUTH_STEP_PENDING; /* configuration_provided_take() */
	refuse_child(sa, IKE_NOTIFY_INTERNAL_ADDRESS_FAILURE, "out of memory");
	return AUTH_STEP_DONE;
}

void configuration_provided_take(struct ike_sa *sa, struct cfg_request *req)
{
	bool waiting = sa->auth && sa->auth->step->run == configuration_take_request;

	if (waiting) {
		if (req->n_addrs && !cfg_request_has_address(req))
			refuse_child(sa, IKE_NOTIFY_INTERNAL_ADDRESS_FAILURE,
				     req->failure ? req->failure
						  : "no pool of the connection is there");
		else if (!req->n_addrs && sa->conn->pools.n)
			refuse_child(sa, IKE_NOTIFY_FAILED_CP_REQUIRED,
				     "the initiator has not asked for an internal address");
		build_reply(sa->auth, req);
	}
	internal_addrs_acquired(sa->internal, req);
	if (waiting)
		auth_run_resume(sa, AUTH_STEP_DONE);
}

void configuration_write_reply(const struct ike_sa *sa, struct message *m)
{
	const struct auth_run *run = sa->auth;

	if (!run->cfg_reply.len || run->cfg_reply.err)
		return;
	/* What can't be done isn't half replied to: the notify says it all. */
	if (run->child_notify != IKE_NOTIFY_INTERNAL_ADDRESS_FAILURE || !run->child_refused)
		writer_bytes(message_payload(m, IKE_PAYLOAD_CP), writer_view(&run->cfg_reply));
	if (run->cfg_families & CFG_IP4)
		message_notify(m, IKE_NOTIFY_IP4_ALLOWED, BYTES_NONE);
	if (run->cfg_families & CFG_IP6)
		message_notify(m, IKE_NOTIFY_IP6_ALLOWED, BYTES_NONE);
}

/* -------- INFORMATIONAL -------- */

void configuration_answer(const struct ike_message *request, struct message *m)
{
	uint16_t types[CFG_TYPES_MAX];
	struct ike_cfg_attr attr;
	struct ike_cfg cfg;
	size_t n = 0, pos = 0;
	struct writer *w;

	if (!find_cp(request, IKE_CFG_REQUEST, &cfg))
		return;
	while (n < ARRAY_SIZE(types) && ike_cfg_next(&cfg, &pos, &attr))
		types[n++] = attr.type;
	w = message_payload(m, IKE_PAYLOAD_CP);
	ike_cfg_write(w, IKE_CFG_REPLY);
	write_own_attributes(w, types, n);
}
