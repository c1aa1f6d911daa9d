/* SPDX-License-Identifier: MIT */
#include "pdk/conf/options.h"

#include <string.h>

#include "pdk/conf/options_private.h"

/* -------- what is expected -------- */

static char *join_enum(const char *const *names, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; names[i] && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s",
					i == 0         ? ""
					: names[i + 1] ? ", "
						       : " or ",
					names[i]);
	return buf;
}

/* " from 1 to 10 seconds" */
static void put_range(const struct conf_option *o, char *buf)
{
	const char *unit = o->unit ? o->unit : "", *space = o->unit ? " " : "";
	char *end = buf + strlen(buf);
	size_t size = CONF_EXPECTED_LEN - (size_t)(end - buf);
	unsigned long long min = o->min, max = o->max;

	if (o->type == CONF_OPT_DECIMAL)
		snprintf(end, size, " from %llu.%llu to %llu.%llu%s%s", min / 1000, min / 100 % 10,
			 max / 1000, max / 100 % 10, space, unit);
	else if (o->type == CONF_OPT_DURATION && min)
		snprintf(end, size, " from %llu%s to %llus", min % 1000 ? min : min / 1000,
			 min % 1000 ? "ms" : "s", max / 1000);
	else if (o->type == CONF_OPT_DURATION)
		snprintf(end, size, " up to %llus", max / 1000);
	else
		snprintf(end, size, " from %llu to %llu%s%s", min, max, space, unit);
}

char *conf_option_expected(const struct conf_option *o, char *buf)
{
	static const char *const words[] = {
		[CONF_OPT_BOOL] = "yes or no",
		[CONF_OPT_INT] = "a number",
		[CONF_OPT_SIZE] = "a size such as 64k",
		[CONF_OPT_DECIMAL] = "a number such as 1.5",
		[CONF_OPT_DURATION] = "a duration such as 30s or 5m",
		[CONF_OPT_STRING] = "text",
		[CONF_OPT_STRINGS] = "a list, with commas",
		[CONF_OPT_ADDRESS] = "a numeric IP address",
		[CONF_OPT_ADDRESSES] = "a list of numeric IP addresses",
		[CONF_OPT_ENUM] = "one of",
		[CONF_OPT_SECRET] = "a secret: text, 0x and hexadecimal digits, or 0s and base64",
		[CONF_OPT_CUSTOM] = "a value",
		[CONF_OPT_SECTION] = "a section",
		[CONF_OPT_SECTIONS] = "a section",
		[CONF_OPT_ONLY] = "only",
		[CONF_OPT_REFUSED] = "nothing",
	};

	if (o->type == CONF_OPT_ENUM)
		return join_enum(o->names, buf, CONF_EXPECTED_LEN);
	if (o->type == CONF_OPT_ONLY) {
		snprintf(buf, CONF_EXPECTED_LEN, "%s", o->dflt);
		return buf;
	}
	snprintf(buf, CONF_EXPECTED_LEN, "%s",
		 o->unit && o->type == CONF_OPT_CUSTOM ? o->unit : words[o->type]);
	if (o->max)
		put_range(o, buf);
	return buf;
}

/* -------- documentation -------- */

/* Text in lines of at most width characters behind a prefix. */
static void put_wrapped(FILE *out, const char *prefix, const char *text, size_t width)
{
	while (*text) {
		size_t len = strlen(text);

		if (len > width) {
			len = width;
			while (len && text[len] != ' ')
				len--;
			if (!len)
				len = strcspn(text, " ");
		}
		fprintf(out, "%s%.*s\n", prefix, (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
}

/* Text where man(7) macros can't start by accident. */
static void put_man(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
	fputc('\n', out);
}

static bool is_section(const struct conf_option *o)
{
	return o->options != NULL;
}

static void print_man(FILE *out, const struct conf_option *o, const char *path)
{
	char expected[CONF_EXPECTED_LEN];

	fprintf(out, ".TP\n.B %s%s", path, o->name);
	if (!is_section(o) && o->dflt && *o->dflt)
		fprintf(out, " [%s]", o->dflt);
	fputc('\n', out);
	if (o->doc)
		put_man(out, o->doc);
	if (is_section(o))
		return;
	fputs(".br\nValue: ", out);
	put_man(out, conf_option_expected(o, expected));
}

static void print_sample(FILE *out, const struct conf_option *o, int depth)
{
	char prefix[64];

	snprintf(prefix, sizeof(prefix), "%*s# ", depth * 4, "");
	if (o->doc)
		put_wrapped(out, prefix, o->doc, 90 - (size_t)depth * 4);
	if (is_section(o))
		fprintf(out, "%*s# %s {\n", depth * 4, "", o->name);
	else
		fprintf(out, "%*s# %s = %s\n\n", depth * 4, "", o->name, o->dflt ? o->dflt : "");
}

static void print(FILE *out, const struct conf_option *options, const char *path, int depth,
		  enum conf_print form)
{
	char below[CONF_PATH_LEN];

	for (const struct conf_option *o = options; o->name; o++) {
		if (o->type == CONF_OPT_REFUSED)
			continue;
		if (form == CONF_PRINT_MAN)
			print_man(out, o, path);
		else
			print_sample(out, o, depth);
		if (o->options && depth < CONF_DEPTH_MAX) {
			snprintf(below, sizeof(below), "%s%s.", path, o->name);
			print(out, o->options, below, depth + 1, form);
		}
		if (form == CONF_PRINT_SAMPLE && o->options)
			fprintf(out, "%*s# }\n\n", depth * 4, "");
	}
}

void conf_options_print(FILE *out, const struct conf_option *options, const char *path,
			enum conf_print form)
{
	print(out, options, path, 0, form);
}
