/* SPDX-License-Identifier: MIT */
#pragma once
/* What the files behind daemon/bpf.h share. */
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

/* The privileges that programs take, for bpf_refuse(). */
#define BPF_CAPS_STEER (1ULL << CAP_BPF)
#define BPF_CAPS_FENTRY (1ULL << CAP_BPF | 1ULL << CAP_PERFMON)

/*
 * One warning for a program that can't be had: what is off, at which stage, and why. caps: what it
 * takes. Returns err, made one of those in daemon/bpf.h.
 */
int bpf_refuse(const char *what, const char *stage, int err, uint64_t caps);

/*
 * Inode number of the calling thread's network namespace, and whether process 1 is in it too. 0 or
 * -errno.
 */
int bpf_find_netns(uint32_t *ret_inode, bool *ret_first);
