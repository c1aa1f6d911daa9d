/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/describe.h"

#include <stdlib.h>

#include "ikev2/policy/connection.h"
#include "ikev2/policy/proposal_match.h"
#include "ikev2/sa/algorithms.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/internal_addr.h"

static struct info_algs describe_algs(const struct proposal *p)
{
	const struct transform *encr = proposal_transform(p, IKE_TRANSFORM_ENCR, 0);

	return (struct info_algs){
		.encr = encr ? encr->id : 0,
		.encr_bits = encr ? encr->key_bits : 0,
		.integ = proposal_id(p, IKE_TRANSFORM_INTEG),
		.prf = proposal_id(p, IKE_TRANSFORM_PRF),
		.ke = proposal_id(p, IKE_TRANSFORM_KE),
	};
}

static struct info_mark describe_mark(uint32_t value, const struct child_mark *conf)
{
	return (struct info_mark){ value & conf->mask, conf->mask };
}

/* From now until at. */
static struct duration left(const struct ike_sa *sa, struct instant at)
{
	if (instant_is_never(at))
		return INFO_NO_TIME;
	return instant_reached(sa->core->now, at) ? DURATION_NS(0) : instant_diff(at, sa->core->now);
}

static void describe_times(const struct child_sa *child, struct child_sa_info *info)
{
	const struct ike_sa *sa = child->ike;

	if (child->state == CHILD_CREATING || child->state == CHILD_INSTALLING)
		return;
	info->installed = instant_diff(sa->core->now, child->installed);
	if (child->state == CHILD_INSTALLED)
		info->rekey_in = left(sa, child->rekey_at);
	/* One that is replaced ends sooner. */
	info->lifetime_left = left(sa, child->state == CHILD_REKEYED || child->state == CHILD_DELETED
					       ? child->gone_at
					       : child->expire_at);
}

static int describe_child(const struct child_sa *child, struct child_sa_info *info)
{
	const struct ike_sa *sa = child->ike;

	info->name = strdup(child->conf->name);
	info->state = child_state_name(child->state);
	info->uniqueid = child->unique_id;
	info->reqid = child->reqid;
	info->spi_in = child->spi_in;
	info->spi_out = child->spi_out;
	info->transport = child->transport;
	info->udp_encap = ike_sa_needs_encap(sa);
	info->esn = proposal_id(&child->proposal, IKE_TRANSFORM_ESN) == IKE_ESN_EXT_SEQ;
	info->algs = describe_algs(&child->proposal);
	info->mark_in = describe_mark(child->numbers.mark_in, &child->conf->mark_in);
	info->mark_out = describe_mark(child->numbers.mark_out, &child->conf->mark_out);
	info->mark_in_sa = child->conf->mark_in_sa;
	info->if_id_in = child->numbers.if_id_in;
	info->if_id_out = child->numbers.if_id_out;
	describe_times(child, info);
	if (child->conf->updown)
		info->updown = strdup(child->conf->updown);
	if (!info->name || (child->conf->updown && !info->updown))
		return -1;
	return child_sa_info_set_ts(info, &child->local_ts, &child->remote_ts);
}

static char *describe_id(const struct identity *id)
{
	char text[IDENTITY_STRLEN];

	return strdup(identity_str(id, text, sizeof(text)));
}

static size_t describe_addrs(const struct netaddr *from, size_t n,
			     struct netaddr ret_to[INFO_INTERNAL_MAX])
{
	n = n < INFO_INTERNAL_MAX ? n : INFO_INTERNAL_MAX;
	for (size_t i = 0; i < n; i++)
		ret_to[i] = from[i];
	return n;
}

static void describe_internal(const struct ike_sa *sa, struct ike_sa_info *info)
{
	const struct netaddr *addrs = NULL;
	size_t n = internal_addrs_local(sa, &addrs);

	info->n_local_vips = describe_addrs(addrs, n, info->local_vips);
	n = internal_addrs_remote(sa, &addrs);
	info->n_remote_vips = describe_addrs(addrs, n, info->remote_vips);
	info->n_dns = internal_addrs_dns(sa, info->dns, INFO_INTERNAL_MAX);
}

static int describe_ike(const struct ike_sa *sa, struct ike_sa_info *info)
{
	info->name = strdup(sa->conn->name);
	info->state = ike_state_vici_name(sa->state);
	info->uniqueid = sa->unique_id;
	info->worker = sa->core->params.worker;
	info->local = sa->local;
	info->remote = sa->remote;
	info->local_id = describe_id(&sa->local_id);
	info->remote_id = describe_id(&sa->remote_id);
	info->initiator = sa->initiator;
	describe_internal(sa, info);
	info->nat_local = sa->nat_local;
	info->nat_remote = sa->nat_remote;
	info->spi_i = sa->spi_i;
	info->spi_r = sa->spi_r;
	info->algs = describe_algs(&sa->proposal);
	if (sa->established.ns)
		info->established = instant_diff(sa->core->now, sa->established);
	if (sa->state == IKE_STATE_ESTABLISHED) {
		info->rekey_in = left(sa, sa->rekey_at);
		info->lifetime_left = left(sa, sa->expire_at);
		info->reauth_in = left(sa, sa->reauth_at);
	}
	return info->name && info->local_id && info->remote_id ? 0 : -1;
}

static struct ike_sa_info *describe(const struct ike_sa *sa, const struct child_sa *only, bool all)
{
	const struct child_sa *child;
	struct ike_sa_info *info;
	size_t n = 0;

	list_for_each(child, &sa->children, link)
		n += all || child == only;
	info = ike_sa_info_new(n);
	if (!info)
		return NULL;
	n = 0;
	if (describe_ike(sa, info) < 0)
		return ike_sa_info_free(info);
	list_for_each(child, &sa->children, link)
		if ((all || child == only) && describe_child(child, &info->children[n++]) < 0)
			return ike_sa_info_free(info);
	return info;
}

struct ike_sa_info *ike_sa_describe(const struct ike_sa *sa, const struct child_sa *only)
{
	return describe(sa, only, !only);
}

struct ike_sa_info *ike_sa_describe_alone(const struct ike_sa *sa)
{
	return describe(sa, NULL, false);
}

struct ike_sa_info *ike_sa_describe_two(const struct child_sa *old, const struct child_sa *new)
{
	struct ike_sa_info *info = ike_sa_info_new(2);

	if (!info)
		return NULL;
	if (describe_ike(new->ike, info) < 0 || describe_child(old, &info->children[0]) < 0 ||
	    describe_child(new, &info->children[1]) < 0)
		return ike_sa_info_free(info);
	return info;
}
