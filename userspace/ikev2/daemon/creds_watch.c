/* SPDX-License-Identifier: MIT */
/*
 * Whoever installs a certificate writes several files one after the other, so we wait until nothing
 * has happened for a moment, and at most for a few seconds.
 */
#include "ikev2/daemon/creds_watch.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "pdk/log/log.h"
#include "pdk/loop/loop.h"
#include "pdk/loop/timer.h"
#include "pdk/loop/watch.h"
#include "ikev2/daemon/posternd.h"
#include "ikev2/policy/credential_files.h"

LOG_USE(daemon);

#define QUIET	DURATION_S(1)
#define PATIENT DURATION_S(5)
#define EVENTS                                                                             \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ONLYDIR)

struct creds_watch {
	struct posternd *daemon;
	int fd;
	struct loop_watch *watch;
	struct loop_timer timer;
	struct instant since; /* of the first change that waits */
	char *dir;
};

static void changed(struct loop_timer *timer, void *data)
{
	struct creds_watch *c = data;
	char *why = NULL;

	log_notice(daemon, "certificates or keys below %s have changed", c->dir);
	posternd_reload(c->daemon, &why);
	free(why);
}

static void readable(struct loop_watch *watch, uint32_t events, void *data)
{
	_Alignas(struct inotify_event) char buf[4096];
	struct creds_watch *c = data;
	struct instant now = loop_now(c->daemon->loop);

	/* What has changed doesn't matter: all is read. */
	if (read(c->fd, buf, sizeof(buf)) <= 0)
		return;
	if (!timer_armed(&c->timer))
		c->since = now;
	timer_arm(&c->timer, instant_min(instant_add(now, QUIET), instant_add(c->since, PATIENT)));
}

void creds_watch_refresh(struct creds_watch *c)
{
	for (size_t i = 0; c && credential_folders[i]; i++) {
		char path[1024];

		snprintf(path, sizeof(path), "%s/%s", c->dir, credential_folders[i]);
		if (inotify_add_watch(c->fd, path, EVENTS) < 0 && errno != ENOENT &&
		    errno != ENOTDIR)
			log_warning(daemon, "%s can't be watched: %s", path, strerror(errno));
	}
}

int creds_watch_new(struct posternd *d, struct creds_watch **ret_watch)
{
	_cleanup_free_ char *path = strdup(d->options.config);
	struct creds_watch *c = calloc(1, sizeof(*c));
	int err = c && path ? 0 : -ENOMEM;

	if (err < 0) {
		free(c);
		return err;
	}
	c->daemon = d;
	c->dir = strdup(dirname(path));
	c->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	timer_init(&c->timer, d->loop, changed, c);
	if (!c->dir)
		err = -ENOMEM;
	else if (c->fd < 0)
		err = -errno;
	if (err == 0)
		err = watch_new(d->loop, c->fd, POLLIN, readable, c, &c->watch);
	if (err < 0) {
		creds_watch_free(c);
		return err;
	}
	creds_watch_refresh(c);
	*ret_watch = c;
	return 0;
}

struct creds_watch *creds_watch_free(struct creds_watch *c)
{
	if (!c)
		return NULL;
	timer_disarm(&c->timer);
	watch_free(c->watch);
	if (c->fd >= 0)
		close(c->fd);
	free(c->dir);
	free(c);
	return NULL;
}
