/* SPDX-License-Identifier: MIT */
#include "ikev2/exchange/exchange.h"

#include <errno.h>
#include <stdlib.h>

#include "pdk/log/log.h"
#include "ikev2/exchange/fragments.h"
#include "ikev2/fsm/state.h"
#include "ikev2/fsm/timers.h"
#include "ikev2/policy/config.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/progress.h"

LOG_USE(ike);

/* The request of the active exchange goes out. */
static int exchange_send(struct ike_sa *sa)
{
	const struct exchange_ops *ops = sa->active->ops;
	struct ike_core *core = sa->core;
	char remote[NETADDR_STRLEN];
	struct packet *packet;
	struct message m;
	int err;

	message_begin_request(sa, &m, ops->type);
	err = ops->request ? ops->request(sa, sa->active, &m) : 0;
	if (err < 0) {
		writer_fini(&m.w);
		return err;
	}
	err = message_finish(&m, &packet);
	if (err < 0)
		return err;
	if (ops->type == IKE_EXCHANGE_IKE_SA_INIT) {
		/* AUTH covers the last one sent (2.15). */
		packet_unref(sa->init_request);
		sa->init_request = packet_ref(packet);
	}
	sa->fragments.probe = 0;
	window_sent(&sa->window, packet, core->now, &core->config->settings);
	ike_core_send(core, &sa->local, &sa->remote, packet);
	ike_sa_progress(sa, "%s sent to %s", ops->name, netaddr_str_port(&sa->remote, remote));
	packet_unref(packet);
	return 0;
}

static void exchange_fail(struct ike_sa *sa, struct exchange *x, const char *why)
{
	if (x->ops->failed)
		x->ops->failed(sa, x, why);
	exchange_free(x);
}

/*
 * The next that may begin. New keys wait until what the peer wants is done: an exchange that makes
 * SAs at the same time as one of the peer's would be refused (RFC 7296 2.25.2).
 */
static struct exchange *exchange_first(const struct ike_sa *sa)
{
	struct exchange *x = list_first(&sa->queue, struct exchange, link);

	if (sa->rival_of)
		return NULL; /* it may be redundant: see ike_sa_rival() */
	return x && sa->answering && x->ops->type == IKE_EXCHANGE_CREATE_CHILD_SA ? NULL : x;
}

/* Nobody would hear that it failed, and the peer must: a Delete, a sign of life. */
static bool exchange_waits_for_memory(const struct exchange *x, int err)
{
	return err == -ENOMEM && !x->ops->failed;
}

#define MEMORY_PAUSE DURATION_S(1)

void exchange_next(struct ike_sa *sa)
{
	sa->memory_at = INSTANT_NEVER;
	/* IKE_AUTH comes first, and it may take a while (auth_run.h). */
	while (!sa->active && !sa->auth && sa->state != IKE_STATE_DEAD) {
		int err;

		sa->active = exchange_first(sa);
		if (!sa->active)
			break;
		list_remove(&sa->active->link);
		if (!window_can_send(&sa->window)) {
			exchange_fail(sa, steal_ptr(sa->active), "Message IDs are used up");
			fsm_enter(sa, IKE_STATE_DEAD, "its Message IDs are used up");
			break;
		}
		err = exchange_send(sa);
		if (err == -ENOENT) {
			exchange_free(steal_ptr(sa->active));
		} else if (exchange_waits_for_memory(sa->active, err)) {
			list_prepend(&sa->queue, &steal_ptr(sa->active)->link);
			sa->memory_at = instant_add(sa->core->now, MEMORY_PAUSE);
			break;
		} else if (err < 0) {
			log_obj_warning(ike, sa->log_name, "cannot send %s: %s",
					sa->active->ops->name, strerror(-err));
			exchange_fail(sa, steal_ptr(sa->active), strerror(-err));
		}
	}
	timers_update(sa);
}

int exchange_queue(struct ike_sa *sa, const struct exchange_ops *ops, uint32_t spi)
{
	struct exchange *x = reserve_zalloc(&sa->core->reserve, sizeof(*x));

	if (!x) {
		sa->core->counters.no_memory++;
		return -ENOMEM;
	}
	x->ops = ops;
	x->spi = spi;
	exchange_queue_take(sa, x);
	return 0;
}

void exchange_queue_take(struct ike_sa *sa, struct exchange *x)
{
	list_append(&sa->queue, &x->link);
}

void exchange_free(struct exchange *x)
{
	if (x && x->ops->free)
		x->ops->free(x);
	else
		free(x);
}

bool exchange_pending(const struct ike_sa *sa, const struct exchange_ops *ops)
{
	const struct exchange *x;

	if (sa->active && sa->active->ops == ops)
		return true;
	list_for_each(x, &sa->queue, link)
		if (x->ops == ops)
			return true;
	return false;
}

void exchange_move_waiting(struct ike_sa *from, struct ike_sa *to)
{
	struct exchange *x, *next;

	list_for_each_safe(x, next, &from->queue, link) {
		if (x->ops == &exchange_delete_ike || x->ops == &exchange_rekey_ike)
			continue;
		list_remove(&x->link);
		list_append(&to->queue, &x->link);
	}
}

void exchange_abort_all(struct ike_sa *sa, const char *why)
{
	struct exchange *x;

	window_acknowledged(&sa->window);
	if (sa->active)
		exchange_fail(sa, steal_ptr(sa->active), why);
	while ((x = list_first(&sa->queue, struct exchange, link))) {
		list_remove(&x->link);
		exchange_fail(sa, x, why);
	}
}

enum fsm_verdict exchange_response(struct ike_sa *sa, const struct ike_message *m)
{
	struct exchange *x = steal_ptr(sa->active);
	enum fsm_verdict verdict;

	fragments_size_good(sa);
	window_acknowledged(&sa->window);
	ike_sa_progress(sa, "%s answered", x->ops->name);
	verdict = x->ops->response ? x->ops->response(sa, x, m) : FSM_STAY;
	exchange_free(x);
	return verdict;
}

int exchange_restart(struct ike_sa *sa)
{
	window_acknowledged(&sa->window);
	sa->window.send_next--;
	return exchange_send(sa);
}
