/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/core.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bpf/shared/siphash.h"
#include "pdk/base/random.h"
#include "pdk/log/log.h"
#include "ikev2/fsm/contact.h"
#include "ikev2/fsm/deadline.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/describe.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/internal_addr.h"

LOG_SUBSYSTEM(ike, "IKE SAs and their exchanges");

int ike_core_new(const struct ike_core_params *params, const struct ike_config *config,
		 struct ike_core **ret_core)
{
	struct ike_core *core = calloc(1, sizeof(*core));
	int err;

	if (!core)
		return -ENOMEM;
	err = crypto_ctx_new(NULL, &core->crypto);
	if (err < 0) {
		free(core);
		return err;
	}
	core->params = *params;
	core->config = config_ref(config);
	list_init(&core->sas);
	list_init(&core->dead);
	list_init(&core->actions);
	hash_init(&core->by_spi);
	hash_init(&core->by_init);
	hash_init(&core->half_open);
	hash_init(&core->by_peer);
	hash_init(&core->children);
	hash_init(&core->children_in);
	hash_init(&core->children_out);
	hash_init(&core->leases);
	heap_init(&core->timers, deadline_before);
	reserve_fill(&core->reserve);
	random_fill(&core->hash_key, sizeof(core->hash_key));
	random_fill(core->cookie_secrets, sizeof(core->cookie_secrets));
	*ret_core = core;
	return 0;
}

struct ike_core *ike_core_free(struct ike_core *core)
{
	struct ike_action *action;
	struct ike_sa *sa, *tmp;

	if (!core)
		return NULL;
	internal_addrs_free_all(core);
	list_for_each_safe(sa, tmp, &core->sas, link)
		ike_sa_free(sa);
	while ((action = ike_core_next_action(core)))
		ike_action_free(action);
	hash_fini(&core->by_spi);
	hash_fini(&core->by_init);
	hash_fini(&core->half_open);
	hash_fini(&core->by_peer);
	hash_fini(&core->children);
	hash_fini(&core->children_in);
	hash_fini(&core->children_out);
	hash_fini(&core->leases);
	config_unref(core->config);
	crypto_ctx_free(core->crypto);
	reserve_fini(&core->reserve);
	explicit_bzero(core->cookie_secrets, sizeof(core->cookie_secrets));
	free(core);
	return NULL;
}

/* -------- actions -------- */

struct ike_action *ike_core_next_action(struct ike_core *core)
{
	struct ike_action *action = list_first(&core->actions, struct ike_action, link);

	if (action)
		list_remove(&action->link);
	return action;
}

struct ike_action *ike_action_free(struct ike_action *action)
{
	if (!action)
		return NULL;
	switch (action->type) {
	case IKE_ACTION_SEND:
	case IKE_ACTION_KEEPALIVE:
		packet_unref(action->send.packet);
		break;
	case IKE_ACTION_PATH_MTU:
		break;
	case IKE_ACTION_IPSEC:
		ipsec_request_free(action->ipsec);
		break;
	case IKE_ACTION_JOB:
		ike_job_free(action->job);
		break;
	case IKE_ACTION_LEASE:
		cfg_request_free(action->lease);
		break;
	case IKE_ACTION_INTERNAL:
	case IKE_ACTION_DNS:
		break;
	case IKE_ACTION_EVENT:
		ike_sa_info_free(action->event.info);
		ike_sa_info_free(action->event.old);
		break;
	case IKE_ACTION_CONTACT:
		free(action->contact);
		break;
	case IKE_ACTION_FATE:
		connection_unref(action->fate.conn);
		break;
	case IKE_ACTION_PROGRESS:
	case IKE_ACTION_RESULT:
		break;
	}
	free(action);
	return NULL;
}

/* Somebody outside would wait for it, or hold something, forever. */
static bool has_reserve(enum ike_action_type type)
{
	switch (type) {
	case IKE_ACTION_IPSEC:
	case IKE_ACTION_LEASE:
	case IKE_ACTION_INTERNAL:
	case IKE_ACTION_DNS:
	case IKE_ACTION_FATE:
	case IKE_ACTION_RESULT:
		return true;
	case IKE_ACTION_SEND:
	case IKE_ACTION_KEEPALIVE:
	case IKE_ACTION_PATH_MTU:
	case IKE_ACTION_JOB:
	case IKE_ACTION_EVENT:
	case IKE_ACTION_CONTACT:
	case IKE_ACTION_PROGRESS:
		return false;
	}
	return false;
}

struct ike_action *ike_action_new(struct ike_core *core, enum ike_action_type type)
{
	struct ike_action *action = has_reserve(type)
					    ? reserve_zalloc(&core->reserve, sizeof(*action))
					    : calloc(1, sizeof(*action));

	if (!action) {
		core->counters.no_memory++;
		return NULL;
	}
	action->type = type;
	list_init(&action->link);
	return action;
}

void ike_core_queue_take(struct ike_core *core, struct ike_action *action)
{
	list_append(&core->actions, &action->link);
}

static struct ike_action *action_new(struct ike_core *core, enum ike_action_type type)
{
	struct ike_action *action = ike_action_new(core, type);

	if (action)
		ike_core_queue_take(core, action);
	return action;
}

void ike_core_send(struct ike_core *core, const struct netaddr *local, const struct netaddr *remote,
		   struct packet *packet)
{
	for (; packet; packet = packet->next) {
		struct ike_action *action = action_new(core, IKE_ACTION_SEND);

		if (!action)
			return; /* as good as lost on the way */
		action->send.local = *local;
		action->send.remote = *remote;
		action->send.packet = packet_ref(packet);
		core->counters.sent++;
	}
}

void ike_core_keepalive(struct ike_core *core, const struct netaddr *local,
			const struct netaddr *remote)
{
	struct ike_action *action = action_new(core, IKE_ACTION_KEEPALIVE);

	if (!action)
		return;
	action->send.local = *local;
	action->send.remote = *remote;
}

void ike_core_path_mtu(struct ike_core *core, const struct netaddr *local,
		       const struct netaddr *remote, uint64_t spi)
{
	struct ike_action *action = action_new(core, IKE_ACTION_PATH_MTU);

	if (!action)
		return;
	action->path.local = *local;
	action->path.remote = *remote;
	action->path.spi = spi;
}

int ike_core_ipsec_take(struct ike_core *core, struct ipsec_request *req)
{
	struct ike_action *action = action_new(core, IKE_ACTION_IPSEC);

	if (!action) {
		ipsec_request_free(req);
		return -ENOMEM;
	}
	action->ipsec = req;
	return 0;
}

int ike_core_job_take(struct ike_sa *sa, struct ike_job *job)
{
	struct ike_action *action = action_new(sa->core, IKE_ACTION_JOB);

	if (!action) {
		ike_job_free(job);
		return -ENOMEM;
	}
	job->spi = ike_sa_own_spi(sa);
	job->err = 0;
	action->job = job;
	return 0;
}

/* Takes both over; has_old: there should be one. */
static void event_take(struct ike_core *core, enum ike_event_type type, struct ike_sa_info *info,
		       bool has_old, struct ike_sa_info *old)
{
	struct ike_action *action = NULL;

	if (!info || (has_old && !old))
		core->counters.no_memory++;
	else
		action = action_new(core, IKE_ACTION_EVENT);
	if (!action) {
		ike_sa_info_free(info);
		ike_sa_info_free(old);
		return;
	}
	action->event.type = type;
	action->event.info = info;
	action->event.old = old;
}

void ike_core_event(struct ike_core *core, enum ike_event_type type, const struct ike_sa *sa,
		    const struct child_sa *child)
{
	event_take(core, type, child ? ike_sa_describe(sa, child) : ike_sa_describe_alone(sa), false,
		   NULL);
}

void ike_core_event_ike_rekey(const struct ike_sa *old, const struct ike_sa *sa)
{
	event_take(sa->core, IKE_EVENT_IKE_REKEY, ike_sa_describe_alone(sa), true,
		   ike_sa_describe_alone(old));
}

void ike_core_event_child_rekey(const struct child_sa *old, const struct child_sa *child)
{
	event_take(child->ike->core, IKE_EVENT_CHILD_REKEY, ike_sa_describe_two(old, child), false,
		   NULL);
}

void ike_core_contact(struct ike_core *core, const struct contact *contact)
{
	struct contact *copy = malloc(sizeof(*copy));
	struct ike_action *action = copy ? action_new(core, IKE_ACTION_CONTACT) : NULL;

	if (!action) {
		free(copy);
		return;
	}
	*copy = *contact;
	action->contact = copy;
}

void ike_core_fate(struct ike_core *core, const struct connection *conn,
		   const struct child_conf *child, struct fate fate)
{
	struct ike_action *action = action_new(core, IKE_ACTION_FATE);

	if (!action)
		return;
	action->fate.conn = connection_ref(conn);
	action->fate.child = child;
	action->fate.fate = fate;
}

void ike_core_progress(struct ike_core *core, uint64_t token, const char *name, uint32_t ike_id,
		       const char *text)
{
	struct ike_action *action = token ? action_new(core, IKE_ACTION_PROGRESS) : NULL;

	if (!action)
		return;
	action->progress.token = token;
	action->progress.ike_id = ike_id;
	snprintf(action->progress.name, sizeof(action->progress.name), "%s", name);
	snprintf(action->progress.text, sizeof(action->progress.text), "%s", text);
}

void ike_core_result(struct ike_core *core, uint64_t token, int err, const char *fmt, ...)
{
	struct ike_action *action;
	va_list args;

	if (!token)
		return;
	action = action_new(core, IKE_ACTION_RESULT);
	if (!action)
		return;
	action->result.token = token;
	action->result.err = err;
	va_start(args, fmt);
	vsnprintf(action->result.text, sizeof(action->result.text), fmt, args);
	va_end(args);
}

/* -------- helpers -------- */

uint64_t ike_core_hash(const struct ike_core *core, struct bytes b)
{
	return siphash(&core->hash_key, b.data, b.len);
}

static uint64_t half_open_hash(const struct ike_core *core, const struct netaddr *remote)
{
	const size_t len = remote->family == AF_INET6 ? 8 : 4;

	return ike_core_hash(core, BYTES(remote->addr, len)) + remote->family;
}

unsigned half_open_from(const struct ike_core *core, const struct netaddr *remote, unsigned most)
{
	struct hash_node *node = hash_first(&core->half_open, half_open_hash(core, remote));
	unsigned n = 0;

	for (; node && n < most; node = hash_next(node))
		n++;
	return n;
}

void half_open_enter(struct ike_sa *sa)
{
	hash_insert(&sa->core->half_open, half_open_hash(sa->core, &sa->remote), &sa->by_addr);
	sa->core->n_half_open++;
}

void half_open_leave(struct ike_sa *sa)
{
	hash_remove(&sa->core->half_open, &sa->by_addr);
	sa->core->n_half_open--;
}

uint32_t ike_core_unique_id(struct ike_core *core)
{
	return core->next_id++ * core->params.n_workers + core->params.worker + 1;
}
