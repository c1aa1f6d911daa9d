/* SPDX-License-Identifier: MIT */
#pragma once
/* For chain.c alone: the anchors as OpenSSL searches them. */
#include "ikev2/cert/trust_store.h"

X509_STORE *trust_store_anchors(const struct trust_store *store);
