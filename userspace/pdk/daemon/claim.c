/* SPDX-License-Identifier: MIT */
#include "pdk/daemon/claim.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int daemon_claim(const char *daemon, const char *what)
{
	/* Abstract: the name begins with a NUL and has none at its end. */
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int len = snprintf(un.sun_path + 1, sizeof(un.sun_path) - 1, "%s/%s", daemon, what);
	int fd, err;

	if ((size_t)len >= sizeof(un.sun_path) - 1)
		return -ENAMETOOLONG;
	/* A stream socket that doesn't listen: nobody can send it anything. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&un,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) == 0)
		return 0;
	err = -errno;
	close(fd);
	return err;
}
