/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Steering inside a SO_REUSEPORT group by a BPF program that is loaded already (sk_reuseport) and a
 * map of the group's sockets (BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, which holds sockets of one group
 * only). Any thread.
 */
#include <stdint.h>

/*
 * Let the program choose for the whole group that fd is bound into; sockets that join later inherit
 * it. The program stays while the group lives. -errno of setsockopt().
 */
int reuseport_attach(int fd, int prog_fd);
/* Back to the kernel's own hash. -ENOENT when there was no program. */
int reuseport_detach(int fd);
/*
 * Put the bound socket fd at index of the map. The kernel takes it out when the socket is closed.
 * -EOPNOTSUPP when built without libbpf, else -errno of the map update.
 */
int reuseport_map_set(int map_fd, uint32_t index, int fd);
