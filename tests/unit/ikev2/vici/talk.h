/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Talking to the fake server from a test.
 */
#include <sys/socket.h>
#include "fake.h"

static inline struct vici_client *connect_one(struct fake *f)
{
	struct vici_client *c = NULL;

	if (vici_client_connect(f->path, &c))
		return NULL;
	vici_client_set_timeout(c, DURATION_S(20));
	return c;
}

/* A command with up to two strings. Its result, and whether it says success. */
static inline int call(struct vici_client *c, const char *command, const char *key1,
		       const char *value1, const char *key2, const char *value2,
		       struct bytes *ret_response)
{
	struct writer w;
	int err;

	writer_init_heap(&w, 4096);
	if (key1)
		vici_put_str(&w, key1, value1);
	if (key2)
		vici_put_str(&w, key2, value2);
	err = vici_client_call(c, command, writer_view(&w), NULL, NULL, ret_response);
	writer_fini(&w);
	return err;
}

static inline bool alive(struct vici_client *c)
{
	struct bytes response;
	char buf[VICI_TEXT_MAX];

	return call(c, "version", NULL, NULL, NULL, NULL, &response) == 0 &&
	       vici_get_str(response, "version", buf) && !strcmp(buf, "1.2.3");
}

/* A request about connection gw as it goes over the wire; the memory is static. */
static inline struct bytes raw_request(const char *command)
{
	static uint8_t buf[256];
	struct writer w;
	size_t begin;

	writer_init_fixed(&w, buf, sizeof(buf));
	begin = vici_packet_begin(&w, VICI_CMD_REQUEST, command);
	vici_put_str(&w, "ike", "gw");
	vici_packet_end(&w, begin);
	return writer_view(&w);
}

static inline bool send_raw(struct vici_client *c, struct bytes b)
{
	return send(vici_client_fd(c), b.data, b.len, MSG_NOSIGNAL) == (ssize_t)b.len;
}

static inline bool only_one_left(struct fake *f)
{
	return vici_server_counters(f->server)->connected == 1;
}

struct seen {
	size_t n;
	bool in_order;
};

static inline int see_sa(struct bytes name, struct bytes message, void *data)
{
	struct seen *seen = data;
	struct bytes sa;
	int64_t id;

	if (!vici_get(message, VICI_SECTION_START, "gw", &sa) ||
	    vici_get_int(sa, "uniqueid", 0, &id) || (size_t)id != ++seen->n)
		seen->in_order = false;
	return 0;
}

static inline int list_some(struct vici_client *c, const char *key, const char *value,
			    struct seen *seen)
{
	struct writer w;
	struct bytes r;
	int err;

	*seen = (struct seen){ .in_order = true };
	writer_init_heap(&w, 4096);
	if (key)
		vici_put_str(&w, key, value);
	err = vici_client_register(c, "list-sa");
	if (!err)
		err = vici_client_call(c, "list-sas", writer_view(&w), see_sa, seen, &r);
	writer_fini(&w);
	return err ? err : vici_client_unregister(c, "list-sa");
}

static inline int list_all(struct vici_client *c, struct seen *seen)
{
	return list_some(c, NULL, NULL, seen);
}

static inline void raise_event(struct fake *f)
{
	struct ike_sa_info *sa = fake_sa(7, 1);

	if (!sa)
		return;
	vici_event_ike_updown(f->server, true, sa);
	ike_sa_info_free(sa);
}
