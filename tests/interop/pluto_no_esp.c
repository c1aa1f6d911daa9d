/* SPDX-License-Identifier: MIT */
/*
 * To be preloaded into libreswan's daemon on a kernel without ESP, which refuses all that is said
 * to it about SAs: it is told that they are there, so that it goes on negotiating. Policies, SPIs
 * and everything else are the kernel's own.
 */
#include <dlfcn.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <sys/socket.h>

typedef ssize_t (*recvfrom_fn)(int, void *, size_t, int, struct sockaddr *, socklen_t *);

static int is_about_sa(const struct nlmsghdr *request)
{
	return request->nlmsg_type == XFRM_MSG_NEWSA || request->nlmsg_type == XFRM_MSG_UPDSA ||
	       request->nlmsg_type == XFRM_MSG_DELSA;
}

ssize_t recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
		 socklen_t *from_len)
{
	recvfrom_fn next = (recvfrom_fn)dlsym(RTLD_NEXT, "recvfrom");
	ssize_t len = next(fd, buf, size, flags, from, from_len);
	struct nlmsghdr *answer = buf;
	struct nlmsgerr *error;

	if (len < (ssize_t)NLMSG_LENGTH(sizeof(*error)) || !from || from->sa_family != AF_NETLINK ||
	    answer->nlmsg_type != NLMSG_ERROR)
		return len;
	error = NLMSG_DATA(answer);
	if (is_about_sa(&error->msg))
		error->error = 0;
	return len;
}
