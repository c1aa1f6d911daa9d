/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Key material on the heap that is wiped before its memory goes back. The object has one owner and
 * is moved, never copied by assignment.
 */
#include "pdk/base/bytes.h"
#include "pdk/base/cleanup.h"

struct secret {
	uint8_t *data; /* NULL when len is 0 */
	size_t len;
};

#define SECRET_NONE ((struct secret){ NULL, 0 })

/* len zero bytes. -ENOMEM. */
int secret_init(struct secret *s, size_t len);
/* A copy of b. -ENOMEM. */
int secret_from_bytes(struct secret *s, struct bytes b);
/* Wipe and free; the object is SECRET_NONE afterwards, and may be finished again. */
void secret_fini(struct secret *s);
/* Hand from's bytes over to to, whose own are wiped first; from is SECRET_NONE afterwards. */
void secret_move(struct secret *to, struct secret *from);

/* A view, good until the secret is finished or moved. */
static inline struct bytes secret_bytes(const struct secret *s)
{
	return BYTES(s->data, s->len);
}

/* Overwrite len bytes with zeros in a way that the compiler does not leave out. */
void secret_wipe(void *data, size_t len);

#define _cleanup_secret_ _cleanup_(secret_fini)
