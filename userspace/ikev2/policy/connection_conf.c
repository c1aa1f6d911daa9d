/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ikev2/policy/connection_private.h"

/*
 * The names are those of swanctl.conf, so that its configurations load. What is not built yet is
 * refused by name, and where it can be switched off that is accepted.
 */

struct list_ctx {
	struct conf_report *report;
	const struct conf_option *option;
	void *list;
	uint8_t protocol;
};

static void report_item(struct conf_report *report, const struct conf_node *node, const char *item,
			const char *why)
{
	char path[CONF_PATH_LEN];

	conf_report_add(report, &node->origin, "%s: found '%.60s': %s",
			conf_path(node, path, sizeof(path)), item, why);
}

/* -------- addresses and ports -------- */

static int add_range(const char *item, const struct conf_node *node, void *data)
{
	struct list_ctx *ctx = data;
	struct addr_ranges *ranges = ctx->list;
	struct addr_range range;

	if (addr_range_parse(item, &range) < 0) {
		report_item(ctx->report, node, item,
			    "expected a numeric address, a prefix, a range first-last or %any "
			    "(host names are not supported yet)");
		return -EINVAL;
	}
	if (ranges->n == ADDR_RANGES_MAX) {
		report_item(ctx->report, node, item, "expected no more than 16 addresses");
		return -EINVAL;
	}
	ranges->v[ranges->n++] = range;
	return 0;
}

static int take_ranges(const struct conf_option *o, const struct conf_node *node, void *target,
		       struct conf_report *report)
{
	struct addr_ranges *ranges = (void *)((char *)target + o->offset);
	struct list_ctx ctx = { report, o, ranges, 0 };

	ranges->n = 0;
	return conf_for_each_string(node, report, add_range, &ctx);
}

static int take_port(const struct conf_option *o, const struct conf_node *node, void *target,
		     struct conf_report *report)
{
	uint64_t port;

	if (node->type != CONF_VALUE || conf_parse_uint(node->value, &port) < 0 || !port ||
	    port > UINT16_MAX) {
		conf_report_bad(report, node, "a UDP port from 1 to 65535");
		return -EINVAL;
	}
	*(uint16_t *)((char *)target + o->offset) = (uint16_t)port;
	return 0;
}

static int take_tries(const struct conf_option *o, const struct conf_node *node, void *target,
		      struct conf_report *report)
{
	uint32_t *tries = (void *)((char *)target + o->offset);
	uint64_t n = 0;

	if (node->type != CONF_VALUE || (strcmp(node->value, "%forever") != 0 &&
					 (conf_parse_uint(node->value, &n) < 0 || n > UINT32_MAX))) {
		conf_report_bad(report, node, "%s", o->unit);
		return -EINVAL;
	}
	*tries = (uint32_t)n;
	return 0;
}

/* -------- internal addresses -------- */

static int add_vip(const char *item, const struct conf_node *node, void *data)
{
	struct list_ctx *ctx = data;
	struct connection *conn = ctx->list;
	struct netaddr addr;

	if (netaddr_parse(item, 0, &addr) < 0 || addr.scope) {
		report_item(ctx->report, node, item, "expected an address, 0.0.0.0 or ::");
		return -EINVAL;
	}
	if (conn->n_vips == CONNECTION_VIPS_MAX) {
		report_item(ctx->report, node, item, "expected no more than 4 addresses");
		return -EINVAL;
	}
	conn->vips[conn->n_vips++] = addr;
	return 0;
}

static int take_vips(const struct conf_option *o, const struct conf_node *node, void *target,
		     struct conf_report *report)
{
	struct connection *conn = target;
	struct list_ctx ctx = { report, o, conn, 0 };

	conn->n_vips = 0;
	return conf_for_each_string(node, report, add_vip, &ctx);
}

/* -------- authentication -------- */

static const char one_round[] = "multiple authentication rounds are not built yet";

/* The sections "local" and "remote", perhaps with more behind the name, but one of each. */
static int take_auth(const struct conf_option *o, const struct conf_node *section, void *target,
		     struct conf_report *report)
{
	size_t len = strlen(o->name) - 1;
	const struct conf_node *other;
	char path[CONF_PATH_LEN];

	conf_for_each(other, section->parent)
	{
		if (other == section)
			break;
		if (other->type != CONF_SECTION || strncmp(other->name, o->name, len) != 0)
			continue;
		conf_report_add(report, &section->origin, "%s: not supported: %s",
				conf_path(section, path, sizeof(path)), one_round);
		return -EINVAL;
	}
	return auth_conf_fill(section, o->name[0] == 'l', (void *)((char *)target + o->offset),
			      report);
}

static bool has_section(const struct conf_node *section, const char *prefix)
{
	const struct conf_node *node;

	conf_for_each(node,
		      section) if (node->type == CONF_SECTION &&
				   strncmp(node->name, prefix, strlen(prefix)) == 0) return true;
	return false;
}

int connection_check_auth(const struct conf_node *section, struct conf_report *report)
{
	static const char *const sides[] = { "local", "remote" };
	char path[CONF_PATH_LEN];
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		if (has_section(section, sides[i]))
			continue;
		conf_report_add(report, &section->origin,
				"%s: found no section %s, expected one (auth = psk, or a certificate or "
				"public key)",
				conf_path(section, path, sizeof(path)), sides[i]);
		err = -EINVAL;
	}
	return err;
}

/* -------- the table -------- */

static const char *const fragmentation_names[] = { "yes", "accept", "force", "no", NULL };
static const char *const prefer_names[] = { "own", "peer", NULL };

/* As enum childless_policy. */
static const char *const childless_names[] = { "allow", "prefer", "force", "never", NULL };

/* As enum unique_policy. */
static const char *const unique_names[] = { "no", "never", "replace", "keep", NULL };

static const char *const ocsp_names[] = { "reply", "request", "both", "never", NULL };
static const char *const send_cert_names[] = { "always", "never", "ifasked", NULL };

static const struct conf_option children_options[] = {
	{ "*", CONF_OPT_SECTIONS, .options = child_options, .take = child_conf_take,
	  .doc = "A Child SA, by its name." },
	{ 0 },
};

static const char not_ppk[] = "postquantum preshared keys are not built yet";
static const char not_mediation[] = "mediation is not supported";

#define FIELD(name) offsetof(struct connection, name)

const struct conf_option connection_options[] = {
	{ "version", CONF_OPT_ONLY, .dflt = "2", .doc = "IKEv1 is not supported" },
	{ "local_addrs", CONF_OPT_CUSTOM, FIELD(local_addrs), .dflt = "%any", .take = take_ranges,
	  .unit = "a list of addresses, prefixes, ranges or %any",
	  .doc = "Our addresses for this connection. An initiator uses the first single one, or "
		 "lets the kernel choose." },
	{ "remote_addrs", CONF_OPT_CUSTOM, FIELD(remote_addrs), .dflt = "%any", .take = take_ranges,
	  .unit = "a list of addresses, prefixes, ranges or %any",
	  .doc = "Addresses that the peer may have. An initiator uses the first single one." },
	{ "remote_port", CONF_OPT_CUSTOM, FIELD(remote_port), .dflt = "500", .take = take_port,
	  .unit = "a UDP port", .doc = "The peer's port for an initiator." },
	{ "proposals", CONF_OPT_CUSTOM, FIELD(proposals), .dflt = "default",
	  .take = take_ike_proposals, .unit = "a list of proposals",
	  .doc = "IKE proposals, best first, such as aes128gcm16-prfsha256-x25519. "
		 "'posternd --algorithms' lists what there is." },
	{ "prefer", CONF_OPT_ENUM, FIELD(prefer), .dflt = "own", .names = prefer_names,
	  .doc = "Whose order decides among proposals that both sides have, as responder." },
	{ "fragmentation", CONF_OPT_ENUM, FIELD(fragmentation), .dflt = "yes",
	  .names = fragmentation_names,
	  .doc = "Fragmentation of long IKE messages (RFC 7383). yes: announce it, and use it with "
		 "a peer that does so, too. accept: announce it, but send messages whole. force: "
		 "the same as yes. no: don't announce it; then the peer may not use it either." },
	{ "send_cert", CONF_OPT_ENUM, FIELD(send_cert), .dflt = "ifasked", .names = send_cert_names,
	  .doc = "When our certificate, or raw public key, is sent: ifasked: when the peer asks "
		 "for certificates." },
	{ "send_certreq", CONF_OPT_BOOL, FIELD(send_certreq), .dflt = "yes",
	  .doc = "Ask the peer for certificates of the CAs that we know." },
	{ "ocsp", CONF_OPT_ENUM, FIELD(ocsp), .dflt = "reply", .names = ocsp_names,
	  .doc = "OCSP responses along with certificates (RFC 4806). reply: send one for ours to a "
		 "peer "
		 "that asks. request: ask the peer for one. both; never." },
	{ "encap", CONF_OPT_BOOL, FIELD(encap), .dflt = "no",
	  .doc = "Encapsulate ESP in UDP even without a NAT." },
	{ "dpd_delay", CONF_OPT_DURATION, FIELD(dpd_delay), .dflt = "0s", .max = 86400000,
	  .doc = "Time without a sign of life after which the peer is asked for one. 0: never." },
	{ "keyingtries", CONF_OPT_CUSTOM, FIELD(keyingtries), .dflt = "1", .take = take_tries,
	  .unit = "a number of tries, 0 or %forever",
	  .doc = "How often bringing a connection up is tried in a row, with growing pauses. 0 or "
		 "%forever: until it succeeds." },
	{ "unique", CONF_OPT_ENUM, FIELD(unique), .dflt = "no", .names = unique_names,
	  .doc = "What a new IKE SA of a peer whose identity has one already does to that: no: "
		 "nothing, unless the peer says that it is its first; replace: it takes its place; "
		 "keep: the new one is refused; never: nothing at all." },
	{ "childless", CONF_OPT_ENUM, FIELD(childless), .dflt = "allow", .names = childless_names,
	  .doc = "IKE SAs without a Child SA (RFC 6023). allow: as responder, and as initiator "
		 "when "
		 "no child is asked for. prefer: an initiator makes all Child SAs by exchanges of "
		 "their own, with key exchanges of their own, where the responder takes that. "
		 "force: both roles do so, or there is no IKE SA. never: not as responder." },
	{ "rekey_time", CONF_OPT_DURATION, FIELD(rekey_time), .max = TIME_MAX_MS,
	  .doc = "Age at which an IKE SA gets new keys. 0: never. Default: 4h, or 0 with "
		 "reauth_time." },
	{ "reauth_time", CONF_OPT_DURATION, FIELD(reauth_time), .max = TIME_MAX_MS,
	  .doc = "Age at which an IKE SA is made anew, with authentication. 0: never. Default: "
		 "0." },
	{ "over_time", CONF_OPT_DURATION, FIELD(over_time), .max = TIME_MAX_MS,
	  .doc = "Time that rekeying and reauthentication may take until the old IKE SA is closed. "
		 "Default: a tenth of the longer of rekey_time and reauth_time." },
	{ "rand_time", CONF_OPT_DURATION, FIELD(rand_time), .max = TIME_MAX_MS,
	  .doc = "How much earlier than rekey_time and reauth_time say it happens at most, at "
		 "random. "
		 "Default: over_time, at most half of the longer one." },
	{ "local*", CONF_OPT_SECTIONS, FIELD(local), .options = auth_options, .take = take_auth,
	  .doc = "How we prove who we are." },
	{ "remote*", CONF_OPT_SECTIONS, FIELD(remote), .options = auth_options, .take = take_auth,
	  .doc = "How the peer proves who it is." },
	{ "vips", CONF_OPT_CUSTOM, .take = take_vips, .unit = "a list of addresses",
	  .doc = "Internal addresses to ask the peer for, as initiator: 0.0.0.0 and :: stand for "
		 "any, others are a wish. They are installed, and dynamic in local_ts means "
		 "them." },
	{ "pools", CONF_OPT_STRINGS, FIELD(pools), .unit = "a list of names",
	  .doc = "Pools of internal addresses for clients of this connection, as responder. A "
		 "client that does not ask for an address gets no Child SA. dynamic in remote_ts "
		 "means the address that it got." },
	{ "if_id_in", CONF_OPT_CUSTOM, FIELD(if_id_in), .dflt = "0", .take = take_if_id,
	  .unit = "a number, %unique or %unique-dir",
	  .doc = "if_id_in of children that do not set it." },
	{ "if_id_out", CONF_OPT_CUSTOM, FIELD(if_id_out), .dflt = "0", .take = take_if_id,
	  .unit = "a number, %unique or %unique-dir",
	  .doc = "if_id_out of children that do not set it." },
	{ "children", CONF_OPT_SECTION, 0, .options = children_options,
	  .doc = "The Child SAs of this connection." },

	{ "local_port", CONF_OPT_ONLY, .dflt = "500",
	  .doc = "settings.port and settings.port_nat_t say which ports are ours" },
	{ "mobike", CONF_OPT_ONLY, .dflt = "no", .doc = "MOBIKE (RFC 4555) is not built yet" },
	{ "aggressive", CONF_OPT_ONLY, .dflt = "no", .doc = "aggressive mode belongs to IKEv1" },
	{ "dpd_timeout", CONF_OPT_ONLY, .dflt = "0s",
	  .doc = "with IKEv2 settings.retransmit_* say when a peer is dead" },
	{ "dscp", CONF_OPT_ONLY, .dflt = "000000", .doc = "DSCP of IKE packets is not built yet" },
	{ "ppk_required", CONF_OPT_ONLY, .dflt = "no", .doc = not_ppk },
	{ "ppk_id", CONF_OPT_REFUSED, .doc = not_ppk },
	{ "pull", CONF_OPT_ONLY, .dflt = "yes", .doc = "push mode belongs to IKEv1" },
	{ "mediation", CONF_OPT_ONLY, .dflt = "no", .doc = not_mediation },
	{ "mediated_by", CONF_OPT_REFUSED, .doc = not_mediation },
	{ "mediation_peer", CONF_OPT_REFUSED, .doc = not_mediation },
	{ 0 },
};
