/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A file in the form of resolv.conf(5) that has our DNS servers in front of those of others. Lines
 * of ours have a mark at their end, by which a later process finds and removes them. Blocks: for
 * jobs.
 */
#include <stddef.h>
#include "pdk/net/netaddr.h"

/*
 * What old becomes: the lines of others, behind one for each of servers. From the heap; NULL
 * without memory.
 */
char *resolv_file_edit(const char *old, const struct netaddr *servers, size_t n);

/*
 * Change the file in one go, as another than it was only then. One that isn't there is made, and
 * nothing is where there is nothing to say. 0 or -errno.
 */
int resolv_file_write(const char *path, const struct netaddr *servers, size_t n);
