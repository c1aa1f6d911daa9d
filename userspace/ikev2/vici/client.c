/* SPDX-License-Identifier: MIT */
#include "ikev2/vici/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ikev2/vici/message.h"

struct vici_client {
	int fd;
	struct duration timeout;
	uint8_t packet[VICI_PACKET_MAX]; /* the last one that came */
};

int vici_client_connect(const char *path, struct vici_client **ret_client)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct vici_client *c;
	int err;

	if (strlen(path) >= sizeof(un.sun_path))
		return -ENAMETOOLONG;
	memcpy(un.sun_path, path, strlen(path));
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&un, sizeof(un)) < 0) {
		err = -errno;
		vici_client_free(c);
		return err;
	}
	*ret_client = c;
	return 0;
}

struct vici_client *vici_client_free(struct vici_client *c)
{
	if (!c)
		return NULL;
	if (c->fd >= 0)
		close(c->fd);
	free(c);
	return NULL;
}

void vici_client_set_timeout(struct vici_client *c, struct duration timeout)
{
	c->timeout = timeout;
}

int vici_client_fd(const struct vici_client *c)
{
	return c->fd;
}

static int wait_for(struct vici_client *c, short events)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	int64_t ms = duration_ms(c->timeout);
	int rc;

	do
		rc = poll(&p, 1, ms > 0 ? (int)ms : -1);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return -errno;
	return rc == 0 ? -ETIMEDOUT : 0;
}

static int send_all(struct vici_client *c, struct bytes b)
{
	size_t done = 0;
	ssize_t n;
	int err;

	while (done < b.len) {
		err = wait_for(c, POLLOUT);
		if (err)
			return err;
		n = send(c->fd, b.data + done, b.len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0)
			done += (size_t)n;
		else if (errno == EPIPE)
			return -ECONNRESET;
		else if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	return 0;
}

static int receive_all(struct vici_client *c, uint8_t *to, size_t len)
{
	size_t done = 0;
	ssize_t n;
	int err;

	while (done < len) {
		err = wait_for(c, POLLIN);
		if (err)
			return err;
		n = recv(c->fd, to + done, len - done, MSG_DONTWAIT);
		if (n > 0)
			done += (size_t)n;
		else if (n == 0)
			return -ECONNRESET;
		else if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	return 0;
}

static int send_packet(struct vici_client *c, enum vici_packet_type type, const char *name,
		       struct bytes message)
{
	struct writer w;
	size_t begin;
	int err;

	writer_init_heap(&w, VICI_PACKET_MAX + 4);
	begin = vici_packet_begin(&w, type, name);
	writer_bytes(&w, message);
	vici_packet_end(&w, begin);
	err = w.err ? w.err : send_all(c, writer_view(&w));
	writer_fini(&w);
	return err;
}

static int receive_packet(struct vici_client *c, struct vici_packet *ret_packet)
{
	const char *reason;
	struct reader r;
	uint8_t head[4];
	uint32_t len;
	int err;

	err = receive_all(c, head, sizeof(head));
	if (err)
		return err;
	reader_init(&r, BYTES_OF(head));
	len = reader_u32(&r);
	if (len > VICI_PACKET_MAX)
		return -EBADMSG;
	err = receive_all(c, c->packet, len);
	if (err)
		return err;
	return vici_packet_parse(BYTES(c->packet, len), ret_packet, &reason);
}

/* Give events to fn until a packet of another type comes. */
static int receive_answer(struct vici_client *c, vici_client_event_fn fn, void *data,
			  struct vici_packet *ret_packet)
{
	int err;

	for (;;) {
		err = receive_packet(c, ret_packet);
		if (err || ret_packet->type != VICI_EVENT)
			return err;
		err = fn ? fn(ret_packet->name, ret_packet->message, data) : 0;
		if (err)
			return err;
	}
}

static int set_registered(struct vici_client *c, enum vici_packet_type type, const char *event)
{
	struct vici_packet p;
	int err = send_packet(c, type, event, BYTES_NONE);

	if (!err)
		err = receive_answer(c, NULL, NULL, &p);
	if (err)
		return err;
	if (p.type == VICI_EVENT_CONFIRM)
		return 0;
	return p.type == VICI_EVENT_UNKNOWN ? -ENOENT : -EBADMSG;
}

int vici_client_register(struct vici_client *c, const char *event)
{
	return set_registered(c, VICI_EVENT_REGISTER, event);
}

int vici_client_unregister(struct vici_client *c, const char *event)
{
	return set_registered(c, VICI_EVENT_UNREGISTER, event);
}

int vici_client_call(struct vici_client *c, const char *command, struct bytes message,
		     vici_client_event_fn fn, void *data, struct bytes *ret_response)
{
	struct vici_packet p;
	int err = send_packet(c, VICI_CMD_REQUEST, command, message);

	if (!err)
		err = receive_answer(c, fn, data, &p);
	if (err)
		return err;
	if (p.type == VICI_CMD_UNKNOWN)
		return -ENOENT;
	if (p.type != VICI_CMD_RESPONSE)
		return -EBADMSG;
	*ret_response = p.message;
	return 0;
}

int vici_client_events(struct vici_client *c, vici_client_event_fn fn, void *data)
{
	struct vici_packet p;
	int err = receive_answer(c, fn, data, &p);

	/* An answer without a question. */
	return err ? err : -EBADMSG;
}
