/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The daemon's BPF programs: loading, settings, pins. Nothing here is needed for the daemon to
 * work. When a program can't be had, the function that loads it says why in one warning and returns
 * an error; the daemon keeps a NULL, which every other function takes, and goes on: datagrams are
 * then forwarded between workers, nobody counts, and no peer is told of ESP that no SA takes.
 *
 * Where the programs weren't built the functions exist and loading fails with -EOPNOTSUPP.
 */
#include <stdint.h>
#include "bpf/shared/count.h"
#include "bpf/shared/steer.h"
#include "bpf/shared/unknown_esp.h"
#include "pdk/net/netaddr.h"

struct ipsec_sa;
struct loop;

/* -------- steering: one object for each SO_REUSEPORT group -------- */

struct bpf_steer;

/*
 * Load the sk_reuseport program with these settings, which can't change later, and an empty map of
 * sockets. -EINVAL (settings), -EOPNOTSUPP, -EPERM or what the kernel said; all logged. Any thread.
 */
int bpf_steer_new(const struct steer_config *config, struct bpf_steer **ret_steer);
/* The group keeps the program and its sockets as long as it lives. Takes NULL, returns NULL. */
struct bpf_steer *bpf_steer_free(struct bpf_steer *s);
/* For reuseport_attach(); stays the object's. -1 for NULL. */
int bpf_steer_prog_fd(const struct bpf_steer *s);
/* For reuseport_map_set(): index is the worker. Stays the object's. -1 for NULL. */
int bpf_steer_map_fd(const struct bpf_steer *s);
/* The counters, summed over CPUs. -EOPNOTSUPP for NULL. Any thread. */
int bpf_steer_read(const struct bpf_steer *s, struct steer_counters *ret_counters);

/* -------- counting: one object for a daemon -------- */

struct bpf_count;

#define BPF_COUNT_DIR "/sys/fs/bpf/postern"

/*
 * Load and attach the counting programs for SAs of the calling thread's network namespace, and pin
 * their map as DIR/sas. pin_dir NULL is BPF_COUNT_DIR in the namespace of process 1, and
 * BPF_COUNT_DIR/netns-INODE in any other, so that daemons of several namespaces don't meet. A pin
 * that a dead predecessor left is replaced. When pinning isn't possible (no bpf file system there,
 * or another living daemon's directory) that is logged, and counting goes on without a pin.
 *
 * -EOPNOTSUPP (kernel or build without it), -EPERM (privilege missing or programs of this kind
 * refused) or what the kernel said; all logged. Any thread.
 */
int bpf_count_new(const char *pin_dir, struct bpf_count **ret_count);
/* Detaches, removes the pin and the folders it made. Takes NULL, returns NULL. */
struct bpf_count *bpf_count_free(struct bpf_count *c);
/* Path of the pinned map, NULL when there is none. */
const char *bpf_count_path(const struct bpf_count *c);

/*
 * Count an SA, from zero. Before it is given to the kernel, so that no packet is missed; tunnel is
 * a name to print. -E2BIG when the map is full. 0 for NULL. Any thread.
 */
int bpf_count_add(struct bpf_count *c, const struct ipsec_sa *sa, const char *tunnel);
/* What an SA carried so far; spi in host order. -ENOENT. -EOPNOTSUPP for NULL. Any thread. */
int bpf_count_read(const struct bpf_count *c, const struct netaddr *dst, uint32_t spi,
		   struct count_value *ret_value);
/*
 * Count it no longer: after the kernel has deleted it, so that the last packets are there.
 * ret_value may be NULL. -ENOENT. 0 for NULL, ret_value untouched. Any thread.
 */
int bpf_count_remove(struct bpf_count *c, const struct netaddr *dst, uint32_t spi,
		     struct count_value *ret_value);

/* -------- ESP that no SA takes: one object for a daemon -------- */

struct bpf_unknown_esp;

/*
 * An ESP packet came that no SA took (RFC 7296 1.5). remote.port is the UDP port it came from; 0:
 * it wasn't in UDP. Nothing of it is authentic.
 */
typedef void (*bpf_unknown_esp_fn)(const struct netaddr *local, const struct netaddr *remote,
				   uint32_t spi, void *data);

/*
 * Load and attach the program that sees them in the calling thread's network namespace, and call fn
 * on the loop's thread, UNKNOWN_ESP_RATE times a second at most, whatever comes in. Errors as
 * bpf_count_new(). Loop owner only.
 */
int bpf_unknown_esp_new(struct loop *loop, bpf_unknown_esp_fn fn, void *data,
			struct bpf_unknown_esp **ret_unknown);
/* Takes NULL, returns NULL. Loop owner only. */
struct bpf_unknown_esp *bpf_unknown_esp_free(struct bpf_unknown_esp *u);
