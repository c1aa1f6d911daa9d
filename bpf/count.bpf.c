// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Counts what each of the daemon's SAs carries. The hooks are the last calls before the kernel's
 * own counters (x->curlft) go up, on both ways:
 *
 *	in	xfrm_input()		xfrm_replay_recheck(x, skb, seq) == 0, then curlft
 *	out	xfrm_output_one()	xfrm_replay_overflow(x, skb) == 0, then curlft
 *
 * with the same skb->len, so the figures are those of `ip -s xfrm state`. All hooks run under
 * x->lock: the additions needn't be atomic, an entry has one writer at a time. (A packet is one
 * skb: what the kernel counts as one, one that hardware will cut up as well.)
 *
 * Every network namespace's packets come through here; equal destination and SPI may be an
 * outbound SA of one and an inbound SA of another, so only the daemon's own namespace is looked
 * at.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include "bpf/include/kernel_types.h"
#include "bpf/shared/count.h"

#define AF_INET     2
#define SAS_DEFAULT 65536 /* the loader may set another limit; memory is taken by entry */

const volatile struct count_config config = {};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SAS_DEFAULT);
	__type(key, struct count_key);
	__type(value, struct count_value);
} sas SEC(".maps");

static __always_inline struct count_value *find(struct xfrm_state *x)
{
	struct count_key key = {};

	if (x->xs_net.net->ns.inum != config.netns)
		return NULL;
	key.spi = bpf_ntohl(x->id.spi);
	key.proto = x->id.proto;
	key.family = x->props.family;
	if (key.family == AF_INET) {
		*(__be32 *)key.daddr = x->id.daddr.a4;
	} else {
		((__be32 *)key.daddr)[0] = x->id.daddr.a6[0];
		((__be32 *)key.daddr)[1] = x->id.daddr.a6[1];
		((__be32 *)key.daddr)[2] = x->id.daddr.a6[2];
		((__be32 *)key.daddr)[3] = x->id.daddr.a6[3];
	}
	return bpf_map_lookup_elem(&sas, &key);
}

static __always_inline void add(struct xfrm_state *x, struct sk_buff *skb)
{
	struct count_value *value = find(x);

	if (!value)
		return;
	value->packets++;
	value->bytes += skb->len;
	value->last_seen_ns = bpf_ktime_get_ns();
}

SEC("fexit/xfrm_replay_recheck")
int BPF_PROG(count_in, struct xfrm_state *x, struct sk_buff *skb, __be32 seq, int ret)
{
	if (!ret)
		add(x, skb);
	return 0;
}

SEC("fexit/xfrm_replay_overflow")
int BPF_PROG(count_out, struct xfrm_state *x, struct sk_buff *skb, int ret)
{
	if (!ret)
		add(x, skb);
	return 0;
}

/* The next two are for refused packets only and cost the others nothing. */

SEC("fentry/xfrm_audit_state_replay")
int BPF_PROG(count_replay, struct xfrm_state *x)
{
	struct count_value *value = find(x);

	if (value)
		value->replay_dropped++;
	return 0;
}

SEC("fentry/xfrm_audit_state_icvfail")
int BPF_PROG(count_auth, struct xfrm_state *x)
{
	struct count_value *value = find(x);

	if (value)
		value->auth_failed++;
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
