/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Rekeying of the IKE SA (RFC 7296 1.3.2, 2.8.2, 2.18).
 */
struct ike_sa;

/* Replace sa, which is established; does nothing when that is under way already. */
void ike_sa_rekey(struct ike_sa *sa);
