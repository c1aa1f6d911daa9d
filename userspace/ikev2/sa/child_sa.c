/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/child_sa.h"

#include <errno.h>
#include <stdlib.h>

#include "bpf/shared/steer.h"
#include "pdk/base/random.h"
#include "pdk/log/log.h"
#include "ikev2/fsm/child_timers.h"
#include "ikev2/exchange/child.h"
#include "ikev2/exchange/handlers.h"
#include "ikev2/fsm/reauth.h"
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/algorithms.h"
#include "ikev2/sa/child_ipsec.h"
#include "ikev2/sa/child_ports.h"
#include "ikev2/sa/child_selectors.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/internal_addr.h"

LOG_USE(ike);

const char *child_state_name(enum child_state state)
{
	static const char *const names[] = {
		[CHILD_CREATING] = "CREATING",   [CHILD_INSTALLING] = "INSTALLING",
		[CHILD_INSTALLED] = "INSTALLED", [CHILD_REKEYING] = "REKEYING",
		[CHILD_REKEYED] = "REKEYED",     [CHILD_DELETING] = "DELETING",
		[CHILD_DELETED] = "DELETED",
	};

	return names[state];
}

/*
 * An inbound SPI: like an IKE SPI it names its worker in the top octet, so two workers never draw
 * the same. That leaves 24 bits: among ten thousand two would be the same more often than not.
 */
static uint32_t esp_spi_draw(const struct ike_core *core)
{
	uint32_t spi;

	do
		spi = core->params.worker << 24 | (random_u32() & 0xffffff);
	while (spi < IKE_ESP_SPI_MIN || hash_first(&core->children_in, spi));
	return spi;
}

struct child_sa *child_sa_new(struct ike_sa *ike, const struct child_conf *conf, bool initiator,
			      uint64_t token)
{
	struct child_sa *child = calloc(1, sizeof(*child));

	if (!child) {
		ike->core->counters.no_memory++;
		return NULL;
	}
	child->ike = ike;
	child->conf = conf;
	child->unique_id = ike_core_unique_id(ike->core);
	child->initiator = initiator;
	child->token = token;
	child->spi_in = esp_spi_draw(ike->core);
	child_ipsec_number(child);
	child->deadline.due = child_timers_due;
	child->rekey_at = INSTANT_NEVER;
	child->expire_at = INSTANT_NEVER;
	child->gone_at = INSTANT_NEVER;
	list_append(&ike->children, &child->link);
	hash_insert(&ike->core->children, child->unique_id, &child->by_id);
	hash_insert(&ike->core->children_in, child->spi_in, &child->by_in);
	ike->core->n_children++;
	return child;
}

static uint64_t hash_out(const struct ike_core *core, uint32_t spi)
{
	return ike_core_hash(core, BYTES((const uint8_t *)&spi, sizeof(spi))); /* peers choose it */
}

void child_sa_set_spi_out(struct child_sa *child, uint32_t spi)
{
	struct ike_core *core = child->ike->core;

	hash_remove(&core->children_out, &child->by_out);
	child->spi_out = spi;
	hash_insert(&core->children_out, hash_out(core, spi), &child->by_out);
}

/* -------- installing -------- */

static struct keymat_child *keys_free(struct keymat_child *keys)
{
	if (keys) {
		keymat_child_fini(keys);
		free(keys);
	}
	return NULL;
}

/* Reqids from here on are for single Child SAs, those below for configured children. */
#define REQID_SINGLE (IPSEC_REQID_COUNT / 2)

uint32_t child_conf_reqid(const struct child_conf *conf)
{
	return conf->fixed_reqid ? conf->fixed_reqid
				 : IPSEC_REQID_BASE + conf->reqid % REQID_SINGLE;
}

/*
 * Where the configuration says who the peer is, a Child SA shares the reqid with the trap. Peers
 * that may come from anywhere have one each: policies are bound to SAs by it, and none must get
 * through with packets of another. Several peers may share the address of the NAT before them. One
 * that has not all of the trap's selectors has its own, too: packets beside them shall find the
 * trap, and another SA.
 */
static uint32_t child_reqid(const struct child_sa *child)
{
	const struct ike_sa *ike = child->ike;

	if (child->conf->fixed_reqid)
		return child->conf->fixed_reqid;
	if (!connection_many_peers(ike->conn) && (ike->initiator || !ike->nat_remote) &&
	    !child_selectors_narrowed(child))
		return child_conf_reqid(child->conf);
	return IPSEC_REQID_BASE + REQID_SINGLE + child->unique_id % REQID_SINGLE;
}

static int install_parts(struct child_sa *child, const struct keymat_child *keys,
			 enum child_install what)
{
	unsigned parts =
		what == CHILD_INSTALL_BOTH ? CHILD_IPSEC_ALL : CHILD_IPSEC_IN | CHILD_IPSEC_POLICY;

	child->state = CHILD_INSTALLING;
	return child_ipsec_install(child, keys, parts);
}

int child_sa_install(struct child_sa *child, struct bytes ni, struct bytes nr, struct bytes shared,
		     enum child_install what)
{
	const struct keymat_input in = { .ni = ni, .nr = nr, .shared = shared };
	size_t encr_key_len, integ_key_len;
	struct keymat_child *keys;
	int err;

	err = algorithms_of_esp(&child->proposal, &encr_key_len, &integ_key_len);
	if (err < 0)
		return err;
	keys = calloc(1, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	err = keymat_child_init(child->ike->core->crypto, &child->ike->keymat, &in, encr_key_len,
				integ_key_len, keys);
	if (!child->reqid)
		child->reqid = child_reqid(child);
	if (err == 0)
		err = install_parts(child, keys, what);
	if (err == 0 && what == CHILD_INSTALL_INBOUND)
		child->send_keys = steal_ptr(keys);
	keys_free(keys);
	return err;
}

void child_sa_send(struct child_sa *child)
{
	struct keymat_child *keys = steal_ptr(child->send_keys);
	/* The kernel sends on the newest: one that has been replaced since must not become that. */
	bool newest = !child->superseded && !child_sa_successor(child, false);

	if (keys && newest && child_ipsec_install(child, keys, CHILD_IPSEC_OUT) < 0) {
		log_obj_error(ike, child->ike->log_name,
			      "out of memory: Child SA %s{%u} can't be sent on, and is deleted",
			      child->conf->name, child->unique_id);
		if (child->state == CHILD_INSTALLED)
			child_delete(child);
	}
	keys_free(keys);
}

void child_sa_enter(struct child_sa *child, enum child_state state)
{
	child->state = state;
	/* One that goes is not going to be sent on. */
	if (state == CHILD_REKEYED || state == CHILD_DELETING)
		child->send_keys = keys_free(child->send_keys);
	child_timers_update(child);
}

void child_sa_move(struct child_sa *child, struct ike_sa *to)
{
	list_remove(&child->link);
	child->ike = to;
	list_append(&to->children, &child->link);
}

/* -------- one in the place of another -------- */

bool child_sa_in_use(const struct child_sa *child)
{
	return child->state == CHILD_INSTALLED || child->state == CHILD_REKEYING ||
	       child->state == CHILD_REKEYED;
}

bool child_sa_is_up(const struct child_sa *child)
{
	return child->up && (child->state == CHILD_INSTALLED || child->state == CHILD_REKEYING);
}

/* Are both one and the same to the user? */
static bool same_place(const struct child_sa *a, const struct child_sa *b)
{
	return a->replaces && (b->unique_id == a->replaces || b->replaces == a->replaces);
}

struct child_sa *child_sa_take_place(struct child_sa *child)
{
	struct child_sa *other, *found = NULL;

	list_for_each(other, &child->ike->children, link) {
		if (other == child || !other->up || !same_place(child, other))
			continue;
		other->up = false;
		other->superseded = true;
		found = other;
	}
	child->up = true;
	return found;
}

/*
 * What went for up goes, while the peer's and ours that replace each other are not settled yet:
 * another of them goes for up.
 */
static bool leave_place(struct child_sa *child)
{
	struct child_sa *other;

	list_for_each(other, &child->ike->children, link)
		if (other != child && same_place(child, other) &&
		    (other->state == CHILD_INSTALLED || other->state == CHILD_REKEYING)) {
			other->up = true;
			other->superseded = false;
			child->up = false;
			return true;
		}
	return false;
}

/* -------- end -------- */

/* The peer still waits for an answer to its wish for child. */
static void answer_without(struct ike_sa *ike, struct child_sa *child)
{
	if (ike->answering != child)
		return;
	ike->answering = NULL;
	if (ike->state == IKE_STATE_DEAD)
		return;
	if (ike->held)
		create_child_done(ike, child, -ECANCELED);
	else
		ike_auth_child_done(ike, child, -ECANCELED);
}

void child_sa_close(struct child_sa *child, const char *why)
{
	struct ike_sa *ike = child->ike;
	struct ike_core *core = ike->core;
	struct child_sa *successor = child_sa_successor(child, true);

	/* The peer has replaced it: its Delete, which would tell us to send, finds nothing any more. */
	if (successor && ike->state != IKE_STATE_DEAD)
		child_sa_send(successor);
	if (child->state != CHILD_CREATING)
		child_ipsec_uninstall(child, CHILD_IPSEC_ALL);
	if (ike->state != IKE_STATE_DEAD)
		child_replaces_no_more(child);
	if (child->up && !leave_place(child)) {
		internal_addrs_child(child, false);
		log_obj_notice(ike, ike->log_name, "Child SA %s{%u} closed: %s", child->conf->name,
			       child->unique_id, why);
		ike_core_event(core, IKE_EVENT_CHILD_DOWN, ike, child);
		ike_core_result(core, child->token, 0, "%s", why);
	} else {
		ike_core_result(core, child->token, -ECONNREFUSED, "Child SA %s: %s",
				child->conf->name, why);
	}
	ike->children_changed = core->now;
	fate_child_end(child);
	answer_without(ike, child);
	list_remove(&child->link);
	hash_remove(&core->children, &child->by_id);
	hash_remove(&core->children_in, &child->by_in);
	hash_remove(&core->children_out, &child->by_out);
	deadline_set(&core->timers, &child->deadline, INSTANT_NEVER);
	core->n_children--;
	child_sa_free(child);
	reauth_progress(ike);
}

void child_sa_free(struct child_sa *child)
{
	child_ports_forget(child);
	keys_free(child->send_keys);
	free(child->lowest);
	free(child);
}

void child_sa_retire(struct child_sa *child)
{
	log_obj_info(ike, child->ike->log_name, "Child SA %s{%u} is replaced and deleted",
		     child->conf->name, child->unique_id);
	ike_core_result(child->ike->core, child->token, 0, "%s", "replaced");
	child->token = 0;
	child_sa_enter(child, CHILD_DELETED);
}

/* -------- lookup -------- */

struct child_sa *child_sa_by_spi_out(struct ike_sa *ike, uint32_t spi)
{
	struct hash_node *n = hash_first(&ike->core->children_out, hash_out(ike->core, spi));

	for (; n; n = hash_next(n)) {
		struct child_sa *child = hash_entry(n, struct child_sa, by_out);

		if (child->ike == ike && child->spi_out == spi && child->state != CHILD_DELETED)
			return child;
	}
	return NULL;
}

/* Our SPIs are random numbers, so they are their own hash. */
struct child_sa *child_sa_receiving(const struct ike_core *core, uint32_t spi)
{
	struct hash_node *n = hash_first(&core->children_in, spi);
	struct child_sa *child = n ? hash_entry(n, struct child_sa, by_in) : NULL;

	return child && child->state != CHILD_DELETED ? child : NULL;
}

struct child_sa *child_sa_by_spi_in(struct ike_sa *ike, uint32_t spi)
{
	struct child_sa *child = child_sa_receiving(ike->core, spi);

	return child && child->ike == ike ? child : NULL;
}

struct child_sa *child_sa_of_kernel(struct ike_core *core, uint32_t spi, uint32_t reqid)
{
	struct hash_node *n = hash_first(&core->children_out, hash_out(core, spi));
	struct child_sa *child = child_sa_receiving(core, spi);

	if (child && child->reqid == reqid)
		return child;
	for (; n; n = hash_next(n)) {
		child = hash_entry(n, struct child_sa, by_out);
		if (child->spi_out == spi && child->reqid == reqid && child->state != CHILD_DELETED)
			return child;
	}
	return NULL;
}

struct child_sa *child_sa_by_id(struct ike_core *core, uint32_t unique_id)
{
	struct hash_node *n = hash_first(&core->children, unique_id);

	return n ? hash_entry(n, struct child_sa, by_id) : NULL;
}

struct child_sa *child_sa_successor(const struct child_sa *child, bool peers)
{
	struct child_sa *other;

	list_for_each(other, &child->ike->children, link)
		if (other->replaces == child->unique_id && other->initiator != peers &&
		    other->state != CHILD_CREATING && other->state != CHILD_DELETED)
			return other;
	return NULL;
}
