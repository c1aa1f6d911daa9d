/* SPDX-License-Identifier: MIT */
#include "ikev2/exchange/child_mode.h"

#include "pdk/log/log.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/ts_match.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/internal_addr.h"

LOG_USE(ike);

static bool has(const struct ike_message *m, uint16_t notify)
{
	return ike_message_find_notify(m, notify, 0, NULL);
}

/*
 * Padding behind the packet is recognised by the length in the inner IP header, which transport
 * mode does not have: there the kernel would take it for data.
 */
static void refuse_tfc(bool transport, struct message *m)
{
	if (transport)
		message_notify(m, IKE_NOTIFY_ESP_TFC_PADDING_NOT_SUPPORTED, BYTES_NONE);
}

/* -------- initiator -------- */

void child_mode_offer(const struct child_sa *child, struct message *m)
{
	bool transport = child->conf->mode == CHILD_MODE_TRANSPORT;

	if (transport)
		message_notify(m, IKE_NOTIFY_USE_TRANSPORT_MODE, BYTES_NONE);
	refuse_tfc(transport, m);
}

const char *child_mode_accept(struct child_sa *child, const struct ike_message *m,
			      const struct ts_list *local, const struct ts_list *remote)
{
	const struct ike_sa *sa = child->ike;
	bool transport = has(m, IKE_NOTIFY_USE_TRANSPORT_MODE);
	bool offered = child->conf->mode == CHILD_MODE_TRANSPORT;

	if (transport && !offered)
		return "the peer chose transport mode, which we did not offer";
	if (transport &&
	    (!ts_list_is_host(local, &sa->local) || !ts_list_is_host(remote, &sa->remote)))
		return "the peer chose transport mode for more than the two hosts";
	if (offered && !transport)
		log_obj_info(ike, sa->log_name,
			     "the peer does not want transport mode for Child SA %s: a tunnel",
			     child->conf->name);
	if (has(m, IKE_NOTIFY_ADDITIONAL_TS_POSSIBLE))
		log_obj_info(ike, sa->log_name,
			     "the peer would take more of the selectors of %s in another Child SA",
			     child->conf->name);
	child->transport = transport;
	child->peer_refuses_tfc = has(m, IKE_NOTIFY_ESP_TFC_PADDING_NOT_SUPPORTED);
	return NULL;
}

/* -------- responder -------- */

/* Replace the one address of all selectors. False: there are several. */
static bool readdress(struct ts_list *list, const struct netaddr *host)
{
	struct netaddr addr = netaddr_with_port(*host, 0), old = list->v[0].first;

	if (!ts_list_is_host(list, &old) || old.family != host->family)
		return false;
	addr.scope = 0;
	for (size_t i = 0; i < list->n; i++)
		list->v[i].first = list->v[i].last = addr;
	return true;
}

static int choose(const struct ike_sa *sa, const struct child_sa *old,
		  const struct child_request *request, struct child_choice *ret_choice)
{
	if (old)
		return child_choose_again(old->conf, &old->local_ts, &old->remote_ts, request,
					  ret_choice);
	return child_choose(sa->conn, request, ret_choice);
}

int child_mode_choose(const struct ike_sa *sa, const struct child_sa *old,
		      const struct ike_message *m, const struct proposal_list *offer,
		      bool without_ke, const struct ts_list *tsi, const struct ts_list *tsr,
		      struct child_choice *ret_choice)
{
	struct child_request request = {
		.local = *tsr,
		.remote = *tsi,
		.transport = has(m, IKE_NOTIFY_USE_TRANSPORT_MODE),
		.local_host = sa->local,
		.remote_host = sa->remote,
		.offer = offer,
		.without_ke = without_ke,
	};
	int verdict;

	request.n_local_internal = internal_addrs_local(sa, &request.local_internal);
	request.n_remote_internal = internal_addrs_remote(sa, &request.remote_internal);
	if (!tsi->n || !tsr->n)
		return IKE_NOTIFY_TS_UNACCEPTABLE;
	/* Each side behind a NAT is known to the other by another address (2.23.1). */
	if (request.transport && sa->nat_local && !readdress(&request.local, &sa->local))
		request.transport = false;
	if (request.transport && sa->nat_remote && !readdress(&request.remote, &sa->remote))
		request.transport = false;
	verdict = choose(sa, old, &request, ret_choice);
	if (verdict == 0 && request.transport && !ret_choice->transport &&
	    (sa->nat_local || sa->nat_remote)) {
		/* Declined: a tunnel is for the addresses as they were. */
		request.local = *tsr;
		request.remote = *tsi;
		request.transport = false;
		verdict = choose(sa, old, &request, ret_choice);
	}
	if (verdict == CHILD_NO_PROPOSAL)
		return IKE_NOTIFY_NO_PROPOSAL_CHOSEN;
	return verdict == 0 ? 0 : IKE_NOTIFY_TS_UNACCEPTABLE;
}

void child_mode_take(struct child_sa *child, const struct ike_message *m, const struct ts_list *tsi,
		     const struct ts_list *tsr, const struct child_choice *choice)
{
	const struct ike_sa *sa = child->ike;

	child->local_ts = choice->local;
	child->remote_ts = choice->remote;
	child->transport = choice->transport;
	child->more_ts_possible = choice->more;
	child->peer_refuses_tfc = has(m, IKE_NOTIFY_ESP_TFC_PADDING_NOT_SUPPORTED);
	if (choice->transport && sa->nat_local)
		child->local_as_offered = tsr->v[0].first;
	if (choice->transport && sa->nat_remote)
		child->remote_as_offered = tsi->v[0].first;
}

/* As the peer knows the host. */
static void write_ts(struct message *m, enum ike_payload_type type, const struct ts_list *list,
		     const struct netaddr *as_offered)
{
	struct ts_list answer = *list;

	if (netaddr_is_set(as_offered))
		readdress(&answer, as_offered);
	ts_payload_write(message_payload(m, type), &answer);
}

void child_mode_answer(const struct child_sa *child, struct message *m)
{
	/* We are the responder: TSi is the peer's side. */
	write_ts(m, IKE_PAYLOAD_TSI, &child->remote_ts, &child->remote_as_offered);
	write_ts(m, IKE_PAYLOAD_TSR, &child->local_ts, &child->local_as_offered);
	if (child->transport)
		message_notify(m, IKE_NOTIFY_USE_TRANSPORT_MODE, BYTES_NONE);
	refuse_tfc(child->transport, m);
	if (child->more_ts_possible)
		message_notify(m, IKE_NOTIFY_ADDITIONAL_TS_POSSIBLE, BYTES_NONE);
}
