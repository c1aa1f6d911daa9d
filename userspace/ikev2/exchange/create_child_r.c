/* SPDX-License-Identifier: MIT */
/*
 * CREATE_CHILD_SA for a Child SA as responder (RFC 7296 1.3.1, 1.3.3). The answer is built at once
 * and held until the kernel has the Child SA: the initiator may send as soon as it has read it.
 */
#include <errno.h>
#include <stdlib.h>

#include "pdk/log/log.h"
#include "ikev2/exchange/child.h"
#include "ikev2/exchange/child_offer.h"
#include "ikev2/exchange/create_child_sa.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/exchange/handlers.h"
#include "ikev2/fsm/inactivity.h"
#include "ikev2/fsm/state.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/* The Child SA that REKEY_SA names: by the SPI that the peer receives on, which we send with. */
static struct child_sa *find_replaced(struct ike_sa *sa, const struct ike_notify *rekey)
{
	uint32_t spi;

	/* AH has SPIs of its own. */
	if (rekey->protocol != IKE_PROTOCOL_ESP || !ike_notify_esp_spi(rekey, &spi))
		return NULL;
	return child_sa_by_spi_out(sa, spi);
}

/* CHILD_SA_NOT_FOUND names the SA as REKEY_SA did (2.25). */
static void answer_not_found(struct ike_sa *sa, const struct ike_notify *rekey)
{
	const struct ike_notify notify = {
		.protocol = rekey->protocol,
		.type = IKE_NOTIFY_CHILD_SA_NOT_FOUND,
		.spi = rekey->spi,
	};
	struct message m;

	message_begin_response(sa, &m, IKE_EXCHANGE_CREATE_CHILD_SA);
	ike_notify_write(message_payload(&m, IKE_PAYLOAD_N), &notify);
	message_respond(sa, &m);
}

/*
 * Can old be replaced now? (2.25.1) Not when one is there already, ours or the peer's: then it is about to
 * be deleted.
 */
static bool replaceable(const struct child_sa *old)
{
	return (old->state == CHILD_INSTALLED || old->state == CHILD_REKEYING) &&
	       !child_sa_successor(old, false) && !child_sa_successor(old, true);
}

/* What comes before the offer is looked at: 0, or the notify to answer with. */
static int screen(const struct ike_sa *sa, const struct child_sa *old)
{
	size_t n = 0;
	const struct child_sa *child;

	if (create_child_sa_busy(sa) || (old && !replaceable(old)))
		return IKE_NOTIFY_TEMPORARY_FAILURE;
	if (sa->lacks_address)
		return IKE_NOTIFY_FAILED_CP_REQUIRED;
	list_for_each(child, &sa->children, link)
		n++;
	return n >= CHILD_SAS_MAX ? IKE_NOTIFY_NO_ADDITIONAL_SAS : 0;
}

/* Note the peer's nonces when ours are on their way for the same one (2.8.1). */
static bool note_replaced(struct child_sa *child, const struct child_sa *old,
			  const struct key_exchange *kx)
{
	child->replaces = old->unique_id;
	child->reqid = old->reqid;
	child->numbers = old->numbers;
	if (!child_rekey_outstanding(old))
		return true;
	child->lowest = malloc(sizeof(*child->lowest));
	if (child->lowest)
		*child->lowest = *nonce_lowest(&kx->ni, &kx->nr);
	return child->lowest;
}

static int answer_prepare(struct ike_sa *sa, struct child_sa *child, struct child_sa *old,
			  const struct key_exchange *kx)
{
	struct message m;
	int err;

	if (old && !note_replaced(child, old, kx))
		return -ENOMEM;
	if (old)
		inactivity_hand_on(old);
	message_begin_response(sa, &m, IKE_EXCHANGE_CREATE_CHILD_SA);
	child_offer_write_answer(child, kx, &m);
	err = message_hold(sa, &m);
	if (err == 0)
		err = child_sa_install(child, nonce_bytes(&kx->ni), nonce_bytes(&kx->nr),
				       secret_bytes(&kx->shared),
				       old ? CHILD_INSTALL_INBOUND : CHILD_INSTALL_BOTH);
	return err;
}

enum fsm_verdict create_child_request(struct ike_sa *sa, const struct ike_message *m)
{
	struct key_exchange kx = { .method = 0 };
	struct child_sa *child, *old = NULL;
	struct ike_notify rekey;
	int notify, err;

	if (ike_message_find_notify(m, IKE_NOTIFY_REKEY_SA, 0, &rekey)) {
		old = find_replaced(sa, &rekey);
		if (!old && child_create_outstanding(sa))
			return create_child_sa_refuse(sa, IKE_NOTIFY_TEMPORARY_FAILURE, 0);
		if (!old && !create_child_sa_busy(sa)) {
			answer_not_found(sa, &rekey);
			return FSM_STAY;
		}
	}
	notify = screen(sa, old);
	if (!notify)
		notify = child_offer_take(sa, m, old, &kx, &child);
	if (notify)
		return create_child_sa_refuse(sa, (uint16_t)notify, kx.method);
	sa->answering = child;
	err = answer_prepare(sa, child, old, &kx);
	key_exchange_fini(&kx);
	if (err < 0) {
		log_obj_warning(ike, sa->log_name, "Child SA %s failed: %s", child->conf->name,
				strerror(-err));
		sa->answering = NULL;
		child_sa_close(child, strerror(-err));
		return create_child_sa_refuse(sa, IKE_NOTIFY_TEMPORARY_FAILURE, 0);
	}
	return FSM_STAY;
}

void create_child_done(struct ike_sa *sa, struct child_sa *child, int err)
{
	struct child_sa *old = child->replaces ? child_sa_by_id(sa->core, child->replaces) : NULL;

	sa->answering = NULL;
	if (err < 0) {
		create_child_sa_refuse(sa, IKE_NOTIFY_TEMPORARY_FAILURE, 0);
		return;
	}
	message_release(sa);
	sa->refused_since = INSTANT_NEVER;
	if (old && !child_rekey_outstanding(old))
		child_sa_enter(old, CHILD_REKEYED);
}
