/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The configuration tree: sections that hold sections, values and lists, in the order they were
 * given. A file becomes such a tree, and so does a message of the control protocol, so that both
 * reach the daemon by one path. A tree belongs to one thread at a time; once it is no longer
 * changed any number may read it.
 *
 * Values may be secrets: whatever is freed or replaced is wiped first.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "pdk/base/bytes.h"
#include "pdk/base/list.h"
#include "pdk/conf/report.h"

#define CONF_DEPTH_MAX 16                 /* sections within sections below the root */
#define CONF_NAME_MAX  255                /* bytes of a name */
#define CONF_VALUE_MAX (512 * 1024)       /* bytes of one value */
#define CONF_TREE_MAX  (64 * 1024 * 1024) /* bytes of names, values and nodes in one tree */

enum conf_type {
	CONF_SECTION,
	CONF_VALUE,
	CONF_LIST, /* its children are values without a name */
};

/* Read only, but through the functions below. */
struct conf_node {
	struct list siblings; /* in parent's children */
	struct list children; /* empty for a value */
	struct conf_node *parent;
	enum conf_type type;
	struct conf_origin origin;
	char *name;  /* "" for a root and for the items of a list */
	char *value; /* of a value: len bytes and a NUL; else NULL */
	size_t len;
	size_t used; /* of a root: counts against CONF_TREE_MAX */
};

/* An empty section without a parent. NULL without memory. */
struct conf_node *conf_root_new(void);
/* Unlinks node from its parent and frees it with all below. Takes NULL, returns NULL. */
struct conf_node *conf_free(struct conf_node *node);

static inline void cleanup_conf_free(struct conf_node **node)
{
	conf_free(*node);
}
#define _cleanup_conf_ _cleanup_(cleanup_conf_free)

/* -------- building -------- */

/*
 * Append a node to a section (an item: to a list). The name and the value are copied; the origin
 * may be NULL. Names need not be unique here. ret_node may be NULL. -ENOMEM; -E2BIG: one of the
 * limits above; -EINVAL: parent isn't a section (list), or an empty name.
 */
int conf_add_section(struct conf_node *parent, const char *name, const struct conf_origin *origin,
		     struct conf_node **ret_node);
int conf_add_value(struct conf_node *parent, const char *name, struct bytes value,
		   const struct conf_origin *origin, struct conf_node **ret_node);
int conf_add_list(struct conf_node *parent, const char *name, const struct conf_origin *origin,
		  struct conf_node **ret_node);
int conf_add_item(struct conf_node *list, struct bytes value, const struct conf_origin *origin);
/* conf_add_value() of a string. */
int conf_add_string(struct conf_node *parent, const char *name, const char *value,
		    const struct conf_origin *origin);

/* A deep copy, as a root of its own (it keeps its name). */
int conf_copy(const struct conf_node *node, struct conf_node **ret_copy);
/* Append a deep copy of node to parent. */
int conf_add_copy(struct conf_node *parent, const struct conf_node *node,
		  struct conf_node **ret_node);
/* Append what stands in section from to section to, as if it had been written there: sections of
 * the same name become one, a value replaces what had its name. */
int conf_merge(struct conf_node *to, const struct conf_node *from);

/* -------- reading -------- */

#define conf_for_each(it, node)           list_for_each (it, &(node)->children, siblings)
#define conf_for_each_safe(it, tmp, node) list_for_each_safe (it, tmp, &(node)->children, siblings)

/* The last child of that name, or NULL. */
struct conf_node *conf_find(const struct conf_node *section, const char *name);
/* The same, and of that type. */
struct conf_node *conf_find_type(const struct conf_node *section, const char *name,
				 enum conf_type type);
/* The value of that name as a string; NULL when there is none or when it holds a NUL. */
const char *conf_string(const struct conf_node *section, const char *name);

static inline struct bytes conf_bytes(const struct conf_node *value)
{
	return BYTES(value->value, value->len);
}

/* Does the value hold a NUL, so that it isn't a string? */
bool conf_is_binary(const struct conf_node *value);

/* Same types, names, values and order; origins don't count. Both may be NULL. */
bool conf_equal(const struct conf_node *a, const struct conf_node *b);

/* "connections.gw.children", shortened to size bytes. Returns buf. */
char *conf_path(const struct conf_node *node, char *buf, size_t size);
#define CONF_PATH_LEN 256

/* "section", "value", "list" */
const char *conf_type_name(enum conf_type type);
