/* SPDX-License-Identifier: MIT */
#include "ikev2/ipsec/xfrm_sa.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/udp.h>

#include "ikev2/codec/algorithm.h"
#include "ikev2/codec/ikev2.h"
#include "ikev2/ipsec/xfrm_selector.h"
#include "pdk/netlink/netlink.h"

/* Attributes of an SA at their largest: three algorithms with keys, replay bitmap, small ones. */
#define SA_ATTR_ROOM (2048 + IPSEC_REPLAY_WINDOW_MAX / 8)

/* -------- attributes -------- */

static void *reserve(struct nl_msg *msg, int type, size_t len)
{
	struct nlattr *a = nla_reserve(msg, type, (int)len);

	if (!a)
		return NULL;
	memset(nla_data(a), 0, len);
	return nla_data(a);
}

/* Names are shorter than the field for all entries of the tables. */
static void put_name(char *dst, const char *name)
{
	memcpy(dst, name, strlen(name) + 1);
}

static int put_encr(struct nl_msg *msg, const struct algorithm *e, const struct ipsec_sa *sa)
{
	if (algorithm_is_aead(e)) {
		struct xfrm_algo_aead *a =
			reserve(msg, XFRMA_ALG_AEAD, sizeof(*a) + sa->encr_key_len);

		if (!a)
			return -ENOMEM;
		put_name(a->alg_name, e->kernel);
		a->alg_key_len = (unsigned)(8 * sa->encr_key_len);
		a->alg_icv_len = 8 * e->icv;
		memcpy(a->alg_key, sa->encr_key, sa->encr_key_len);
	} else {
		struct xfrm_algo *a = reserve(msg, XFRMA_ALG_CRYPT, sizeof(*a) + sa->encr_key_len);

		if (!a)
			return -ENOMEM;
		put_name(a->alg_name, e->kernel);
		a->alg_key_len = (unsigned)(8 * sa->encr_key_len);
		memcpy(a->alg_key, sa->encr_key, sa->encr_key_len);
	}
	return 0;
}

static int put_integ(struct nl_msg *msg, const struct algorithm *i, const struct ipsec_sa *sa)
{
	struct xfrm_algo_auth *a =
		reserve(msg, XFRMA_ALG_AUTH_TRUNC, sizeof(*a) + sa->integ_key_len);

	if (!a)
		return -ENOMEM;
	put_name(a->alg_name, i->kernel);
	a->alg_key_len = (unsigned)(8 * sa->integ_key_len);
	a->alg_trunc_len = 8 * i->icv;
	memcpy(a->alg_key, sa->integ_key, sa->integ_key_len);
	return 0;
}

/* NULL when the kernel has no such algorithm for ESP. */
static const struct algorithm *kernels(uint8_t type, uint16_t id)
{
	const struct algorithm *a = algorithm_by_id(type, id);

	return a && a->kernel ? a : NULL;
}

static int put_algorithms(struct nl_msg *msg, const struct ipsec_sa *sa)
{
	const struct algorithm *e = kernels(IKE_TRANSFORM_ENCR, sa->encr);
	const struct algorithm *i = NULL;
	int err;

	if (!e)
		return -EOPNOTSUPP;
	if (!algorithm_usable(e, IKE_PROTOCOL_ESP, sa->encr_bits) ||
	    sa->encr_key_len != algorithm_key_len(e, sa->encr_bits))
		return -EINVAL;
	if (sa->integ != IKE_INTEG_NONE) {
		i = kernels(IKE_TRANSFORM_INTEG, sa->integ);
		if (!i)
			return -EOPNOTSUPP;
		if (sa->integ_key_len != algorithm_key_len(i, 0))
			return -EINVAL;
	}
	/* Combined-mode ciphers bring their integrity, all others need one (RFC 7296 3.3.3). */
	if (algorithm_is_aead(e) == (i != NULL))
		return -EINVAL;
	err = put_encr(msg, e, sa);
	if (err == 0 && i)
		err = put_integ(msg, i, sa);
	return err;
}

/*
 * Seconds between two MAPPING events of one SA for the same port: where the peer's address has
 * changed, every packet would bring one. Before Linux 5.17 it does.
 */
#define MAPPING_PAUSE 5

static int put_encap(struct nl_msg *msg, const struct ipsec_sa *sa)
{
	struct xfrm_encap_tmpl *e;

	if (!sa->udp_encap)
		return 0;
	e = reserve(msg, XFRMA_ENCAP, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->encap_type = UDP_ENCAP_ESPINUDP;
	e->encap_sport = htons(sa->src.port);
	e->encap_dport = htons(sa->dst.port);
	if (sa->direction == IPSEC_IN && nla_put_u32(msg, XFRMA_MTIMER_THRESH, MAPPING_PAUSE) < 0)
		return -ENOMEM;
	return 0;
}

/*
 * RFC 4303 2.2.1, 3.4.3.
 * Windows that the old 32-bit bitmap can't hold, and all 64-bit sequence numbers, need the larger
 * structure. An outbound SA has no window, but kernels that don't know directions refuse ESN
 * without one, and those that do refuse it with one.
 */
static int put_replay(struct nl_msg *msg, struct xfrm_usersa_info *info, const struct ipsec_sa *sa,
		      const struct xfrm_features *f)
{
	struct xfrm_replay_state_esn *r;
	uint32_t window = 0, words;

	if (sa->direction == IPSEC_IN)
		window = sa->replay_window < IPSEC_REPLAY_WINDOW_MAX ? sa->replay_window
								     : IPSEC_REPLAY_WINDOW_MAX;
	if (sa->esn && window == 0 && (sa->direction == IPSEC_IN || !f->sa_dir))
		window = 1;
	if (!sa->esn && window <= 32) {
		info->replay_window = (uint8_t)window;
		return 0;
	}
	words = (window + 31) / 32;
	r = reserve(msg, XFRMA_REPLAY_ESN_VAL, sizeof(*r) + words * sizeof(r->bmp[0]));
	if (!r)
		return -ENOMEM;
	r->bmp_len = words;
	r->replay_window = window;
	return 0;
}

static int put_mark(struct nl_msg *msg, uint32_t mark, uint32_t mask)
{
	struct xfrm_mark m = { .v = mark, .m = mask };

	if (mark == 0 && mask == 0)
		return 0;
	return nla_put(msg, XFRMA_MARK, sizeof(m), &m) < 0 ? -ENOMEM : 0;
}

/* What is done with the outer header and does not stand in the flags. */
static int put_header(struct nl_msg *msg, const struct ipsec_sa *sa)
{
	bool out = sa->direction == IPSEC_OUT;

	if (sa->set_mark.mask != 0 &&
	    (nla_put_u32(msg, XFRMA_SET_MARK, sa->set_mark.value) < 0 ||
	     nla_put_u32(msg, XFRMA_SET_MARK_MASK, sa->set_mark.mask) < 0))
		return -ENOMEM;
	if (out && sa->no_dscp &&
	    nla_put_u32(msg, XFRMA_SA_EXTRA_FLAGS, XFRM_SA_XFLAG_DONT_ENCAP_DSCP) < 0)
		return -ENOMEM;
	/* The receiver finds the packet's end by the inner IP header: tunnel mode only. */
	if (out && sa->mode == IPSEC_TUNNEL && sa->tfc_padding != 0 &&
	    nla_put_u32(msg, XFRMA_TFCPAD, sa->tfc_padding) < 0)
		return -ENOMEM;
	return 0;
}

bool xfrm_sa_keeps_alive(const struct ipsec_sa *sa, const struct xfrm_features *f)
{
	return f->nat_keepalive && sa->direction == IPSEC_OUT && sa->udp_encap && sa->keepalive;
}

/* An update leaves the device alone: the kernel takes only ports and limits from it. */
static int put_offload(struct nl_msg *msg, const struct ipsec_sa *sa)
{
	struct xfrm_user_offload offload = {
		.ifindex = (int)sa->ifindex,
		.flags = (sa->dst.family == AF_INET6 ? XFRM_OFFLOAD_IPV6 : 0) |
			 (sa->direction == IPSEC_IN ? XFRM_OFFLOAD_INBOUND : 0) |
			 (sa->offload == IPSEC_OFFLOAD_PACKET ? XFRM_ABI_OFFLOAD_PACKET : 0),
	};

	if (sa->offload == IPSEC_OFFLOAD_NO)
		return 0;
	return nla_put(msg, XFRMA_OFFLOAD_DEV, sizeof(offload), &offload) < 0 ? -ENOMEM : 0;
}

static int put_small(struct nl_msg *msg, const struct ipsec_sa *sa, const struct xfrm_features *f)
{
	int err = put_mark(msg, sa->mark, sa->mark_mask);

	if (err == 0)
		err = put_header(msg, sa);
	if (err == 0 && sa->if_id != 0 && nla_put_u32(msg, XFRMA_IF_ID, sa->if_id) < 0)
		err = -ENOMEM;
	if (err == 0 && f->sa_dir &&
	    nla_put_u8(msg, XFRM_ABI_SA_DIR,
		       sa->direction == IPSEC_IN ? XFRM_ABI_SA_DIR_IN : XFRM_ABI_SA_DIR_OUT) < 0)
		err = -ENOMEM;
	return err;
}

/* -------- requests -------- */

static uint64_t limit(uint64_t n)
{
	return n ? n : XFRM_INF;
}

/* Whole seconds, rounded up: a limit never vanishes by rounding. */
static uint64_t limit_seconds(struct duration d)
{
	return d.ns <= 0 ? 0 : ((uint64_t)d.ns + 999999999) / 1000000000;
}

/*
 * XFRM has no field for who made an SA. One whose reqid does not tell ends this many seconds after
 * its first packet, which is in 59 years.
 */
#define OURS_BY_USE_SECONDS 0x706f7374 /* "post" */

static struct xfrm_lifetime_cfg lifetime(const struct ipsec_sa *sa)
{
	return (struct xfrm_lifetime_cfg){
		.soft_byte_limit = limit(sa->soft.bytes),
		.hard_byte_limit = limit(sa->hard.bytes),
		.soft_packet_limit = limit(sa->soft.packets),
		.hard_packet_limit = limit(sa->hard.packets),
		.soft_add_expires_seconds = limit_seconds(sa->soft.time),
		.hard_add_expires_seconds = limit_seconds(sa->hard.time),
		.hard_use_expires_seconds =
			ipsec_reqid_is_ours(sa->reqid) ? 0 : OURS_BY_USE_SECONDS,
	};
}

static struct xfrm_usersa_info sa_info(const struct ipsec_sa *sa)
{
	struct xfrm_usersa_info info = {
		.id = { .daddr = xfrm_address(&sa->dst),
			.spi = htonl(sa->spi),
			.proto = IPPROTO_ESP },
		.saddr = xfrm_address(&sa->src),
		.lft = lifetime(sa),
		.seq = sa->acquire_seq,
		.reqid = sa->reqid,
		.family = sa->dst.family,
	};

	if (sa->mode == IPSEC_TUNNEL) {
		info.mode = XFRM_MODE_TUNNEL;
		info.flags |= XFRM_STATE_AF_UNSPEC; /* IPv4 and IPv6 inside */
	} else {
		info.mode = XFRM_MODE_TRANSPORT;
		info.sel = sa->direction == IPSEC_OUT
				   ? xfrm_selector_cover(&sa->local_ts, &sa->remote_ts)
				   : xfrm_selector_cover(&sa->remote_ts, &sa->local_ts);
	}
	if (sa->esn)
		info.flags |= XFRM_STATE_ESN;
	/* Kernels that know directions refuse flags of the other one. */
	if (sa->no_df && sa->direction == IPSEC_OUT)
		info.flags |= XFRM_STATE_NOPMTUDISC;
	if (sa->no_ecn)
		info.flags |= XFRM_STATE_NOECN;
	if (sa->dscp_inward && sa->direction == IPSEC_IN)
		info.flags |= XFRM_STATE_DECAP_DSCP;
	return info;
}

int xfrm_sa_build_add(const struct ipsec_sa *sa, const struct xfrm_features *f, bool update,
		      struct nl_msg **ret_msg)
{
	struct xfrm_usersa_info info;
	struct nl_msg *msg;
	int err;

	if (netaddr_len(&sa->dst) == 0 || sa->src.family != sa->dst.family || sa->spi < IKE_ESP_SPI_MIN ||
	    sa->encr_key_len > IPSEC_KEY_MAX || sa->integ_key_len > IPSEC_KEY_MAX)
		return -EINVAL;
	info = sa_info(sa);
	msg = netlink_msg_new(update ? XFRM_MSG_UPDSA : XFRM_MSG_NEWSA, 0,
			      BYTES(&info, sizeof(info)), SA_ATTR_ROOM);
	if (!msg)
		return -ENOMEM;
	err = put_algorithms(msg, sa);
	if (err == 0)
		err = put_encap(msg, sa);
	if (err == 0)
		err = put_replay(msg, nlmsg_data(nlmsg_hdr(msg)), sa, f);
	if (err == 0)
		err = put_small(msg, sa, f);
	if (err == 0 && xfrm_sa_keeps_alive(sa, f) &&
	    nla_put_u32(msg, XFRM_ABI_NAT_KEEPALIVE_INTERVAL, sa->keepalive) < 0)
		err = -ENOMEM;
	if (err == 0 && !update)
		err = put_offload(msg, sa);
	if (err < 0) {
		netlink_msg_free(msg);
		return err;
	}
	*ret_msg = msg;
	return 0;
}

static struct nl_msg *build_id(uint16_t type, const struct netaddr *dst, uint32_t spi,
			       uint32_t mark, uint32_t mask)
{
	struct xfrm_usersa_id id = { .daddr = xfrm_address(dst),
				     .spi = htonl(spi),
				     .family = dst->family,
				     .proto = IPPROTO_ESP };
	struct nl_msg *msg = netlink_msg_new(type, 0, BYTES(&id, sizeof(id)), 64);

	if (msg && put_mark(msg, mark, mask) < 0)
		return netlink_msg_free(msg);
	return msg;
}

struct nl_msg *xfrm_sa_build_delete(const struct netaddr *dst, uint32_t spi, uint32_t mark,
				    uint32_t mask)
{
	return build_id(XFRM_MSG_DELSA, dst, spi, mark, mask);
}

struct nl_msg *xfrm_sa_build_get(const struct netaddr *dst, uint32_t spi, uint32_t mark,
				 uint32_t mask)
{
	return build_id(XFRM_MSG_GETSA, dst, spi, mark, mask);
}

struct nl_msg *xfrm_sa_build_dump(void)
{
	return netlink_msg_new(XFRM_MSG_GETSA, 0, BYTES_NONE, 0);
}

/* -------- answers -------- */

int xfrm_sa_parse(const struct nlmsghdr *h, struct xfrm_sa_info *ret_info)
{
	static const struct nla_policy policy[XFRM_ABI_ATTR_MAX + 1] = {
		[XFRMA_ENCAP] = { .minlen = sizeof(struct xfrm_encap_tmpl) },
		[XFRMA_MARK] = { .minlen = sizeof(struct xfrm_mark) },
		[XFRMA_OFFLOAD_DEV] = { .minlen = sizeof(struct xfrm_user_offload) },
		[XFRMA_LASTUSED] = { .type = NLA_U64 },
	};
	struct nlattr *tb[XFRM_ABI_ATTR_MAX + 1];
	struct xfrm_usersa_info info;
	struct xfrm_sa_info r = { 0 };
	uint16_t sport = 0, dport = 0;

	if (h->nlmsg_type != XFRM_MSG_NEWSA ||
	    netlink_msg_parse(h, XFRM_ABI_ATTR_MAX, policy, &info, sizeof(info), tb) < 0)
		return -EBADMSG;
	if (tb[XFRMA_ENCAP]) {
		const struct xfrm_encap_tmpl *e = nla_data(tb[XFRMA_ENCAP]);

		r.udp_encap = true;
		sport = ntohs(e->encap_sport);
		dport = ntohs(e->encap_dport);
	}
	r.src = xfrm_netaddr(&info.saddr, info.family, sport);
	r.dst = xfrm_netaddr(&info.id.daddr, info.family, dport);
	if (r.dst.family == AF_UNSPEC)
		return -EBADMSG;
	r.spi = ntohl(info.id.spi);
	r.proto = info.id.proto;
	r.reqid = info.reqid;
	r.ours = ipsec_reqid_is_ours(info.reqid) ||
		 info.lft.hard_use_expires_seconds == OURS_BY_USE_SECONDS;
	r.seq = info.seq;
	if (tb[XFRMA_MARK]) {
		const struct xfrm_mark *m = nla_data(tb[XFRMA_MARK]);

		r.mark = m->v;
		r.mark_mask = m->m;
	}
	r.usage.bytes = info.curlft.bytes;
	r.usage.packets = info.curlft.packets;
	if (tb[XFRMA_LASTUSED])
		r.usage.last_used = nla_get_u64(tb[XFRMA_LASTUSED]);
	if (tb[XFRMA_OFFLOAD_DEV])
		r.offload_ifindex = (uint32_t)((const struct xfrm_user_offload *)nla_data(
						       tb[XFRMA_OFFLOAD_DEV]))
					    ->ifindex;
	r.has_esn_val = tb[XFRMA_REPLAY_ESN_VAL];
	r.has_if_id = tb[XFRMA_IF_ID];
	r.has_sa_dir = tb[XFRM_ABI_SA_DIR];
	r.has_keepalive = tb[XFRM_ABI_NAT_KEEPALIVE_INTERVAL];
	*ret_info = r;
	return 0;
}
