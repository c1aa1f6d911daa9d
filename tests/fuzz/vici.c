/* SPDX-License-Identifier: MIT */
/* A packet of the control protocol; its message becomes a tree and a message of the same again. */
#include "fuzz.h"

#include "ikev2/vici/message.h"
#include "ikev2/vici/tree.h"

static void check_message(struct bytes message)
{
	_cleanup_conf_ struct conf_node *root = conf_root_new(), *again = conf_root_new();
	static uint8_t buf[VICI_PACKET_MAX];
	const char *reason = NULL;
	struct vici_item item;
	char text[VICI_TEXT_MAX];
	struct bytes rest = message;
	struct writer w;

	while (vici_next(&rest, &item))
		FUZZ_CHECK(item.content.len <= message.len);
	FUZZ_CHECK(rest.len == 0);
	vici_get_str(message, "child", text);
	vici_get_bool(message, "child");

	FUZZ_CHECK(root && again);
	if (vici_message_to_tree(message, NULL, root))
		return;
	writer_init_fixed(&w, buf, sizeof(buf));
	vici_put_tree(&w, root);
	if (w.err)
		return;
	FUZZ_CHECK(vici_message_check(writer_view(&w), &reason) == 0);
	FUZZ_CHECK(vici_message_to_tree(writer_view(&w), NULL, again) == 0);
	FUZZ_CHECK(conf_equal(root, again));
}

int fuzz_vici(const uint8_t *data, size_t len)
{
	const char *reason = NULL;
	struct vici_packet packet;

	if (vici_packet_parse(BYTES(data, len), &packet, &reason)) {
		FUZZ_CHECK(reason);
		return 0;
	}
	FUZZ_CHECK(packet.name.len <= VICI_NAME_MAX);
	check_message(packet.message);
	return 0;
}
