/* SPDX-License-Identifier: MIT */
#include "pdk/conf/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conf_source {
	unsigned refs;
	char name[];
};

struct conf_source *conf_source_new(const char *name)
{
	size_t size = strlen(name) + 1;
	struct conf_source *s = malloc(sizeof(*s) + size);

	if (!s)
		return NULL;
	s->refs = 1;
	memcpy(s->name, name, size);
	return s;
}

struct conf_source *conf_source_ref(struct conf_source *s)
{
	if (s)
		__atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
	return s;
}

struct conf_source *conf_source_unref(struct conf_source *s)
{
	if (s && __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) == 0)
		free(s);
	return NULL;
}

const char *conf_source_name(const struct conf_source *s)
{
	return s->name;
}

void conf_report_fini(struct conf_report *r)
{
	free(r->text);
	*r = CONF_REPORT_INIT;
}

/* One message can't fill a screen, whatever was quoted in it. */
#define MESSAGE_MAX 800

static int put_origin(char *buf, size_t size, const struct conf_origin *origin)
{
	if (!origin || !origin->source)
		return 0;
	if (!origin->line)
		return snprintf(buf, size, "%.300s: ", origin->source->name);
	if (!origin->column)
		return snprintf(buf, size, "%.300s:%u: ", origin->source->name, origin->line);
	return snprintf(buf, size, "%.300s:%u:%u: ", origin->source->name, origin->line,
			origin->column);
}

static void append_line(struct conf_report *r, const char *line)
{
	size_t len = strlen(line);
	char *text = realloc(r->text, r->len + len + 2);

	if (!text) {
		r->no_mem = true;
		return;
	}
	memcpy(text + r->len, line, len);
	text[r->len + len] = '\n';
	text[r->len + len + 1] = '\0';
	r->text = text;
	r->len += len + 1;
}

void conf_report_add(struct conf_report *r, const struct conf_origin *origin, const char *fmt, ...)
{
	char line[MESSAGE_MAX];
	va_list args;
	int len;

	if (r->n++ == CONF_REPORT_MAX)
		append_line(r, "... and more");
	if (r->n > CONF_REPORT_MAX)
		return;

	len = put_origin(line, sizeof(line), origin);
	va_start(args, fmt);
	vsnprintf(line + len, sizeof(line) - (size_t)len, fmt, args);
	va_end(args);
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	append_line(r, line);
}

const char *conf_report_text(const struct conf_report *r)
{
	if (r->text)
		return r->text;
	return r->no_mem ? "out of memory\n" : "";
}
