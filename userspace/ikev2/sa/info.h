/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What an operator may know about an IKE SA and its Child SAs, as plain data. The worker that owns
 * the SA takes the copy, a letter carries it to the main thread, the control server prints it. An
 * info owns everything that it points to (states are static text), so it may cross threads; it has
 * one owner at a time.
 */
#include <stdbool.h>
#include <stdint.h>
#include "pdk/base/time.h"
#include "pdk/net/netaddr.h"
#include "ikev2/codec/ts.h"

/* A time that isn't known or doesn't apply: any negative duration. */
#define INFO_NO_TIME DURATION_NS(-1)

/* The algorithms of an SA: IANA's transform IDs (ikev2/codec/ikev2.h), 0: none. */
struct info_algs {
	uint16_t encr, encr_bits; /* bits of the key without salt; 0 for a fixed length */
	uint16_t integ;           /* 0 with AEAD */
	uint16_t prf;             /* IKE SA only */
	uint16_t ke;              /* Child SA: 0 unless it had a key exchange of its own */
};

struct info_traffic {
	uint64_t bytes, packets;
	struct duration since_last; /* since the last packet, or INFO_NO_TIME */
};

struct child_sa_info {
	char *name;        /* of the configured child; heap */
	const char *state; /* static: "INSTALLED", "REKEYING", "DELETING" ... */
	uint32_t uniqueid, reqid;
	uint32_t spi_in, spi_out; /* host order */
	bool transport, udp_encap, esn;
	struct info_algs algs;
	struct info_traffic in, out;
	/* Of the policies; mask 0: none. mark_in_sa: the inbound SA has the mark, too. */
	struct info_mark {
		uint32_t value, mask;
	} mark_in, mark_out;
	bool mark_in_sa;
	uint32_t if_id_in, if_id_out; /* 0: none */
	char *updown; /* the command of the configuration, NULL: none; heap */
	struct duration installed;               /* since it was installed */
	struct duration rekey_in, lifetime_left; /* or INFO_NO_TIME */
	size_t n_local_ts, n_remote_ts;
	struct ts *ts; /* the local ones, then the remote ones; heap */
};

/* Internal addresses of an IKE SA, and DNS servers that came with them. */
#define INFO_INTERNAL_MAX 4

struct ike_sa_info {
	char *name;        /* of the connection, "" before one was chosen; heap */
	const char *state; /* static: "CONNECTING", "ESTABLISHED", "DELETING" ... */
	uint32_t uniqueid;
	unsigned worker; /* shard that owns the SA */
	struct netaddr local, remote;
	char *local_id, *remote_id; /* as text, NULL: not known yet; heap */
	bool initiator;             /* of the IKE SA: we are */
	bool nat_local, nat_remote; /* that side is behind a NAT */
	uint64_t spi_i, spi_r;      /* host order */
	struct info_algs algs;
	struct duration established; /* since, or INFO_NO_TIME */
	struct duration rekey_in, lifetime_left, reauth_in; /* or INFO_NO_TIME */
	/* Internal addresses (RFC 7296 2.19): ours, lent by the peer, or the peer's, lent by us. */
	size_t n_local_vips, n_remote_vips, n_dns;
	struct netaddr local_vips[INFO_INTERNAL_MAX], remote_vips[INFO_INTERNAL_MAX];
	struct netaddr dns[INFO_INTERNAL_MAX]; /* that the peer told us */
	size_t n_children;
	struct child_sa_info children[];
};

/*
 * Room for n children, zeroed, every time INFO_NO_TIME and every state "CREATED". Texts are to be
 * set with strdup(). NULL without memory. Any thread.
 */
struct ike_sa_info *ike_sa_info_new(size_t n_children);
/* Takes NULL, returns NULL. Any thread. */
struct ike_sa_info *ike_sa_info_free(struct ike_sa_info *info);

/* Copies both lists into child, once. -ENOMEM. */
int child_sa_info_set_ts(struct child_sa_info *child, const struct ts_list *local,
			 const struct ts_list *remote);
