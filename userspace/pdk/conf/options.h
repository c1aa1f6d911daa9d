/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Option tables: what a section may hold, owned by the subsystem that uses it, and one function
 * that fills a struct from a section by such a table. What no table names is refused, with where it
 * stands and which names come near. The manual page and the sample file are printed from the
 * tables.
 *
 *	static const struct conf_option gw_options[] = {
 *		{ "dpd_delay", CONF_OPT_DURATION, offsetof(struct gw, dpd_delay), .dflt = "0s",
 *		  .doc = "Time without traffic after which the peer is asked for a sign of life." },
 *		{ 0 },
 *	};
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "pdk/base/time.h"
#include "pdk/conf/tree.h"
#include "pdk/net/netaddr.h"

enum conf_option_type {
	CONF_OPT_BOOL,      /* bool: yes no true false on off enabled disabled 1 0 */
	CONF_OPT_INT,       /* uint32_t, min to max; decimal or 0x */
	CONF_OPT_SIZE,      /* uint64_t, min to max; suffix k, m, g: powers of 1024 */
	CONF_OPT_DECIMAL,   /* uint32_t, thousandths: "1.8" is 1800; min to max in thousandths */
	CONF_OPT_DURATION,  /* struct duration; suffix ms, s, m, h, d, none: s; min to max in ms */
	CONF_OPT_STRING,    /* char *, not empty */
	CONF_OPT_STRINGS,   /* struct conf_strings; a list, or text split at commas */
	CONF_OPT_ADDRESS,   /* struct netaddr, numeric, port 0 */
	CONF_OPT_ADDRESSES, /* struct conf_addresses */
	CONF_OPT_ENUM,      /* int, the index in names */
	CONF_OPT_SECRET,    /* struct conf_secret: 0x hex, 0s base64, else the text itself */
	CONF_OPT_CUSTOM,    /* what the take hook makes of the node, of whatever type it is */
	CONF_OPT_SECTION,   /* a section with a table of its own; target is target + offset */
	CONF_OPT_SECTIONS,  /* each section that name, a pattern with '*', matches: the take hook */
	CONF_OPT_ONLY, /* no field: just the value dflt (any spelling of a bool or time); doc says
			  why */
	CONF_OPT_REFUSED, /* no field: known elsewhere, not here; doc says why */
};

struct conf_option {
	const char *name; /* NULL ends the table */
	enum conf_option_type type;
	size_t offset;            /* of the field in the target */
	const char *dflt;         /* as it would be written; NULL: the field is left as it is */
	const char *unit;         /* for documentation: "seconds" */
	uint64_t min, max;        /* max 0: no limit but the type's */
	const char *const *names; /* ENUM: NULL-terminated */
	const struct conf_option *options; /* SECTION, SECTIONS: table of what is within */
	/*
	 * CUSTOM, SECTIONS: makes the node part of target. Returns 0, -ENOMEM, or -EINVAL after it
	 * has added the reasons to report.
	 */
	int (*take)(const struct conf_option *option, const struct conf_node *node, void *target,
		    struct conf_report *report);
	/* Optional, after the value went into its field: NULL, or what was expected instead. */
	const char *(*check)(const void *field);
	const char *doc;
};

struct conf_strings {
	size_t n;
	char **v;
};

struct conf_addresses {
	size_t n;
	struct netaddr *v;
};

struct conf_secret {
	uint8_t *data;
	size_t len;
};

#define CONF_LIST_MAX 64 /* items of STRINGS and ADDRESSES */

/*
 * Fill target from section: defaults first, then what is there. Target must be zeroed. All that is
 * wrong is reported. 0, -EINVAL, -ENOMEM; in each case conf_options_clear() releases what the
 * fields own (what take hooks allocated is theirs to release).
 */
int conf_options_apply(const struct conf_option *options, const struct conf_node *section,
		       void *target, struct conf_report *report);
/* Frees strings, lists and (wiped) secrets, also in fixed sections, and zeroes those fields. */
void conf_options_clear(const struct conf_option *options, void *target);

/*
 * Report "PATH: found FOUND, expected EXPECTED" at a node, FOUND being its value, quoted and
 * shortened. Secrets: use conf_report_bad_secret(), which leaves the value out.
 */
void conf_report_bad(struct conf_report *report, const struct conf_node *node, const char *fmt, ...)
	_printf_(3, 4);
void conf_report_bad_secret(struct conf_report *report, const struct conf_node *node,
			    const char *expected);

/*
 * Split a list or a text with commas into trimmed strings and hand each to fn until it returns
 * non-zero, which is then returned. -EINVAL (reported) for a section, a NUL or an empty item.
 */
int conf_for_each_string(const struct conf_node *node, struct conf_report *report,
			 int (*fn)(const char *item, const struct conf_node *node, void *data),
			 void *data);

/* The single parsers, for take hooks. 0 or -EINVAL, and nothing is reported. */
int conf_parse_bool(const char *text, bool *ret);
int conf_parse_uint(const char *text, uint64_t *ret);
int conf_parse_duration(const char *text, struct duration *ret);
/* 0x hex, 0s base64, else the bytes themselves. Also -ENOMEM. */
int conf_parse_secret(struct bytes text, struct conf_secret *ret);
void conf_secret_clear(struct conf_secret *s);

enum conf_print {
	CONF_PRINT_SAMPLE, /* a file with every option commented out */
	CONF_PRINT_MAN,    /* man(7) source, one .TP each */
};

/* Print a table, and those within it, for people. path is what stands before each name ("" or
 * "connections.<conn>."). */
void conf_options_print(FILE *out, const struct conf_option *options, const char *path,
			enum conf_print form);
