/* SPDX-License-Identifier: MIT */
#include "ikev2/ipsec/xfrm_offload.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>

#include "ikev2/ipsec/xfrm_sa.h"
#include "pdk/netlink/netlink.h"

/* -------- the device -------- */

static bool has_address(const struct ifaddrs *ifa, const struct netaddr *addr)
{
	struct netaddr other;
	socklen_t len;

	if (!ifa->ifa_addr || ifa->ifa_addr->sa_family != addr->family)
		return false;
	len = addr->family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	return netaddr_from_sockaddr(ifa->ifa_addr, len, &other) == 0 &&
	       netaddr_same_addr(&other, addr);
}

static int device_of(const struct netaddr *addr, uint32_t *ret_ifindex)
{
	struct ifaddrs *all, *ifa;
	uint32_t ifindex = 0;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (ifa = all; ifa && !ifindex; ifa = ifa->ifa_next)
		if (has_address(ifa, addr))
			ifindex = if_nametoindex(ifa->ifa_name);
	freeifaddrs(all);
	if (!ifindex)
		return -ENODEV;
	*ret_ifindex = ifindex;
	return 0;
}

int xfrm_offload_bind(struct ipsec_sa *sa)
{
	int err;

	if (sa->offload == IPSEC_OFFLOAD_NO)
		return 0;
	err = device_of(sa->direction == IPSEC_IN ? &sa->dst : &sa->src, &sa->ifindex);
	if (err < 0 && sa->offload == IPSEC_OFFLOAD_AUTO) {
		sa->offload = IPSEC_OFFLOAD_NO;
		return 0;
	}
	return err;
}

int xfrm_offload_bind_policy(struct ipsec_policy *policy)
{
	return policy->offload ? device_of(&policy->local_addr, &policy->offload_ifindex) : 0;
}

/* -------- what became of it -------- */

static void on_sa(const struct nlmsghdr *h, void *data)
{
	struct xfrm_sa_info *info = data;

	(void)xfrm_sa_parse(h, info);
}

int xfrm_offload_check(struct netlink_socket *s, const struct ipsec_sa *sa)
{
	struct xfrm_sa_info info = { .offload_ifindex = 0 };
	int err = netlink_request(s, xfrm_sa_build_get(&sa->dst, sa->spi, sa->mark, sa->mark_mask),
				  on_sa, &info, NULL);

	if (err < 0)
		return err;
	return info.offload_ifindex == sa->ifindex ? 0 : -EOPNOTSUPP;
}

bool xfrm_offload_lower(struct ipsec_request *req)
{
	bool lowered = false;

	for (size_t i = 0; i < req->n_ops; i++) {
		struct ipsec_sa *sa = &req->ops[i].sa;

		if (req->ops[i].type != IPSEC_SA_ADD || sa->offload != IPSEC_OFFLOAD_AUTO)
			continue;
		sa->offload = IPSEC_OFFLOAD_NO;
		lowered = true;
	}
	return lowered;
}

void xfrm_offload_explain(const struct ipsec_sa *sa, int err, char *text, size_t size)
{
	char name[IF_NAMESIZE], addr[NETADDR_STRLEN];

	if (err == -ENODEV)
		snprintf(text, size, "no device has the address %s, which hw_offload needs",
			 netaddr_str(sa->direction == IPSEC_IN ? &sa->dst : &sa->src, addr));
	else
		snprintf(text, size, "%s does not offload ESP%s, which hw_offload demands",
			 if_indextoname(sa->ifindex, name) ? name : "the device",
			 sa->offload == IPSEC_OFFLOAD_PACKET ? " by packets" : "");
}
