/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef POSTERN_SHARED_UNKNOWN_ESP_H
#define POSTERN_SHARED_UNKNOWN_ESP_H
/* ESP packets that no SA takes, as the program reports them to the daemon. */
#include <linux/types.h>

#define UNKNOWN_ESP_RATE 10 /* reports a second at most, evenly spaced */

struct unknown_esp {
	__u8 src[16], dst[16]; /* network order; IPv4 in the first 4, the rest zero */
	__u32 spi;             /* host order */
	__u16 family;          /* AF_INET, AF_INET6 */
	__u16 src_port;        /* host order; 0: not in UDP (RFC 3948) */
	__u32 ifindex;         /* where it came in: the scope of link-local addresses */
};

/* Settings of the program. */
struct unknown_esp_config {
	__u32 netns; /* inode number of the daemon's network namespace: other packets aren't ours */
};

#endif
