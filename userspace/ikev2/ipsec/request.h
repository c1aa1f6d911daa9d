/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What all backends do alike with a request. Not for users of ipsec.h.
 */
#include "ikev2/ipsec/ipsec.h"

/* Any thread: hand the finished request back by its mailbox, or free it when nobody waits for it.
 */
void ipsec_request_complete(struct ipsec_request *req);
