/* SPDX-License-Identifier: MIT */
/*
 * Marks, interface numbers and the like: "7", "0x7/0xff", "%unique", "%unique-dir/0xffff", "%same".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ikev2/policy/connection_private.h"

static int parse_u32(const char *text, uint32_t *ret)
{
	uint64_t n;

	if (conf_parse_uint(text, &n) < 0 || n > UINT32_MAX)
		return -EINVAL;
	*ret = (uint32_t)n;
	return 0;
}

static int parse_number(const char *text, bool same, struct child_number *ret)
{
	struct child_number number = { CHILD_NUMBER_FIXED, 0 };

	if (strcmp(text, "%unique") == 0)
		number.kind = CHILD_NUMBER_UNIQUE;
	else if (strcmp(text, "%unique-dir") == 0)
		number.kind = CHILD_NUMBER_UNIQUE_DIR;
	else if (same && strcmp(text, "%same") == 0)
		number.kind = CHILD_NUMBER_SAME;
	else if (parse_u32(text, &number.value) < 0)
		return -EINVAL;
	*ret = number;
	return 0;
}

static int parse_mark(const char *text, bool same, struct child_mark *ret)
{
	struct child_mark mark = { .mask = UINT32_MAX };
	char number[32];
	size_t len = strcspn(text, "/");

	if (len >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, len);
	number[len] = '\0';
	if (parse_number(number, same, &mark.number) < 0 ||
	    (text[len] && parse_u32(text + len + 1, &mark.mask) < 0))
		return -EINVAL;
	if (mark.number.kind == CHILD_NUMBER_FIXED && (mark.number.value & ~mark.mask))
		return -EINVAL;
	*ret = mark;
	return 0;
}

static const char *value_of(const struct conf_node *node)
{
	return node->type == CONF_VALUE && !conf_is_binary(node) ? node->value : "";
}

int take_mark(const struct conf_option *o, const struct conf_node *node, void *target,
	      struct conf_report *report)
{
	if (parse_mark(value_of(node), false, (void *)((char *)target + o->offset)) == 0)
		return 0;
	conf_report_bad(report, node,
			"a mark, %%unique or %%unique-dir, and perhaps /mask, in which all bits of "
			"the mark are");
	return -EINVAL;
}

int take_set_mark(const struct conf_option *o, const struct conf_node *node, void *target,
		  struct conf_report *report)
{
	if (parse_mark(value_of(node), true, (void *)((char *)target + o->offset)) == 0)
		return 0;
	conf_report_bad(report, node,
			"a mark, %%unique, %%unique-dir or %%same, and perhaps /mask, in which all "
			"bits of the mark are");
	return -EINVAL;
}

int take_if_id(const struct conf_option *o, const struct conf_node *node, void *target,
	       struct conf_report *report)
{
	if (parse_number(value_of(node), false, (void *)((char *)target + o->offset)) == 0)
		return 0;
	conf_report_bad(report, node, "the number of an XFRM interface, %%unique or %%unique-dir");
	return -EINVAL;
}

/* Longer than any packet is no padding that makes sense. */
#define TFC_PADDING_MAX 65535

int take_tfc_padding(const struct conf_option *o, const struct conf_node *node, void *target,
		     struct conf_report *report)
{
	uint32_t *padding = (void *)((char *)target + o->offset);
	uint32_t n;

	if (strcmp(value_of(node), "mtu") == 0) {
		*padding = CHILD_TFC_MTU;
		return 0;
	}
	if (parse_u32(value_of(node), &n) == 0 && n <= TFC_PADDING_MAX) {
		*padding = n;
		return 0;
	}
	conf_report_bad(report, node, "mtu, or octets up to %d", TFC_PADDING_MAX);
	return -EINVAL;
}

int take_interface(const struct conf_option *o, const struct conf_node *node, void *target,
		   struct conf_report *report)
{
	char *interface = (char *)target + o->offset;
	const char *value = value_of(node);

	if (*value && strlen(value) < CHILD_INTERFACE_LEN && !strchr(value, '/') &&
	    !strchr(value, ' ')) {
		strcpy(interface, value);
		return 0;
	}
	conf_report_bad(report, node, "the name of a network interface");
	return -EINVAL;
}

static bool is_unique(const struct child_number *n)
{
	return n->kind == CHILD_NUMBER_UNIQUE || n->kind == CHILD_NUMBER_UNIQUE_DIR;
}

bool child_numbers_fixed(const struct child_conf *child)
{
	return !is_unique(&child->mark_in.number) && !is_unique(&child->mark_out.number) &&
	       !is_unique(&child->if_id_in) && !is_unique(&child->if_id_out);
}
