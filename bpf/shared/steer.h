/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef POSTERN_SHARED_STEER_H
#define POSTERN_SHARED_STEER_H
/*
 * Which worker gets an IKE datagram. The sk_reuseport program and the daemon, which forwards what
 * arrived at the wrong worker when the program couldn't be loaded, include this file and so decide
 * alike.
 *
 * Every IKE SPI that we make carries its worker in the top octet; the other 56 bits are random. The
 * octet is no secret: whoever talks to us could find out what it does by looking at replies. Where
 * a message hasn't got an SPI of ours yet, the first IKE_SA_INIT request, a hash of the initiator's
 * SPI and address decides, under a key drawn at start, so that nobody can aim at one worker and
 * that retransmissions and the retry with a COOKIE come to the worker that saw the first one. No
 * decision looks at ports or (beyond the first request) addresses: an IKE SA stays with its worker
 * when a NAT or MOBIKE moves it.
 */
#include <linux/types.h>
#include "bpf/shared/siphash.h"

#define STEER_WORKERS_MAX 256

#define STEER_MARKER_LEN  4  /* non-ESP marker on port 4500, RFC 3948 2.2 */
#define STEER_LOOK_LEN    20 /* how much of the IKE header is looked at: up to the flags */
#define STEER_MESSAGE_MIN 28 /* IKE header, RFC 7296 3.1 */

/* Settings of one SO_REUSEPORT group, alike for all its workers. */
struct steer_config {
	struct siphash_key key;
	__u32 n_workers; /* 1 ... STEER_WORKERS_MAX */
	__u32 marker;    /* IKE follows a non-ESP marker (port 4500): 0 or 1 */
};

enum steer_verdict {
	STEER_SPI,       /* to the worker that our SPI names */
	STEER_FIRST,     /* first IKE_SA_INIT request: to the worker that the hash names */
	STEER_NOT_IKE,   /* no marker where one has to be: ESP or a keepalive, not for a worker */
	STEER_MALFORMED, /* no IKE message, or one that can't have a worker: any worker may drop it
			  */
	STEER_STRAY,     /* an SPI that none of our workers made: as above */
};

/* What one group's program did; one of these for each CPU. */
struct steer_counters {
	__u64 spi, first, not_ike, malformed, stray; /* by verdict */
	__u64 no_socket; /* the worker named has no socket in the group: the kernel chose */
};

/* -------- SPIs (host order) -------- */

/* An SPI for worker out of 56 random bits; never zero, which RFC 7296 3.1 reserves. */
siphash_inline __u64 steer_spi_make(__u32 worker, __u64 random)
{
	__u64 spi = (__u64)worker << 56 | (random & 0x00ffffffffffffffULL);

	return spi ? spi : 1;
}

/* The worker that made one of our SPIs. The caller compares with the number of workers. */
siphash_inline __u32 steer_spi_worker(__u64 spi)
{
	return (__u32)(spi >> 56);
}

/* -------- messages -------- */

siphash_inline __u64 steer_be64(const __u8 *p)
{
	return (__u64)p[0] << 56 | (__u64)p[1] << 48 | (__u64)p[2] << 40 | (__u64)p[3] << 32 |
	       (__u64)p[4] << 24 | (__u64)p[5] << 16 | (__u64)p[6] << 8 | p[7];
}

/*
 * Worker for a first IKE_SA_INIT request with the initiator's SPI (host order) from source: 16
 * octets in network order, IPv4 in the first 4 and the rest zero.
 */
siphash_inline __u32 steer_first_worker(const struct steer_config *config, __u64 spi_i,
					const __u8 *source)
{
	__u64 words[3] = { spi_i, steer_be64(source), steer_be64(source + 8) };

	/* The upper half as a fraction of n: as even as a remainder, and without a division. */
	return (__u32)((siphash_words(&config->key, words, 3) >> 32) * config->n_workers >> 32);
}

/*
 * Look at the first STEER_LOOK_LEN octets of an IKE message (RFC 7296 3.1) that has at least
 * STEER_MESSAGE_MIN. Fills worker with STEER_SPI and spi_i with STEER_FIRST, where
 * steer_first_worker() has the last word.
 */
siphash_inline enum steer_verdict steer_header(const __u8 *header, __u32 n_workers,
					       __u32 *ret_worker, __u64 *ret_spi_i)
{
	const __u8 exchange = header[18], flags = header[19];
	const __u8 flag_initiator = 0x08, flag_response = 0x20, ike_sa_init = 34;
	__u64 spi_i = steer_be64(header), spi_r = steer_be64(header + 8), ours;

	/* The flag is set by the IKE SA's original initiator, so there the responder is us. */
	ours = flags & flag_initiator ? spi_r : spi_i;
	if (ours) {
		if (steer_spi_worker(ours) >= n_workers)
			return STEER_STRAY;
		*ret_worker = steer_spi_worker(ours);
		return STEER_SPI;
	}
	if (!(flags & flag_initiator) || flags & flag_response || exchange != ike_sa_init || !spi_i)
		return STEER_MALFORMED;
	*ret_spi_i = spi_i;
	return STEER_FIRST;
}

#ifndef __bpf__

/*
 * The whole decision over a datagram's payload of len octets, marker included where the group has
 * one; source as for steer_first_worker() (netaddr.addr is that). Fills worker with STEER_SPI and
 * STEER_FIRST.
 */
siphash_inline enum steer_verdict steer_datagram(const struct steer_config *config,
						 const void *payload, unsigned long len,
						 const __u8 *source, __u32 *ret_worker)
{
	const __u8 *p = (const __u8 *)payload;
	enum steer_verdict verdict;
	__u64 spi_i = 0;

	if (config->marker) {
		if (len < STEER_MARKER_LEN || p[0] || p[1] || p[2] || p[3])
			return STEER_NOT_IKE;
		p += STEER_MARKER_LEN;
		len -= STEER_MARKER_LEN;
	}
	if (len < STEER_MESSAGE_MIN)
		return STEER_MALFORMED;
	verdict = steer_header(p, config->n_workers, ret_worker, &spi_i);
	if (verdict == STEER_FIRST)
		*ret_worker = steer_first_worker(config, spi_i, source);
	return verdict;
}

#endif /* !__bpf__ */
#endif
