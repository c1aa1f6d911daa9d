/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Between messages of the control protocol and configuration trees: what load-conn brings takes the
 * same path as what a file says. Any thread.
 */
#include "pdk/base/bytes.h"
#include "pdk/conf/tree.h"

/*
 * Append all that stands in a checked message (or in a section of one) to parent; source (may be
 * NULL) is what reports will name. -ENOMEM, -E2BIG: more than a tree takes.
 */
int vici_message_to_tree(struct bytes message, struct conf_source *source,
			 struct conf_node *parent);

/* Write what stands in a section; the writer keeps the error when a name or value is too long. */
void vici_put_tree(struct writer *w, const struct conf_node *section);
