/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/succession.h"

#include "pdk/log/log.h"
#include "ikev2/exchange/exchange.h"
#include "ikev2/fsm/reauth.h"
#include "ikev2/fsm/state.h"
#include "ikev2/policy/proposal_match.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/internal_addr.h"

LOG_USE(ike);

struct ike_sa *ike_sa_new_successor(struct ike_sa *old, bool initiator)
{
	struct ike_sa *sa = ike_sa_new(old->core, old->conn, initiator, &old->local, &old->remote);

	if (!sa)
		return NULL;
	sa->nat_local = old->nat_local;
	sa->nat_remote = old->nat_remote;
	sa->auth_initiator = old->auth_initiator;
	sa->lacks_address = old->lacks_address;
	sa->fragments.agreed = old->fragments.agreed;
	sa->fragments.size = old->fragments.size;
	reauth_inherit(sa, old);
	sa->local_id = old->local_id;
	sa->remote_id = old->remote_id;
	return sa;
}

int ike_sa_succeed_keys(struct ike_sa *successor, const struct ike_sa *old,
			const struct proposal *chosen, const struct nonce *ni,
			const struct nonce *nr, struct bytes shared)
{
	successor->proposal = *chosen;
	successor->ke_method = proposal_id(chosen, IKE_TRANSFORM_KE);
	successor->nonce_i = *ni;
	successor->nonce_r = *nr;
	return ike_sa_derive_keys(successor, &old->keymat, shared);
}

/* A new IKE SA is being made for old, or old is that new one. */
static void inherit_reauth(struct ike_sa *successor, struct ike_sa *old)
{
	struct ike_sa *sa;

	successor->reauth_of = old->reauth_of;
	old->reauth_of = 0;
	ike_sa_for_each(sa, old->core)
		if (sa->reauth_of == ike_sa_own_spi(old))
			sa->reauth_of = ike_sa_own_spi(successor);
}

void ike_sa_inherit(struct ike_sa *successor, struct ike_sa *old)
{
	struct child_sa *child;

	log_obj_notice(ike, successor->log_name, "replaces [%u]", old->unique_id);
	while ((child = list_first(&old->children, struct child_sa, link)))
		child_sa_move(child, successor);
	exchange_move_waiting(old, successor);
	internal_addrs_move(old, successor);
	inherit_reauth(successor, old);
	successor->replaced_until = old->replaced_until;
	successor->children_changed = old->children_changed;
	successor->invalid_spi_at = old->invalid_spi_at;
	successor->up = old->up;
	old->up = false;
	old->rival_spi = 0;
	successor->heir_of = ike_sa_own_spi(old);
	successor->core->counters.rekeyed++;
	successor->rival_of = 0;
	ike_core_event_ike_rekey(old, successor);
	exchange_next(successor);
}

void ike_sa_claim(struct ike_sa *rival)
{
	struct ike_sa *old = ike_sa_by_spi(rival->core, rival->rival_of);

	rival->rival_of = 0;
	if (!old || old->state != IKE_STATE_ESTABLISHED)
		return;
	log_obj_info(ike, old->log_name, "both sides have rekeyed: the peer goes on with its own");
	ike_sa_inherit(rival, old);
	fsm_enter(old, IKE_STATE_REKEYED, "replaced by the peer's");
	exchange_next(old);
}

struct ike_sa *ike_sa_rival(const struct ike_sa *sa)
{
	return sa->rival_spi ? ike_sa_by_spi(sa->core, sa->rival_spi) : NULL;
}

const struct nonce *ike_sa_lowest_nonce(const struct ike_sa *sa)
{
	return nonce_lowest(&sa->nonce_i, &sa->nonce_r);
}
