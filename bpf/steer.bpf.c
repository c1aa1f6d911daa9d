// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Chooses the socket, and with it the worker, for each datagram that reaches one of our
 * SO_REUSEPORT groups. It is loaded once for each group, with settings and sockets of its own.
 *
 * On port 4500 it also runs for every ESP packet in UDP, which the kernel takes off the socket
 * afterwards; which one doesn't matter. So the marker is looked at first, and where it is missing
 * nothing else happens. Wherever no socket is chosen the kernel takes one by its own hash.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "bpf/shared/steer.h"

#define UDP_HEADER_LEN 8
#define ETH_P_IP       0x0800
#define IPV4_SADDR     12 /* offset and length of the source address, RFC 791 3.1 */
#define IPV4_ADDR_LEN  4
#define IPV6_SADDR     8 /* RFC 8200 3 */
#define IPV6_ADDR_LEN  16

const volatile struct steer_config config = {};

struct {
	__uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
	__uint(max_entries, STEER_WORKERS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} workers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct steer_counters);
} counters SEC(".maps");

static __always_inline int marker_missing(struct sk_reuseport_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 marker;

	if (data + UDP_HEADER_LEN + sizeof(marker) <= end)
		marker = *(__u32 *)(data + UDP_HEADER_LEN);
	else if (bpf_skb_load_bytes(ctx, UDP_HEADER_LEN, &marker, sizeof(marker)))
		return 1;
	return marker != 0;
}

/* The source address as steer_first_worker() wants it. */
static __always_inline int load_source(struct sk_reuseport_md *ctx, __u8 *source)
{
	if (ctx->eth_protocol == bpf_htons(ETH_P_IP))
		return bpf_skb_load_bytes_relative(ctx, IPV4_SADDR, source, IPV4_ADDR_LEN,
						   BPF_HDR_START_NET);
	return bpf_skb_load_bytes_relative(ctx, IPV6_SADDR, source, IPV6_ADDR_LEN,
					   BPF_HDR_START_NET);
}

static __always_inline enum steer_verdict look(struct sk_reuseport_md *ctx, __u32 *ret_worker)
{
	__u32 offset = UDP_HEADER_LEN;
	__u8 header[STEER_LOOK_LEN], source[16] = {};
	struct steer_config settings;
	enum steer_verdict verdict;
	__u64 spi_i = 0;

	if (config.marker) {
		if (marker_missing(ctx))
			return STEER_NOT_IKE;
		offset += STEER_MARKER_LEN;
	}
	if (ctx->len < offset + STEER_MESSAGE_MIN ||
	    bpf_skb_load_bytes(ctx, offset, header, sizeof(header)))
		return STEER_MALFORMED;
	verdict = steer_header(header, config.n_workers, ret_worker, &spi_i);
	if (verdict != STEER_FIRST)
		return verdict;
	if (load_source(ctx, source))
		return STEER_MALFORMED;
	settings.key.k0 = config.key.k0;
	settings.key.k1 = config.key.k1;
	settings.n_workers = config.n_workers;
	*ret_worker = steer_first_worker(&settings, spi_i, source);
	return STEER_FIRST;
}

SEC("sk_reuseport")
int steer(struct sk_reuseport_md *ctx)
{
	struct steer_counters *count;
	__u32 worker = 0, zero = 0;
	enum steer_verdict verdict = look(ctx, &worker);

	count = bpf_map_lookup_elem(&counters, &zero);
	if (!count)
		return SK_PASS;
	switch (verdict) {
	case STEER_NOT_IKE:
		count->not_ike++;
		return SK_PASS;
	case STEER_MALFORMED:
		count->malformed++;
		return SK_PASS;
	case STEER_STRAY:
		count->stray++;
		return SK_PASS;
	case STEER_SPI:
		count->spi++;
		break;
	case STEER_FIRST:
		count->first++;
		break;
	}
	if (bpf_sk_select_reuseport(ctx, &workers, &worker, 0))
		count->no_socket++;
	return SK_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
