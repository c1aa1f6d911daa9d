/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/updown.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pdk/base/list.h"
#include "pdk/log/log.h"
#include "pdk/loop/loop.h"
#include "pdk/loop/timer.h"
#include "pdk/loop/watch.h"
#include "ikev2/daemon/command.h"
#include "ikev2/daemon/updown_env.h"
#include "ikev2/sa/info.h"

LOG_SUBSYSTEM(updown, "commands that are run for Child SAs");

/* An event: as many runs of the command as there are pairs of selectors. */
struct event {
	struct list link;
	struct updown *updown;
	struct ike_sa_info *info;
	bool up;
	size_t pair; /* the next one to be run */
	pid_t pid;   /* 0: none runs */
	int pidfd;
	struct loop_watch *watch;
	struct loop_timer timer;
};

struct updown {
	struct loop *loop;
	struct duration limit;
	struct list events; /* oldest first */
	unsigned n_events, n_running;
};

static const struct child_sa_info *child_of(const struct event *e)
{
	return &e->info->children[0];
}

static void event_free(struct event *e)
{
	list_remove(&e->link);
	e->updown->n_events--;
	ike_sa_info_free(e->info);
	free(e);
}

/* -------- processes -------- */

static void log_end(const struct event *e, int status)
{
	const char *name = child_of(e)->name, *verb = e->up ? "up" : "down";

	if (WIFSIGNALED(status))
		log_warning(updown, "command of %s.%s (%s): killed by signal %d", e->info->name,
			    name, verb, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		log_warning(updown, "command of %s.%s (%s): exit code %d", e->info->name, name,
			    verb, WEXITSTATUS(status));
	else
		log_debug(updown, "command of %s.%s (%s): done", e->info->name, name, verb);
}

/* The process has ended, or is to end now. */
static void reap(struct event *e)
{
	int status = 0;

	timer_disarm(&e->timer);
	e->watch = watch_free(e->watch);
	while (waitpid(e->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(e->pidfd);
	log_end(e, status);
	e->pid = 0;
	e->updown->n_running--;
}

static void run_next(struct updown *u);

static void ended(struct loop_watch *watch, uint32_t events, void *data)
{
	struct event *e = data;
	struct updown *u = e->updown;

	reap(e);
	run_next(u);
}

static void too_long(struct loop_timer *timer, void *data)
{
	struct event *e = data;

	log_warning(updown, "command of %s.%s takes too long and is killed", e->info->name,
		    child_of(e)->name);
	/* Then ended() is called. */
	kill(-e->pid, SIGKILL);
}

/* 0, or -errno: no process runs. */
static int start(struct event *e, size_t pair)
{
	struct updown *u = e->updown;
	const char *const argv[] = { "/bin/sh", "-c", child_of(e)->updown, NULL };
	struct updown_env env;
	int err = updown_env_init(&env, e->info, child_of(e), pair, e->up);

	if (err < 0)
		return err;
	err = command_spawn(argv, env.v, -1, &e->pid);
	updown_env_fini(&env);
	if (err < 0) {
		e->pid = 0;
		return err;
	}
	u->n_running++;
	e->pidfd = pidfd_open(e->pid, 0);
	if (e->pidfd < 0 || watch_new(u->loop, e->pidfd, POLLIN, ended, e, &e->watch) < 0) {
		/* Nobody would tell its end. */
		err = e->pidfd < 0 ? -errno : -ENOMEM;
		kill(-e->pid, SIGKILL);
		reap(e);
		return err;
	}
	timer_arm_after(&e->timer, u->limit);
	return 0;
}

/* -------- order -------- */

/* Is there an older event of the same Child SA? Its reqid outlives rekeying. */
static bool has_to_wait(const struct updown *u, const struct event *e)
{
	struct event *older;

	list_for_each(older, &u->events, link) {
		if (older == e)
			return false;
		if (child_of(older)->reqid == child_of(e)->reqid &&
		    strcmp(child_of(older)->name, child_of(e)->name) == 0)
			return true;
	}
	return false;
}

static void advance(struct event *e)
{
	const struct child_sa_info *child = child_of(e);
	size_t pairs = child->n_local_ts * child->n_remote_ts;
	int err;

	while (e->pair < pairs) {
		err = start(e, e->pair++);
		if (err == 0)
			return;
		log_error(updown, "command of %s.%s can't be run: %s", e->info->name, child->name,
			  strerror(-err));
	}
	event_free(e);
}

static void run_next(struct updown *u)
{
	struct event *e, *next;

	list_for_each_safe (e, next, &u->events, link) {
		if (u->n_running >= UPDOWN_AT_ONCE)
			return;
		if (!e->pid && !has_to_wait(u, e))
			advance(e);
	}
}

void updown_event_take(struct updown *u, bool up, struct ike_sa_info *info)
{
	struct event *e;

	if (!u || !info->n_children || !info->children[0].updown) {
		ike_sa_info_free(info);
		return;
	}
	e = u->n_events < UPDOWN_WAITING ? calloc(1, sizeof(*e)) : NULL;
	if (!e) {
		log_error(updown, "command of %s.%s (%s) is left out: too many wait", info->name,
			  info->children[0].name, up ? "up" : "down");
		ike_sa_info_free(info);
		return;
	}
	e->updown = u;
	e->info = info;
	e->up = up;
	timer_init(&e->timer, u->loop, too_long, e);
	list_append(&u->events, &e->link);
	u->n_events++;
	run_next(u);
}

unsigned updown_waiting(const struct updown *u)
{
	return u->n_events;
}

/* -------- life -------- */

int updown_new(struct loop *loop, struct duration limit, struct updown **ret_updown)
{
	struct updown *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->loop = loop;
	u->limit = limit;
	list_init(&u->events);
	*ret_updown = u;
	return 0;
}

/* Some process that runs. */
static struct event *running(struct updown *u)
{
	struct event *e;

	list_for_each(e, &u->events, link)
		if (e->pid)
			return e;
	return NULL;
}

struct updown *updown_free(struct updown *u)
{
	struct instant end;
	struct event *e, *next;

	if (!u)
		return NULL;
	end = instant_add(instant_now(), u->limit);
	while ((e = running(u))) {
		int64_t left = duration_ms(instant_diff(end, instant_now()));
		struct pollfd p = { .fd = e->pidfd, .events = POLLIN };

		if (left <= 0 || poll(&p, 1, (int)left) == 0) {
			/* Time is up for all. */
			list_for_each_safe (e, next, &u->events, link) {
				if (e->pid) {
					kill(-e->pid, SIGKILL);
					reap(e);
				}
				event_free(e);
			}
			break;
		}
		if (p.revents) {
			reap(e);
			run_next(u);
		}
	}
	free(u);
	return NULL;
}
