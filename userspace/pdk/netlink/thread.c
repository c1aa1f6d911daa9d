/* SPDX-License-Identifier: MIT */
#include "pdk/netlink/thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "pdk/log/log.h"
#include "pdk/netlink/netlink.h"

struct netlink_thread {
	pthread_t thread;
	const char *name;
	struct netlink_socket *socket;
	pthread_mutex_t lock; /* for all below */
	pthread_cond_t posted;
	struct mail *first, **last; /* letters in order */
	bool stop;
};

/* The next letter; waits for one. NULL when there is none and the thread is to end. */
static struct mail *take_letter(struct netlink_thread *t)
{
	struct mail *mail;

	pthread_mutex_lock(&t->lock);
	while (!t->first && !t->stop)
		pthread_cond_wait(&t->posted, &t->lock);
	mail = t->first;
	if (mail) {
		t->first = mail->next;
		if (!t->first)
			t->last = &t->first;
	}
	pthread_mutex_unlock(&t->lock);
	return mail;
}

static void *thread_main(void *data)
{
	struct netlink_thread *t = data;
	struct mail *mail;

	log_set_thread_name(t->name);
	while ((mail = take_letter(t)))
		mail->deliver(mail);
	return NULL;
}

int netlink_thread_new(const char *name, struct netlink_socket *socket_take,
		       struct netlink_thread **ret_thread)
{
	struct netlink_thread *t = calloc(1, sizeof(*t));
	sigset_t all, before;
	int err;

	if (!t) {
		netlink_socket_free(socket_take);
		return -ENOMEM;
	}
	t->name = name;
	t->socket = socket_take;
	t->last = &t->first;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->posted, NULL);
	/* Signals are for the loop that asked for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&t->thread, NULL, thread_main, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err != 0) {
		pthread_cond_destroy(&t->posted);
		pthread_mutex_destroy(&t->lock);
		netlink_socket_free(t->socket);
		free(t);
		return -err;
	}
	pthread_setname_np(t->thread, name);
	*ret_thread = t;
	return 0;
}

struct netlink_thread *netlink_thread_free(struct netlink_thread *t)
{
	if (!t)
		return NULL;
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->posted);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	pthread_cond_destroy(&t->posted);
	pthread_mutex_destroy(&t->lock);
	netlink_socket_free(t->socket);
	free(t);
	return NULL;
}

void netlink_thread_post(struct netlink_thread *t, struct mail *mail, mail_deliver_fn run)
{
	mail->next = NULL;
	mail->deliver = run;
	pthread_mutex_lock(&t->lock);
	*t->last = mail;
	t->last = &mail->next;
	pthread_cond_signal(&t->posted);
	pthread_mutex_unlock(&t->lock);
}

struct netlink_socket *netlink_thread_socket(struct netlink_thread *t)
{
	return t->socket;
}
