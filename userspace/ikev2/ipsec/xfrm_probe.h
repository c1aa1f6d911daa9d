/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the running kernel's XFRM can do, found out by trying: old kernels ignore attributes that
 * they don't know without a word, so an SA is installed, read back and removed.
 */
#include <stdbool.h>
#include <stddef.h>

struct netlink_socket;

struct xfrm_features {
	bool esp4, esp6; /* ESP over IPv4, IPv6 can be installed */
	bool esn;        /* XFRMA_REPLAY_ESN_VAL is kept */
	bool if_id;      /* XFRMA_IF_ID, Linux 4.19 */
	bool sa_dir;     /* XFRMA_SA_DIR, Linux 6.10: has to be given with every SA then */
	bool nat_keepalive; /* XFRMA_NAT_KEEPALIVE_INTERVAL, Linux 6.11 */
};

/*
 * Waits for the kernel. -errno when the kernel couldn't be asked at all; a kernel without ESP is a
 * result, not an error.
 */
int xfrm_probe(struct netlink_socket *s, struct xfrm_features *ret_features);

/* "esp4=yes esp6=no ...". Returns buf. */
#define XFRM_FEATURES_STRLEN 100
const char *xfrm_features_str(const struct xfrm_features *f, char *buf);
