/* SPDX-License-Identifier: MIT */
#include "pdk/conf/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "pdk/conf/options_private.h"
#include "pdk/conf/scalar.h"

/* -------- messages -------- */

void conf_report_bad(struct conf_report *report, const struct conf_node *node, const char *fmt, ...)
{
	char path[CONF_PATH_LEN], expected[CONF_EXPECTED_LEN];
	va_list args;

	va_start(args, fmt);
	vsnprintf(expected, sizeof(expected), fmt, args);
	va_end(args);
	conf_path(node, path, sizeof(path));
	if (node->type != CONF_VALUE)
		conf_report_add(report, &node->origin, "%s: found a %s, expected %s", path,
				conf_type_name(node->type), expected);
	else
		conf_report_add(report, &node->origin, "%s: found '%.60s'%s, expected %s", path,
				node->value, node->len > 60 ? "..." : "", expected);
}

void conf_report_bad_secret(struct conf_report *report, const struct conf_node *node,
			    const char *expected)
{
	char path[CONF_PATH_LEN];

	conf_report_add(report, &node->origin, "%s: expected %s",
			conf_path(node, path, sizeof(path)), expected);
}

/* -------- lists -------- */

static int one_string(const struct conf_node *node, const char *start, size_t len,
		      struct conf_report *report,
		      int (*fn)(const char *item, const struct conf_node *node, void *data),
		      void *data)
{
	char *item;
	int err;

	while (len && isspace((unsigned char)*start)) {
		start++;
		len--;
	}
	while (len && isspace((unsigned char)start[len - 1]))
		len--;
	if (!len || memchr(start, 0, len)) {
		conf_report_bad(report, node, "a list without empty or binary items");
		return -EINVAL;
	}
	item = strndup(start, len);
	if (!item)
		return -ENOMEM;
	err = fn(item, node, data);
	free(item);
	return err;
}

int conf_for_each_string(const struct conf_node *node, struct conf_report *report,
			 int (*fn)(const char *item, const struct conf_node *node, void *data),
			 void *data)
{
	const struct conf_node *child;
	const char *start, *comma, *end;
	int err;

	switch (node->type) {
	case CONF_SECTION:
		conf_report_bad(report, node, "a list");
		return -EINVAL;
	case CONF_LIST:
		conf_for_each(child, node)
		{
			err = one_string(child, child->value, child->len, report, fn, data);
			if (err)
				return err;
		}
		return 0;
	case CONF_VALUE:
		break;
	}
	start = node->value;
	end = node->value + node->len;
	for (;; start = comma + 1) {
		comma = memchr(start, ',', (size_t)(end - start));
		err = one_string(node, start, (size_t)((comma ? comma : end) - start), report, fn,
				 data);
		if (err || !comma)
			return err;
	}
}

static int add_string(const char *item, const struct conf_node *node, void *data)
{
	struct conf_strings *strings = data;
	char **v;

	if (strings->n == CONF_LIST_MAX)
		return -E2BIG;
	v = reallocarray(strings->v, strings->n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	strings->v = v;
	v[strings->n] = strdup(item);
	if (!v[strings->n])
		return -ENOMEM;
	strings->n++;
	return 0;
}

struct addresses_ctx {
	struct conf_addresses *addresses;
	struct conf_report *report;
};

static int add_address(const char *item, const struct conf_node *node, void *data)
{
	struct addresses_ctx *ctx = data;
	struct netaddr addr, *v;

	if (netaddr_parse(item, 0, &addr) < 0) {
		conf_report_bad(ctx->report, node, "numeric IP addresses");
		return -EINVAL;
	}
	if (ctx->addresses->n == CONF_LIST_MAX)
		return -E2BIG;
	v = reallocarray(ctx->addresses->v, ctx->addresses->n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	ctx->addresses->v = v;
	v[ctx->addresses->n++] = addr;
	return 0;
}

/* -------- fields -------- */

static void clear_field(const struct conf_option *o, void *field)
{
	struct conf_addresses *addresses;
	struct conf_strings *strings;

	switch (o->type) {
	case CONF_OPT_STRING:
		free(*(char **)field);
		*(char **)field = NULL;
		break;
	case CONF_OPT_STRINGS:
		strings = field;
		for (size_t i = 0; i < strings->n; i++)
			free(strings->v[i]);
		free(strings->v);
		*strings = (struct conf_strings){ 0 };
		break;
	case CONF_OPT_ADDRESSES:
		addresses = field;
		free(addresses->v);
		*addresses = (struct conf_addresses){ 0 };
		break;
	case CONF_OPT_SECRET:
		conf_secret_clear(field);
		break;
	case CONF_OPT_SECTION:
		conf_options_clear(o->options, field);
		break;
	case CONF_OPT_BOOL:
	case CONF_OPT_INT:
	case CONF_OPT_SIZE:
	case CONF_OPT_DECIMAL:
	case CONF_OPT_DURATION:
	case CONF_OPT_ADDRESS:
	case CONF_OPT_ENUM:
	case CONF_OPT_CUSTOM:
	case CONF_OPT_SECTIONS:
	case CONF_OPT_ONLY:
	case CONF_OPT_REFUSED:
		break;
	}
}

void conf_options_clear(const struct conf_option *options, void *target)
{
	for (const struct conf_option *o = options; o->name; o++)
		clear_field(o, (char *)target + o->offset);
}

static int in_range(const struct conf_option *o, uint64_t value, uint64_t type_max)
{
	return value >= o->min && value <= (o->max ? o->max : type_max) ? 0 : -EINVAL;
}

static int set_enum(const struct conf_option *o, const char *text, int *field)
{
	for (int i = 0; o->names[i]; i++)
		if (strcmp(o->names[i], text) == 0) {
			*field = i;
			return 0;
		}
	return -EINVAL;
}

static int check_only(const struct conf_option *o, const char *text)
{
	struct duration wanted_time, given_time;
	bool wanted, given;

	if (conf_parse_duration(o->dflt, &wanted_time) == 0 &&
	    conf_parse_duration(text, &given_time) == 0)
		return wanted_time.ns == given_time.ns ? 0 : -EINVAL;
	if (conf_parse_bool(o->dflt, &wanted) == 0 && conf_parse_bool(text, &given) == 0)
		return wanted == given ? 0 : -EINVAL;
	return strcmp(o->dflt, text) == 0 ? 0 : -EINVAL;
}

/* A value of one of the types that are a single word. -EINVAL: not reported. */
static int set_scalar(const struct conf_option *o, const struct conf_node *node, void *field)
{
	const char *text = node->value;
	struct duration duration;
	uint64_t value;
	char *string;
	int err;

	if (o->type == CONF_OPT_SECRET) {
		struct conf_secret secret;

		err = conf_parse_secret(conf_bytes(node), &secret);
		if (err)
			return err;
		clear_field(o, field);
		*(struct conf_secret *)field = secret;
		return 0;
	}
	if (conf_is_binary(node))
		return -EINVAL;

	switch (o->type) {
	case CONF_OPT_BOOL:
		return conf_parse_bool(text, field);
	case CONF_OPT_INT:
		err = conf_parse_uint(text, &value);
		if (!err)
			err = in_range(o, value, UINT32_MAX);
		if (!err)
			*(uint32_t *)field = (uint32_t)value;
		return err;
	case CONF_OPT_DECIMAL:
		err = conf_parse_decimal(text, &value);
		if (!err)
			err = in_range(o, value, UINT32_MAX);
		if (!err)
			*(uint32_t *)field = (uint32_t)value;
		return err;
	case CONF_OPT_SIZE:
		err = conf_parse_size(text, &value);
		if (!err)
			err = in_range(o, value, UINT64_MAX);
		if (!err)
			*(uint64_t *)field = value;
		return err;
	case CONF_OPT_DURATION:
		err = conf_parse_duration(text, &duration);
		if (!err)
			err = in_range(o, (uint64_t)duration_ms(duration), UINT64_MAX);
		if (!err)
			*(struct duration *)field = duration;
		return err;
	case CONF_OPT_STRING:
		if (!*text)
			return -EINVAL;
		string = strdup(text);
		if (!string)
			return -ENOMEM;
		clear_field(o, field);
		*(char **)field = string;
		return 0;
	case CONF_OPT_ADDRESS:
		return netaddr_parse(text, 0, field);
	case CONF_OPT_ENUM:
		return set_enum(o, text, field);
	case CONF_OPT_ONLY:
		return check_only(o, text);
	default:
		return -EINVAL;
	}
}

static int set_list(const struct conf_option *o, const struct conf_node *node, void *field,
		    struct conf_report *report)
{
	struct addresses_ctx ctx = { field, report };
	int err;

	clear_field(o, field);
	if (o->type == CONF_OPT_STRINGS)
		err = conf_for_each_string(node, report, add_string, field);
	else
		err = conf_for_each_string(node, report, add_address, &ctx);
	if (err == -E2BIG) {
		conf_report_bad(report, node, "a list of at most %d items", CONF_LIST_MAX);
		err = -EINVAL;
	}
	return err;
}

static void report_refused(const struct conf_option *o, const struct conf_node *node,
			   struct conf_report *report)
{
	char path[CONF_PATH_LEN];

	conf_report_add(report, &node->origin, "%s: not supported: %s",
			conf_path(node, path, sizeof(path)), o->doc);
}

static int set_value(const struct conf_option *o, const struct conf_node *node, void *field,
		     struct conf_report *report)
{
	char expected[CONF_EXPECTED_LEN];
	const char *wrong = NULL;
	int err;

	if (o->type == CONF_OPT_STRINGS || o->type == CONF_OPT_ADDRESSES)
		err = set_list(o, node, field, report);
	else if (node->type != CONF_VALUE)
		err = -EINVAL;
	else
		err = set_scalar(o, node, field);
	if (err == -EINVAL && o->type != CONF_OPT_STRINGS && o->type != CONF_OPT_ADDRESSES)
		wrong = conf_option_expected(o, expected);
	if (!err && o->check)
		wrong = o->check(field);
	if (!wrong)
		return err;
	if (o->type == CONF_OPT_SECRET)
		conf_report_bad_secret(report, node, wrong);
	else if (o->type == CONF_OPT_ONLY)
		conf_report_bad(report, node, "%s: %s", wrong, o->doc);
	else
		conf_report_bad(report, node, "%s", wrong);
	return -EINVAL;
}

static int set(const struct conf_option *o, const struct conf_node *node, void *target,
	       struct conf_report *report)
{
	void *field = (char *)target + o->offset;

	switch (o->type) {
	case CONF_OPT_REFUSED:
		report_refused(o, node, report);
		return -EINVAL;
	case CONF_OPT_CUSTOM:
		return o->take(o, node, target, report);
	case CONF_OPT_SECTION:
	case CONF_OPT_SECTIONS:
		if (node->type != CONF_SECTION) {
			conf_report_bad(report, node, "a section");
			return -EINVAL;
		}
		if (o->type == CONF_OPT_SECTIONS)
			return o->take(o, node, target, report);
		return conf_options_apply(o->options, node, field, report);
	default:
		return set_value(o, node, field, report);
	}
}

/* -------- application -------- */

/* An exact name goes before a pattern. */
static const struct conf_option *find_option(const struct conf_option *options,
					     const struct conf_node *node)
{
	const struct conf_option *pattern = NULL;

	for (const struct conf_option *o = options; o->name; o++) {
		if (strcmp(o->name, node->name) == 0)
			return o;
		/* "local*" is for sections: "local_addr" is a mistake for another option. */
		if (o->type == CONF_OPT_SECTIONS && node->type != CONF_SECTION)
			continue;
		if (!pattern && conf_option_matches(o, node->name))
			pattern = o;
	}
	return pattern;
}

static int set_default(const struct conf_option *o, const struct conf_node *section, void *target,
		       struct conf_report *report)
{
	struct conf_node node = {
		.parent = (struct conf_node *)section,
		.type = o->type == CONF_OPT_SECTION ? CONF_SECTION : CONF_VALUE,
		.origin = section->origin,
		.name = (char *)o->name,
		.value = (char *)o->dflt,
		.len = o->dflt ? strlen(o->dflt) : 0,
	};

	list_init(&node.siblings);
	list_init(&node.children);
	if (o->type != CONF_OPT_SECTION && (!o->dflt || o->type == CONF_OPT_ONLY))
		return 0;
	return set(o, &node, target, report);
}

int conf_options_apply(const struct conf_option *options, const struct conf_node *section,
		       void *target, struct conf_report *report)
{
	const struct conf_option *o;
	const struct conf_node *node;
	int err, failed = 0;

	for (o = options; o->name; o++) {
		if (o->type == CONF_OPT_SECTION && conf_find(section, o->name))
			continue;
		err = set_default(o, section, target, report);
		if (err == -ENOMEM)
			return err;
		failed = failed ? failed : err;
	}
	conf_for_each(node, section)
	{
		o = find_option(options, node);
		if (!o) {
			conf_option_report_unknown(options, node, report);
			failed = -EINVAL;
			continue;
		}
		err = set(o, node, target, report);
		if (err == -ENOMEM)
			return err;
		failed = failed ? failed : err;
	}
	return failed;
}
