/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/connection_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ikev2/ipsec/ipsec.h"

/* -------- traffic selectors -------- */

struct ts_ctx {
	struct ts_conf_list *list;
	struct conf_report *report;
};

static int add_ts(const char *item, const struct conf_node *node, void *data)
{
	struct ts_ctx *ctx = data;
	const char *expected;
	struct ts_conf ts;

	if (ctx->list->n == TS_LIST_MAX) {
		conf_report_bad(ctx->report, node, "no more than %d selectors", TS_LIST_MAX);
		return -EINVAL;
	}
	if (ts_conf_parse(item, &ts, &expected) < 0) {
		conf_report_bad(ctx->report, node, "%s", expected);
		return -EINVAL;
	}
	ctx->list->v[ctx->list->n++] = ts;
	return 0;
}

static int take_ts(const struct conf_option *o, const struct conf_node *node, void *target,
		   struct conf_report *report)
{
	struct ts_conf_list *list = (void *)((char *)target + o->offset);
	struct ts_ctx ctx = { list, report };
	int err;

	list->n = 0;
	err = conf_for_each_string(node, report, add_ts, &ctx);
	if (!err && !list->n) {
		conf_report_bad(report, node, "at least one selector");
		return -EINVAL;
	}
	return err;
}

/* -------- the table -------- */

/* In the order of enum child_mode, enum child_offload, enum child_dscp. */
static const char *const mode_names[] = { "tunnel", "transport", "pass", "drop", NULL };
static const char *const offload_names[] = { "no", "yes", "crypto", "packet", "auto", NULL };
static const char *const dscp_names[] = { "out", "in", "yes", "no", NULL };

/* swanctl.conf has a second name for each, and takes either anywhere. */
static const struct {
	const char *name;
	enum child_action action;
} action_names[] = {
	{ "none", CHILD_ACTION_NONE },   { "clear", CHILD_ACTION_NONE },
	{ "trap", CHILD_ACTION_TRAP },   { "route", CHILD_ACTION_TRAP },
	{ "start", CHILD_ACTION_START }, { "restart", CHILD_ACTION_START },
};

static int take_action(const struct conf_option *o, const struct conf_node *node, void *target,
		       struct conf_report *report)
{
	enum child_action *action = (void *)((char *)target + o->offset);

	for (size_t i = 0; node->type == CONF_VALUE && i < ARRAY_SIZE(action_names); i++)
		if (strcmp(node->value, action_names[i].name) == 0) {
			*action = action_names[i].action;
			return 0;
		}
	conf_report_bad(report, node, "%s", o->unit);
	return -EINVAL;
}

/* Ours are how a start after kill -9 finds what was left. */
static const char *check_reqid(const void *field)
{
	const uint32_t reqid = *(const uint32_t *)field;

	return ipsec_reqid_is_ours(reqid) ? "none of those that the daemon assigns, 0x50000000 to "
					    "0x50ffffff"
					  : NULL;
}

static const char not_label[] = "security labels are not supported";

#define ACTIONS     "none, trap or start"
#define FIELD(name) offsetof(struct child_conf, name)
#define LIMIT_MAX   (UINT64_C(1) << 60) /* what is derived from it still fits */

const struct conf_option child_options[] = {
	{ "esp_proposals", CONF_OPT_CUSTOM, FIELD(esp_proposals), .dflt = "default",
	  .take = take_esp_proposals, .unit = "a list of proposals",
	  .doc = "ESP proposals, best first, such as aes128gcm16-x25519-esn. A key exchange is for "
		 "Child SAs that are made after the first." },
	{ "local_ts", CONF_OPT_CUSTOM, FIELD(local_ts), .dflt = "dynamic", .take = take_ts,
	  .unit = "a list of traffic selectors",
	  .doc = "What is behind us: networks, addresses, ranges or dynamic (our address), each "
		 "perhaps with [protocol/port]." },
	{ "remote_ts", CONF_OPT_CUSTOM, FIELD(remote_ts), .dflt = "dynamic", .take = take_ts,
	  .unit = "a list of traffic selectors", .doc = "What is behind the peer." },
	{ "start_action", CONF_OPT_CUSTOM, FIELD(start_action), .dflt = "none", .take = take_action,
	  .unit = ACTIONS, .doc = "On loading: none, trap (set up by the first packet) or start." },
	{ "close_action", CONF_OPT_CUSTOM, FIELD(close_action), .dflt = "none", .take = take_action,
	  .unit = ACTIONS,
	  .doc = "When the peer has closed it, or it failed: none, trap or start." },
	{ "dpd_action", CONF_OPT_CUSTOM, FIELD(dpd_action), .dflt = "clear", .take = take_action,
	  .unit = "clear, trap or restart",
	  .doc = "When the peer does not answer any more: clear, trap or restart." },
	{ "mode", CONF_OPT_ENUM, FIELD(mode), .dflt = "tunnel", .names = mode_names,
	  .doc = "tunnel; transport, between the two hosts alone, where the peer agrees (else it "
		 "is a "
		 "tunnel); pass and drop, which make no SA but let traffic through in clear or "
		 "drop "
		 "it, and are set up by start_action = trap." },
	{ "replay_window", CONF_OPT_INT, FIELD(replay_window), .dflt = "32",
	  .max = CHILD_REPLAY_WINDOW_MAX, .unit = "packets",
	  .doc = "How far out of order packets may arrive. 0: replay protection is off." },
	{ "rekey_time", CONF_OPT_DURATION, FIELD(rekey_time), .dflt = "1h", .max = TIME_MAX_MS,
	  .doc = "Age at which a Child SA gets new keys. 0: never." },
	{ "life_time", CONF_OPT_DURATION, FIELD(life_time), .max = TIME_MAX_MS,
	  .doc = "Age at which a Child SA is closed that has not been rekeyed. 0: never. Default: "
		 "rekey_time and a tenth." },
	{ "rand_time", CONF_OPT_DURATION, FIELD(rand_time), .max = TIME_MAX_MS,
	  .doc = "How much earlier than rekey_time says it happens at most, at random. Default: "
		 "life_time less rekey_time, at most half of rekey_time." },
	{ "rekey_bytes", CONF_OPT_SIZE, FIELD(rekey_bytes), .dflt = "0", .max = LIMIT_MAX,
	  .unit = "octets",
	  .doc = "Traffic in one direction after which a Child SA gets new keys. "
		 "0: no limit." },
	{ "life_bytes", CONF_OPT_SIZE, FIELD(life_bytes), .max = LIMIT_MAX, .unit = "octets",
	  .doc = "Traffic in one direction after which a Child SA is closed. 0: no limit. Default: "
		 "rekey_bytes and a tenth." },
	{ "rand_bytes", CONF_OPT_SIZE, FIELD(rand_bytes), .max = LIMIT_MAX, .unit = "octets",
	  .doc = "How much earlier than rekey_bytes says, at random. Default: as rand_time." },
	{ "rekey_packets", CONF_OPT_SIZE, FIELD(rekey_packets), .dflt = "0", .max = LIMIT_MAX,
	  .unit = "packets",
	  .doc = "Packets in one direction after which a Child SA gets new keys. "
		 "0: no limit." },
	{ "life_packets", CONF_OPT_SIZE, FIELD(life_packets), .max = LIMIT_MAX, .unit = "packets",
	  .doc = "Packets in one direction after which a Child SA is closed. 0: no limit. Default: "
		 "rekey_packets and a tenth." },
	{ "rand_packets", CONF_OPT_SIZE, FIELD(rand_packets), .max = LIMIT_MAX, .unit = "packets",
	  .doc = "How much earlier than rekey_packets says, at random. Default: as rand_time." },
	{ "inactivity", CONF_OPT_DURATION, FIELD(inactivity), .dflt = "0s", .max = TIME_MAX_MS,
	  .doc = "Time without traffic in either direction after which a Child SA is closed. The "
		 "next packet brings it up again where there is a trap. 0: never." },
	{ "reqid", CONF_OPT_INT, FIELD(fixed_reqid), .dflt = "0", .check = check_reqid,
	  .doc = "Number by which policies and SAs are bound to each other, for policies of your "
		 "own and for matches of Netfilter. 0: the daemon assigns one. Fixed, it is for a "
		 "single peer and for one Child SA at a time." },
	{ "if_id_in", CONF_OPT_CUSTOM, FIELD(if_id_in), .take = take_if_id,
	  .unit = "a number, %unique or %unique-dir",
	  .doc = "Number of the XFRM interface for inbound traffic. 0: none. %unique: one for each "
		 "Child SA, %unique-dir: and direction. Default: that of the connection." },
	{ "if_id_out", CONF_OPT_CUSTOM, FIELD(if_id_out), .take = take_if_id,
	  .unit = "a number, %unique or %unique-dir", .doc = "The same for outbound traffic." },
	{ "mark_in", CONF_OPT_CUSTOM, FIELD(mark_in), .dflt = "0/0", .take = take_mark,
	  .unit = "mark/mask",
	  .doc = "Netfilter mark of the inbound policies: decrypted packets pass with this mark "
		 "only. %unique and %unique-dir as in if_id_in." },
	{ "mark_in_sa", CONF_OPT_BOOL, FIELD(mark_in_sa), .dflt = "no",
	  .doc = "Encrypted packets need mark_in, too." },
	{ "mark_out", CONF_OPT_CUSTOM, FIELD(mark_out), .dflt = "0/0", .take = take_mark,
	  .unit = "mark/mask",
	  .doc = "Netfilter mark of the outbound policies and SA: what has this mark is "
		 "encrypted." },
	{ "set_mark_in", CONF_OPT_CUSTOM, FIELD(set_mark_in), .dflt = "0/0", .take = take_set_mark,
	  .unit = "mark/mask",
	  .doc = "Mark that decrypted packets get. %same: the value of mark_in." },
	{ "set_mark_out", CONF_OPT_CUSTOM, FIELD(set_mark_out), .dflt = "0/0",
	  .take = take_set_mark, .unit = "mark/mask",
	  .doc = "Mark that encrypted packets get. %same: the value of mark_out." },
	{ "interface", CONF_OPT_CUSTOM, FIELD(interface), .take = take_interface,
	  .unit = "an interface", .doc = "The policies are for packets of this interface only." },
	{ "priority", CONF_OPT_INT, FIELD(priority), .dflt = "0",
	  .doc = "Priority of the policies; lower wins. 0: the narrower the selectors the "
		 "higher." },
	{ "policies", CONF_OPT_BOOL, FIELD(policies), .dflt = "yes",
	  .doc = "Install policies. Without them somebody else leads packets to the SAs." },
	{ "policies_fwd_out", CONF_OPT_BOOL, FIELD(policies_fwd_out), .dflt = "no",
	  .doc = "Policies of direction fwd for outbound packets, too: where a wider policy would "
		 "drop them." },
	{ "copy_df", CONF_OPT_BOOL, FIELD(copy_df), .dflt = "yes",
	  .doc = "The outer IPv4 header has the DF bit of the inner one. Else it is clear." },
	{ "copy_ecn", CONF_OPT_BOOL, FIELD(copy_ecn), .dflt = "yes",
	  .doc = "Congestion notification passes through the tunnel (RFC 6040)." },
	{ "copy_dscp", CONF_OPT_ENUM, FIELD(copy_dscp), .dflt = "out", .names = dscp_names,
	  .doc = "Copy the DSCP field to the outer header (out), to the inner one (in), both (yes) "
		 "or none (no)." },
	{ "tfc_padding", CONF_OPT_CUSTOM, FIELD(tfc_padding), .dflt = "0", .take = take_tfc_padding,
	  .unit = "octets or mtu",
	  .doc = "Pad packets to this length, to hide how long they are, if the peer takes that. "
		 "0: not." },

	{ "hw_offload", CONF_OPT_ENUM, FIELD(hw_offload), .dflt = "no", .names = offload_names,
	  .doc = "What the network device that has our address does. crypto, or yes: encryption; "
		 "packet: all of ESP (Linux 6.2); if it can't, the Child SA fails. auto: "
		 "encryption, if it can." },
	{ "updown", CONF_OPT_STRING, FIELD(updown), .unit = "a command",
	  .doc = "Run by the shell when a Child SA comes up and when it goes down (not when it is "
		 "rekeyed), once for each pair of selectors; it finds what it has to know in the "
		 "environment: PLUTO_VERB, PLUTO_MY_CLIENT, PLUTO_PEER_CLIENT ..." },

	{ "ah_proposals", CONF_OPT_REFUSED, .doc = "AH is not supported; use esp_proposals" },
	{ "sha256_96", CONF_OPT_ONLY, .dflt = "no", .doc = "truncation to 96 bits is a mistake" },
	{ "hostaccess", CONF_OPT_ONLY, .dflt = "no",
	  .doc = "the updown command can do that by itself" },
	{ "ipcomp", CONF_OPT_ONLY, .dflt = "no", .doc = "IPComp is not supported" },
	{ "label", CONF_OPT_REFUSED, .doc = not_label },
	{ "label_mode", CONF_OPT_REFUSED, .doc = not_label },
	{ "per_cpu_sas", CONF_OPT_ONLY, .dflt = "no",
	  .doc = "Child SAs for each CPU (RFC 9611) are not built yet" },
	{ 0 },
};

/* -------- children -------- */

void child_conf_fini(struct child_conf *child)
{
	free(child->name);
	free(child->updown);
	child->name = child->updown = NULL;
}

/* What options ask of each other: NULL, or what does not go together. */
static const char *contradiction(const struct connection *conn, const struct child_conf *child)
{
	/* Inbound policies tell peers apart by nothing else. */
	if (child->fixed_reqid && child_mode_negotiates(child->mode) && connection_many_peers(conn))
		return "found a fixed reqid with a connection that several peers may use, expected "
		       "remote_addrs of one address, and no pools";
	/* The number is the Child SA's, and a trap is there before it. */
	if (child->start_action == CHILD_ACTION_TRAP && !child_numbers_fixed(child))
		return "found start_action = trap with %unique, expected numbers that are fixed";
	if ((child->set_mark_in.number.kind == CHILD_NUMBER_SAME && !child->mark_in.mask) ||
	    (child->set_mark_out.number.kind == CHILD_NUMBER_SAME && !child->mark_out.mask))
		return "found %same, expected a mark of that direction that it could be";
	if (child_mode_negotiates(child->mode))
		return NULL;
	if (child->start_action == CHILD_ACTION_START)
		return "found start_action = start with a mode that makes no SA, expected none or "
		       "trap";
	if (!child_numbers_fixed(child))
		return "found %unique with a mode that makes no SA, expected numbers that are "
		       "fixed";
	if (ts_conf_is_dynamic(&child->local_ts) || ts_conf_is_dynamic(&child->remote_ts))
		return "found dynamic selectors with a mode that makes no SA, expected local_ts "
		       "and "
		       "remote_ts that say what passes or drops";
	return NULL;
}

static int fill(struct child_conf *child, const struct conf_node *section,
		struct conf_report *report)
{
	int err;

	child->name = strdup(section->name);
	if (!child->name)
		return -ENOMEM;
	child_unset_limits(child);
	err = conf_options_apply(child_options, section, child, report);
	return err ? err : child_settle_limits(child, section, report);
}

static void inherit(struct child_number *number, const struct child_number *from)
{
	if (number->kind == CHILD_NUMBER_UNSET)
		*number = *from;
}

int connection_settle_children(struct connection *conn, const struct conf_node *section,
			       struct conf_report *report)
{
	const struct conf_node *sections = conf_find(section, "children"), *node;
	char path[CONF_PATH_LEN];
	const char *wrong;
	int err = 0;

	for (size_t i = 0; i < conn->n_children; i++) {
		struct child_conf *child = &conn->children[i];

		inherit(&child->if_id_in, &conn->if_id_in);
		inherit(&child->if_id_out, &conn->if_id_out);
		wrong = contradiction(conn, child);
		if (!wrong)
			continue;
		node = sections ? conf_find(sections, child->name) : NULL;
		node = node ? node : section;
		conf_report_add(report, &node->origin, "%s: %s",
				conf_path(node, path, sizeof(path)), wrong);
		err = -EINVAL;
	}
	return err;
}

int child_conf_take(const struct conf_option *o, const struct conf_node *section, void *target,
		    struct conf_report *report)
{
	struct connection *conn = target;
	struct child_conf *children, *child;
	char path[CONF_PATH_LEN];
	int err;

	if (connection_child(conn, section->name) || conn->n_children == CONNECTION_CHILDREN_MAX) {
		conf_report_add(report, &section->origin, "%s: %s",
				conf_path(section, path, sizeof(path)),
				conn->n_children == CONNECTION_CHILDREN_MAX
					? "too many children"
					: "there is a child of that name already");
		return -EINVAL;
	}
	children = reallocarray(conn->children, conn->n_children + 1, sizeof(*children));
	if (!children)
		return -ENOMEM;
	conn->children = children;
	child = &children[conn->n_children];
	memset(child, 0, sizeof(*child));
	err = fill(child, section, report);
	if (err) {
		child_conf_fini(child);
		return err;
	}
	conn->n_children++;
	return 0;
}
