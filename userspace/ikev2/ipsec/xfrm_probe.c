/* SPDX-License-Identifier: MIT */
#include "ikev2/ipsec/xfrm_probe.h"

#include <errno.h>
#include <stdio.h>

#include "ikev2/codec/ikev2.h"
#include "ikev2/ipsec/xfrm_sa.h"
#include "pdk/base/random.h"
#include "pdk/netlink/netlink.h"

#define PROBE_IF_ID  1
#define SPI_ATTEMPTS 4

static void on_probe_sa(const struct nlmsghdr *h, void *data)
{
	struct xfrm_features *f = data;
	struct xfrm_sa_info info;

	if (xfrm_sa_parse(h, &info) == 0) {
		f->esn |= info.has_esn_val;
		f->if_id |= info.has_if_id;
		f->sa_dir |= info.has_sa_dir;
		f->nat_keepalive |= info.has_keepalive;
	}
}

/*
 * sa from the loopback address to itself, installed with all that it asks for, read back and
 * removed. No packet can match it: nobody knows its key, and no policy its reqid.
 */
static int probe_sa(struct netlink_socket *s, int family, struct ipsec_sa *sa,
		    struct xfrm_features *f)
{
	const struct xfrm_features all = { .sa_dir = true, .nat_keepalive = true };
	struct nl_msg *msg;
	int err = -EEXIST;

	sa->mode = IPSEC_TUNNEL;
	sa->reqid = IPSEC_REQID_BASE;
	sa->encr = IKE_ENCR_AES_GCM_16;
	sa->encr_bits = 128;
	sa->encr_key_len = 20;
	sa->src = netaddr_any(family, IKE_NATT_PORT);
	sa->src.addr[netaddr_len(&sa->src) - 1] = 1; /* ::1 */
	if (family == AF_INET)
		sa->src.addr[0] = 127;
	sa->dst = sa->src;
	random_fill(sa->encr_key, sa->encr_key_len);
	for (int i = 0; i < SPI_ATTEMPTS && err == -EEXIST; i++) {
		sa->spi = random_u32() | 0x80000000u;
		err = xfrm_sa_build_add(sa, &all, false, &msg);
		if (err == 0)
			err = netlink_request(s, msg, NULL, NULL, NULL);
	}
	explicit_bzero(sa->encr_key, sizeof(sa->encr_key));
	if (err < 0)
		return err;
	(void)netlink_request(s, xfrm_sa_build_get(&sa->dst, sa->spi, 0, 0), on_probe_sa, f, NULL);
	return netlink_request(s, xfrm_sa_build_delete(&sa->dst, sa->spi, 0, 0), NULL, NULL, NULL);
}

static int probe_family(struct netlink_socket *s, int family, struct xfrm_features *f,
			bool *ret_esp)
{
	struct ipsec_sa sa = {
		.direction = IPSEC_IN,
		.esn = true,
		.replay_window = 64,
		.if_id = PROBE_IF_ID,
	};
	int err = probe_sa(s, family, &sa, f);

	*ret_esp = err == 0;
	return err;
}

/* Only a kernel that knows directions can know it, and one that does takes it outbound only. */
static void probe_keepalive(struct netlink_socket *s, struct xfrm_features *f)
{
	struct ipsec_sa sa = { .direction = IPSEC_OUT, .udp_encap = true, .keepalive = 3600 };

	if (f->esp4 && f->sa_dir)
		(void)probe_sa(s, AF_INET, &sa, f);
}

/* Not an answer about the kernel's abilities. */
static bool is_fatal(int err)
{
	return err == -EPERM || err == -ENOMEM || err == -ENOBUFS || err == -ETIMEDOUT ||
	       err == -ECONNRESET;
}

int xfrm_probe(struct netlink_socket *s, struct xfrm_features *ret_features)
{
	struct xfrm_features f = { 0 };
	int err;

	err = probe_family(s, AF_INET6, &f, &f.esp6);
	if (is_fatal(err))
		return err;
	err = probe_family(s, AF_INET, &f, &f.esp4);
	if (is_fatal(err))
		return err;
	probe_keepalive(s, &f);
	*ret_features = f;
	return 0;
}

const char *xfrm_features_str(const struct xfrm_features *f, char *buf)
{
#define YES_NO(flag) ((flag) ? "yes" : "no")
	snprintf(buf, XFRM_FEATURES_STRLEN,
		 "esp4=%s esp6=%s esn=%s if_id=%s sa_dir=%s nat_keepalive=%s", YES_NO(f->esp4),
		 YES_NO(f->esp6), YES_NO(f->esn), YES_NO(f->if_id), YES_NO(f->sa_dir),
		 YES_NO(f->nat_keepalive));
#undef YES_NO
	return buf;
}
