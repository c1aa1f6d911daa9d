/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/path_mtu.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ikev2/ipsec/ipsec.h"

static size_t mtu_of(int fd, const struct netaddr *local, const struct netaddr *remote)
{
	const struct netaddr any_port = netaddr_with_port(*local, 0);
	bool v6 = remote->family == AF_INET6;
	struct sockaddr_storage ss;
	socklen_t len;
	int mtu;

	len = netaddr_to_sockaddr(&any_port, &ss);
	if (bind(fd, (const struct sockaddr *)&ss, len) < 0)
		return 0;
	len = netaddr_to_sockaddr(remote, &ss);
	if (connect(fd, (const struct sockaddr *)&ss, len) < 0)
		return 0;
	len = sizeof(mtu);
	if (getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU, &mtu, &len) < 0)
		return 0;
	return mtu > 0 ? (size_t)mtu : 0;
}

size_t path_mtu(struct ipsec *ipsec, const struct netaddr *local, const struct netaddr *remote)
{
	int fd = socket(remote->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t mtu = 0;

	if (fd < 0)
		return 0;
	/* Past the policies, as IKE goes: a tunnel of ours has an MTU of its own. */
	if (ipsec->ops->prepare_socket(ipsec, fd, remote->family, false) == 0)
		mtu = mtu_of(fd, local, remote);
	close(fd);
	return mtu;
}
