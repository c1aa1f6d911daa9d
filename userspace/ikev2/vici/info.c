/* SPDX-License-Identifier: MIT */
#include "ikev2/vici/info.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ike_sa_info *ike_sa_info_new(size_t n_children)
{
	struct ike_sa_info *info = calloc(1, sizeof(*info) + n_children * sizeof(*info->children));

	if (!info)
		return NULL;
	info->state = "CREATED";
	info->established = info->rekey_in = info->reauth_in = INFO_NO_TIME;
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

/* A copy of text, which may be NULL; false without memory. */
static bool copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return *ret_copy || !text;
}

static bool copy_child(const struct child_sa_info *from, struct child_sa_info *to)
{
	size_t n = from->n_local_ts + from->n_remote_ts;

	*to = *from;
	to->ts = n > 0 ? malloc(n * sizeof(*to->ts)) : NULL;
	if (to->ts)
		memcpy(to->ts, from->ts, n * sizeof(*to->ts));
	return copy_text(from->name, &to->name) && (n == 0 || to->ts);
}

struct ike_sa_info *ike_sa_info_copy(const struct ike_sa_info *info, size_t child)
{
	bool with_child = child < info->n_children;
	struct ike_sa_info *copy = ike_sa_info_new(with_child ? 1 : 0);
	bool ok;

	if (!copy)
		return NULL;
	*copy = *info;
	copy->n_children = with_child ? 1 : 0;
	ok = copy_text(info->name, &copy->name);
	ok = copy_text(info->local_id, &copy->local_id) && ok;
	ok = copy_text(info->remote_id, &copy->remote_id) && ok;
	if (with_child)
		ok = copy_child(&info->children[child], &copy->children[0]) && ok;
	return ok ? copy : ike_sa_info_free(copy);
}
