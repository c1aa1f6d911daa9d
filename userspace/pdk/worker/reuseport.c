/* SPDX-License-Identifier: MIT */
#include "pdk/worker/reuseport.h"

#include <errno.h>
#include <sys/socket.h>
#ifdef HAVE_BPF
#include <bpf/bpf.h>
#endif

int reuseport_attach(int fd, int prog_fd)
{
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &prog_fd, sizeof(prog_fd)) < 0)
		return -errno;
	return 0;
}

int reuseport_detach(int fd)
{
	int unused = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &unused, sizeof(unused)) < 0)
		return -errno;
	return 0;
}

int reuseport_map_set(int map_fd, uint32_t index, int fd)
{
#ifdef HAVE_BPF
	uint64_t value = (uint64_t)fd;

	return bpf_map_update_elem(map_fd, &index, &value, BPF_ANY) < 0 ? -errno : 0;
#else
	(void)map_fd, (void)index, (void)fd;
	return -EOPNOTSUPP;
#endif
}
