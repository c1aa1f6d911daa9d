/* SPDX-License-Identifier: MIT */
/*
 * When Child SAs come and go, packets meet no SA for a moment: they overtake the message that makes
 * one, or are late. Only what goes on is worth a word. As anybody can send ESP from the peer's
 * address, it is said seldom, and at the rate of what is said outside IKE SAs (2.21.4,
 * 7296-2.21.4-invalid-spi).
 */
#include "ikev2/exchange/invalid_spi.h"

#include "pdk/log/limit.h"
#include "pdk/log/log.h"
#include "ikev2/exchange/child.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/fsm/liveness.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

/* So long a packet may be on its way that the peer could not receive yet, or no longer. */
#define ON_THE_WAY DURATION_S(2)
/* So long a peer that has been told has time to do something about it. */
#define PATIENCE DURATION_S(10)

/* -------- we tell -------- */

static bool is_news(const struct ike_sa *sa)
{
	const struct instant now = sa->core->now;

	return sa->state == IKE_STATE_ESTABLISHED && !sa->active && list_empty(&sa->queue) &&
	       instant_reached(now, instant_add(sa->children_changed, ON_THE_WAY)) &&
	       instant_reached(now, sa->invalid_spi_at);
}

void invalid_spi_seen(struct ike_sa *sa, uint32_t spi)
{
	struct ike_core *core = sa->core;
	const struct child_sa *child = child_sa_receiving(core, spi);

	if (!is_news(sa) || (child && child->ike != sa))
		return;
	/* The peer is right, and it's our kernel that has lost it: ask it. */
	if (child) {
		sa->invalid_spi_at = instant_add(core->now, PATIENCE);
		liveness_resync(sa);
		return;
	}
	if (!bucket_take(&core->outside, core->now, core->config->settings.error_rate)) {
		core->counters.errors_withheld++;
		return;
	}
	sa->invalid_spi_at = instant_add(core->now, PATIENCE);
	if (exchange_queue(sa, &exchange_invalid_spi, spi) < 0)
		return;
	core->counters.errors_sent++;
	log_remote(ike, LOG_LEVEL_NOTICE, sa->log_name,
		   "ESP with SPI %08x comes from there, and no SA takes it: telling the peer", spi);
}

static int invalid_spi_request(struct ike_sa *sa, struct exchange *x, struct message *m)
{
	uint8_t spi[sizeof(x->spi)];
	struct writer w;

	writer_init_fixed(&w, spi, sizeof(spi));
	writer_u32(&w, x->spi);
	message_notify(m, IKE_NOTIFY_INVALID_SPI, writer_view(&w));
	return 0;
}

const struct exchange_ops exchange_invalid_spi = {
	.name = "INVALID_SPI",
	.type = IKE_EXCHANGE_INFORMATIONAL,
	.request = invalid_spi_request,
};

/* -------- the peer tells -------- */

void invalid_spi_take(struct ike_sa *sa, const struct ike_notify *notify)
{
	struct child_sa *child;
	struct reader r;
	uint32_t spi;

	reader_init(&r, notify->data);
	spi = reader_u32(&r);
	child = reader_done(&r) ? child_sa_by_spi_out(sa, spi) : NULL;
	if (!child || child->state != CHILD_INSTALLED ||
	    !instant_reached(sa->core->now, instant_add(child->installed, ON_THE_WAY)))
		return;
	log_obj_notice(ike, sa->log_name,
		       "the peer has lost Child SA %s{%u}: SPI %08x is unknown to it",
		       child->conf->name, child->unique_id, spi);
	child_rekey(child);
}
