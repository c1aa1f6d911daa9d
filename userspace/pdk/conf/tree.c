/* SPDX-License-Identifier: MIT */
#include "pdk/conf/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct conf_node *root_of(struct conf_node *node)
{
	while (node->parent)
		node = node->parent;
	return node;
}

static unsigned depth_of(const struct conf_node *node)
{
	unsigned depth = 0;

	while ((node = node->parent))
		depth++;
	return depth;
}

/* What a node costs, for CONF_TREE_MAX. */
static size_t cost_of(const struct conf_node *node)
{
	return sizeof(*node) + strlen(node->name) + node->len;
}

static struct conf_node *node_alloc(enum conf_type type, const char *name, struct bytes value,
				    const struct conf_origin *origin)
{
	struct conf_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	list_init(&node->siblings);
	list_init(&node->children);
	node->type = type;
	if (origin) {
		node->origin = *origin;
		conf_source_ref(origin->source);
	}
	node->name = strdup(name);
	if (type == CONF_VALUE)
		node->value = malloc(value.len + 1);
	if (!node->name || (type == CONF_VALUE && !node->value))
		return conf_free(node);
	if (type == CONF_VALUE) {
		if (value.len)
			memcpy(node->value, value.data, value.len);
		node->value[value.len] = '\0';
		node->len = value.len;
	}
	return node;
}

struct conf_node *conf_root_new(void)
{
	return node_alloc(CONF_SECTION, "", BYTES_NONE, NULL);
}

/* Trees are at most CONF_DEPTH_MAX deep, so recursion is bounded. */
static size_t free_subtree(struct conf_node *node)
{
	struct conf_node *child, *tmp;
	size_t freed = node->name ? cost_of(node) : 0;

	conf_for_each_safe(child, tmp, node) freed += free_subtree(child);
	list_remove(&node->siblings);
	if (node->value)
		explicit_bzero(node->value, node->len);
	conf_source_unref(node->origin.source);
	free(node->value);
	free(node->name);
	free(node);
	return freed;
}

struct conf_node *conf_free(struct conf_node *node)
{
	struct conf_node *root;

	if (!node)
		return NULL;
	root = root_of(node);
	if (root == node)
		free_subtree(node);
	else
		root->used -= free_subtree(node);
	return NULL;
}

/* -------- building -------- */

static int add(struct conf_node *parent, enum conf_type type, const char *name, struct bytes value,
	       const struct conf_origin *origin, struct conf_node **ret_node)
{
	struct conf_node *root = root_of(parent), *node;

	if (parent->type == CONF_LIST ? type != CONF_VALUE || *name : !*name)
		return -EINVAL;
	if (parent->type == CONF_VALUE)
		return -EINVAL;
	if (strlen(name) > CONF_NAME_MAX || value.len > CONF_VALUE_MAX)
		return -E2BIG;
	if (type != CONF_VALUE && depth_of(parent) >= CONF_DEPTH_MAX)
		return -E2BIG;
	if (root->used + sizeof(*node) + strlen(name) + value.len > CONF_TREE_MAX)
		return -E2BIG;

	node = node_alloc(type, name, value, origin);
	if (!node)
		return -ENOMEM;
	node->parent = parent;
	list_append(&parent->children, &node->siblings);
	root->used += cost_of(node);
	if (ret_node)
		*ret_node = node;
	return 0;
}

int conf_add_section(struct conf_node *parent, const char *name, const struct conf_origin *origin,
		     struct conf_node **ret_node)
{
	return add(parent, CONF_SECTION, name, BYTES_NONE, origin, ret_node);
}

int conf_add_value(struct conf_node *parent, const char *name, struct bytes value,
		   const struct conf_origin *origin, struct conf_node **ret_node)
{
	return add(parent, CONF_VALUE, name, value, origin, ret_node);
}

int conf_add_list(struct conf_node *parent, const char *name, const struct conf_origin *origin,
		  struct conf_node **ret_node)
{
	return add(parent, CONF_LIST, name, BYTES_NONE, origin, ret_node);
}

int conf_add_item(struct conf_node *list, struct bytes value, const struct conf_origin *origin)
{
	if (list->type != CONF_LIST)
		return -EINVAL;
	return add(list, CONF_VALUE, "", value, origin, NULL);
}

int conf_add_string(struct conf_node *parent, const char *name, const char *value,
		    const struct conf_origin *origin)
{
	return conf_add_value(parent, name, bytes_str(value), origin, NULL);
}

static int copy_children(struct conf_node *to, const struct conf_node *from)
{
	const struct conf_node *child;
	int err;

	conf_for_each(child, from)
	{
		err = conf_add_copy(to, child, NULL);
		if (err)
			return err;
	}
	return 0;
}

int conf_add_copy(struct conf_node *parent, const struct conf_node *node,
		  struct conf_node **ret_node)
{
	struct conf_node *copy;
	int err;

	err = add(parent, node->type, node->name, conf_bytes(node), &node->origin, &copy);
	if (err)
		return err;
	err = copy_children(copy, node);
	if (err) {
		conf_free(copy);
		return err;
	}
	if (ret_node)
		*ret_node = copy;
	return 0;
}

int conf_copy(const struct conf_node *node, struct conf_node **ret_copy)
{
	struct conf_node *copy =
		node_alloc(node->type, node->name, conf_bytes(node), &node->origin);
	int err;

	if (!copy)
		return -ENOMEM;
	err = copy_children(copy, node);
	if (err) {
		conf_free(copy);
		return err;
	}
	*ret_copy = copy;
	return 0;
}

int conf_merge(struct conf_node *to, const struct conf_node *from)
{
	const struct conf_node *child;
	struct conf_node *same;
	int err = 0;

	conf_for_each(child, from)
	{
		same = conf_find(to, child->name);
		if (same && same->type == CONF_SECTION && child->type == CONF_SECTION) {
			err = conf_merge(same, child);
		} else {
			err = conf_add_copy(to, child, NULL);
			if (!err)
				conf_free(same);
		}
		if (err)
			return err;
	}
	return 0;
}

/* -------- reading -------- */

struct conf_node *conf_find(const struct conf_node *section, const char *name)
{
	struct list *it;

	for (it = section->children.prev; it != &section->children; it = it->prev) {
		struct conf_node *node = list_entry(it, struct conf_node, siblings);

		if (strcmp(node->name, name) == 0)
			return node;
	}
	return NULL;
}

struct conf_node *conf_find_type(const struct conf_node *section, const char *name,
				 enum conf_type type)
{
	struct conf_node *node = conf_find(section, name);

	return node && node->type == type ? node : NULL;
}

const char *conf_string(const struct conf_node *section, const char *name)
{
	struct conf_node *node = conf_find_type(section, name, CONF_VALUE);

	return node && !conf_is_binary(node) ? node->value : NULL;
}

bool conf_is_binary(const struct conf_node *value)
{
	return memchr(value->value, 0, value->len) != NULL;
}

bool conf_equal(const struct conf_node *a, const struct conf_node *b)
{
	struct list *x, *y;

	if (!a || !b)
		return a == b;
	if (a->type != b->type || strcmp(a->name, b->name) != 0 ||
	    !bytes_equal(conf_bytes(a), conf_bytes(b)))
		return false;
	for (x = a->children.next, y = b->children.next; x != &a->children && y != &b->children;
	     x = x->next, y = y->next)
		if (!conf_equal(list_entry(x, struct conf_node, siblings),
				list_entry(y, struct conf_node, siblings)))
			return false;
	return x == &a->children && y == &b->children;
}

char *conf_path(const struct conf_node *node, char *buf, size_t size)
{
	const struct conf_node *up[CONF_DEPTH_MAX + 2];
	size_t n = 0, len = 0;

	for (; node && n < ARRAY_SIZE(up); node = node->parent)
		if (*node->name)
			up[n++] = node;
	buf[0] = '\0';
	while (n-- && len < size)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? "." : "", up[n]->name);
	return buf;
}

const char *conf_type_name(enum conf_type type)
{
	switch (type) {
	case CONF_SECTION:
		return "section";
	case CONF_VALUE:
		return "value";
	case CONF_LIST:
		return "list";
	}
	return "?";
}
