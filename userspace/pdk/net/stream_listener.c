/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pdk/base/cleanup.h"
#include "pdk/loop/timer.h"
#include "pdk/loop/watch.h"
#include "pdk/net/stream_private.h"

#define LISTENER_BACKLOG 64

/* After running out of descriptors or memory accepting takes a rest: the watch would fire all the
 * time. */
#define LISTENER_REST DURATION_MS(200)

struct stream_listener {
	struct loop *loop;
	int fd;
	struct loop_watch *watch;
	struct loop_timer rest;
	stream_accept_fn accept;
	void *data;
	char *path;
	dev_t dev; /* of the path when it was made: is it still ours? */
	ino_t ino;
	bool inside, dead;
};

int stream_unix_address(const char *path, struct sockaddr_un *ret_un)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	if (!*path)
		return -EINVAL;
	if (strlen(path) >= sizeof(un.sun_path))
		return -ENAMETOOLONG;
	strcpy(un.sun_path, path);
	*ret_un = un;
	return 0;
}

/* Remove a socket that nobody listens on. 0: the path is free; -EADDRINUSE. */
static int listener_clear_path(const struct sockaddr_un *un)
{
	struct stat st;
	int fd, err;

	if (lstat(un->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EADDRINUSE;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect(fd, (const struct sockaddr *)un, sizeof(*un)) < 0 ? errno : 0;
	close(fd);
	if (err != ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(un->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

/* Connections are refused until listen(), so nobody gets in before the mode is right. */
static int listener_bind(struct stream_listener *l, const struct sockaddr_un *un, mode_t mode)
{
	struct stat st;
	int err;

	if (bind(l->fd, (const struct sockaddr *)un, sizeof(*un)) < 0)
		return -errno;
	if (chmod(un->sun_path, mode) < 0 || lstat(un->sun_path, &st) < 0 ||
	    listen(l->fd, LISTENER_BACKLOG) < 0) {
		err = -errno;
		unlink(un->sun_path);
		return err;
	}
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return 0;
}

static void listener_rest_over(struct loop_timer *timer _unused_, void *data)
{
	struct stream_listener *l = data;

	watch_set_events(l->watch, POLLIN);
}

static void listener_ready(struct loop_watch *watch _unused_, uint32_t events _unused_, void *data)
{
	struct stream_listener *l = data;
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct stream *s = NULL;
	bool full = fd < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;

	if (fd >= 0 && stream_new_take(l->loop, fd, &s) != 0)
		full = true;
	if (full) {
		watch_set_events(l->watch, 0);
		timer_arm_after(&l->rest, LISTENER_REST);
	}
	if (!s)
		return;
	l->inside = true;
	l->accept(s, l->data);
	l->inside = false;
	if (l->dead)
		stream_listener_free(l);
}

int stream_listen_unix(struct loop *loop, const char *path, mode_t mode, stream_accept_fn accept,
		       void *data, struct stream_listener **ret_listener)
{
	struct stream_listener *l;
	struct sockaddr_un un;
	int err;

	err = stream_unix_address(path, &un);
	if (err)
		return err;
	err = listener_clear_path(&un);
	if (err)
		return err;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->loop = loop;
	l->accept = accept;
	l->data = data;
	timer_init(&l->rest, loop, listener_rest_over, l);
	l->path = strdup(path);
	if (!l->path) {
		err = -ENOMEM;
		goto free_listener;
	}
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0) {
		err = -errno;
		goto free_listener;
	}
	err = listener_bind(l, &un, mode);
	if (err)
		goto close_fd;
	err = watch_new(loop, l->fd, POLLIN, listener_ready, l, &l->watch);
	if (err)
		goto unlink_path;
	*ret_listener = l;
	return 0;

unlink_path:
	unlink(path);
close_fd:
	close(l->fd);
free_listener:
	free(l->path);
	free(l);
	return err;
}

struct stream_listener *stream_listener_free(struct stream_listener *l)
{
	struct stat st;

	if (!l)
		return NULL;
	l->dead = true;
	if (l->inside)
		return NULL;
	timer_disarm(&l->rest);
	watch_free(l->watch);
	if (lstat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
		unlink(l->path);
	close(l->fd);
	free(l->path);
	free(l);
	return NULL;
}
