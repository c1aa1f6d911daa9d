/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What is wrong with a configuration, as text for the person who wrote it. Every check goes on
 * after an error, so one run says all. One thread at a time.
 */
#include <stdbool.h>
#include <stddef.h>
#include "pdk/base/cleanup.h"

/* Messages kept; of those beyond only the number is said. */
#define CONF_REPORT_MAX 40

/* Where a node came from: a file, or a channel such as "load-conn". Immutable, shared, counted
 * atomically. */
struct conf_source;

struct conf_origin {
	struct conf_source *source; /* NULL: unknown */
	unsigned line, column;      /* from 1; 0: there are none */
};

/* NULL without memory. The name is copied. */
struct conf_source *conf_source_new(const char *name);
struct conf_source *conf_source_ref(struct conf_source *s);
/* Drops a reference; takes NULL; returns NULL. */
struct conf_source *conf_source_unref(struct conf_source *s);
const char *conf_source_name(const struct conf_source *s);

struct conf_report {
	size_t n;    /* messages given, kept or not */
	char *text;  /* the kept ones, each ended by '\n'; NULL: none */
	size_t len;  /* of text */
	bool no_mem; /* one was lost for want of memory */
};

#define CONF_REPORT_INIT ((struct conf_report){ 0 })

void conf_report_fini(struct conf_report *r);

/*
 * Add "FILE:LINE:COLUMN: message" (as much of the origin as there is; origin may be NULL). Control
 * characters in the message come out as '?'.
 */
void conf_report_add(struct conf_report *r, const struct conf_origin *origin, const char *fmt, ...)
	_printf_(3, 4);

/* All messages, one a line, "" when there are none. Good until the next call on r. */
const char *conf_report_text(const struct conf_report *r);

static inline bool conf_report_failed(const struct conf_report *r)
{
	return r->n > 0 || r->no_mem;
}
