/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef POSTERN_SHARED_COUNT_H
#define POSTERN_SHARED_COUNT_H
/*
 * The pinned map of what each SA carried: one entry for an SA, so for one direction. The daemon
 * makes and removes entries, the program only adds to them. Field names are what `bpftool map dump`
 * prints; texts are there for its reader, because it prints an SPI in decimal and an address octet
 * by octet.
 */
#include <linux/types.h>

/* How the kernel finds an SA within a network namespace. No hole: the map compares all octets. */
struct count_key {
	__u8 daddr[16]; /* outer destination, network order; IPv4 in the first 4, the rest zero */
	__u32 spi;      /* host order */
	__u16 family;   /* AF_INET, AF_INET6 */
	__u8 proto;     /* IPPROTO_ESP */
	__u8 zero;
};

struct count_value {
	/* As `ip -s xfrm state` counts: inbound after, outbound before ESP's own octets. */
	__u64 packets, bytes;
	__u64 last_seen_ns; /* CLOCK_MONOTONIC; 0: never */
	/* Inbound packets refused: sequence number seen or too old, and integrity check failed. */
	__u64 replay_dropped, auth_failed;
	/* Written once by the daemon, NUL-terminated. */
	char direction[4]; /* "in", "out" */
	char spi_hex[12];  /* "0x1234abcd" */
	char src[48], dst[48];
	char tunnel[40]; /* name of the Child SA's configuration */
};

/* Settings of the program. */
struct count_config {
	__u32 netns; /* inode number of the daemon's network namespace: other SAs aren't ours */
};

#endif
