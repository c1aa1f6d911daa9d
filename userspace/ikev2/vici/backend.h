/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The daemon as the control server sees it. The server calls these functions on the main thread,
 * and none of them may wait. What workers have to answer comes with a request token: the daemon
 * keeps it, hands the question out by mailbox, and gives the answer to the token on the main thread
 * whenever it has it. The client may be long gone by then; the token doesn't mind.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include "pdk/base/cleanup.h"
#include "pdk/base/time.h"
#include "pdk/net/netaddr.h"
#include "ikev2/sa/info.h"

struct ike_config;
struct vici_request;

/* -------- answers to a token: main thread only -------- */

/*
 * Every token that the daemon was given is ended exactly once, by vici_request_ok(), by
 * vici_request_fail(), by vici_request_terminated() (terminate), by vici_request_rekeying() (rekey)
 * or by vici_request_sas() (list_sas), and is gone after that. Any of them may be called from
 * within the backend function that brought the token, and when the server is gone.
 */
void vici_request_ok(struct vici_request *req);
void vici_request_fail(struct vici_request *req, const char *fmt, ...) _printf_(2, 3);

/* Severity of a line for the client that asked, in the figures of the protocol. */
enum vici_log_level {
	VICI_LOG_AUDIT = 0,
	VICI_LOG_CONTROL = 1, /* what a user wants to see */
	VICI_LOG_DEBUG = 2,
};

/*
 * Progress of initiate and terminate, sent as a control-log event if the client wants that level.
 * group: "IKE", "CFG" ...; ike_name may be NULL. Leaves the token open.
 */
void vici_request_log(struct vici_request *req, enum vici_log_level level, const char *group,
		      const char *ike_name, uint32_t ike_id, const char *fmt, ...) _printf_(6, 7);

/* Nobody waits for this token any more (client gone, or timed out): work for it may be cut short.
 */
bool vici_request_abandoned(const struct vici_request *req);

/* Ends the token of terminate(): how many SAs matched, and how many of those are gone. */
void vici_request_terminated(struct vici_request *req, unsigned matched, unsigned gone);

/* Ends the token of rekey(): how many SAs matched and are being renewed. */
void vici_request_rekeying(struct vici_request *req, unsigned matched);

/* Some of the SAs that list_sas asked for, and where to go on. */
struct vici_sa_page {
	uint64_t next; /* cursor for the next call, 0: this was the last page */
	size_t n;
	struct ike_sa_info *sas[];
};

/* n NULL entries, next 0. NULL without memory. Any thread. */
struct vici_sa_page *vici_sa_page_new(size_t n);
/* With all infos that it has (entries may be NULL). Takes NULL, returns NULL. Any thread. */
struct vici_sa_page *vici_sa_page_free(struct vici_sa_page *page);

/* Ends the token of one list_sas call; takes the page over. */
void vici_request_sas(struct vici_request *req, struct vici_sa_page *page);

/* -------- questions -------- */

/* All that is set must match; NULL and 0 match everything. */
struct vici_sa_filter {
	const char *ike, *child;   /* names of the connection and of its child */
	uint32_t ike_id, child_id; /* unique ids */
};

static inline bool vici_sa_filter_is_empty(const struct vici_sa_filter *f)
{
	return !f->ike && !f->child && !f->ike_id && !f->child_id;
}

/*
 * Does this Child SA of the IKE SA pass? child NULL: does the IKE SA, and if the filter names a
 * child, any of those that it has? Any thread.
 */
bool vici_sa_filter_match(const struct vici_sa_filter *f, const struct ike_sa_info *ike,
			  const struct child_sa_info *child);

struct vici_stats {
	struct duration uptime;
	time_t since;
	unsigned workers;
	uint64_t ike_sas, half_open, child_sas;
	/* More figures by name, for "counters"; texts are static. */
	size_t n_counters;
	struct {
		const char *name;
		uint64_t value;
	} counters[64];
};

struct vici_pool {
	struct netaddr base; /* its first address */
	uint64_t size;       /* addresses; UINT64_MAX: more than can be counted */
	uint64_t online, offline; /* leases that are in use, or kept for whoever had them */
};

struct vici_lease {
	struct netaddr addr;
	const char *identity;
	bool online;
};

/* False ends the walk. */
typedef bool (*vici_lease_fn)(const struct vici_lease *lease, void *data);

/*
 * Strings and filters that a function is given are the server's and go when it returns; copy what
 * is to be kept. Functions with a token end it (see above), at once or later.
 */
struct vici_backend {
	/* The configuration in force. Stays the daemon's; good until set_config(). */
	struct ike_config *(*config)(void *ctx);
	/*
	 * Put a complete new configuration in force, taking it over: traps are installed and
	 * removed, SAs that are up stay. 0, or -errno with the reason in err; then the old one
	 * stays and new was freed.
	 */
	int (*set_config)(void *ctx, struct ike_config *new_take, char *err, size_t err_size);
	/* Read the configuration file again. */
	void (*reload)(void *ctx, struct vici_request *req);

	/*
	 * Bring a child up (and its IKE SA, if need be), or with child NULL an IKE SA of connection
	 * ike without a Child SA (RFC 6023). ike NULL: the connection that has such
	 * a child. The names were
	 * looked up by the server in config(). Ends the token when the SA is up or has failed for
	 * good.
	 */
	void (*initiate)(void *ctx, const char *ike, const char *child, struct vici_request *req);
	/*
	 * Delete what matches the (not empty) filter: Child SAs when it names a child or a
	 * child_id, else IKE SAs. force: don't wait for the peer. Ends the token by
	 * vici_request_terminated(), or by one of the others.
	 */
	void (*terminate)(void *ctx, const struct vici_sa_filter *filter, bool force,
			  struct vici_request *req);

	/*
	 * Rekey what matches the (not empty) filter: Child SAs when it names a child or a child_id,
	 * else IKE SAs. reauth: make the IKE SAs that match anew, with authentication. Ends the
	 * token, by vici_request_rekeying(), when all that match have begun.
	 */
	void (*rekey)(void *ctx, const struct vici_sa_filter *filter, bool reauth,
		      struct vici_request *req);

	/*
	 * SAs that match. cursor is 0 at first, later what the last page gave (worker and position,
	 * say). The server asks for a page only when the client has room, so a page may be as small
	 * as the daemon likes, also empty, and needn't fit others: an SA that comes or goes between
	 * two pages is shown or isn't. What doesn't match is left out by the server too, so the
	 * filter only saves work. Ends the token by vici_request_sas() or vici_request_fail().
	 */
	void (*list_sas)(void *ctx, const struct vici_sa_filter *filter, uint64_t cursor,
			 struct vici_request *req);

	/*
	 * Install or remove the trap policies of a child; the names were looked up by the server.
	 * install() ends the token when the kernel has answered.
	 */
	void (*install)(void *ctx, const char *ike, const char *child, struct vici_request *req);
	void (*uninstall)(void *ctx, const char *ike, const char *child, struct vici_request *req);
	/* Are the trap policies of this child installed? For list-policies. */
	bool (*installed)(void *ctx, const char *ike, const char *child);

	/* Figures of a pool; false when there is none of that name. */
	bool (*pool)(void *ctx, const char *name, struct vici_pool *ret_pool);
	/* Its leases but for the first `skip`, those in use first. */
	void (*leases)(void *ctx, const char *name, uint64_t skip, vici_lease_fn fn, void *data);

	/* load-token: the private key with this URI, and its PIN. NULL: not supported. */
	void (*load_token)(void *ctx, const char *uri, const char *pin, struct vici_request *req);

	/* Forget CRLs and OCSP responses that were fetched. */
	void (*flush_certs)(void *ctx);

	void (*stats)(void *ctx, struct vici_stats *ret_stats);
};
