/* SPDX-License-Identifier: MIT */
#include "ikev2/fsm/reauth.h"

#include <errno.h>
#include <string.h>

#include "pdk/base/random.h"
#include "pdk/log/log.h"
#include "ikev2/codec/message.h"
#include "ikev2/codec/payload.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/fsm/contact.h"
#include "ikev2/fsm/input.h"
#include "ikev2/fsm/input_private.h"
#include "ikev2/fsm/state.h"
#include "ikev2/fsm/timers.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/child_selectors.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/* Before another try, while over_time lasts; less up to a quarter, at random. */
#define REAUTH_PAUSE DURATION_S(30)

static bool can_be_called(const struct ike_sa *sa)
{
	struct netaddr addr;

	return sa->auth_initiator || connection_remote(sa->conn, AF_UNSPEC, &addr);
}

/* d less a random part of up to `most`. */
static struct duration shortened(struct duration d, struct duration most)
{
	int64_t ms = duration_ms(most);

	if (ms > UINT32_MAX - 1)
		ms = UINT32_MAX - 1;
	return ms > 0 ? DURATION_NS(d.ns - DURATION_MS(random_below((uint32_t)ms + 1)).ns) : d;
}

/* -------- when -------- */

void reauth_authenticated(struct ike_sa *sa)
{
	const struct connection *conn = sa->conn;
	struct duration age = shortened(conn->reauth_time, conn->rand_time);

	sa->authenticated = sa->core->now;
	sa->reauth_at = INSTANT_NEVER;
	if (!conn->reauth_time.ns || !can_be_called(sa))
		return;
	/* The initiator was told; when it doesn't care we do it ourselves. */
	if (!sa->initiator)
		age.ns = conn->reauth_time.ns + conn->over_time.ns / 2;
	sa->reauth_at = instant_add(sa->core->now, age);
}

void reauth_inherit(struct ike_sa *sa, const struct ike_sa *old)
{
	sa->authenticated = old->authenticated;
	sa->reauth_at = old->reauth_at;
}

uint32_t reauth_lifetime(const struct ike_sa *sa)
{
	int64_t seconds = duration_s(sa->conn->reauth_time);

	return seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

void reauth_told(struct ike_sa *sa, const struct ike_message *m)
{
	struct ike_notify notify;
	struct duration lifetime;
	struct instant at;
	struct reader r;
	uint32_t seconds;

	if (!sa->auth_initiator ||
	    !ike_message_find_notify(m, IKE_NOTIFY_AUTH_LIFETIME, 0, &notify))
		return;
	reader_init(&r, notify.data);
	seconds = reader_u32(&r);
	/* Zero means at once, but not right after the authentication (RFC 4478 2). */
	if (!reader_done(&r) || (!seconds && m->header.exchange == IKE_EXCHANGE_IKE_AUTH))
		return;
	/* In the last tenth of it, so that tries are left (RFC 4478 3). */
	lifetime = DURATION_S(seconds);
	at = instant_add(sa->core->now,
			 shortened(DURATION_NS(lifetime.ns / 20 * 19), DURATION_NS(lifetime.ns / 20)));
	log_obj_info(ike, sa->log_name, "the peer wants us to authenticate anew within %u s", seconds);
	sa->reauth_at = instant_min(sa->reauth_at, at);
	timers_update(sa);
}

/* Nothing that should have happened by then has: over_time is the patience that it had. */
static struct instant too_old(const struct ike_sa *sa)
{
	const struct connection *conn = sa->conn;

	if (!conn->reauth_time.ns)
		return INSTANT_NEVER;
	return instant_add(sa->authenticated,
			   DURATION_NS(conn->reauth_time.ns + conn->over_time.ns));
}

struct instant reauth_time(const struct ike_sa *sa)
{
	if (sa->state != IKE_STATE_ESTABLISHED || sa->auth)
		return INSTANT_NEVER;
	return instant_min(sa->reauth_at, too_old(sa));
}

/* -------- making anew -------- */

bool reauth_under_way(const struct ike_sa *old)
{
	struct ike_sa *sa;

	ike_sa_for_each(sa, old->core)
		if (sa->reauth_of == ike_sa_own_spi(old))
			return true;
	return false;
}

static void try_later(struct ike_sa *old)
{
	old->reauth_at = instant_add(old->core->now,
				     shortened(REAUTH_PAUSE, DURATION_NS(REAUTH_PAUSE.ns / 4)));
	timers_update(old);
}

/* The Child SAs that are up on old, on a new IKE SA. How many there are. */
static int copy_children(struct ike_sa *old, struct ike_sa *sa)
{
	struct child_sa *child, *copy;
	int n = 0;

	list_for_each(child, &old->children, link) {
		const struct child_conf *conf = connection_child(sa->conn, child->conf->name);

		if (!child_sa_is_up(child) || !conf)
			continue;
		copy = child_sa_new(sa, conf, true, 0);
		if (!copy)
			return -ENOMEM;
		child_selectors_offer_again(copy, child);
		n++;
	}
	return n;
}

static void make_before_break(struct ike_sa *old)
{
	struct ike_core *core = old->core;
	const struct connection *conn = config_connection(core->config, old->conn->name);
	struct netaddr local = netaddr_with_port(old->local, core->params.port);
	struct netaddr remote;
	struct ike_sa *sa;

	if (!conn)
		conn = old->conn;
	remote = netaddr_with_port(old->remote, conn->remote_port);
	sa = ike_sa_new(core, conn, true, &local, &remote);
	if (!sa) {
		try_later(old);
		return;
	}
	log_obj_info(ike, old->log_name, "authenticating anew: %s", sa->log_name);
	old->reauth_at = INSTANT_NEVER;
	sa->reauth_of = ike_sa_own_spi(old);
	if (copy_children(old, sa) < 0 || exchange_queue(sa, &exchange_ike_sa_init, 0) < 0) {
		fsm_enter(sa, IKE_STATE_DEAD, "out of memory");
		return;
	}
	contact_begin(sa);
	fsm_enter(sa, IKE_STATE_INIT_SENT, "we authenticate anew");
	exchange_next(sa);
}

static void expire(struct ike_sa *sa)
{
	sa->end = SA_END_EXPIRED;
	input_terminate_ike(sa, false, 0, "it is too old, and was not renewed in time");
}

static void renew(struct ike_sa *sa)
{
	if (sa->core->config->settings.make_before_break) {
		make_before_break(sa);
		return;
	}
	sa->end = SA_END_REAUTH;
	input_terminate_ike(sa, false, 0, "to authenticate anew");
}

void reauth_due(struct ike_sa *sa)
{
	if (instant_reached(sa->core->now, too_old(sa)))
		expire(sa);
	else if (reauth_under_way(sa))
		sa->reauth_at = INSTANT_NEVER; /* should it fail, it is tried again */
	else
		renew(sa);
}

static bool filter_fits(const struct ike_filter *f, const struct ike_sa *sa)
{
	return (!f->ike || strcmp(f->ike, sa->conn->name) == 0) &&
	       (!f->ike_id || f->ike_id == sa->unique_id);
}

unsigned ike_input_reauth(struct ike_core *core, struct instant now,
			  const struct ike_filter *filter)
{
	struct ike_sa *sa;
	unsigned n = 0;

	core->now = now;
	ike_sa_for_each(sa, core) {
		if (sa->state != IKE_STATE_ESTABLISHED || sa->auth || sa->reauth_of ||
		    !filter_fits(filter, sa) || !can_be_called(sa))
			continue;
		n++;
		if (!reauth_under_way(sa))
			renew(sa);
	}
	input_end(core);
	return n;
}

/* -------- taking over -------- */

static bool has_up(const struct ike_sa *sa, const char *name)
{
	struct child_sa *child;

	list_for_each(child, &sa->children, link)
		if (child_sa_is_up(child) && strcmp(child->conf->name, name) == 0)
			return true;
	return false;
}

void reauth_progress(struct ike_sa *sa)
{
	struct ike_sa *old = sa->reauth_of ? ike_sa_by_spi(sa->core, sa->reauth_of) : NULL;
	struct child_sa *child;
	unsigned up = 0;

	if (!old || sa->state != IKE_STATE_ESTABLISHED)
		return;
	list_for_each(child, &sa->children, link) {
		if (child->state == CHILD_CREATING || child->state == CHILD_INSTALLING)
			return;
		up += child_sa_is_up(child);
	}
	if (!up && !list_empty(&old->children)) {
		/* Better the old one with its Child SAs than a new one with none. */
		sa->end = SA_END_REPLACED;
		input_terminate_ike(sa, false, 0, "none of the Child SAs came up anew");
		return;
	}
	sa->reauth_of = 0;
	if (old->state != IKE_STATE_ESTABLISHED)
		return;
	old->end = SA_END_REPLACED;
	list_for_each(child, &old->children, link)
		child->end = has_up(sa, child->conf->name) ? SA_END_REPLACED : SA_END_EXPIRED;
	input_terminate_ike(old, false, 0, "made anew, with authentication");
}

void reauth_gone(struct ike_sa *sa)
{
	struct ike_sa *old = sa->reauth_of ? ike_sa_by_spi(sa->core, sa->reauth_of) : NULL;

	sa->reauth_of = 0;
	if (!old || old->state != IKE_STATE_ESTABLISHED)
		return;
	log_obj_warning(ike, old->log_name, "could not authenticate anew");
	try_later(old);
}
