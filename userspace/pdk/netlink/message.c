/* SPDX-License-Identifier: MIT */
#include "pdk/netlink/netlink.h"

#include <errno.h>
#include <string.h>

struct nl_msg *netlink_msg_new(uint16_t type, uint16_t flags, struct bytes fixed_hdr,
			       size_t attr_room)
{
	size_t size = NLMSG_SPACE(NLMSG_ALIGN(fixed_hdr.len) + attr_room);
	struct nl_msg *msg = nlmsg_alloc_size(size);

	if (!msg)
		return NULL;
	if (!nlmsg_put(msg, 0, 0, type, 0, NLM_F_REQUEST | flags) ||
	    (fixed_hdr.len > 0 &&
	     nlmsg_append(msg, (void *)fixed_hdr.data, fixed_hdr.len, NLMSG_ALIGNTO) < 0))
		return netlink_msg_free(msg);
	return msg;
}

struct nl_msg *netlink_msg_free(struct nl_msg *msg)
{
	if (msg) {
		explicit_bzero(nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len);
		nlmsg_free(msg);
	}
	return NULL;
}

int netlink_msg_parse(const struct nlmsghdr *h, int max, const struct nla_policy *policy,
		      void *ret_fixed, size_t fixed_len, struct nlattr *tb[])
{
	struct nlmsghdr *hdr = (struct nlmsghdr *)h;

	if (h->nlmsg_len < NLMSG_HDRLEN + fixed_len || !nlmsg_valid_hdr(hdr, (int)fixed_len))
		return -EBADMSG;
	if (nla_parse(tb, max, nlmsg_attrdata(hdr, (int)fixed_len),
		      nlmsg_attrlen(hdr, (int)fixed_len), (struct nla_policy *)policy) < 0)
		return -EBADMSG;
	memcpy(ret_fixed, nlmsg_data(hdr), fixed_len);
	return 0;
}
