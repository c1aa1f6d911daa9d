/* SPDX-License-Identifier: MIT */
#include "ikev2/vici/tree.h"

#include "ikev2/vici/message.h"

/* A name of the wire as a string; it is at most VICI_NAME_MAX long and free of NULs. */
static const char *name_str(struct bytes name, char buf[VICI_NAME_MAX + 1])
{
	memcpy(buf, name.data, name.len);
	buf[name.len] = '\0';
	return buf;
}

static int list_to_tree(struct bytes content, const struct conf_origin *origin,
			struct conf_node *list)
{
	struct bytes value;
	int err = 0;

	while (!err && vici_next_item(&content, &value))
		err = conf_add_item(list, value, origin);
	return err;
}

/* Recursion is bounded by VICI_DEPTH_MAX, which the check of the message enforced. */
int vici_message_to_tree(struct bytes message, struct conf_source *source, struct conf_node *parent)
{
	struct conf_origin origin = { .source = source };
	char name[VICI_NAME_MAX + 1];
	struct conf_node *node;
	struct vici_item item;
	int err = 0;

	while (!err && vici_next(&message, &item)) {
		name_str(item.name, name);
		switch (item.type) {
		case VICI_SECTION_START:
			err = conf_add_section(parent, name, &origin, &node);
			if (!err)
				err = vici_message_to_tree(item.content, source, node);
			break;
		case VICI_LIST_START:
			err = conf_add_list(parent, name, &origin, &node);
			if (!err)
				err = list_to_tree(item.content, &origin, node);
			break;
		case VICI_KEY_VALUE:
			err = conf_add_value(parent, name, item.content, &origin, NULL);
			break;
		case VICI_SECTION_END:
		case VICI_LIST_ITEM:
		case VICI_LIST_END:
			break;
		}
	}
	return err;
}

void vici_put_tree(struct writer *w, const struct conf_node *section)
{
	const struct conf_node *node, *item;

	conf_for_each(node, section)
	{
		switch (node->type) {
		case CONF_SECTION:
			vici_put_section(w, node->name);
			vici_put_tree(w, node);
			vici_put_section_end(w);
			break;
		case CONF_LIST:
			vici_put_list(w, node->name);
			conf_for_each(item, node) vici_put_item(w, conf_bytes(item));
			vici_put_list_end(w);
			break;
		case CONF_VALUE:
			vici_put_value(w, node->name, conf_bytes(node));
			break;
		}
	}
}
