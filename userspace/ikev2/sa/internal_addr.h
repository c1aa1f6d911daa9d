/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The internal addresses of an IKE SA (RFC 7296 2.19): those that we have lent to the peer, or that
 * the peer has lent to us. They last as long as the IKE SA and its rekeyed successors (3.15.1), so
 * they are an object of their own, which moves from one IKE SA to the next.
 *
 * A lease may be under way (to the provider and back) when its IKE SA dies; then it is given back
 * when it returns.
 */
#include "pdk/base/hash.h"
#include "pdk/base/time.h"
#include "pdk/net/netaddr.h"
#include "ikev2/cfg/cfg.h"
#include "ikev2/codec/ts.h"
#include "ikev2/policy/ts_conf.h"

struct child_sa;
struct ike_action;
struct ike_core;
struct ike_sa;

struct internal_addrs {
	struct ike_core *core;
	struct ike_sa *sa; /* NULL: it died while the lease was under way */
	bool lent;	   /* to the peer; else by it */
	size_t n;	   /* may be 0 while the lease is under way */
	struct netaddr addrs[CFG_ADDRS_MAX];
	struct bytes attrs; /* lent by the peer: what else it told (ike_cfg_next()); owned */

	/* Lent by us. */
	struct hash_node by_id;	    /* ike_core.leases */
	uint32_t id;
	struct cfg_request *req;    /* at hand; NULL: under way */
	struct ike_action *release; /* made beforehand: giving back can't fail */
	struct instant renew_at;    /* INSTANT_NEVER */
};

/* -------- lending -------- */

/*
 * Send the request out for sa, which has no internal addresses. It comes back by ike_input_lease().
 * Takes req over, also when it fails: -ENOMEM.
 */
int internal_addrs_acquire_take(struct ike_sa *sa, struct cfg_request *req);
/* It has come back: keeps what was lent, if anything. sa->internal is NULL afterwards if nothing. */
void internal_addrs_acquired(struct internal_addrs *ia, struct cfg_request *req_take);
/* renew_at has passed. */
void internal_addrs_renew(struct internal_addrs *ia);
struct internal_addrs *internal_addrs_by_id(struct ike_core *core, uint32_t id);

/* -------- being lent -------- */

/* The peer has lent these addresses, and told attrs (copied). They get installed. -ENOMEM. */
int internal_addrs_got(struct ike_sa *sa, const struct netaddr *addrs, size_t n,
		       struct bytes attrs);

/* -------- both -------- */

/* Rekeying of the IKE SA: they are its successor's now. to has none. */
void internal_addrs_move(struct ike_sa *from, struct ike_sa *to);
/* The IKE SA dies: gives back what was lent, uninstalls what it was lent. */
void internal_addrs_drop(struct ike_sa *sa);
/* The core ends: frees without a word. */
void internal_addrs_free_all(struct ike_core *core);

/* A Child SA came up or goes: what it reaches is reached from the address that the peer lent us. */
void internal_addrs_child(const struct child_sa *child, bool up);

/* Those of our side, or of the peer's: how many. They are sa's. */
size_t internal_addrs_local(const struct ike_sa *sa, const struct netaddr **ret_addrs);
size_t internal_addrs_remote(const struct ike_sa *sa, const struct netaddr **ret_addrs);

/* DNS servers that the peer told us, at most max: how many. */
size_t internal_addrs_dns(const struct ike_sa *sa, struct netaddr *ret_addrs, size_t max);

/*
 * Configured selectors, where dynamic stands for the internal addresses of that side when there are
 * any, else for its outer address. Our side, while we are about to ask for addresses: all addresses
 * of the families (2.19).
 */
void internal_addrs_resolve_local(const struct ike_sa *sa, const struct ts_conf_list *conf,
				  struct ts_list *ret_list);
void internal_addrs_resolve_remote(const struct ike_sa *sa, const struct ts_conf_list *conf,
				   struct ts_list *ret_list);
