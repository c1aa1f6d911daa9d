/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the parts of config.h share: config.c has the snapshots, config_file.c makes one from a
 * file, config_lookup.c finds things in them.
 */
#include "ikev2/policy/config.h"

/* A copy with the same objects in it. */
int config_copy(const struct ike_config *old, struct ike_config **ret_cfg);

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
/* Take over from old what came by the control protocol, unless cfg has something of that name. */
int config_keep_controlled(struct ike_config *cfg, const struct ike_config *old);
