/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What concerns the whole daemon: the section "settings" of the configuration.
 */
#include <stdint.h>
#include "pdk/base/time.h"
#include "pdk/conf/options.h"

#define SETTINGS_PATH_LEN 256 /* with the NUL */

struct ike_settings {
	uint32_t workers; /* 0: as many as there are cores */
	/* Retransmission n (from 0) follows the one before after timeout * base^n, at most limit
	 * (0: none); after tries retransmissions the peer is dead. RFC 7296 2.1, 2.4. */
	struct duration retransmit_timeout;
	uint32_t retransmit_base; /* thousandths */
	uint32_t retransmit_tries;
	struct duration retransmit_limit;
	uint32_t retransmit_jitter; /* percent that a wait is shortened by at most, at random */
	struct duration half_open_timeout; /* of an IKE SA that isn't established as responder */
	/* Half-open IKE SAs of a worker that turn cookies on (0: never), and beyond which first
	 * messages are dropped (0: no limit). */
	uint32_t cookie_threshold, half_open_limit;
	uint32_t block_threshold; /* the latter for one address, when cookies are on; 0: no limit */
	uint32_t error_rate; /* answers a second outside IKE SAs, and INVALID_SPI; 0: none */
	uint32_t ike_sa_limit;         /* of all workers together; 0: none */
	bool make_before_break;        /* reauthentication */
	struct duration nat_keepalive; /* when behind a NAT; 0: none. RFC 3948 4 */
	uint32_t fragment_size; /* IP datagram in octets; 0: as recommended for the family. RFC 7383 2.5.1 */
	uint16_t port, port_nat_t;     /* 500, 4500 */
	uint32_t fwmark; /* Netfilter mark of what is IKE's own, which no tunnel routes; 0: none */
	/* Who is told of the DNS servers that peers tell us: a program, else a file ("": none). */
	char resolvconf[SETTINGS_PATH_LEN], resolv_conf[SETTINGS_PATH_LEN];
};

extern const struct conf_option ike_settings_options[];

/* Defaults when section is NULL. 0, -EINVAL with reasons in report, -ENOMEM. */
int ike_settings_apply(const struct conf_node *section, struct conf_report *report,
		       struct ike_settings *ret_settings);
/* Wait before retransmission n (from 0), without jitter, and the time after which the last one has
 * failed too. */
struct duration ike_settings_retransmit_wait(const struct ike_settings *s, unsigned n);
struct duration ike_settings_retransmit_total(const struct ike_settings *s);
