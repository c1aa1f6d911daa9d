/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Byte strings: a borrowed view, a bounded reader and a bounded writer. Both carry a sticky error,
 * so a parser reads a whole structure and asks once whether it was all there. Everything that comes
 * from a network, a file or the kernel is read through the reader and nothing else.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "pdk/base/cleanup.h"

/* A view of bytes that somebody else owns. */
struct bytes {
	const uint8_t *data;
	size_t len;
};

#define BYTES(ptr, length) ((struct bytes){ (const uint8_t *)(ptr), (length) })
#define BYTES_NONE	   ((struct bytes){ NULL, 0 })
/* The bytes of an array object (not a pointer). */
#define BYTES_OF(array) BYTES((array), sizeof(array))

static inline struct bytes bytes_str(const char *s)
{
	return BYTES(s, strlen(s));
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* As bytes_equal(), in time that depends on the lengths alone. For keys, MACs and cookies. */
bool bytes_equal_secret(struct bytes a, struct bytes b);

/* Octet-wise order, a shorter prefix first: <0, 0, >0. */
int bytes_compare(struct bytes a, struct bytes b);

/* -------- reader -------- */

struct reader {
	const uint8_t *start, *pos, *end;
	bool failed; /* something was read that wasn't there; stays set */
};

void reader_init(struct reader *r, struct bytes input);

/* Big-endian integers; 0 once the reader has failed. */
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);

/* The next len bytes as a view of the input; BYTES_NONE once the reader has failed. */
struct bytes reader_take(struct reader *r, size_t len);
/* All that is left. */
struct bytes reader_rest(struct reader *r);
/* Copy len bytes to dst; zeroes dst when they aren't there. */
void reader_copy(struct reader *r, void *dst, size_t len);

static inline size_t reader_left(const struct reader *r)
{
	return r->failed ? 0 : (size_t)(r->end - r->pos);
}

static inline size_t reader_offset(const struct reader *r)
{
	return (size_t)(r->pos - r->start);
}

/* Nothing failed and nothing is left over. */
static inline bool reader_done(const struct reader *r)
{
	return !r->failed && r->pos == r->end;
}

/* -------- writer -------- */

struct writer {
	uint8_t *data;
	size_t len, cap;
	bool heap; /* grows, and writer_fini() wipes and frees */
	int err;   /* 0, -EMSGSIZE (did not fit) or -ENOMEM; stays set */
};

/* Write into buf, at most cap bytes; the buffer stays the caller's. */
void writer_init_fixed(struct writer *w, void *buf, size_t cap);
/* Write into memory that grows up to limit bytes. End with writer_fini() or writer_steal(). */
void writer_init_heap(struct writer *w, size_t limit);
void writer_fini(struct writer *w);

void writer_u8(struct writer *w, uint8_t v);
void writer_u16(struct writer *w, uint16_t v);
void writer_u32(struct writer *w, uint32_t v);
void writer_u64(struct writer *w, uint64_t v);
void writer_bytes(struct writer *w, struct bytes b);
void writer_zeros(struct writer *w, size_t len);

/*
 * Room for len bytes that the caller fills: the pointer is good until the next call on the writer.
 * NULL once the writer has failed.
 */
uint8_t *writer_reserve(struct writer *w, size_t len);

/* Overwrite what was written before at offset; for lengths that are known at the end. */
void writer_patch_u8(struct writer *w, size_t offset, uint8_t v);
void writer_patch_u16(struct writer *w, size_t offset, uint16_t v);
void writer_patch_u32(struct writer *w, size_t offset, uint32_t v);

static inline struct bytes writer_view(const struct writer *w)
{
	return BYTES(w->data, w->len);
}

/*
 * Take the memory of a heap writer over; the caller frees it with free(). When the writer had
 * failed its memory is freed and its error returned.
 */
int writer_steal(struct writer *w, uint8_t **ret_data, size_t *ret_len);

/* -------- owned copies -------- */

/* A heap copy of bytes; free() the data. -ENOMEM. An empty input gives NULL data and length 0. */
int bytes_dup(struct bytes b, uint8_t **ret_data);

/* Lower-case hexadecimal of b and a NUL into buf (2 * b.len + 1 bytes, shortened to size). */
char *bytes_hex(struct bytes b, char *buf, size_t size);
