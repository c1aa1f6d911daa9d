/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The encoding of the VICI protocol: packets, and the messages of sections, lists and values that
 * they carry. Written with a struct writer; read in place, through views of the received bytes.
 * Used by server, client and tests; any thread.
 *
 * On the stream a packet is a 32-bit big-endian length and that many bytes: type, with some types a
 * name (8-bit length), then a message. An element of a message is a type, with some a name (8-bit
 * length), with some a value (16-bit length).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "pdk/base/bytes.h"
#include "pdk/base/cleanup.h"

#define VICI_PACKET_MAX (512 * 1024) /* without the length in front */
#define VICI_NAME_MAX   255
#define VICI_VALUE_MAX  65535
#define VICI_DEPTH_MAX  16 /* sections within sections that we read */

enum vici_packet_type {
	VICI_CMD_REQUEST = 0,
	VICI_CMD_RESPONSE = 1,
	VICI_CMD_UNKNOWN = 2,
	VICI_EVENT_REGISTER = 3,
	VICI_EVENT_UNREGISTER = 4,
	VICI_EVENT_CONFIRM = 5,
	VICI_EVENT_UNKNOWN = 6,
	VICI_EVENT = 7,
};

enum vici_element_type {
	VICI_SECTION_START = 1,
	VICI_SECTION_END = 2,
	VICI_KEY_VALUE = 3,
	VICI_LIST_START = 4,
	VICI_LIST_ITEM = 5,
	VICI_LIST_END = 6,
};

/* -------- packets -------- */

struct vici_packet {
	enum vici_packet_type type;
	struct bytes name;    /* of a command or an event, else empty */
	struct bytes message; /* valid, maybe empty */
};

/*
 * One packet without its length in front, message checked. Views of in. 0, or -EBADMSG with a
 * static text in *ret_reason.
 */
int vici_packet_parse(struct bytes in, struct vici_packet *ret_packet, const char **ret_reason);

/* Does b say exactly this? */
bool vici_bytes_are(struct bytes b, const char *text);

/*
 * Start a packet at the end of w, with its length in front; name is NULL for types without one.
 * Returns what vici_packet_end() wants to know.
 */
size_t vici_packet_begin(struct writer *w, enum vici_packet_type type, const char *name);
/* Fill in the length. Sets the writer's error to -EMSGSIZE when it is above VICI_PACKET_MAX. */
void vici_packet_end(struct writer *w, size_t begin);

/* -------- writing messages: errors stick to the writer -------- */

void vici_put_section(struct writer *w, const char *name);
void vici_put_section_end(struct writer *w);
void vici_put_list(struct writer *w, const char *name);
void vici_put_item(struct writer *w, struct bytes value);
void vici_put_list_end(struct writer *w);
void vici_put_value(struct writer *w, const char *key, struct bytes value);
/* text NULL: nothing is written. */
void vici_put_str(struct writer *w, const char *key, const char *text);
void vici_put_fmt(struct writer *w, const char *key, const char *fmt, ...) _printf_(3, 4);
void vici_put_item_fmt(struct writer *w, const char *fmt, ...) _printf_(2, 3);

/* -------- reading messages -------- */

/*
 * Is all of b a message: known elements, whole, balanced, items in lists and nothing else there, no
 * deeper than VICI_DEPTH_MAX, names not empty and of printable characters? 0 or -EBADMSG, with
 * a static text in *ret_reason.
 */
int vici_message_check(struct bytes b, const char **ret_reason);

/* What stands in a message or section; content is a section's or list's inside, or a value. */
struct vici_item {
	enum vici_element_type type; /* VICI_SECTION_START, VICI_LIST_START, VICI_KEY_VALUE */
	struct bytes name, content;
};

/*
 * Take the next item off *rest, which is a checked message or the content of a section. False at
 * the end (and for what isn't a message).
 */
bool vici_next(struct bytes *rest, struct vici_item *ret_item);
/* The same for the content of a list. */
bool vici_next_item(struct bytes *rest, struct bytes *ret_value);

/* The content of the first item of that type and name. */
bool vici_get(struct bytes section, enum vici_element_type type, const char *name,
	      struct bytes *ret_content);

/*
 * A value as text. vici_get_str() copies it to buf and returns buf, or returns NULL when there is
 * none, it doesn't fit, or it holds control characters. vici_get_bool(): "yes", "true", "1",
 * "enabled" are true, everything else is false. vici_get_int(): fallback without a key; -EINVAL
 * when it isn't a decimal number.
 */
#define VICI_TEXT_MAX 512
const char *vici_get_str(struct bytes section, const char *key, char buf[VICI_TEXT_MAX]);
bool vici_get_bool(struct bytes section, const char *key);
int vici_get_int(struct bytes section, const char *key, int64_t fallback, int64_t *ret_value);
