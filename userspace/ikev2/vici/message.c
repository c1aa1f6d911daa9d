/* SPDX-License-Identifier: MIT */
#include "ikev2/vici/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* -------- writing -------- */

static void put_name(struct writer *w, const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > VICI_NAME_MAX) {
		if (!w->err)
			w->err = -EMSGSIZE;
		return;
	}
	writer_u8(w, (uint8_t)len);
	writer_bytes(w, BYTES(name, len));
}

static void put_blob(struct writer *w, struct bytes value)
{
	if (value.len > VICI_VALUE_MAX) {
		if (!w->err)
			w->err = -EMSGSIZE;
		return;
	}
	writer_u16(w, (uint16_t)value.len);
	writer_bytes(w, value);
}

size_t vici_packet_begin(struct writer *w, enum vici_packet_type type, const char *name)
{
	size_t begin = w->len;

	writer_u32(w, 0);
	writer_u8(w, (uint8_t)type);
	if (name)
		put_name(w, name);
	return begin;
}

void vici_packet_end(struct writer *w, size_t begin)
{
	size_t len;

	if (w->err)
		return;
	len = w->len - begin - 4;
	if (len > VICI_PACKET_MAX)
		w->err = -EMSGSIZE;
	else
		writer_patch_u32(w, begin, (uint32_t)len);
}

void vici_put_section(struct writer *w, const char *name)
{
	writer_u8(w, VICI_SECTION_START);
	put_name(w, name);
}

void vici_put_section_end(struct writer *w)
{
	writer_u8(w, VICI_SECTION_END);
}

void vici_put_list(struct writer *w, const char *name)
{
	writer_u8(w, VICI_LIST_START);
	put_name(w, name);
}

void vici_put_item(struct writer *w, struct bytes value)
{
	writer_u8(w, VICI_LIST_ITEM);
	put_blob(w, value);
}

void vici_put_list_end(struct writer *w)
{
	writer_u8(w, VICI_LIST_END);
}

void vici_put_value(struct writer *w, const char *key, struct bytes value)
{
	writer_u8(w, VICI_KEY_VALUE);
	put_name(w, key);
	put_blob(w, value);
}

void vici_put_str(struct writer *w, const char *key, const char *text)
{
	if (text)
		vici_put_value(w, key, bytes_str(text));
}

/* Longer text is cut: everything that is formatted is a number or a line for people. */
static struct bytes format_text(char *buf, size_t size, const char *fmt, va_list ap)
{
	int len = vsnprintf(buf, size, fmt, ap);

	if (len < 0)
		return BYTES_NONE;
	return BYTES(buf, (size_t)len < size ? (size_t)len : size - 1);
}

void vici_put_fmt(struct writer *w, const char *key, const char *fmt, ...)
{
	char buf[VICI_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vici_put_value(w, key, format_text(buf, sizeof(buf), fmt, ap));
	va_end(ap);
}

void vici_put_item_fmt(struct writer *w, const char *fmt, ...)
{
	char buf[VICI_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vici_put_item(w, format_text(buf, sizeof(buf), fmt, ap));
	va_end(ap);
}

/* -------- reading -------- */

struct element {
	uint8_t type;
	struct bytes name, value;
};

static bool printable(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.data[i] < 0x20 || b.data[i] == 0x7f)
			return false;
	return true;
}

/* One element. NULL, or what is wrong with it. */
static const char *read_element(struct reader *r, struct element *el)
{
	bool has_name = false, has_value = false;

	el->type = reader_u8(r);
	el->name = el->value = BYTES_NONE;
	switch (el->type) {
	case VICI_SECTION_START:
	case VICI_LIST_START:
		has_name = true;
		break;
	case VICI_KEY_VALUE:
		has_name = has_value = true;
		break;
	case VICI_LIST_ITEM:
		has_value = true;
		break;
	case VICI_SECTION_END:
	case VICI_LIST_END:
		break;
	default:
		return "unknown element type";
	}
	if (has_name)
		el->name = reader_take(r, reader_u8(r));
	if (has_value)
		el->value = reader_take(r, reader_u16(r));
	if (r->failed)
		return "element cut short";
	if (has_name && (el->name.len == 0 || !printable(el->name)))
		return "bad element name";
	return NULL;
}

/* Where an element stands: how many sections are open, and is a list? */
struct place {
	unsigned depth;
	bool in_list;
};

/* Go past the element. NULL, or why it may not stand here. */
static const char *advance(struct place *at, uint8_t type)
{
	if (at->in_list && type != VICI_LIST_ITEM && type != VICI_LIST_END)
		return "only items may stand in a list";
	switch (type) {
	case VICI_SECTION_START:
		if (++at->depth > VICI_DEPTH_MAX)
			return "sections nested too deeply";
		break;
	case VICI_SECTION_END:
		if (at->depth-- == 0)
			return "end of a section that isn't open";
		break;
	case VICI_LIST_START:
		at->in_list = true;
		break;
	case VICI_LIST_ITEM:
		if (!at->in_list)
			return "item outside of a list";
		break;
	case VICI_LIST_END:
		if (!at->in_list)
			return "end of a list that isn't open";
		at->in_list = false;
		break;
	}
	return NULL;
}

int vici_message_check(struct bytes b, const char **ret_reason)
{
	struct place at = { 0 };
	struct reader r;
	struct element el;
	const char *wrong = NULL;

	reader_init(&r, b);
	while (!wrong && !reader_done(&r)) {
		wrong = read_element(&r, &el);
		if (!wrong)
			wrong = advance(&at, el.type);
	}
	if (!wrong && at.in_list)
		wrong = "list isn't closed";
	if (!wrong && at.depth > 0)
		wrong = "section isn't closed";
	if (!wrong)
		return 0;
	*ret_reason = wrong;
	return -EBADMSG;
}

bool vici_next(struct bytes *rest, struct vici_item *ret_item)
{
	struct place at = { 0 };
	struct element first, el;
	struct reader r;
	size_t inside, end;

	if (rest->len == 0)
		return false;
	reader_init(&r, *rest);
	if (read_element(&r, &first) || advance(&at, first.type))
		return false;
	inside = end = reader_offset(&r);
	while (at.depth > 0 || at.in_list) {
		end = reader_offset(&r);
		if (read_element(&r, &el) || advance(&at, el.type))
			return false;
	}
	ret_item->type = first.type;
	ret_item->name = first.name;
	ret_item->content = first.type == VICI_KEY_VALUE ? first.value
							 : BYTES(rest->data + inside, end - inside);
	*rest = reader_rest(&r);
	return true;
}

bool vici_next_item(struct bytes *rest, struct bytes *ret_value)
{
	struct element el;
	struct reader r;

	if (rest->len == 0)
		return false;
	reader_init(&r, *rest);
	if (read_element(&r, &el) || el.type != VICI_LIST_ITEM)
		return false;
	*ret_value = el.value;
	*rest = reader_rest(&r);
	return true;
}

bool vici_bytes_are(struct bytes b, const char *text)
{
	return bytes_equal(b, bytes_str(text));
}

bool vici_get(struct bytes section, enum vici_element_type type, const char *name,
	      struct bytes *ret_content)
{
	struct vici_item item;

	while (vici_next(&section, &item)) {
		if (item.type == type && vici_bytes_are(item.name, name)) {
			*ret_content = item.content;
			return true;
		}
	}
	return false;
}

const char *vici_get_str(struct bytes section, const char *key, char buf[VICI_TEXT_MAX])
{
	struct bytes value;

	if (!vici_get(section, VICI_KEY_VALUE, key, &value) || value.len >= VICI_TEXT_MAX ||
	    !printable(value))
		return NULL;
	if (value.len > 0)
		memcpy(buf, value.data, value.len);
	buf[value.len] = '\0';
	return buf;
}

bool vici_get_bool(struct bytes section, const char *key)
{
	static const char *const words[] = { "yes", "true", "1", "enabled" };
	struct bytes value;

	if (!vici_get(section, VICI_KEY_VALUE, key, &value))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (vici_bytes_are(value, words[i]))
			return true;
	return false;
}

int vici_get_int(struct bytes section, const char *key, int64_t fallback, int64_t *ret_value)
{
	struct bytes value;
	bool negative;
	int64_t n = 0;
	size_t i;

	if (!vici_get(section, VICI_KEY_VALUE, key, &value)) {
		*ret_value = fallback;
		return 0;
	}
	negative = value.len > 0 && value.data[0] == '-';
	i = negative ? 1 : 0;
	if (i == value.len || value.len - i > 18)
		return -EINVAL;
	for (; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return -EINVAL;
		n = n * 10 + (value.data[i] - '0');
	}
	*ret_value = negative ? -n : n;
	return 0;
}

/* -------- packets -------- */

int vici_packet_parse(struct bytes in, struct vici_packet *ret_packet, const char **ret_reason)
{
	struct bytes name = BYTES_NONE, message;
	struct reader r;
	uint8_t type;
	int err;

	reader_init(&r, in);
	type = reader_u8(&r);
	if (!r.failed && type > VICI_EVENT) {
		*ret_reason = "unknown packet type";
		return -EBADMSG;
	}
	if (type == VICI_CMD_REQUEST || type == VICI_EVENT_REGISTER ||
	    type == VICI_EVENT_UNREGISTER || type == VICI_EVENT)
		name = reader_take(&r, reader_u8(&r));
	message = reader_rest(&r);
	if (r.failed) {
		*ret_reason = "packet cut short";
		return -EBADMSG;
	}
	err = vici_message_check(message, ret_reason);
	if (err)
		return err;
	ret_packet->type = type;
	ret_packet->name = name;
	ret_packet->message = message;
	return 0;
}
