/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Traffic selectors of the configuration and what becomes of them: RFC 7296 2.9. Pure functions.
 */
#include <stdbool.h>
#include "ikev2/codec/ts.h"

/* One configured selector. */
struct ts_conf {
	bool dynamic; /* the address of its side; ts holds protocol and ports only */
	struct ts ts;
};

struct ts_conf_list {
	size_t n;
	struct ts_conf v[TS_LIST_MAX];
};

/*
 * "10.1.0.0/16", "2001:db8::/64", "10.0.0.1-10.0.0.9", "dynamic"; each optionally with
 * "[proto/port]": "[tcp/80]", "[udp/1000-2000]", "[icmp]", "[17/53]". -EINVAL.
 */
int ts_conf_parse(const char *text, struct ts_conf *ret_ts);

/* The configured selectors, dynamic ones with addr. */
void ts_conf_resolve(const struct ts_conf_list *conf, const struct netaddr *addr,
		     struct ts_list *ret_list);

/* Put first at the head: a packet's selector, so that the peer can see what it is about. */
void ts_list_prepend(struct ts_list *list, const struct ts *first);

/*
 * Responder: the part of what was offered that our policy allows, without selectors that are inside
 * another one. False: nothing is left.
 */
bool ts_narrow(const struct ts_list *policy, const struct ts_list *offer,
	       struct ts_list *ret_narrowed);
