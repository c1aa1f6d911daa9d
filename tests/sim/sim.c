/* SPDX-License-Identifier: MIT */
#include "sim.h"

#include "sim_random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "pdk/conf/parser.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/credential_files.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/info.h"

enum sim_event_type {
	SIM_DELIVER,
	SIM_IPSEC_DONE,
	SIM_JOB_DONE,
	SIM_LEASE,
};

struct sim_event {
	struct heap_node node;
	struct instant at;
	uint64_t seq; /* equal instants: in order */
	enum sim_event_type type;
	unsigned peer; /* whom it happens to */
	struct netaddr local, remote;
	struct packet *packet;
	struct ipsec_request *req;
	struct ike_job *job;
	struct cfg_request *lease;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "simulation: %s\n", what);
	exit(1);
}

/* xorshift64*: small, and the same everywhere. */
unsigned sim_random(struct sim *sim, unsigned n)
{
	sim->random ^= sim->random >> 12;
	sim->random ^= sim->random << 25;
	sim->random ^= sim->random >> 27;
	return (unsigned)((sim->random * 0x2545f4914f6cdd1dull >> 33) % n);
}

static bool event_before(const struct heap_node *a, const struct heap_node *b)
{
	const struct sim_event *x = heap_entry(a, struct sim_event, node);
	const struct sim_event *y = heap_entry(b, struct sim_event, node);

	return x->at.ns != y->at.ns ? x->at.ns < y->at.ns : x->seq < y->seq;
}

static struct sim_event *event_new(struct sim *sim, enum sim_event_type type, unsigned peer,
				   struct duration after)
{
	struct sim_event *e = calloc(1, sizeof(*e));

	if (!e)
		die("out of memory");
	e->type = type;
	e->peer = peer;
	e->at = instant_add(sim->now, after);
	e->seq = sim->event_seq++;
	heap_insert(&sim->events, &e->node);
	return e;
}

/* -------- the link -------- */

static void link_carry(struct sim *sim, unsigned to, const struct ike_action *action,
		       struct duration later)
{
	struct duration delay =
		DURATION_NS(1000 + sim_random(sim, 1000) * (sim->link.delay.ns / 1000));
	struct sim_event *e;

	if (sim_random(sim, 1000) < sim->link.reordering)
		delay.ns += sim_random(sim, 1000) * (sim->link.reordering_delay.ns / 1000);
	delay.ns += later.ns;
	e = event_new(sim, SIM_DELIVER, to, delay);
	e->local = action->send.remote;
	e->remote = action->send.local;
	if (sim->nat.on && to != sim->nat.inside) {
		if (netaddr_is_set(&sim->nat.outside))
			e->remote = netaddr_with_port(sim->nat.outside, e->remote.port);
		e->remote.port += sim->nat.shift;
	}
	e->packet = packet_new(packet_bytes(action->send.packet));
	if (!e->packet)
		die("out of memory");
}

/* Of the IP datagram: the headers of IP and UDP, and the non-ESP marker. */
static size_t datagram_size(const struct ike_action *action)
{
	return packet_bytes(action->send.packet).len + 8 +
	       (action->send.remote.family == AF_INET6 ? 40 : 20) +
	       (action->send.local.port == IKE_NATT_PORT ? 4 : 0);
}

/* Translate where e goes to. False: the NAT has no mapping for it. */
static bool nat_inward(struct sim *sim, struct sim_event *e)
{
	const struct sim_peer *peer = &sim->peers[sim->nat.inside];
	const struct netaddr *outside =
		netaddr_is_set(&sim->nat.outside) ? &sim->nat.outside : &peer->addr;

	if (!sim->nat.on || e->peer != sim->nat.inside)
		return true;
	e->local.port -= sim->nat.shift;
	if (!netaddr_same_addr(&e->local, outside) ||
	    (e->local.port != IKE_PORT && e->local.port != IKE_NATT_PORT))
		return false;
	e->local = netaddr_with_port(peer->addr, e->local.port);
	return true;
}

static void link_send(struct sim *sim, unsigned from, const struct ike_action *action)
{
	if (sim->link.mtu && datagram_size(action) > sim->link.mtu) {
		sim->too_long++;
		return;
	}
	if (sim->mishap.nth && --sim->mishap.nth == 0) {
		if (sim->mishap.kind != SIM_LOST)
			link_carry(sim, !from, action, sim->mishap.later);
		if (sim->mishap.kind == SIM_REPEATED)
			link_carry(sim, !from, action, DURATION_S(0));
		return;
	}
	if (sim_random(sim, 1000) < sim->link.loss)
		sim->lost++;
	else
		link_carry(sim, !from, action, DURATION_S(0));
	if (sim_random(sim, 1000) < sim->link.duplication)
		link_carry(sim, !from, action, DURATION_S(0));
}

/* -------- internal addresses -------- */

static void note_rekey(struct sim_peer *peer, const struct ike_action *action)
{
	const struct ike_sa_info *info = action->event.info;

	if (action->event.type == IKE_EVENT_IKE_REKEY) {
		peer->rekeys++;
		peer->replaced = action->event.old->uniqueid;
		peer->successor = info->uniqueid;
	} else if (action->event.type == IKE_EVENT_CHILD_REKEY) {
		peer->child_rekeys++;
		peer->replaced = info->children[0].uniqueid;
		peer->successor = info->children[1].uniqueid;
	}
}

static void internal_do(struct sim_internal *k, const struct ike_internal *change)
{
	unsigned *n = change->route ? &k->n_routes : &k->n_addrs;

	if (!change->add && !*n)
		die("an internal address that was never there is removed");
	*n += change->add ? 1 : -1;
	if (change->add && !change->route)
		k->last = change->addr;
}

/* Whom a request belongs to while its provider has it. */
struct sim_lease {
	struct sim *sim;
	unsigned peer;
};

static void lease_done(struct cfg_request *req, void *data)
{
	struct sim_lease *l = data;

	ike_input_lease(l->sim->peers[l->peer].core, l->sim->now, req);
	free(l);
}

static void lease_submit(struct sim *sim, unsigned i, struct cfg_request *req)
{
	struct sim_lease *l = NULL;

	if (req->type != CFG_RELEASE) {
		l = malloc(sizeof(*l));
		if (!l)
			die("out of memory");
		*l = (struct sim_lease){ sim, i };
	}
	req->done = lease_done;
	req->data = l;
	cfg_submit(sim->peers[i].cfg, req);
}

/* -------- actions -------- */

void sim_act(struct sim *sim, unsigned i)
{
	struct sim_peer *peer = &sim->peers[i];
	struct ike_action *action;
	struct sim_event *e;

	while ((action = ike_core_next_action(peer->core))) {
		switch (action->type) {
		case IKE_ACTION_SEND:
			link_send(sim, i, action);
			break;
		case IKE_ACTION_KEEPALIVE:
			peer->keepalives++;
			break;
		case IKE_ACTION_PATH_MTU:
			if (sim->link.mtu && sim->link.tells_mtu)
				ike_input_path_mtu(peer->core, sim->now, action->path.spi,
						   sim->link.mtu);
			break;
		case IKE_ACTION_IPSEC:
			sim_kernel_do(&peer->kernel, sim->now, action->ipsec);
			e = event_new(sim, SIM_IPSEC_DONE, i,
				      DURATION_US(50 + sim_random(sim, 500)));
			e->req = steal_ptr(action->ipsec);
			break;
		case IKE_ACTION_JOB:
			e = event_new(sim, SIM_JOB_DONE, i, sim->job_delay);
			e->job = steal_ptr(action->job);
			peer->jobs++;
			break;
		case IKE_ACTION_LEASE:
			e = event_new(sim, SIM_LEASE, i, sim->lease_delay);
			e->lease = steal_ptr(action->lease);
			break;
		case IKE_ACTION_INTERNAL:
			internal_do(&peer->internal, &action->internal);
			break;
		case IKE_ACTION_DNS:
			peer->internal.n_dns += action->dns.add ? 1 : -1;
			if (action->dns.add)
				peer->internal.last_dns = action->dns.addr;
			break;
		case IKE_ACTION_EVENT:
			peer->ups += action->event.type == IKE_EVENT_IKE_UP;
			peer->downs += action->event.type == IKE_EVENT_IKE_DOWN;
			peer->child_ups += action->event.type == IKE_EVENT_CHILD_UP;
			peer->child_downs += action->event.type == IKE_EVENT_CHILD_DOWN;
			note_rekey(peer, action);
			break;
		case IKE_ACTION_CONTACT:
			peer->contacts++;
			peer->contact = *action->contact;
			if (action->contact->kind == CONTACT_ASK && !peer->hold_contacts)
				ike_input_contact_answer(peer->core, sim->now, action->contact->spi,
							 peer->contact_exists);
			break;
		case IKE_ACTION_FATE:
			revive_fate(peer->revive, sim->now, action->fate.conn, action->fate.child,
				    action->fate.fate);
			break;
		case IKE_ACTION_PROGRESS:
			peer->lines++;
			break;
		case IKE_ACTION_RESULT:
			peer->results++;
			peer->result = action->result.err;
			memcpy(peer->result_text, action->result.text, sizeof(peer->result_text));
			break;
		}
		ike_action_free(action);
	}
}

void sim_deliver(struct sim *sim, unsigned to, const struct netaddr *local,
		 const struct netaddr *remote, struct bytes message)
{
	/* On the heap, with nothing behind it: what reads too far is seen by AddressSanitizer. */
	uint8_t *copy = malloc(message.len ? message.len : 1);

	if (!copy)
		die("out of memory");
	if (message.len)
		memcpy(copy, message.data, message.len);
	ike_input_datagram(sim->peers[to].core, sim->now, local, remote, copy, message.len);
	free(copy);
	sim_act(sim, to);
}

static void happen(struct sim *sim, struct sim_event *e)
{
	struct ike_core *core = sim->peers[e->peer].core;

	switch (e->type) {
	case SIM_DELIVER:
		if (!nat_inward(sim, e)) {
			sim->lost++;
			packet_unref(e->packet);
			break;
		}
		sim->delivered++;
		if (sim->tap)
			sim->tap(sim, e->peer, &e->local, &e->remote, packet_bytes(e->packet),
				 sim->tap_data);
		sim_deliver(sim, e->peer, &e->local, &e->remote, packet_bytes(e->packet));
		packet_unref(e->packet);
		break;
	case SIM_IPSEC_DONE:
		ike_input_ipsec_done(core, sim->now, e->req);
		break;
	case SIM_LEASE:
		lease_submit(sim, e->peer, e->lease);
		break;
	case SIM_JOB_DONE:
		e->job->job.submitted = instant_now();
		if (sim->jobs_full)
			e->job->err = -EAGAIN;
		else
			e->job->ops->run(e->job);
		ike_input_job_done(core, sim->now, e->job);
		break;
	}
	sim_act(sim, e->peer);
	free(e);
}

/* -------- time -------- */

static void watch_traffic(struct sim *sim)
{
	for (unsigned i = 0; i < 2; i++) {
		const char *wrong =
			sim_kernel_traffic(&sim->peers[i].kernel, &sim->peers[!i].kernel);

		if (wrong) {
			sim->black_holes++;
			sim->black_hole = wrong;
		}
	}
}

static bool sim_step(struct sim *sim, struct instant until)
{
	struct heap_node *first = heap_first(&sim->events);
	struct instant next = first ? heap_entry(first, struct sim_event, node)->at : INSTANT_NEVER;
	int timer = -1;

	for (int i = 0; i < 2; i++) {
		struct instant deadline = instant_min(ike_input_deadline(sim->peers[i].core),
						      revive_deadline(sim->peers[i].revive));

		if (instant_before(deadline, next)) {
			next = deadline;
			timer = i;
		}
	}
	if (instant_is_never(next) || instant_before(until, next))
		return false;
	if (instant_before(sim->now, next))
		sim->now = next;
	if (timer >= 0) {
		ike_input_time(sim->peers[timer].core, sim->now);
		revive_time(sim->peers[timer].revive, sim->now);
		sim_act(sim, (unsigned)timer);
	} else {
		heap_remove(&sim->events, first);
		happen(sim, heap_entry(first, struct sim_event, node));
	}
	if (sim->watch_traffic)
		watch_traffic(sim);
	return true;
}

bool sim_run(struct sim *sim, struct instant until)
{
	/* What a test has put into a core by itself. */
	sim_act(sim, 0);
	sim_act(sim, 1);
	while (sim_step(sim, until))
		;
	if (instant_before(sim->now, until))
		sim->now = until;
	return !heap_empty(&sim->events);
}

bool sim_run_results(struct sim *sim, unsigned i, unsigned n, struct duration most)
{
	struct instant until = instant_add(sim->now, most);

	while (sim->peers[i].results < n && sim_step(sim, until))
		;
	return sim->peers[i].results >= n;
}

/* -------- set-up -------- */

static bool revive_begin(const struct connection *conn, const struct child_conf *child, void *data)
{
	struct sim_peer *peer = data;

	if (peer->no_way)
		return false;
	peer->begun++;
	ike_input_initiate(peer->core, peer->sim->now, conn, child, &peer->addr,
			   &peer->sim->peers[peer == peer->sim->peers].addr, NULL, 0);
	return true;
}

static void revive_trap(const struct connection *conn, const struct child_conf *child, void *data)
{
	struct sim_peer *peer = data;

	peer->traps++;
}

static const struct revive_ops revive_ops = { revive_begin, revive_trap };

struct ike_config *sim_config(const char *text)
{
	struct conf_report report = CONF_REPORT_INIT;
	_cleanup_conf_ struct conf_node *root = conf_root_new();
	struct ike_config *config;

	if (!root || conf_parse(bytes_str(text), "simulation", root, &report) < 0 ||
	    credential_files_inline(root, NULL, &report) < 0 ||
	    config_from_tree(root, NULL, &report, &config) < 0)
		die(conf_report_text(&report));
	conf_report_fini(&report);
	return config;
}

static void peer_init_take(struct sim *sim, unsigned i, struct ike_config *config)
{
	struct sim_peer *peer = &sim->peers[i];
	const struct ike_core_params params = {
		.worker = i, .n_workers = 2, .port = IKE_PORT, .natt_port = IKE_NATT_PORT
	};

	peer->config = config;
	if (ike_core_new(&params, peer->config, &peer->core) < 0)
		die("no core");
	peer->sim = sim;
	peer->revive = revive_new(&revive_ops, peer);
	if (!peer->revive)
		die("out of memory");
	revive_config(peer->revive, peer->config);
	peer->cfg = cfg_new(NULL);
	peer->pools = pools_new();
	if (!peer->cfg || !peer->pools || pools_set_config(peer->pools, peer->config) < 0)
		die("no pools");
	cfg_add_provider_take(peer->cfg, pools_provider(peer->pools));
	netaddr_parse(i ? "192.0.2.2" : "192.0.2.1", IKE_PORT, &peer->addr);
}

static void peer_fini(struct sim_peer *peer)
{
	ike_core_free(peer->core);
	cfg_free(peer->cfg);
	revive_free(peer->revive);
	config_unref(peer->config);
}

void sim_reboot(struct sim *sim, unsigned i, const char *config)
{
	peer_fini(&sim->peers[i]);
	sim->peers[i] = (struct sim_peer){ 0 };
	peer_init_take(sim, i, sim_config(config));
}

void sim_init_take(struct sim *sim, uint64_t seed, struct ike_config *a, struct ike_config *b)
{
	*sim = (struct sim){ .random = seed ? seed : 1, .now = { 1000000000 } };
	sim_random_seed(sim->random);
	heap_init(&sim->events, event_before);
	peer_init_take(sim, 0, a);
	peer_init_take(sim, 1, b);
}

void sim_init(struct sim *sim, uint64_t seed, const char *config_a, const char *config_b)
{
	sim_init_take(sim, seed, sim_config(config_a), sim_config(config_b));
}

void sim_fini(struct sim *sim)
{
	struct heap_node *n;

	while ((n = heap_first(&sim->events))) {
		struct sim_event *e = heap_entry(n, struct sim_event, node);

		heap_remove(&sim->events, n);
		packet_unref(e->packet);
		ipsec_request_free(e->req);
		ike_job_free(e->job);
		cfg_request_free(e->lease);
		free(e);
	}
	for (size_t i = 0; i < 2; i++)
		peer_fini(&sim->peers[i]);
}

void sim_initiate(struct sim *sim, unsigned i)
{
	struct sim_peer *peer = &sim->peers[i];
	const struct connection *conn = peer->config->connections[0];

	revive_begun(peer->revive, conn, &conn->children[0]);
	ike_input_initiate(peer->core, sim->now, conn, &conn->children[0], &peer->addr,
			   &sim->peers[!i].addr, NULL, 1);
	sim_act(sim, i);
}

void sim_start(struct sim *sim, unsigned i)
{
	struct sim_peer *peer = &sim->peers[i];
	const struct connection *conn = peer->config->connections[0];

	for (size_t c = 0; c < conn->n_children; c++)
		if (conn->children[c].start_action == CHILD_ACTION_START)
			revive_start(peer->revive, sim->now, conn, &conn->children[c]);
	sim_act(sim, i);
}

unsigned sim_rekey_ike(struct sim *sim, unsigned i)
{
	const struct ike_filter everything = { 0 };
	unsigned n = ike_input_rekey(sim->peers[i].core, sim->now, &everything);

	sim_act(sim, i);
	return n;
}

unsigned sim_rekey_child(struct sim *sim, unsigned i, const char *child)
{
	const struct ike_filter filter = { .child = child };
	unsigned n = ike_input_rekey(sim->peers[i].core, sim->now, &filter);

	sim_act(sim, i);
	return n;
}

void sim_terminate(struct sim *sim, unsigned i)
{
	const struct ike_filter everything = { 0 };

	ike_input_terminate(sim->peers[i].core, sim->now, &everything, false, 0);
	sim_act(sim, i);
}

/* -------- looking -------- */

struct ike_sa *sim_only_sa(const struct sim_peer *peer)
{
	if (peer->core->n_sas != 1)
		return NULL;
	return list_first(&peer->core->sas, struct ike_sa, link);
}

/* What lives under an IKE SA; Child SAs that linger are gone for both sides. */
static unsigned count_children(const struct ike_sa *sa)
{
	const struct child_sa *child;
	unsigned n = 0;

	list_for_each(child, &sa->children, link)
		n += child->state != CHILD_DELETED;
	return n;
}

static const char *child_agrees(const struct child_sa *x, struct ike_sa *other)
{
	struct child_sa *y = child_sa_by_spi_in(other, x->spi_out);

	if (!y)
		return "a Child SA on one side only";
	if (x->state != CHILD_INSTALLED || y->state != CHILD_INSTALLED)
		return "a Child SA that is not installed";
	if (x->spi_in != y->spi_out)
		return "Child SAs with other SPIs";
	if (!ts_list_equal(&x->local_ts, &y->remote_ts) ||
	    !ts_list_equal(&x->remote_ts, &y->local_ts))
		return "Child SAs with other selectors";
	return NULL;
}

static const char *ike_agrees(const struct ike_sa *x, struct ike_core *other)
{
	struct ike_sa *y = ike_sa_by_spi(other, ike_sa_peer_spi(x));
	const struct child_sa *child;

	if (!y)
		return "an IKE SA on one side only";
	if (x->state != IKE_STATE_ESTABLISHED || y->state != IKE_STATE_ESTABLISHED)
		return "an IKE SA that is not established";
	if (x->spi_i != y->spi_i || x->spi_r != y->spi_r || x->initiator == y->initiator)
		return "IKE SAs with other SPIs";
	if (count_children(x) != count_children(y))
		return "Child SAs on one side only";
	list_for_each(child, &x->children, link) {
		const char *wrong = child->state != CHILD_DELETED ? child_agrees(child, y) : NULL;

		if (wrong)
			return wrong;
	}
	return NULL;
}

const char *sim_agreement(struct sim *sim)
{
	const struct sim_peer *a = &sim->peers[0], *b = &sim->peers[1];
	const struct ike_sa *sa;
	unsigned children = 0;

	if (a->core->n_sas != b->core->n_sas)
		return "more IKE SAs on one side";
	list_for_each(sa, &a->core->sas, link) {
		const char *wrong = ike_agrees(sa, b->core);

		if (wrong)
			return wrong;
		children += count_children(sa);
	}
	for (size_t i = 0; i < 2; i++)
		if (sim->peers[i].kernel.n_sas != 2 * children ||
		    sim->peers[i].kernel.n_policies != children)
			return "a kernel that holds something else";
	return sim_kernel_traffic(&a->kernel, &b->kernel)
		       ? sim_kernel_traffic(&a->kernel, &b->kernel)
		       : sim_kernel_traffic(&b->kernel, &a->kernel);
}

void sim_print(const struct sim *sim)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct ike_core *core = sim->peers[i].core;
		const struct ike_sa *sa;
		const struct child_sa *child;

		printf("# peer %u: %u SAs in its kernel, %u policies\n", i,
		       sim->peers[i].kernel.n_sas, sim->peers[i].kernel.n_policies);
		list_for_each(sa, &core->sas, link) {
			printf("#  %s %s %016lx %016lx\n", sa->log_name, ike_state_name(sa->state),
			       (unsigned long)sa->spi_i, (unsigned long)sa->spi_r);
			list_for_each(child, &sa->children, link)
				printf("#    %s{%u} %s %08x in, %08x out, in place of {%u}\n",
				       child->conf->name, child->unique_id,
				       child_state_name(child->state), child->spi_in, child->spi_out,
				       child->replaces);
		}
	}
	fflush(stdout);
}
