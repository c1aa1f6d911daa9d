/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Shared secrets and the identities they belong to. Immutable, counted atomically, wiped at the
 * end.
 */
#include <stdbool.h>
#include <stddef.h>
#include "pdk/base/bytes.h"
#include "pdk/conf/options.h"
#include "ikev2/policy/identity.h"

#define SECRET_OWNERS_MAX 64
#define SECRET_LEN_MAX    4096

struct shared_secret {
	unsigned refs;
	char *name;      /* "ike-gw", or the id that load-shared gave; unique in a configuration */
	size_t n_owners; /* 0: everybody's */
	struct identity_pattern *owners;
	uint8_t *data;
	size_t len;
	bool from_control;
};

/* From "ike-NAME { secret = ...; id-1 = a; id-2 = b }". 0; -EINVAL with reasons; -ENOMEM. */
int shared_secret_from_section(const struct conf_node *section, struct conf_report *report,
			       struct shared_secret **ret_secret);
/*
 * From a load-shared request { id, type, data, owners[] }. A request without an id is named by what
 * it holds. type must be "ike".
 */
int shared_secret_from_request(const struct conf_node *request, struct conf_report *report,
			       struct shared_secret **ret_secret);
struct shared_secret *shared_secret_ref(const struct shared_secret *s);
struct shared_secret *shared_secret_unref(const struct shared_secret *s);

static inline struct bytes shared_secret_bytes(const struct shared_secret *s)
{
	return BYTES(s->data, s->len);
}

/*
 * How well a secret fits a pair of identities in their canonical forms: more is better, 0 not at
 * all. One of both beats one of the remote, that beats one of the local alone, that beats one of
 * nobody in particular. A secret of the local and of others doesn't fit a remote that isn't among
 * them: those others know it too. One owner is one end of a pair: local and remote, when they are
 * equal, need two owners.
 */
unsigned shared_secret_match(const struct shared_secret *s, struct bytes local,
			     struct bytes remote);

/* Table of "secrets.ike<suffix>"; for documentation. */
extern const struct conf_option shared_secret_options[];
