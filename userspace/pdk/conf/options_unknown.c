/* SPDX-License-Identifier: MIT */
#include "pdk/conf/options_private.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/*
 * What to say about a name that no table has: those that come near, by the number of characters to
 * change, or all there are.
 */

/* Edits from a to b, at most this much text of each. The star of a pattern costs nothing. */
#define NEAR_LEN 40

static unsigned distance(const char *a, const char *b)
{
	size_t n = strnlen(b, NEAR_LEN);
	unsigned row[NEAR_LEN + 1], diagonal, above;

	if (n && b[n - 1] == '*')
		n--;
	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= NEAR_LEN && a[i - 1]; i++) {
		diagonal = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= n; j++) {
			above = row[j];
			diagonal += tolower((unsigned char)a[i - 1]) !=
				    tolower((unsigned char)b[j - 1]);
			if (above + 1 < diagonal)
				diagonal = above + 1;
			if (row[j - 1] + 1 < diagonal)
				diagonal = row[j - 1] + 1;
			row[j] = diagonal;
			diagonal = above;
		}
	}
	return row[n];
}

static bool is_usable(const struct conf_option *o)
{
	return o->type != CONF_OPT_REFUSED && o->type != CONF_OPT_ONLY;
}

/* Could the node have been meant for this option? */
static bool is_near(const struct conf_option *o, const struct conf_node *node, unsigned *ret_far)
{
	bool is_section = o->type == CONF_OPT_SECTION || o->type == CONF_OPT_SECTIONS;

	if (!is_usable(o) || strcmp(o->name, "*") == 0)
		return false;
	if (o->type != CONF_OPT_CUSTOM && is_section != (node->type == CONF_SECTION))
		return false;
	*ret_far = distance(node->name, o->name);
	return *ret_far <= 1 + strlen(node->name) / 4;
}

/* The distance of the nearest name, or UINT_MAX when none comes near. */
static unsigned nearest(const struct conf_option *options, const struct conf_node *node)
{
	unsigned best = UINT_MAX, far;

	for (const struct conf_option *o = options; o->name; o++)
		if (is_near(o, node, &far) && far < best)
			best = far;
	return best;
}

/* Join the names that are so far from the node's (UINT_MAX: all names) with commas. */
static void join_names(const struct conf_option *options, const struct conf_node *node,
		       unsigned wanted, char *buf, size_t size)
{
	size_t len = 0;
	unsigned far;

	buf[0] = '\0';
	for (const struct conf_option *o = options; o->name; o++) {
		if (!is_usable(o))
			continue;
		if (wanted != UINT_MAX && !(is_near(o, node, &far) && far == wanted))
			continue;
		if (len + strlen(o->name) + 8 > size) {
			strcpy(buf + len, ", ...");
			return;
		}
		len += (size_t)sprintf(buf + len, "%s%s", len ? ", " : "", o->name);
	}
}

bool conf_option_matches(const struct conf_option *o, const char *name)
{
	const char *star = strchr(o->name, '*');
	size_t before, behind, len = strlen(name);

	if (!star)
		return strcmp(o->name, name) == 0;
	before = (size_t)(star - o->name);
	behind = strlen(star + 1);
	return len >= before + behind && strncmp(o->name, name, before) == 0 &&
	       strcmp(name + len - behind, star + 1) == 0;
}

static bool matches_any(const struct conf_option *options, const char *name)
{
	for (const struct conf_option *o = options; o->name; o++)
		if (conf_option_matches(o, name))
			return true;
	return false;
}

void conf_option_report_unknown(const struct conf_option *options, const struct conf_node *node,
				struct conf_report *report)
{
	const char *kind = node->type == CONF_SECTION ? "section" : "option";
	unsigned far = nearest(options, node);
	char path[CONF_PATH_LEN], names[CONF_EXPECTED_LEN];

	conf_path(node, path, sizeof(path));
	if (far != UINT_MAX) {
		join_names(options, node, far, names, sizeof(names));
		conf_report_add(report, &node->origin, "%s: unknown %s; did you mean %s?", path,
				kind, names);
	} else if (matches_any(options, node->name)) {
		/* A value whose name is right for a section. */
		conf_report_bad(report, node, "a section");
	} else {
		join_names(options, node, UINT_MAX, names, sizeof(names));
		conf_report_add(report, &node->origin, "%s: unknown %s, expected one of %s", path,
				kind, names);
	}
}
