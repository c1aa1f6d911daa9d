/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What a daemon does first and last: signals, standard descriptors, the BPF file system.
 */
#include <stddef.h>

/*
 * Before the first thread: SIGPIPE is ignored, SIGTERM, SIGINT and SIGHUP are blocked in every
 * thread to come, descriptors 0, 1 and 2 are open, files are made with umask 0027. -errno.
 */
int daemon_start(void);

/* The signals that daemon_start() blocks, for signals_new(). */
extern const int daemon_signals[];
extern const size_t daemon_n_signals;

/*
 * Make folder path exist inside a BPF file system: mounts one at /sys/fs/bpf when none is there. 0,
 * or -errno of mount() or mkdir(); -ENOTSUP when path is not on a BPF file system in the end.
 */
int daemon_bpffs(const char *path);
