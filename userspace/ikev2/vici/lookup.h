/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Which connection and child a request means. Main thread.
 */
#include "pdk/base/bytes.h"
#include "ikev2/vici/message.h"

struct ike_config;

enum vici_target_kind {
	VICI_TARGET_CHILD,        /* must name a child */
	VICI_TARGET_IKE_OR_CHILD, /* without a child: the connection alone */
};

/* Names as the configuration has them; good as long as it is. */
struct vici_target {
	const char *ike, *child; /* child: NULL for the connection alone */
};

/*
 * From "ike" and "child" of a request; without "ike", the one connection that has such a child.
 * 0; -EINVAL, -ENOENT or -ENOTUNIQ with the reason in errmsg.
 */
int vici_lookup(const struct ike_config *config, struct bytes args, enum vici_target_kind kind,
		struct vici_target *ret_target, char errmsg[VICI_TEXT_MAX]);
