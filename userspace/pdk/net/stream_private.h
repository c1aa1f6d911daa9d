/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What stream.c and stream_listener.c share.
 */
#include <sys/un.h>
#include "pdk/net/stream.h"

/* A stream over a connected non-blocking socket, which it takes over (and closes on failure). */
int stream_new_take(struct loop *loop, int fd, struct stream **ret_stream);

/* -ENAMETOOLONG; -EINVAL for an empty path. */
int stream_unix_address(const char *path, struct sockaddr_un *ret_un);
