/* SPDX-License-Identifier: MIT */
#include "pdk/base/bytes.h"

#include <errno.h>
#include <stdlib.h>

bool bytes_equal_secret(struct bytes a, struct bytes b)
{
	volatile uint8_t diff = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		diff |= a.data[i] ^ b.data[i];
	return diff == 0;
}

int bytes_compare(struct bytes a, struct bytes b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.data, b.data, common) : 0;

	if (order)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

void reader_init(struct reader *r, struct bytes input)
{
	static const uint8_t nothing[1];
	const uint8_t *data = input.data ? input.data : nothing;

	*r = (struct reader){ .start = data, .pos = data, .end = data + input.len };
}

/* The only place that advances a reader. */
struct bytes reader_take(struct reader *r, size_t len)
{
	struct bytes taken;

	if (r->failed || len > (size_t)(r->end - r->pos)) {
		r->failed = true;
		return BYTES_NONE;
	}
	taken = BYTES(r->pos, len);
	r->pos += len;
	return taken;
}

struct bytes reader_rest(struct reader *r)
{
	return reader_take(r, reader_left(r));
}

void reader_copy(struct reader *r, void *dst, size_t len)
{
	struct bytes b = reader_take(r, len);

	if (r->failed)
		memset(dst, 0, len);
	else if (len)
		memcpy(dst, b.data, len);
}

static uint64_t reader_be(struct reader *r, size_t len)
{
	struct bytes b = reader_take(r, len);
	uint64_t v = 0;

	for (size_t i = 0; i < b.len; i++)
		v = v << 8 | b.data[i];
	return v;
}

uint8_t reader_u8(struct reader *r)
{
	return (uint8_t)reader_be(r, 1);
}

uint16_t reader_u16(struct reader *r)
{
	return (uint16_t)reader_be(r, 2);
}

uint32_t reader_u32(struct reader *r)
{
	return (uint32_t)reader_be(r, 4);
}

uint64_t reader_u64(struct reader *r)
{
	return reader_be(r, 8);
}

void writer_init_fixed(struct writer *w, void *buf, size_t cap)
{
	*w = (struct writer){ .data = buf, .cap = cap };
}

void writer_init_heap(struct writer *w, size_t limit)
{
	*w = (struct writer){ .cap = limit, .heap = true };
}

void writer_fini(struct writer *w)
{
	if (w->heap && w->data) {
		explicit_bzero(w->data, w->len);
		free(w->data);
	}
	*w = (struct writer){ 0 };
}

/* Heap writers hold the next power of two of their length, so growth needs no field of its own. */
static size_t writer_room(size_t len)
{
	size_t room = 256;

	while (room < len)
		room *= 2;
	return room;
}

static bool writer_grow(struct writer *w, size_t len)
{
	size_t have = w->data ? writer_room(w->len) : 0;
	uint8_t *bigger;

	if (w->len + len <= have)
		return true;
	/* Not realloc(): what is left behind may be a key. */
	bigger = malloc(writer_room(w->len + len));
	if (!bigger)
		return false;
	if (w->data) {
		memcpy(bigger, w->data, w->len);
		explicit_bzero(w->data, w->len);
		free(w->data);
	}
	w->data = bigger;
	return true;
}

uint8_t *writer_reserve(struct writer *w, size_t len)
{
	uint8_t *room;

	if (!w->err && len > w->cap - w->len)
		w->err = -EMSGSIZE;
	else if (!w->err && w->heap && !writer_grow(w, len))
		w->err = -ENOMEM;
	if (w->err)
		return NULL;
	room = w->data + w->len;
	w->len += len;
	return room;
}

static void writer_be(struct writer *w, uint64_t v, size_t len)
{
	uint8_t *room = writer_reserve(w, len);

	for (size_t i = len; room && i-- > 0; v >>= 8)
		room[i] = (uint8_t)v;
}

void writer_u8(struct writer *w, uint8_t v)
{
	writer_be(w, v, 1);
}

void writer_u16(struct writer *w, uint16_t v)
{
	writer_be(w, v, 2);
}

void writer_u32(struct writer *w, uint32_t v)
{
	writer_be(w, v, 4);
}

void writer_u64(struct writer *w, uint64_t v)
{
	writer_be(w, v, 8);
}

void writer_bytes(struct writer *w, struct bytes b)
{
	uint8_t *room = writer_reserve(w, b.len);

	if (room && b.len)
		memcpy(room, b.data, b.len);
}

void writer_zeros(struct writer *w, size_t len)
{
	uint8_t *room = writer_reserve(w, len);

	if (room)
		memset(room, 0, len);
}

static void writer_patch(struct writer *w, size_t offset, uint32_t v, size_t len)
{
	if (w->err)
		return;
	if (offset > w->len || len > w->len - offset) {
		w->err = -EMSGSIZE;
		return;
	}
	for (size_t i = len; i-- > 0; v >>= 8)
		w->data[offset + i] = (uint8_t)v;
}

void writer_patch_u8(struct writer *w, size_t offset, uint8_t v)
{
	writer_patch(w, offset, v, 1);
}

void writer_patch_u16(struct writer *w, size_t offset, uint16_t v)
{
	writer_patch(w, offset, v, 2);
}

void writer_patch_u32(struct writer *w, size_t offset, uint32_t v)
{
	writer_patch(w, offset, v, 4);
}

int writer_steal(struct writer *w, uint8_t **ret_data, size_t *ret_len)
{
	int err = w->err;

	if (err) {
		writer_fini(w);
		return err;
	}
	*ret_data = steal_ptr(w->data);
	*ret_len = w->len;
	*w = (struct writer){ 0 };
	return 0;
}

int bytes_dup(struct bytes b, uint8_t **ret_data)
{
	uint8_t *copy = NULL;

	if (b.len) {
		copy = malloc(b.len);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, b.data, b.len);
	}
	*ret_data = copy;
	return 0;
}

char *bytes_hex(struct bytes b, char *buf, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t o = 0;

	if (!size)
		return buf;
	for (size_t i = 0; i < b.len && o + 2 < size; i++) {
		buf[o++] = digits[b.data[i] >> 4];
		buf[o++] = digits[b.data[i] & 15];
	}
	buf[o] = '\0';
	return buf;
}
