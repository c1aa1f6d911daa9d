/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/info.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ike_sa_info *ike_sa_info_new(size_t n_children)
{
	struct ike_sa_info *info = calloc(1, sizeof(*info) + n_children * sizeof(*info->children));

	if (!info)
		return NULL;
	info->state = "CREATED";
	info->established = info->rekey_in = info->lifetime_left = info->reauth_in = INFO_NO_TIME;
	info->n_children = n_children;
	for (size_t i = 0; i < n_children; i++) {
		struct child_sa_info *child = &info->children[i];

		child->state = "CREATED";
		child->in.since_last = child->out.since_last = INFO_NO_TIME;
		child->installed = child->rekey_in = child->lifetime_left = INFO_NO_TIME;
	}
	return info;
}

struct ike_sa_info *ike_sa_info_free(struct ike_sa_info *info)
{
	if (!info)
		return NULL;
	for (size_t i = 0; i < info->n_children; i++) {
		free(info->children[i].name);
		free(info->children[i].ts);
		free(info->children[i].updown);
	}
	free(info->name);
	free(info->local_id);
	free(info->remote_id);
	free(info);
	return NULL;
}

int child_sa_info_set_ts(struct child_sa_info *child, const struct ts_list *local,
			 const struct ts_list *remote)
{
	size_t n = local->n + remote->n;
	struct ts *ts = n > 0 ? malloc(n * sizeof(*ts)) : NULL;

	if (n > 0 && !ts)
		return -ENOMEM;
	if (local->n > 0)
		memcpy(ts, local->v, local->n * sizeof(*ts));
	if (remote->n > 0)
		memcpy(ts + local->n, remote->v, remote->n * sizeof(*ts));
	child->ts = ts;
	child->n_local_ts = local->n;
	child->n_remote_ts = remote->n;
	return 0;
}
