// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Tells the daemon of ESP that no SA takes, so that it can tell the peer (RFC 7296 1.5). The hook
 * is where the kernel would write to the audit log; it runs for dropped packets only. Whoever sends
 * such packets, and however many, a report is made at an even pace, and everybody's packets are
 * as likely as they are frequent to be the one.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include "bpf/include/kernel_types.h"
#include "bpf/shared/unknown_esp.h"

#define AF_INET     2
#define IPPROTO_UDP 17
#define PAUSE_NS    (1000000000 / UNKNOWN_ESP_RATE)

/* What stands where in the headers (RFC 791 3.1, RFC 8200 3). */
#define IPV4_PROTOCOL 9
#define IPV4_SRC      12
#define IPV4_DST      16
#define IPV6_NEXT     6
#define IPV6_SRC      8
#define IPV6_DST      24
#define IPV6_LEN      40

const volatile struct unknown_esp_config config = {};

__u64 next_ns; /* the earliest time of the next report */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} reports SEC(".maps");

/* May there be a report now? One CPU gets each turn. */
static __always_inline int take_turn(void)
{
	__u64 now = bpf_ktime_get_ns(), due = next_ns;

	return now >= due && __sync_val_compare_and_swap(&next_ns, due, now + PAUSE_NS) == due;
}

/* Reading fails where there is nothing to read, and leaves zeros. */
static __always_inline void read(void *to, __u32 len, const unsigned char *from)
{
	bpf_probe_read_kernel(to, len, from);
}

static __always_inline void fill_ipv4(struct unknown_esp *report, const unsigned char *ip)
{
	__u8 length = 0, protocol = 0;
	__be16 port = 0;

	read(&length, 1, ip);
	read(&protocol, 1, ip + IPV4_PROTOCOL);
	read(report->src, 4, ip + IPV4_SRC);
	read(report->dst, 4, ip + IPV4_DST);
	if (protocol == IPPROTO_UDP)
		read(&port, sizeof(port), ip + (length & 0xf) * 4);
	report->src_port = bpf_ntohs(port);
}

/* UDP behind extension headers isn't looked for, and passes for none. */
static __always_inline void fill_ipv6(struct unknown_esp *report, const unsigned char *ip)
{
	__be16 port = 0;
	__u8 next = 0;

	read(&next, 1, ip + IPV6_NEXT);
	read(report->src, 16, ip + IPV6_SRC);
	read(report->dst, 16, ip + IPV6_DST);
	if (next == IPPROTO_UDP)
		read(&port, sizeof(port), ip + IPV6_LEN);
	report->src_port = bpf_ntohs(port);
}

SEC("fentry/xfrm_audit_state_notfound")
int BPF_PROG(report_unknown, struct sk_buff *skb, __u16 family, __be32 spi)
{
	struct unknown_esp report = { .family = family, .spi = bpf_ntohl(spi) };
	const unsigned char *ip;

	if (skb->dev->nd_net.net->ns.inum != config.netns || !take_turn())
		return 0;
	report.ifindex = skb->dev->ifindex;
	ip = skb->head + skb->network_header;
	if (family == AF_INET)
		fill_ipv4(&report, ip);
	else
		fill_ipv6(&report, ip);
	bpf_ringbuf_output(&reports, &report, sizeof(report), 0);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
