/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * SAs and connections as messages of the control protocol, with strongSwan's names for their
 * fields. Any thread.
 */
#include "pdk/base/bytes.h"
#include "ikev2/sa/info.h"

struct child_conf;
struct connection;

/*
 * The section of an IKE SA, as in list-sa; with the Child SAs from first to before end. Children
 * that would make the message too long are left out.
 */
void vici_put_ike_sa(struct writer *w, const struct ike_sa_info *ike, size_t first, size_t end);

/* The section of an IKE SA with those of the old and of the new one in it, as in ike-rekey. */
void vici_put_ike_rekey(struct writer *w, const struct ike_sa_info *old,
			const struct ike_sa_info *ike);
/* The section of an IKE SA whose second Child SA has replaced the first, as in child-rekey. */
void vici_put_child_rekey(struct writer *w, const struct ike_sa_info *ike);

/* The section of a connection, as in list-conn. */
void vici_put_connection(struct writer *w, const struct connection *conn);

/* The section of a trap policy, as in list-policy. */
void vici_put_policy(struct writer *w, const struct connection *conn,
		     const struct child_conf *child);
