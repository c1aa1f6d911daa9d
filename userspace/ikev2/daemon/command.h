/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Programs that the daemon starts, as init would start them: no signal blocked or ignored, a
 * process group of their own.
 */
#include <sys/types.h>
#include "pdk/base/bytes.h"
#include "pdk/base/time.h"

/*
 * argv[0] is looked up in PATH unless it has a slash. env: of the process. input: file descriptor
 * of its standard input, -1: /dev/null. 0 or -errno.
 */
int command_spawn(const char *const argv[], char *const env[], int input, pid_t *ret_pid);

/*
 * Run it to its end, with our own environment and input (no more than a pipe holds, 4096 octets)
 * for standard input; one that takes longer than limit is killed with its group. Blocks: for jobs.
 * Its exit code; -errno; -EINTR when a signal has ended it, -ETIMEDOUT after limit.
 */
int command_run(const char *const argv[], struct bytes input, struct duration limit);

/* Is there such a program? name as argv[0]. */
bool command_exists(const char *name);
