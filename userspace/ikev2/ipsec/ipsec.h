/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The kernel's IPsec as the protocol core sees it: requests go in, completions and events come out,
 * and nothing here waits. A request is a batch that is done whole or not at all. Behind this header
 * stand xfrm (the default) and null (installs nothing, for simulation and benchmarks).
 *
 * Threads: ipsec_submit() may be called by any thread; the completion is delivered by the mailbox
 * that the request names, on the thread that owns it. Events arrive on the thread that gave the
 * loop to ipsec_open().
 */
#include <stdbool.h>
#include <stdint.h>
#include "pdk/base/list.h"
#include "pdk/base/time.h"
#include "pdk/net/netaddr.h"
#include "pdk/worker/mailbox.h"
#include "ikev2/codec/ts.h"

enum ipsec_direction {
	IPSEC_IN,
	IPSEC_OUT,
};

enum ipsec_mode {
	IPSEC_TUNNEL,
	IPSEC_TRANSPORT,
};

#define IPSEC_KEY_MAX 64
/* A larger window than the kernel's largest is cut down to it. */
#define IPSEC_REPLAY_WINDOW_MAX 4096
/* Kernel selectors that one direction of one policy may need after its ranges are taken apart. */
#define IPSEC_SELECTORS_MAX 512

/*
 * Reqids bind policies to SAs, and tell ours from everybody else's: what has a reqid of this range
 * in the kernel's tables is ours, and is removed by open() and close(). The core hands out the
 * numbers 1 to IPSEC_REQID_COUNT - 1 of the range; 0 is the backend's own, for probing. Hand-made
 * SAs and other daemons count from 1, far below. A reqid that the administrator has fixed is one of
 * those; what is ours with one of these the backend knows by a mark of its own.
 */
#define IPSEC_REQID_BASE  0x50000000u /* 'P' */
#define IPSEC_REQID_COUNT 0x01000000u

static inline bool ipsec_reqid_is_ours(uint32_t reqid)
{
	return reqid - IPSEC_REQID_BASE < IPSEC_REQID_COUNT;
}

/* A lifetime; a zero is no limit. */
struct ipsec_limits {
	uint64_t bytes, packets;
	struct duration time;
};

/* A Netfilter mark: the packets whose mark & mask is value. mask 0: none. */
struct ipsec_mark {
	uint32_t value, mask;
};

/* TFC padding (RFC 4303 2.7) up to what the path takes. */
#define IPSEC_TFC_MTU UINT32_MAX

/* What the network device does for an SA. */
enum ipsec_offload {
	IPSEC_OFFLOAD_NO,
	IPSEC_OFFLOAD_CRYPTO, /* encryption */
	IPSEC_OFFLOAD_PACKET, /* all of ESP, and policies; Linux 6.2 */
	IPSEC_OFFLOAD_AUTO,   /* encryption, if it can */
};

/* One ESP SA (RFC 4303). Algorithms are IKEv2 transform IDs (RFC 7296 3.3.2). */
struct ipsec_sa {
	enum ipsec_direction direction;
	enum ipsec_mode mode;
	uint32_t spi;            /* host order */
	struct netaddr src, dst; /* with ports: ESP in UDP (RFC 3948) when udp_encap */
	bool udp_encap;
	uint32_t keepalive; /* out, udp_encap: seconds between keepalives (RFC 3948 4); 0: none */
	uint32_t reqid;
	uint16_t encr;                   /* ENCR_* */
	uint16_t encr_bits;              /* KEY_LENGTH attribute, 0: it has none */
	uint16_t integ;                  /* AUTH_*, 0 with AEAD */
	uint8_t encr_key[IPSEC_KEY_MAX]; /* salt included, RFC 5282 7.1 order: key | salt */
	size_t encr_key_len;
	uint8_t integ_key[IPSEC_KEY_MAX];
	size_t integ_key_len;
	bool esn;
	uint32_t replay_window; /* packets; in only */
	struct ipsec_limits soft, hard;
	uint32_t if_id;
	uint32_t mark, mark_mask;
	struct ipsec_mark set_mark; /* packets get it, where mask has ones */
	uint32_t tfc_padding; /* out, tunnel mode: packets are padded to this many octets; 0: not */
	/* Tunnel mode: what the outer header has from the inner one (RFC 4301 5.1.2, RFC 6040). */
	bool no_df, no_ecn, no_dscp; /* not copied outwards; ECN neither inwards */
	bool dscp_inward;            /* in: the outer DSCP goes into the inner header */
	enum ipsec_offload offload;
	uint32_t ifindex;     /* the backend's: the device that offloads */
	uint32_t acquire_seq; /* answers this ACQUIRE, 0: none */
	char tunnel[32];      /* for people: "connection.child" */
	/* Transport mode: the selector that goes into the SA; empty lists in tunnel mode. */
	struct ts local_ts, remote_ts;
};

enum ipsec_action {
	IPSEC_PROTECT, /* by SAs of the reqid */
	IPSEC_PASS,    /* in clear, whatever wider policies say; mode, addresses and reqid unused */
	IPSEC_DROP,
};

#define IPSEC_INTERFACE_LEN 16 /* IFNAMSIZ */

/*
 * The policies of one Child SA or trap: out, in and fwd for every pair of selectors (transport mode
 * has no fwd).
 */
struct ipsec_policy {
	enum ipsec_action action;
	struct ts_list local, remote;
	enum ipsec_mode mode;
	struct netaddr local_addr, remote_addr; /* outer addresses of the out template */
	uint32_t reqid;
	uint32_t if_id_in, if_id_out; /* in: for in and fwd */
	struct ipsec_mark mark_in, mark_out;
	uint32_t priority; /* lower wins; 0: PASS, PROTECT, DROP, each narrow selectors first */
	/*
	 * Forwarded packets pass on their way into the tunnel, too, where another policy of
	 * direction fwd would drop them.
	 */
	bool fwd_out;
	/*
	 * On packets of this interface only; "": of all. The kernel binds to its number: an
	 * addition fills that in, a deletion that has it does not look at the name, whose interface
	 * may be another by then. -ENODEV: there is none.
	 */
	char interface[IPSEC_INTERFACE_LEN];
	uint32_t ifindex;
	bool offload;             /* for SAs of IPSEC_OFFLOAD_PACKET */
	uint32_t offload_ifindex; /* the backend's */
};

enum ipsec_op_type {
	IPSEC_SA_ADD,
	IPSEC_SA_UPDATE, /* same SPI and destination: new encapsulation ports */
	IPSEC_SA_DELETE, /* sa.spi, sa.dst, sa.mark are read */
	IPSEC_SA_QUERY,  /* fills usage */
	/*
	 * Policies are counted: the same selectors may be added by a trap and by several Child SAs
	 * (redundant or during rekeying). The newest addition is what the kernel holds; taking one
	 * away brings back the one before it.
	 */
	IPSEC_POLICY_ADD,
	IPSEC_POLICY_DELETE, /* what an earlier IPSEC_POLICY_ADD with the same owner added */
};

struct ipsec_usage {
	uint64_t bytes, packets;
	/* Unix time in seconds. 0: never, or not told by the kernel (before 6.2): compare packets.
	 */
	uint64_t last_used;
	uint64_t asked; /* when these figures were true, likewise; 0: not told */
};

struct ipsec_op {
	enum ipsec_op_type type;
	union {
		struct ipsec_sa sa;
		struct {
			uint64_t owner; /* names the addition among those of equal selectors */
			struct ipsec_policy policy;
		} spd;
	};
	/* Result: 0, or -errno of the kernel; a delete of something gone is 0. */
	int err;
	bool keeps_alive; /* the kernel sends the keepalives that sa asks for */
	struct ipsec_usage usage;
};

struct ipsec_request;
typedef void (*ipsec_done_fn)(struct ipsec_request *req, void *data);

/*
 * A batch. The submitter owns it until ipsec_submit(), and again when done() is called, which
 * frees it (ipsec_request_free). The operations are carried out in their order. When an SA_ADD,
 * SA_UPDATE or POLICY_ADD fails, the additions and updates of the batch are undone (an update is
 * taken back to the ports that the kernel had), the operations that follow are not begun
 * (-ECANCELED), and err says why. A delete or query that fails stops nothing: its own err says so
 * (-ESRCH: the SA asked for is gone), and the request's err stays 0.
 *
 * Of the errors of one operation: -EINVAL a field is out of range, -EPROTONOSUPPORT the kernel has
 * no ESP, -ENOSYS or -EOPNOTSUPP it lacks the algorithm or a selector has no kernel form, -E2BIG
 * the selectors need more than IPSEC_SELECTORS_MAX, -EEXIST SPI or selector belong to somebody
 * else.
 */
struct ipsec_request {
	struct mail mail;         /* the backend's, for delivery */
	struct ipsec *ipsec;      /* the backend's */
	struct mailbox *reply_to; /* where done() runs; NULL: nobody waits, the backend frees it */
	ipsec_done_fn done;
	void *data;
	uint64_t cookie; /* the submitter's */
	int err;
	char error_text[160]; /* the kernel's extended error, or "" */
	size_t n_ops;
	struct ipsec_op ops[];
};

/* Room for n zeroed operations; NULL without memory. */
struct ipsec_request *ipsec_request_new(size_t n_ops);
/* Wipes keys. Takes NULL, returns NULL. */
struct ipsec_request *ipsec_request_free(struct ipsec_request *req);

/* -------- events -------- */

struct ipsec_acquire {
	uint32_t reqid, seq;
	struct netaddr local, remote;     /* outer addresses of the template */
	struct ts packet_src, packet_dst; /* of the packet that asked */
};

struct ipsec_expire {
	uint32_t spi;
	struct netaddr dst;
	uint32_t reqid;
	bool hard;
};

/* An authenticated ESP packet came from a new address (RFC 7296 2.23). */
struct ipsec_mapping {
	uint32_t spi;
	uint32_t reqid;
	struct netaddr old_src, new_src;
};

struct ipsec_events {
	void (*acquire)(const struct ipsec_acquire *a, void *data);
	void (*expire)(const struct ipsec_expire *e, void *data);
	void (*mapping)(const struct ipsec_mapping *m, void *data);
	/* The kernel had more events than could be taken: some are lost. Optional. */
	void (*overrun)(void *data);
	void *data;
};

/*
 * Who wants to know which SAs the kernel holds (the counting map). Called on the backend's thread,
 * so it must not touch what other threads own, and not wait. added() comes before the kernel is
 * asked, so that the first packet is seen already; removed() when the kernel has let go of it, or
 * has refused it.
 */
struct ipsec_sa_observer {
	void (*added)(const struct ipsec_sa *sa, void *data);
	void (*removed)(const struct netaddr *dst, uint32_t spi, void *data);
	void *data;
};

/* -------- backends -------- */

struct loop;
struct ipsec;

struct ipsec_ops {
	const char *name; /* "xfrm", "null" */
	/* 0 or -errno with a log line. Cleans up what a killed predecessor left. */
	int (*open)(struct loop *loop, const struct ipsec_events *events, struct ipsec **ret_ipsec);
	void (*submit)(struct ipsec *ipsec, struct ipsec_request *req);
	/*
	 * Lets a socket carry IKE past the policies (IP_XFRM_POLICY) and, by its mark, past the
	 * routes of tunnels; and take ESP in UDP.
	 */
	int (*prepare_socket)(struct ipsec *ipsec, int fd, int family, bool udp_encap);
	/*
	 * Owner of the loop, when nobody submits any more. Carries out what was submitted
	 * (completions still arrive by mailbox), removes everything of ours from the kernel, then
	 * frees.
	 */
	void (*close)(struct ipsec *ipsec);
	/* One line of what the kernel offers, for the log: "esp4=yes sa_dir=no ...". */
	const char *(*features)(struct ipsec *ipsec);
};

extern const struct ipsec_ops ipsec_xfrm_ops, ipsec_null_ops;

/* First member of every backend's object. */
struct ipsec {
	const struct ipsec_ops *ops;
	struct ipsec_sa_observer observer; /* zero: nobody */
	uint32_t socket_mark;              /* of sockets that carry IKE (SO_MARK); 0: none */
};

/* Before the first ipsec_submit(), by the thread that called open(). */
static inline void ipsec_set_observer(struct ipsec *ipsec, const struct ipsec_sa_observer *observer)
{
	ipsec->observer = *observer;
}

/* Before the first socket is prepared, by the thread that called open(). */
static inline void ipsec_set_socket_mark(struct ipsec *ipsec, uint32_t mark)
{
	ipsec->socket_mark = mark;
}

static inline void ipsec_submit(struct ipsec *ipsec, struct ipsec_request *req)
{
	ipsec->ops->submit(ipsec, req);
}
