/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Where internal addresses and configuration for clients come from (RFC 7296 2.19, 3.15): requests
 * of the protocol core, providers that answer them, and what stands between the two.
 *
 * The core makes a request (IKE_ACTION_LEASE), the shell posts it to the main thread, where the
 * providers live: private pools, and whatever else lends addresses. Providers may take their time:
 * each request comes back exactly once, as an input of the core. What was acquired is released by
 * sending the same request with another type, so a release needs no memory and can't fail.
 */
#include <stdbool.h>
#include <stdint.h>
#include "pdk/base/list.h"
#include "pdk/base/time.h"
#include "pdk/net/netaddr.h"
#include "pdk/worker/mailbox.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/identity.h"

struct cfg;
struct cfg_provider;

/* -------- requests -------- */

enum cfg_request_type {
	CFG_ACQUIRE, /* lend addresses, and tell attributes */
	CFG_RENEW,   /* the addresses that were lent are needed longer */
	CFG_RELEASE, /* they are needed no more; the provider frees the request */
};

/* Addresses in one request: more are not looked at. */
#define CFG_ADDRS_MAX CONNECTION_VIPS_MAX
/* Types of attributes that a client asks for by name. */
#define CFG_TYPES_MAX 32
/* Octets of attributes in an answer. */
#define CFG_ATTRS_MAX 8192

/* One address that a client asked for. */
struct cfg_addr {
	struct netaddr wanted; /* its family; 0.0.0.0 or ::, or one that it would like */
	struct netaddr addr;   /* what it got; AF_UNSPEC: nothing */
	uint8_t prefix;	       /* of the network that addr is part of */
	struct cfg_provider *provider; /* whose it is */
};

/* Families as bits: cfg_request.families. */
#define CFG_IP4 1u
#define CFG_IP6 2u

static inline unsigned cfg_family_bit(int family)
{
	return family == AF_INET6 ? CFG_IP6 : CFG_IP4;
}

struct cfg_request {
	/* Set by whoever makes it. */
	enum cfg_request_type type;
	uint32_t id;		       /* the core's name for the lease */
	struct identity identity;      /* who the client has shown to be */
	struct netaddr remote;	       /* where it is */
	const struct connection *conn; /* reference; it names the pools */
	size_t n_addrs;
	struct cfg_addr addrs[CFG_ADDRS_MAX];
	size_t n_types;
	uint16_t types[CFG_TYPES_MAX];

	/* The answer. */
	int err;	       /* 0, with what there was; -errno: nothing at all */
	const char *failure;   /* why an address is missing, static; or NULL */
	unsigned families;     /* those that the connection's pools lend (RFC 8983) */
	struct writer attrs;   /* as ike_cfg_next() reads them */
	struct duration lifetime; /* to be renewed within; 0: lasts until released */

	/* The way back: done() runs on the thread of reply_to, or at once when that is NULL. */
	struct mailbox *reply_to;
	void (*done)(struct cfg_request *req, void *data);
	void *data;

	/* The dispatcher's, then the provider's while it has the request. */
	struct mail mail;
	struct cfg *cfg;
	struct cfg_provider *at;
	struct list link;
};

/* A request of that type, with its reference of conn. NULL without memory. Any thread. */
struct cfg_request *cfg_request_new(enum cfg_request_type type, const struct connection *conn);
/* Takes NULL, returns NULL. What it has lent is not released by this. Any thread. */
struct cfg_request *cfg_request_free(struct cfg_request *req);
/* Did it get any address? */
bool cfg_request_has_address(const struct cfg_request *req);
/* Is there an address that was asked for and not given yet? */
bool cfg_request_lacks_address(const struct cfg_request *req);

/* -------- the dispatcher -------- */

/*
 * mailbox: of the thread that will own it (the main thread), or NULL when all happens on one thread
 * (cfg_submit() only). NULL without memory.
 */
struct cfg *cfg_new(struct mailbox *mailbox);
/*
 * Owner only: providers give back what they have with -ECANCELED, and are freed. What is posted
 * from now on is freed without an answer. Takes NULL.
 */
void cfg_end(struct cfg *cfg);
/* Owner only; nobody may post any more. cfg_end() if need be. Takes NULL, returns NULL. */
struct cfg *cfg_free(struct cfg *cfg);
/* Providers are asked in the order in which they were added. Takes it over. */
void cfg_add_provider_take(struct cfg *cfg, struct cfg_provider *provider);

/* Hand a request over. Any thread; needs the mailbox. */
void cfg_post(struct cfg *cfg, struct cfg_request *req);
/* The same on the owner's thread, at once. */
void cfg_submit(struct cfg *cfg, struct cfg_request *req);

/* -------- providers: owner's thread only -------- */

struct cfg_provider_ops {
	const char *name; /* for logs: "pool" */
	/* Does it lend by a pool of this name? */
	bool (*has)(struct cfg_provider *p, const char *pool);
	/*
	 * CFG_ACQUIRE: give what it can of the addresses that are missing, by those pools of
	 * req->conn that it has; append attributes; set families. Then, now or later,
	 * cfg_provider_done().
	 */
	void (*acquire)(struct cfg_provider *p, struct cfg_request *req);
	/* CFG_RENEW: of its own addresses; sets lifetime. Then cfg_provider_done(). */
	void (*renew)(struct cfg_provider *p, struct cfg_request *req);
	/* Take its own addresses of req back. At once, without an answer; req stays the caller's. */
	void (*release)(struct cfg_provider *p, const struct cfg_request *req);
	/* Complete all that is waiting with cfg_provider_done() and -ECANCELED, and free it. */
	void (*free)(struct cfg_provider *p);
};

/* Embedded in a provider. */
struct cfg_provider {
	struct list link;
	const struct cfg_provider_ops *ops;
};

/* The provider has done its part. req is gone. */
void cfg_provider_done(struct cfg_request *req);
