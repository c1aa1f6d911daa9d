/* SPDX-License-Identifier: MIT */
#include "pdk/net/stream.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "pdk/loop/loop.h"
#include "pdk/loop/watch.h"
#include "pdk/net/stream_private.h"

/*
 * Reading and writing are plain non-blocking calls behind a watch: a control connection is no hot
 * path. A stream ends once, in stream_end(); closed() is put off to the end of the turn so that it
 * never runs inside a call of the user's.
 */

#define STREAM_READ_MAX (16 * 1024) /* octets per callback, so that clients take turns */

struct stream {
	struct loop *loop;
	int fd;
	struct loop_watch *watch;
	stream_read_fn read;
	stream_closed_fn closed;
	stream_drained_fn drained;
	void *data;

	uint8_t *queue; /* octets from queue_start to queue_end wait */
	size_t queue_start, queue_end, queue_room, queue_limit;

	struct loop_deferred end;
	int end_err;
	bool ended;     /* closed() is due or was called */
	bool finishing; /* reads no more, ends when the queue is empty */
	bool inside, dead;
};

size_t stream_queued(const struct stream *s)
{
	return s->queue_end - s->queue_start;
}

static void stream_drop_queue(struct stream *s)
{
	free(s->queue);
	s->queue = NULL;
	s->queue_start = s->queue_end = s->queue_room = 0;
}

static void stream_watch_what_is_due(struct stream *s)
{
	uint32_t events = 0;

	if (!s->ended && s->read && !s->finishing)
		events |= POLLIN;
	if (!s->ended && stream_queued(s))
		events |= POLLOUT;
	watch_set_events(s->watch, events);
}

static void stream_run_closed(struct loop_deferred *d)
{
	struct stream *s = container_of(d, struct stream, end);

	/* Without handlers there is nobody to tell yet; stream_set_handlers() asks again. */
	if (s->closed)
		s->closed(s, s->end_err, s->data);
}

static void stream_end(struct stream *s, int err)
{
	if (s->ended)
		return;
	s->ended = true;
	s->end_err = err;
	stream_drop_queue(s);
	stream_watch_what_is_due(s);
	loop_defer(s->loop, &s->end);
}

/* Send from data what the socket takes now; how much, or -errno. */
static ssize_t stream_send_now(struct stream *s, struct bytes data)
{
	ssize_t sent = send(s->fd, data.data, data.len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent >= 0)
		return sent;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

static void stream_flush(struct stream *s)
{
	ssize_t sent;

	if (stream_queued(s)) {
		sent = stream_send_now(s, BYTES(s->queue + s->queue_start, stream_queued(s)));
		if (sent < 0) {
			stream_end(s, (int)sent);
			return;
		}
		s->queue_start += (size_t)sent;
	}
	if (!stream_queued(s)) {
		stream_drop_queue(s);
		if (s->finishing)
			stream_end(s, 0);
		else if (s->drained)
			s->drained(s, s->data);
	}
}

static void stream_receive(struct stream *s)
{
	uint8_t in[STREAM_READ_MAX];
	ssize_t got = recv(s->fd, in, sizeof(in), MSG_DONTWAIT);

	if (got > 0) {
		s->read(s, BYTES(in, (size_t)got), s->data);
	} else if (got == 0) {
		stream_finish(s);
	} else if (errno != EAGAIN && errno != EINTR) {
		stream_end(s, errno == ECONNRESET ? 0 : -errno);
	}
}

static void stream_ready(struct loop_watch *watch _unused_, uint32_t events, void *data)
{
	struct stream *s = data;

	s->inside = true;
	if (events & (POLLOUT | POLLERR))
		stream_flush(s);
	if (!s->ended && !s->finishing && s->read && (events & (POLLIN | POLLHUP | POLLERR)))
		stream_receive(s);
	/* The peer is gone and what is queued can't get there. */
	if (!s->dead && !s->ended && (events & (POLLERR | POLLNVAL)))
		stream_end(s, -EPIPE);
	s->inside = false;
	if (s->dead)
		stream_free(s);
	else
		stream_watch_what_is_due(s);
}

int stream_new_take(struct loop *loop, int fd, struct stream **ret_stream)
{
	struct stream *s = calloc(1, sizeof(*s));
	int err = -ENOMEM;

	if (!s)
		goto close_fd;
	s->loop = loop;
	s->fd = fd;
	s->queue_limit = STREAM_QUEUE_DEFAULT;
	loop_deferred_init(&s->end, stream_run_closed);
	err = watch_new(loop, fd, 0, stream_ready, s, &s->watch);
	if (err)
		goto free_stream;
	*ret_stream = s;
	return 0;

free_stream:
	free(s);
close_fd:
	close(fd);
	return err;
}

int stream_connect_unix(struct loop *loop, const char *path, struct stream **ret_stream)
{
	struct sockaddr_un un;
	int fd, err;

	err = stream_unix_address(path, &un);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return stream_new_take(loop, fd, ret_stream);
}

void stream_set_handlers(struct stream *s, stream_read_fn read, stream_closed_fn closed, void *data)
{
	s->read = read;
	s->closed = closed;
	s->data = data;
	if (s->ended)
		loop_defer(s->loop, &s->end);
	stream_watch_what_is_due(s);
}

void stream_set_drained(struct stream *s, stream_drained_fn drained)
{
	s->drained = drained;
}

void stream_set_queue_limit(struct stream *s, size_t octets)
{
	s->queue_limit = octets;
}

/* Append to the queue, which is moved to the start of its memory when that makes room. */
static int stream_enqueue(struct stream *s, struct bytes out)
{
	size_t waiting = stream_queued(s), room = s->queue_room ? s->queue_room : 4096;
	uint8_t *bigger;

	if (out.len > s->queue_limit || waiting > s->queue_limit - out.len)
		return -ENOBUFS;
	if (s->queue_start) {
		memmove(s->queue, s->queue + s->queue_start, waiting);
		s->queue_start = 0;
		s->queue_end = waiting;
	}
	while (room < waiting + out.len)
		room *= 2;
	if (room > s->queue_room) {
		bigger = realloc(s->queue, room);
		if (!bigger)
			return -ENOMEM;
		s->queue = bigger;
		s->queue_room = room;
	}
	memcpy(s->queue + s->queue_end, out.data, out.len);
	s->queue_end += out.len;
	return 0;
}

int stream_write(struct stream *s, struct bytes out)
{
	ssize_t sent = 0;
	int err = 0;

	if (s->ended || s->finishing)
		return -EPIPE;
	if (!out.len)
		return 0;
	if (!stream_queued(s))
		sent = stream_send_now(s, out);
	if (sent < 0) {
		stream_end(s, (int)sent);
		return -EPIPE;
	}
	if ((size_t)sent < out.len)
		err = stream_enqueue(s, BYTES(out.data + sent, out.len - (size_t)sent));
	if (err)
		stream_end(s, err);
	else
		stream_watch_what_is_due(s);
	return err;
}

void stream_finish(struct stream *s)
{
	s->finishing = true;
	if (!stream_queued(s))
		stream_end(s, 0);
	stream_watch_what_is_due(s);
}

struct stream *stream_free(struct stream *s)
{
	if (!s)
		return NULL;
	s->dead = s->ended = true;
	loop_defer_cancel(&s->end);
	if (s->inside)
		return NULL;
	watch_free(s->watch);
	close(s->fd);
	stream_drop_queue(s);
	free(s);
	return NULL;
}

int stream_peer(const struct stream *s, struct ucred *ret_cred)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(s->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	*ret_cred = cred;
	return 0;
}
