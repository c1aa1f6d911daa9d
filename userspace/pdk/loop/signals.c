/* SPDX-License-Identifier: MIT */
#include "pdk/loop/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "pdk/base/cleanup.h"
#include "pdk/loop/watch.h"

struct loop_signals {
	int fd;
	struct loop_watch *watch;
	signals_fn fn;
	void *data;
	bool inside, dead;
};

static void signals_set(const int *signos, size_t n, sigset_t *ret_set)
{
	sigemptyset(ret_set);
	for (size_t i = 0; i < n; i++)
		sigaddset(ret_set, signos[i]);
}

int signals_block(const int *signos, size_t n)
{
	sigset_t set;

	signals_set(signos, n, &set);
	return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void signals_ready(struct loop_watch *watch _unused_, uint32_t events _unused_, void *data)
{
	struct loop_signals *s = data;
	struct signalfd_siginfo info;

	s->inside = true;
	while (!s->dead && read(s->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		s->fn((int)info.ssi_signo, s->data);
	s->inside = false;
	if (s->dead)
		signals_free(s);
}

int signals_new(struct loop *loop, const int *signos, size_t n, signals_fn fn, void *data,
		struct loop_signals **ret_signals)
{
	struct loop_signals *s = calloc(1, sizeof(*s));
	sigset_t set;
	int err;

	if (!s)
		return -ENOMEM;
	s->fn = fn;
	s->data = data;
	signals_set(signos, n, &set);
	s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->fd < 0) {
		err = -errno;
		goto free_signals;
	}
	err = watch_new(loop, s->fd, POLLIN, signals_ready, s, &s->watch);
	if (err)
		goto close_fd;
	*ret_signals = s;
	return 0;

close_fd:
	close(s->fd);
free_signals:
	free(s);
	return err;
}

struct loop_signals *signals_free(struct loop_signals *s)
{
	if (!s)
		return NULL;
	s->dead = true;
	if (s->inside)
		return NULL;
	watch_free(s->watch);
	close(s->fd);
	free(s);
	return NULL;
}
