/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * An OCSP response for our own certificate, sent along with it to a peer that asks for one (RFC
 * 4806 4.2), so that the peer needs no server of its own. Fetched in a job, through the cache that
 * all checks share; where none is to be had soon the certificate goes alone.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ike_sa;

/* May one be sent: has the peer asked, do we reply to that, is a certificate shown at all? */
bool own_staple_wanted(const struct ike_sa *sa);

/*
 * Called with the DER of an OCSPResponse, which is the callee's to free(); NULL: there is none. Not
 * called when the IKE SA dies before.
 */
typedef void (*own_staple_done_fn)(struct ike_sa *sa, uint8_t *der_take, size_t len);

/* Fetch one for sa->proof->cert. False: it can't be begun, and done() won't be called. */
bool own_staple_fetch(struct ike_sa *sa, own_staple_done_fn done);
