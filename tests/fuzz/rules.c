/* SPDX-License-Identifier: MIT */
#include "play.h"

#include "ikev2/exchange/exchange.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"

/* -------- between inputs -------- */

/* So many exchanges may wait for the window: some for the IKE SA, some for each of its Child SAs.
 */
#define QUEUE_MAX     8
#define QUEUE_A_CHILD 4

static unsigned length(const struct list *list)
{
	unsigned n = 0;

	for (const struct list *l = list->next; l != list; l = l->next)
		n++;
	return n;
}

static void check_sa(const struct ike_sa *sa, size_t *fragments, unsigned *half_open,
		     unsigned *children)
{
	unsigned n = length(&sa->children);

	*fragments += sa->fragments.requests.size + sa->fragments.responses.size;
	*half_open += sa->state == IKE_STATE_INIT_ANSWERED;
	*children += n;
	FUZZ_CHECK(sa->state != IKE_STATE_DEAD);
	FUZZ_CHECK(sa->fragments.requests.size <= REASSEMBLY_SIZE_MAX);
	FUZZ_CHECK(sa->fragments.responses.size <= REASSEMBLY_SIZE_MAX);
	FUZZ_CHECK(length(&sa->queue) <= QUEUE_MAX + QUEUE_A_CHILD * n);
	/* What was sent is waited for, and nothing else. */
	FUZZ_CHECK(!sa->window.request || sa->active);
	/* What waits to be sent waits for something; a replaced one has a time at which it goes. */
	FUZZ_CHECK(list_empty(&sa->queue) || sa->active || sa->auth || sa->answering ||
		   sa->rival_of || sa->state < IKE_STATE_ESTABLISHED ||
		   sa->state == IKE_STATE_REKEYED);
}

static void check_core(const struct ike_core *core, struct instant now)
{
	const uint32_t limit = core->config->settings.half_open_limit;
	unsigned sas = 0, half_open = 0, children = 0;
	const struct ike_sa *sa;
	size_t fragments = 0;

	list_for_each (sa, &core->sas, link) {
		sas++;
		check_sa(sa, &fragments, &half_open, &children);
	}
	FUZZ_CHECK(sas == core->n_sas && half_open == core->n_half_open);
	FUZZ_CHECK(children == core->n_children && children == core->children.count);
	FUZZ_CHECK(sas == core->by_spi.count);
	FUZZ_CHECK(!limit || half_open <= limit);
	FUZZ_CHECK(core->fragments_used >= fragments &&
		   (fragments ||
		    core->fragments_used < (size_t)sas * 2 * REASSEMBLY_FRAGMENTS_MAX * 64 + 1));
	FUZZ_CHECK(list_empty(&core->actions) && list_empty(&core->dead));
}

void rules_check(struct play *p)
{
	for (unsigned i = 0; i < 2; i++)
		check_core(p->sim.peers[i].core, p->sim.now);
}

/* -------- what is not protected -------- */

#define PICTURE_MAX 32

/* An established IKE SA, as numbers that change when it does. */
struct picture {
	uint32_t id;
	uint64_t life;    /* all but: */
	uint64_t sending; /* our requests */
	bool asking;      /* whether the peer is alive */
};

static uint64_t mix(uint64_t sum, uint64_t value)
{
	sum = (sum ^ value) * 0x9e3779b97f4a7c15ull;
	return sum ^ sum >> 32;
}

static uint64_t mix_addr(uint64_t sum, const struct netaddr *addr)
{
	for (size_t i = 0; i < sizeof(addr->addr); i++)
		sum = mix(sum, addr->addr[i]);
	return mix(sum, addr->port);
}

static bool is_up(const struct ike_sa *sa)
{
	return sa->state == IKE_STATE_ESTABLISHED || sa->state == IKE_STATE_REKEYED ||
	       sa->state == IKE_STATE_DELETING;
}

static struct picture picture(const struct ike_sa *sa)
{
	const struct window *w = &sa->window;
	const struct child_sa *child;
	struct picture pic = {
		.id = sa->unique_id,
		.asking = sa->active && sa->active->ops == &exchange_liveness,
	};
	uint64_t sum = mix(sa->state, sa->up);

	sum = mix_addr(mix_addr(sum, &sa->local), &sa->remote);
	sum = mix(mix(sum, sa->spi_i), sa->spi_r);
	sum = mix(mix(mix(sum, w->receive_next), w->answering), w->request_digest);
	sum = mix(sum, (uintptr_t)w->response);
	sum = mix(mix(sum, sa->fragments.requests.have), sa->fragments.responses.have);
	sum = mix(mix(sum, sa->fragments.size), sa->fragments.request_size);
	sum = mix(mix(mix(sum, sa->last_inbound.ns), sa->rekey_at.ns), sa->expire_at.ns);
	sum = mix(mix(sum, sa->gone_at.ns), sa->rival_of);
	list_for_each (child, &sa->children, link)
		sum = mix(mix(mix(sum, child->unique_id), child->state), child->in_kernel);
	pic.life = sum;
	pic.sending = mix(mix(w->send_next, (uintptr_t)w->request), (uintptr_t)sa->active);
	pic.sending = mix(mix(pic.sending, length(&sa->queue)), w->sent);
	return pic;
}

static size_t pictures(const struct ike_core *core, struct picture ret[PICTURE_MAX])
{
	const struct ike_sa *sa;
	size_t n = 0;

	list_for_each (sa, &core->sas, link)
		if (n < PICTURE_MAX && is_up(sa))
			ret[n++] = picture(sa);
	return n;
}

void rules_deliver(struct play *p, unsigned to, const struct netaddr *local,
		   const struct netaddr *remote, struct bytes message)
{
	const struct ike_core *core = p->sim.peers[to].core;
	struct picture before[PICTURE_MAX], after[PICTURE_MAX];
	size_t n = pictures(core, before);

	sim_deliver(&p->sim, to, local, remote, message);
	FUZZ_CHECK(pictures(core, after) >= n);
	for (size_t i = 0; i < n; i++) {
		FUZZ_CHECK(before[i].id == after[i].id && before[i].life == after[i].life);
		/* A hint may make us ask the peer whether it is there (RFC 7296 2.4). */
		FUZZ_CHECK(before[i].sending == after[i].sending ||
			   (!before[i].asking && after[i].asking));
	}
}

/* -------- the end -------- */

/* The peers notice that one of them has an IKE SA which the other does not have. */
static bool ask_each_other(const struct play *p)
{
	return p->sim.peers[0].config->connections[0]->dpd_delay.ns > 0 &&
	       p->sim.peers[1].config->connections[0]->dpd_delay.ns > 0;
}

/* Whatever has been lost on the way, and whatever strangers have sent. */
static void check_agreement(struct play *p)
{
	const char *wrong = sim_agreement(&p->sim);

	for (unsigned n = 0; wrong && n < 130; n++) {
		sim_run(&p->sim, instant_add(p->sim.now, DURATION_S(3)));
		wrong = sim_agreement(&p->sim);
	}
	if (wrong) {
		sim_print(&p->sim);
		fprintf(stderr, "%s\n", wrong);
	}
	FUZZ_CHECK(!wrong);
}

static bool is_empty(const struct sim_peer *peer)
{
	return !peer->core->n_sas && !peer->kernel.n_sas && !peer->kernel.n_policies;
}

/* Whoever has an IKE SA that the other one does not know ends it in a second attempt. */
#define ATTEMPTS 4

static void end_all(struct play *p)
{
	const struct ike_filter everything = { 0 };
	struct sim *sim = &p->sim;
	unsigned n = 0;

	do {
		for (unsigned i = 0; i < 2; i++) {
			p->answers[i] += ike_input_terminate(sim->peers[i].core, sim->now,
							     &everything, false, 1);
			sim_act(sim, i);
		}
		sim_run(sim, instant_add(sim->now, DURATION_S(60)));
		rules_check(p);
	} while (++n < ATTEMPTS && !(is_empty(&sim->peers[0]) && is_empty(&sim->peers[1])));
}

static void check_nothing_left(const struct sim_peer *peer)
{
	const struct ike_core *core = peer->core;
	const struct pool *pool = NULL;

	FUZZ_CHECK(core->n_sas == 0 && core->n_half_open == 0 && core->n_children == 0);
	FUZZ_CHECK(core->fragments_used == 0);
	FUZZ_CHECK(core->by_spi.count == 0 && core->by_init.count == 0);
	FUZZ_CHECK(core->by_peer.count == 0 && core->leases.count == 0);
	FUZZ_CHECK(instant_is_never(ike_input_deadline(core)));
	FUZZ_CHECK(peer->kernel.n_sas == 0 && peer->kernel.n_policies == 0);
	FUZZ_CHECK(peer->internal.n_addrs == 0 && peer->internal.n_routes == 0);
	while ((pool = pools_next(peer->pools, pool)))
		FUZZ_CHECK(pool->n_online == 0);
}

void rules_end(struct play *p)
{
	struct sim *sim = &p->sim;

	p->edit_nth = 0;
	sim->link = (struct sim_link){ 0 };
	sim->mishap.nth = 0;
	sim->nat.on = false;
	sim->jobs_full = false;
	sim->lease_delay = sim->job_delay = DURATION_S(0);
	for (unsigned i = 0; i < 2; i++) {
		sim->peers[i].no_way = true;
		sim->peers[i].hold_contacts = false;
		sim->peers[i].kernel.refuse = 0;
	}
	if (p->honest && (p->complete || ask_each_other(p)))
		check_agreement(p);
	end_all(p);
	for (unsigned i = 0; i < 2; i++) {
		check_nothing_left(&sim->peers[i]);
		FUZZ_CHECK(sim->peers[i].results == p->answers[i]);
	}
}
