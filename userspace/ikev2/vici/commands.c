/* SPDX-License-Identifier: MIT */
#include "ikev2/vici/server_private.h"

static const struct vici_command *const groups[] = {
	vici_info_commands,      vici_conn_commands, vici_secret_commands, vici_cred_commands,
	vici_authority_commands, vici_sa_commands,   vici_pool_commands,
};

const struct vici_command *vici_command_find(struct bytes name)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		for (const struct vici_command *c = groups[i]; c->name; c++)
			if (vici_bytes_are(name, c->name))
				return c;
	return NULL;
}
