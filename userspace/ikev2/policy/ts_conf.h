/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Traffic selectors as configuration has them, where "dynamic" stands for the address of whoever is
 * at that end of the tunnel.
 */
#include <stdbool.h>
#include <stddef.h>
#include "ikev2/codec/ts.h"
#include "pdk/net/netaddr.h"

struct ts_conf {
	bool dynamic; /* the addresses of ts are not set */
	struct ts ts;
};

struct ts_conf_list {
	size_t n;
	struct ts_conf v[TS_LIST_MAX];
};

/*
 * "10.1.0.0/16", "10.1.0.1-10.1.0.9", "2001:db8::1", "dynamic", each with "[proto]",
 * "[proto/port]",
 * "[proto/first-last]", "[/port]" behind it, or that alone (dynamic). Protocols by number or as
 * tcp, udp, icmp, ipv6-icmp, sctp, esp, gre ...; ports by number, "any" or "opaque"; with ICMP
 * types by number, "8(0)" with a code, or type << 8 | code. -EINVAL; then ret_expected (may be
 * NULL) is static text that says what would be right.
 */
int ts_conf_parse(const char *text, struct ts_conf *ret_ts, const char **ret_expected);

#define TS_CONF_STRLEN 200
/* As it would be written. buf of TS_CONF_STRLEN. Returns buf. */
char *ts_conf_str(const struct ts_conf *ts, char *buf);

bool ts_conf_is_dynamic(const struct ts_conf_list *list);
/* Selectors with "dynamic" replaced by host; those are left out when host has no address. */
void ts_conf_resolve(const struct ts_conf_list *conf, const struct netaddr *host,
		     struct ts_list *ret_list);
/* The same with several hosts, of which 0.0.0.0 and :: stand for all of their family. What is more
 * than TS_LIST_MAX is left out. */
void ts_conf_resolve_hosts(const struct ts_conf_list *conf, const struct netaddr *hosts, size_t n,
			   struct ts_list *ret_list);
