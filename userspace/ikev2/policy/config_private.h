/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the parts of config.h share: config.c has the snapshots, config_pools.c the pools and
 * config_authorities.c the authorities in them, config_file.c makes one from a file,
 * config_lookup.c finds things in them.
 */
#include "ikev2/policy/config.h"

/* Room for one more in *(void ***)array of n; its capacity is the power of two at or above n. */
int config_grow(void *array, size_t n);

/* A copy with the same objects in it. */
int config_copy(const struct ike_config *old, struct ike_config **ret_cfg);
/*
 * The last step of a new snapshot whose connections or credentials have changed. fresh: new ones,
 * not sealed, taken over also on failure; NULL: those of old (may be NULL), made anew if the
 * connections that name certificates have changed. 0, -EINVAL with the reason in report, -ENOMEM.
 */
struct credentials;
int config_seal(struct ike_config *cfg, const struct ike_config *old, struct credentials *fresh,
		struct conf_report *report);

/*
 * Add a connection to a snapshot that is being made, or replace the one of its name. Where old (may
 * be NULL) has the very same the object is taken from there, and reqids are in any case.
 */
int config_add_connection(struct ike_config *cfg, const struct ike_config *old,
			  const struct conf_node *section, bool from_control,
			  struct conf_report *report);
/* The same for a secret. Takes a reference. */
int config_add_secret(struct ike_config *cfg, const struct ike_config *old,
		      const struct shared_secret *secret, struct conf_report *report);
/* The same for a pool. */
int config_add_pool(struct ike_config *cfg, const struct ike_config *old,
		    const struct conf_node *section, bool from_control, struct conf_report *report);
/* Take over pools of old that cfg has no other of that name for: all, or what came by the control
 * protocol. */
int config_copy_pools(struct ike_config *cfg, const struct ike_config *old, bool controlled);
/* The same three for authorities; and: are they the very same ones? */
int config_add_authority(struct ike_config *cfg, const struct ike_config *old,
			 const struct conf_node *section, bool from_control,
			 struct conf_report *report);
int config_copy_authorities(struct ike_config *cfg, const struct ike_config *old, bool controlled);
bool config_same_authorities(const struct ike_config *a, const struct ike_config *b);
/* Take over from old what came by the control protocol, unless cfg has something of that name. */
int config_keep_controlled(struct ike_config *cfg, const struct ike_config *old);
