/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/settings.h"

#include <errno.h>
#include <string.h>

static int take_port(const struct conf_option *o, const struct conf_node *node, void *target,
		     struct conf_report *report)
{
	uint64_t port;

	if (node->type != CONF_VALUE || conf_parse_uint(node->value, &port) < 0 || port < o->min ||
	    port > o->max) {
		conf_report_bad(report, node, "a UDP port from %u to %u", (unsigned)o->min,
				(unsigned)o->max);
		return -EINVAL;
	}
	*(uint16_t *)((char *)target + o->offset) = (uint16_t)port;
	return 0;
}

static int take_path(const struct conf_option *o, const struct conf_node *node, void *target,
		     struct conf_report *report)
{
	char *path = (char *)target + o->offset;

	if (node->type != CONF_VALUE || conf_is_binary(node) || !node->len ||
	    node->len >= SETTINGS_PATH_LEN) {
		conf_report_bad(report, node, "%s", o->unit);
		return -EINVAL;
	}
	memcpy(path, node->value, node->len);
	path[node->len] = '\0';
	return 0;
}

/* Less than this holds hardly anything but headers. */
#define FRAGMENT_SIZE_LEAST 296

static const char *check_fragment_size(const void *field)
{
	uint32_t size = *(const uint32_t *)field;

	return size && size < FRAGMENT_SIZE_LEAST ? "0, or 296 to 65535 octets" : NULL;
}

#define FIELD(name) offsetof(struct ike_settings, name)

/* A dozen retransmissions over almost four minutes, as RFC 7296 2.4 suggests. */
const struct conf_option ike_settings_options[] = {
	{ "workers", CONF_OPT_INT, FIELD(workers), .dflt = "0", .max = 256,
	  .doc = "Threads that own IKE SAs. 0: one for each processor." },
	{ "retransmit_timeout", CONF_OPT_DURATION, FIELD(retransmit_timeout), .dflt = "1s",
	  .min = 100, .max = 60000,
	  .doc = "Time after which a request that isn't answered is sent again." },
	{ "retransmit_base", CONF_OPT_DECIMAL, FIELD(retransmit_base), .dflt = "1.6", .min = 1000,
	  .max = 10000, .doc = "What each wait is multiplied by to get the one after it." },
	{ "retransmit_tries", CONF_OPT_INT, FIELD(retransmit_tries), .dflt = "12", .min = 1,
	  .max = 50, .doc = "Retransmissions until the peer is taken for dead." },
	{ "retransmit_limit", CONF_OPT_DURATION, FIELD(retransmit_limit), .dflt = "30s",
	  .max = 3600000, .doc = "Longest wait between two retransmissions. 0: no limit." },
	{ "retransmit_jitter", CONF_OPT_INT, FIELD(retransmit_jitter), .dflt = "0", .max = 50,
	  .unit = "percent", .doc = "How much shorter a wait may be, at random." },
	{ "half_open_timeout", CONF_OPT_DURATION, FIELD(half_open_timeout), .dflt = "30s",
	  .min = 1000, .max = 3600000,
	  .doc = "Time that a peer has to authenticate after IKE_SA_INIT." },
	{ "cookie_threshold", CONF_OPT_INT, FIELD(cookie_threshold), .dflt = "32", .max = 1000000,
	  .doc = "Half-open IKE SAs of a worker from which on a peer must show, by returning a "
		 "cookie, that it receives at its address. 0: never." },
	{ "half_open_limit", CONF_OPT_INT, FIELD(half_open_limit), .dflt = "1024", .max = 1000000,
	  .doc = "Half-open IKE SAs of a worker from which on first messages are dropped. 0: "
		 "no limit." },
	{ "block_threshold", CONF_OPT_INT, FIELD(block_threshold), .dflt = "64", .max = 1000000,
	  .doc = "Half-open IKE SAs of a worker and one address (with IPv6: one /64) from which on "
		 "its "
		 "first messages are dropped, as soon as cookies are asked for. 0: no limit." },
	{ "error_rate", CONF_OPT_INT, FIELD(error_rate), .dflt = "10", .max = 100000,
	  .unit = "messages a second",
	  .doc = "How often a worker tells a peer that a request is of no IKE SA or of another "
		 "major version, or that its ESP is of no SA. 0: never." },
	{ "ike_sa_limit", CONF_OPT_INT, FIELD(ike_sa_limit), .dflt = "0", .max = 100000000,
	  .doc = "IKE SAs in all from which on first messages are dropped. 0: no limit." },
	{ "make_before_break", CONF_OPT_BOOL, FIELD(make_before_break), .dflt = "yes",
	  .doc = "Whether reauthentication makes a new IKE SA with all Child SAs before the old "
		 "one "
		 "is deleted, or the other way round." },
	{ "nat_keepalive", CONF_OPT_DURATION, FIELD(nat_keepalive), .dflt = "20s", .max = 3600000,
	  .doc = "Time without traffic after which a keepalive holds a NAT's mapping. 0: never." },
	{ "fragment_size", CONF_OPT_INT, FIELD(fragment_size), .dflt = "1280", .max = 65535,
	  .unit = "octets", .check = check_fragment_size,
	  .doc = "Size of an IP datagram from which on an IKE message is sent in fragments (RFC "
		 "7383). 0: 1280 for IPv6, 576 for IPv4." },
	{ "port", CONF_OPT_CUSTOM, FIELD(port), .dflt = "500", .min = 1, .max = 65535,
	  .unit = "a UDP port", .take = take_port, .doc = "UDP port of IKE." },
	{ "port_nat_t", CONF_OPT_CUSTOM, FIELD(port_nat_t), .dflt = "4500", .min = 1, .max = 65535,
	  .unit = "a UDP port", .take = take_port,
	  .doc = "UDP port of IKE and of ESP in UDP (RFC 3948)." },
	{ "fwmark", CONF_OPT_INT, FIELD(fwmark), .dflt = "220", .max = UINT32_MAX,
	  .doc = "Netfilter mark of IKE's own packets, by which they are told from those that the "
		 "routes of a tunnel are for. 0: none, and they take these routes, too. Read at "
		 "the start." },
	{ "resolvconf", CONF_OPT_CUSTOM, FIELD(resolvconf), .dflt = "resolvconf",
	  .unit = "the name of a program", .take = take_path,
	  .doc = "Program that is told, by -a and -d, of the DNS servers that come with internal "
		 "addresses. Read at the start." },
	{ "resolv_conf", CONF_OPT_CUSTOM, FIELD(resolv_conf), .unit = "the path of a file",
	  .take = take_path,
	  .doc = "File that these DNS servers are written to where there is no such program. "
		 "Default: none. Read at the start." },
	{ 0 },
};

int ike_settings_apply(const struct conf_node *section, struct conf_report *report,
		       struct ike_settings *ret_settings)
{
	struct ike_settings settings = { 0 };
	_cleanup_conf_ struct conf_node *empty = NULL;
	int err;

	if (!section) {
		empty = conf_root_new();
		if (!empty)
			return -ENOMEM;
		section = empty;
	}
	err = conf_options_apply(ike_settings_options, section, &settings, report);
	if (err)
		return err;
	if (settings.port == settings.port_nat_t) {
		conf_report_add(report, &section->origin,
				"settings: found the same number for port and port_nat_t, expected "
				"different ones");
		return -EINVAL;
	}
	*ret_settings = settings;
	return 0;
}

struct duration ike_settings_retransmit_wait(const struct ike_settings *s, unsigned n)
{
	int64_t limit = s->retransmit_limit.ns ? s->retransmit_limit.ns : DURATION_S(3600).ns;
	int64_t wait = s->retransmit_timeout.ns;

	/* Saturates at the limit well before it could overflow: one step is tenfold at most. */
	while (n-- && wait < limit)
		wait = wait / 1000 * s->retransmit_base;
	return DURATION_NS(wait < limit ? wait : limit);
}

struct duration ike_settings_retransmit_total(const struct ike_settings *s)
{
	int64_t total = 0;

	for (unsigned n = 0; n <= s->retransmit_tries; n++)
		total += ike_settings_retransmit_wait(s, n).ns;
	return DURATION_NS(total);
}
