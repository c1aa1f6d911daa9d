/* SPDX-License-Identifier: MIT */
/*
 * What the protocol core of a shard wants done. What is not done at once (requests to the kernel,
 * jobs, leases) comes back here as a completion.
 */
#include "ikev2/daemon/shard.h"

#include <errno.h>
#include <stdlib.h>

#include "pdk/loop/loop.h"
#include "pdk/net/udp.h"
#include "pdk/worker/jobs.h"
#include "pdk/worker/worker.h"
#include "ikev2/cfg/cfg.h"
#include "ikev2/daemon/addresses.h"
#include "ikev2/daemon/control.h"
#include "ikev2/daemon/keepup.h"
#include "ikev2/daemon/letters.h"
#include "ikev2/daemon/path_mtu.h"
#include "ikev2/daemon/resolve.h"
#include "ikev2/fsm/input.h"

static const uint8_t non_esp_marker[STEER_MARKER_LEN]; /* RFC 3948 2.2, RFC 7296 2 */

static void perform_send(struct shard *shard, const struct ike_action *action)
{
	const struct netaddr *local = &action->send.local;
	bool natt = local->port == shard->daemon->ports[1];
	struct udp_socket *udp = shard->sockets[family_index(local->family)][natt].udp;

	/* What can't be sent is as good as lost on the way: the core sends again. */
	if (udp)
		udp_send(udp, local, &action->send.remote,
			 natt ? BYTES_OF(non_esp_marker) : BYTES_NONE,
			 packet_bytes(action->send.packet));
}

/* Not IKE: without the marker (RFC 3948 2.3). */
static void perform_keepalive(struct shard *shard, const struct ike_action *action)
{
	static const uint8_t keepalive[] = { 0xff };
	const struct netaddr *local = &action->send.local;
	struct udp_socket *udp = shard->sockets[family_index(local->family)][1].udp;

	if (udp)
		udp_send(udp, local, &action->send.remote, BYTES_NONE, BYTES_OF(keepalive));
}

/* Nothing is sent for it, so the answer is there at once. */
static void perform_path_mtu(struct shard *shard, const struct ike_action *action)
{
	size_t mtu = path_mtu(shard->daemon->ipsec, &action->path.local, &action->path.remote);

	if (mtu)
		ike_input_path_mtu(shard->core, loop_now(shard->worker->loop), action->path.spi,
				   mtu);
}

static void ipsec_done(struct ipsec_request *req, void *data)
{
	struct shard *shard = data;

	if (shard->worker->stopping) {
		ipsec_request_free(req);
		return;
	}
	ike_input_ipsec_done(shard->core, loop_now(shard->worker->loop), req);
	shard_perform(shard);
}

static void perform_ipsec(struct shard *shard, struct ike_action *action)
{
	struct ipsec_request *req = steal_ptr(action->ipsec);

	req->reply_to = shard->worker->mailbox;
	req->done = ipsec_done;
	req->data = shard;
	ipsec_submit(shard->daemon->ipsec, req);
}

static void run_job(struct job *job)
{
	struct ike_job *j = container_of(job, struct ike_job, job);

	j->ops->run(j);
}

static void job_done(struct job *job)
{
	struct ike_job *j = container_of(job, struct ike_job, job);
	struct shard *shard = j->shell;

	if (shard->worker->stopping) {
		ike_job_free(j);
		return;
	}
	if (job->cancelled)
		j->err = -ECANCELED;
	ike_input_job_done(shard->core, loop_now(shard->worker->loop), j);
	shard_perform(shard);
}

static void perform_job(struct shard *shard, struct ike_action *action)
{
	struct ike_job *j = steal_ptr(action->job);

	j->shell = shard;
	j->err = jobs_submit(shard->daemon->jobs, &j->job, run_job, job_done,
			     shard->worker->mailbox);
	if (j->err < 0)
		ike_input_job_done(shard->core, loop_now(shard->worker->loop), j);
}

static void lease_done(struct cfg_request *req, void *data)
{
	struct shard *shard = data;

	if (shard->worker->stopping) {
		cfg_request_free(req);
		return;
	}
	ike_input_lease(shard->core, loop_now(shard->worker->loop), req);
	shard_perform(shard);
}

static void perform_lease(struct shard *shard, struct ike_action *action)
{
	struct cfg_request *req = steal_ptr(action->lease);

	req->reply_to = shard->worker->mailbox;
	req->done = lease_done;
	req->data = shard;
	cfg_post(shard->daemon->cfg, req);
}

/* The action itself is the letter: what somebody waits for can't get lost for want of memory. */
static void tell_main(struct shard *shard, struct ike_action *action, mail_deliver_fn deliver)
{
	action->shell = shard->daemon;
	mailbox_post(shard->daemon->mailbox, &action->mail, deliver);
}

void shard_perform(struct shard *shard)
{
	struct ike_action *action;

	while ((action = ike_core_next_action(shard->core))) {
		switch (action->type) {
		case IKE_ACTION_SEND:
			perform_send(shard, action);
			break;
		case IKE_ACTION_KEEPALIVE:
			perform_keepalive(shard, action);
			break;
		case IKE_ACTION_PATH_MTU:
			perform_path_mtu(shard, action);
			break;
		case IKE_ACTION_IPSEC:
			perform_ipsec(shard, action);
			break;
		case IKE_ACTION_JOB:
			perform_job(shard, action);
			break;
		case IKE_ACTION_LEASE:
			perform_lease(shard, action);
			break;
		case IKE_ACTION_INTERNAL:
			addresses_post(shard->daemon->addresses, &action->internal);
			break;
		case IKE_ACTION_DNS:
			resolve_post(shard->daemon->resolve, action->dns.add, &action->dns.addr);
			break;
		case IKE_ACTION_EVENT:
			tell_main(shard, action, control_deliver_event);
			continue;
		case IKE_ACTION_CONTACT:
			shard_contact_others(shard, action->contact);
			break;
		case IKE_ACTION_FATE:
			tell_main(shard, action, keepup_deliver_fate);
			continue;
		case IKE_ACTION_PROGRESS:
			tell_main(shard, action, control_deliver_progress);
			continue;
		case IKE_ACTION_RESULT:
			tell_main(shard, action, control_deliver_result);
			continue;
		}
		ike_action_free(action);
	}
	timer_arm(&shard->timer, ike_input_deadline(shard->core));
	shard_publish_figures(shard);
}
