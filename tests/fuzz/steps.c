/* SPDX-License-Identifier: MIT */
/*
 * The language of programs. A step is one octet that says which, one whose bits say how, and
 * operands; a script (content.c) is a length and that many octets. Whatever is missing at the end
 * is zero.
 */
#include "play.h"

#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/ike_sa.h"
#include "worlds.h"

static struct bytes take_script(struct reader *r)
{
	size_t len = reader_u8(r);

	return reader_take(r, len < reader_left(r) ? len : reader_left(r));
}

/* IKE SA n of a peer, modulo their number; NULL: it has none. */
static struct ike_sa *pick_sa(const struct sim_peer *peer, unsigned n)
{
	struct ike_sa *sa;

	if (peer->core->n_sas)
		n %= peer->core->n_sas;
	list_for_each (sa, &peer->core->sas, link)
		if (n-- == 0)
			return sa;
	return NULL;
}

/* Its Child SA n, or the last one; NULL. */
static struct child_sa *pick_child(const struct ike_sa *sa, unsigned n)
{
	struct child_sa *child, *found = NULL;

	if (sa)
		list_for_each (child, &sa->children, link) {
			found = child;
			if (n-- == 0)
				break;
		}
	return found;
}

/* -------- users: bit 0 says of which peer -------- */

static void user_initiates(struct play *p, unsigned how)
{
	const unsigned i = how & 1, which = how >> 1 & 3;
	struct sim_peer *peer = &p->sim.peers[i];
	const struct connection *conn = peer->config->connections[0];
	const struct child_conf *child = which < conn->n_children ? &conn->children[which] : NULL;
	const uint64_t token = how & 8 ? 0 : 1;
	struct ike_acquire acquire = { .seq = 7 };

	if (child) {
		acquire.packet_src = ts_from_prefix(&peer->addr, 32, 6, 0, 65535);
		acquire.packet_dst = ts_from_prefix(&p->sim.peers[!i].addr, 32, 6, 0, 65535);
	}
	p->answers[i] += token != 0;
	ike_input_initiate(peer->core, p->sim.now, conn, child, &peer->addr, &p->sim.peers[!i].addr,
			   child && how & 16 ? &acquire : NULL, token);
	sim_act(&p->sim, i);
}

static struct ike_filter filter(const struct play *p, unsigned how)
{
	const struct sim_peer *peer = &p->sim.peers[how & 1];
	const struct ike_sa *sa = pick_sa(peer, how >> 4);
	const struct child_sa *child = pick_child(sa, how >> 6);
	struct ike_filter f = { 0 };

	switch (how >> 1 & 3) {
	case 0:
		break;
	case 1:
		f.child = how & 8 ? "two" : "net";
		break;
	case 2:
		f.ike_id = sa ? sa->unique_id : 0;
		break;
	case 3:
		f.child_id = child ? child->unique_id : 0;
		break;
	}
	return f;
}

static void user_terminates(struct play *p, unsigned how)
{
	const struct ike_filter f = filter(p, how);
	const unsigned i = how & 1;
	const struct ike_sa *sa;

	/* What it has not heard of yet is ended without telling the peer, and so is anything by
	 * force. */
	list_for_each (sa, &p->sim.peers[i].core->sas, link)
		p->complete &= sa->state != IKE_STATE_AUTH_SENT;
	p->complete &= !(how & 8);
	p->answers[i] += ike_input_terminate(p->sim.peers[i].core, p->sim.now, &f, how & 8, 1);
	sim_act(&p->sim, i);
}

static void user_rekeys(struct play *p, unsigned how)
{
	const struct ike_filter f = filter(p, how);

	ike_input_rekey(p->sim.peers[how & 1].core, p->sim.now, &f);
	sim_act(&p->sim, how & 1);
}

static void user_reauthenticates(struct play *p, unsigned how)
{
	const struct ike_filter f = { 0 };

	ike_input_reauth(p->sim.peers[how & 1].core, p->sim.now, &f);
	sim_act(&p->sim, how & 1);
}

/* -------- time, and the link -------- */

static void pass_time(struct play *p, unsigned how)
{
	static const unsigned ms[] = { 0, 1, 15, 30, 500, 3000, 11000, 60000, 700000 };

	struct instant until = instant_add(p->sim.now, DURATION_MS(ms[how % ARRAY_SIZE(ms)]));

	/* Peers that try again and again would take all our time for nothing new. */
	sim_run(&p->sim, instant_min(until, p->end));
}

static void mishap(struct play *p, unsigned how)
{
	static const enum sim_mishap_kind kinds[] = { SIM_LOST, SIM_DELAYED, SIM_REPEATED,
						      SIM_LOST };
	struct sim *sim = &p->sim;

	p->complete &= kinds[how & 3] != SIM_LOST && (how & 7) < 4;
	switch (how & 7) {
	case 4:
		sim->link.loss = how & 8 ? 1000 : how >> 4 ? 300 : 0;
		break;
	case 5:
		sim->link.mtu = how & 8 ? 250 + 50 * (how >> 4) : 0;
		sim->link.tells_mtu = how & 16;
		break;
	case 6:
		sim->nat = (struct sim_nat){ .on = how & 8,
					     .inside = how >> 4 & 1,
					     .shift = (uint16_t)(how >> 6) };
		if (how & 32)
			netaddr_parse("192.0.2.77", 0, &sim->nat.outside);
		break;
	default:
		sim->mishap =
			(struct sim_mishap){ .nth = 1 + (how >> 4),
					     .kind = kinds[how & 3],
					     .later = how & 8 ? DURATION_S(2) : DURATION_MS(25) };
	}
}

/* -------- messages -------- */

static struct ike_sa *receiver(struct play *p, unsigned to, const struct ike_header *h)
{
	struct ike_core *core = p->sim.peers[to].core;

	return ike_sa_by_spi(core, ike_header_from_initiator(h) ? h->spi_r : h->spi_i);
}

/* The exchange's place in p->said. */
static size_t exchange_index(uint8_t exchange)
{
	return (size_t)(exchange - IKE_EXCHANGE_IKE_SA_INIT) % PLAY_EXCHANGES;
}

static void remember(struct play *p, unsigned to, const struct netaddr *local,
		     const struct netaddr *remote, struct bytes message)
{
	struct play_datagram *d = &p->heard[p->n_heard % PLAY_HEARD_MAX];

	if (message.len > sizeof(d->data))
		return;
	p->n_heard++;
	d->to = to;
	d->local = *local;
	d->remote = *remote;
	d->len = message.len;
	memcpy(d->data, message.data, message.len);
}

/*
 * A first message that was changed is what its sender has sent, as far as AUTH is concerned (RFC
 * 7296 2.15): else no changed one would ever lead to an IKE SA.
 */
static void own_up(struct play *p, unsigned to, const struct content *c, struct bytes message)
{
	struct ike_core *core = p->sim.peers[!to].core;
	bool response = ike_header_is_response(&c->header);
	struct ike_sa *sa = ike_sa_by_spi(core, response ? c->header.spi_r : c->header.spi_i);
	struct packet **sent = !sa ? NULL : response ? &sa->init_response : &sa->init_request;

	if (c->header.exchange != IKE_EXCHANGE_IKE_SA_INIT || !sent || !*sent)
		return;
	packet_unref(*sent);
	*sent = packet_new(message);
	FUZZ_CHECK(*sent);
}

void play_tap(struct sim *sim, unsigned to, const struct netaddr *local,
	      const struct netaddr *remote, struct bytes message, void *data)
{
	static uint8_t buf[CONTENT_MAX + 256];
	static struct content c;
	struct play *p = data;
	struct ike_header h;
	struct ike_sa *sa;
	bool response;
	size_t len;

	remember(p, to, local, remote, message);
	if (ike_header_parse(message, &h, NULL) != IKE_OK)
		return;
	sa = receiver(p, to, &h);
	if (!content_open(&c, sa, message))
		return;
	response = ike_header_is_response(&h);
	p->said[to][exchange_index(h.exchange)][response] = c;
	p->is_said[to][exchange_index(h.exchange)][response] = true;
	if (!p->edit_nth || --p->edit_nth)
		return;
	content_edit(&c, p->edit_script);
	len = content_seal(&c, h.exchange == IKE_EXCHANGE_IKE_SA_INIT ? NULL : sa, buf,
			   sizeof(buf));
	if (!len)
		return;
	own_up(p, to, &c, BYTES(buf, len));
	/* The true one follows, as if somebody had been faster. */
	sim_deliver(sim, to, local, remote, BYTES(buf, len));
}

static void change_next(struct play *p, unsigned how)
{
	p->edit_nth = 1 + how % 8;
	p->edit_script = take_script(&p->in);
}

/* What was said before in an exchange, or nothing. */
static void recall(const struct play *p, unsigned to, size_t exchange, bool response,
		   struct content *c)
{
	if (p->is_said[to][exchange][response])
		*c = p->said[to][exchange][response];
	else
		*c = (struct content){ .len = 0 };
}

static void deliver_fragments(struct play *p, unsigned to, struct ike_sa *sa,
			      const struct content *c, unsigned how)
{
	const uint64_t spi = ike_sa_own_spi(sa);
	const unsigned total = 1 + (how >> 1) % 8;
	const struct netaddr local = sa->local, remote = sa->remote;
	static uint8_t buf[CONTENT_MAX + 256];

	for (unsigned n = 1; n <= total; n++) {
		unsigned number = how & 16 ? total + 1 - n : n;
		size_t len;

		/* One may be missing. It may have died of the one before. */
		if (how & 32 && n == 1 + (how >> 6))
			continue;
		sa = ike_sa_by_spi(p->sim.peers[to].core, spi);
		if (!sa)
			return;
		len = content_seal_fragment(c, sa, (uint16_t)number, (uint16_t)total, buf,
					    sizeof(buf));
		if (len)
			sim_deliver(&p->sim, to, &local, &remote, BYTES(buf, len));
	}
}

/* The other side counts as if it had sent the request itself. */
static void count_request(struct play *p, unsigned from, uint64_t spi, uint32_t id)
{
	struct ike_sa *sa = ike_sa_by_spi(p->sim.peers[from].core, spi);

	if (sa && !sa->window.request && sa->window.send_next == id)
		sa->window.send_next++;
}

/*
 * A message with the right keys to IKE SA n of a peer: as one that was said before, or empty, then
 * as the script has it; whole or in fragments.
 */
static void say(struct play *p, unsigned how)
{
	const unsigned to = how & 1, what = reader_u8(&p->in), fragments = reader_u8(&p->in);
	const struct bytes script = take_script(&p->in);
	struct ike_sa *sa = pick_sa(&p->sim.peers[to], how >> 6);
	const bool response = how & 2;
	static uint8_t buf[CONTENT_MAX + 256];
	static struct content c;
	struct netaddr remote;
	uint64_t peer_spi;
	size_t len;

	if (!sa || !sa->key_in)
		return;
	recall(p, to, what >> 2 & 3, response, &c);
	if (how & 4)
		c = (struct content){ .len = 0 };
	c.header = (struct ike_header){
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.exchange = (uint8_t)(IKE_EXCHANGE_IKE_SA_INIT + (what & 3)),
		.flags = (uint8_t)((response ? IKE_FLAG_RESPONSE : 0) |
				   (sa->initiator ? 0 : IKE_FLAG_INITIATOR)),
		.message_id = response ? sa->window.send_next - 1 : sa->window.receive_next,
	};
	content_edit(&c, script);
	peer_spi = ike_sa_peer_spi(sa);
	remote = sa->remote;
	remote.port = (uint16_t)(remote.port + (how >> 3 & 7));
	if (fragments & 1) {
		deliver_fragments(p, to, sa, &c, fragments);
	} else {
		len = content_seal(&c, sa, buf, sizeof(buf));
		if (len)
			sim_deliver(&p->sim, to, &sa->local, &remote, BYTES(buf, len));
	}
	if (!response)
		count_request(p, !to, peer_spi, c.header.message_id);
}

/* A first message in clear, from an address that may be anybody's. */
static void say_first(struct play *p, unsigned how)
{
	const unsigned to = how & 1, who = reader_u8(&p->in);
	const struct bytes script = take_script(&p->in);
	struct netaddr remote = p->sim.peers[!to].addr;
	static uint8_t buf[CONTENT_MAX + 256];
	static struct content c;
	size_t len;

	recall(p, to, exchange_index(IKE_EXCHANGE_IKE_SA_INIT), how & 2, &c);
	if (how & 4)
		remote.port = (uint16_t)(remote.port + who);
	if (how & 8)
		c.header.spi_i += who;
	content_edit(&c, script);
	len = content_seal(&c, NULL, buf, sizeof(buf));
	if (len)
		rules_deliver(p, to, &p->sim.peers[to].addr, &remote, BYTES(buf, len));
}

/* A datagram that came before: as it was, or with one octet changed, or shorter. */
static void repeat(struct play *p, unsigned how)
{
	struct play_datagram *d = &p->heard[(how >> 1) % PLAY_HEARD_MAX];
	const unsigned at = reader_u16(&p->in), value = reader_u8(&p->in);
	struct netaddr remote;
	size_t len;

	if (p->n_heard <= (how >> 1) % PLAY_HEARD_MAX)
		return;
	remote = d->remote;
	remote.port = (uint16_t)(remote.port + (how >> 5 & 3));
	if (how & 1) {
		sim_deliver(&p->sim, d->to, &d->local, &remote, BYTES(d->data, d->len));
		return;
	}
	len = how & 16 ? at % d->len : d->len;
	d->data[at % d->len] ^= (uint8_t)(value ? value : 1);
	rules_deliver(p, d->to, &d->local, &remote, BYTES(d->data, len));
	d->data[at % d->len] ^= (uint8_t)(value ? value : 1);
}

/* Anything, in clear: with a header of an IKE SA's before it, or without. */
static void noise(struct play *p, unsigned how)
{
	const unsigned to = how & 1;
	const struct bytes text = take_script(&p->in);
	struct sim_peer *peer = &p->sim.peers[to];
	const struct ike_sa *sa = pick_sa(peer, how >> 4);
	uint8_t buf[IKE_HEADER_LEN + UINT8_MAX];
	struct writer w;

	writer_init_fixed(&w, buf, sizeof(buf));
	if (sa && how & 2) {
		writer_u64(&w, sa->spi_i);
		writer_u64(&w, sa->spi_r);
		writer_u8(&w, how & 4 ? IKE_PAYLOAD_N : IKE_PAYLOAD_SK);
		writer_u8(&w, IKE_VERSION);
		writer_u8(&w, (uint8_t)(IKE_EXCHANGE_IKE_SA_INIT + (how >> 6)));
		writer_u8(&w, (uint8_t)((how & 8 ? IKE_FLAG_RESPONSE : 0) |
					(sa->initiator ? 0 : IKE_FLAG_INITIATOR)));
		writer_u32(&w, how & 8 ? sa->window.send_next - 1 : sa->window.receive_next);
		writer_u32(&w, (uint32_t)(IKE_HEADER_LEN + text.len));
	}
	writer_bytes(&w, text);
	rules_deliver(p, to, &peer->addr, &p->sim.peers[!to].addr, writer_view(&w));
}

/* -------- the kernel, and the rest of the daemon -------- */

#define ESP_UNKNOWN 0xfeed0000 /* an SPI of no SA: no worker has this number */

/* The kernel tells of SAs that it has. */
static void expire(struct play *p, unsigned i, const struct child_sa *child,
		   enum ipsec_direction direction, bool hard)
{
	struct sim_peer *peer = &p->sim.peers[i];
	struct ipsec_expire e = { .hard = hard };

	if (!child)
		return;
	e.spi = direction == IPSEC_OUT ? child->spi_out : child->spi_in;
	e.dst = direction == IPSEC_OUT ? child->ike->remote : child->ike->local;
	e.reqid = child->reqid;
	if (e.spi && sim_kernel_sa(&peer->kernel, e.spi, direction))
		ike_input_expire(peer->core, p->sim.now, &e);
}

static void kernel(struct play *p, unsigned how)
{
	struct sim_peer *peer = &p->sim.peers[how & 1];
	struct ike_sa *sa = pick_sa(peer, how >> 4 & 1);
	struct child_sa *child = pick_child(sa, how >> 5);

	switch (how >> 1 & 7) {
	case 0:
		peer->kernel.refuse = 1 + (how >> 4);
		break;
	case 1:
		peer->kernel.packets_in += how >> 4;
		break;
	case 2:
		peer->kernel.esp_at = (uint64_t)p->sim.now.ns / 1000000000;
		if (how & 16)
			ike_input_unknown_esp(peer->core, p->sim.now, &peer->addr,
					      &p->sim.peers[!(how & 1)].addr,
					      child && how & 32 ? child->spi_in : ESP_UNKNOWN);
		break;
	case 3:
	case 4:
		expire(p, how & 1, child, how & 16 ? IPSEC_OUT : IPSEC_IN, (how >> 1 & 7) == 4);
		break;
	case 5:
		if (child) {
			struct ipsec_mapping m = { .spi = child->spi_in, .reqid = child->reqid };

			m.old_src = m.new_src = sa->remote;
			m.new_src.port = (uint16_t)(m.new_src.port + 9);
			ike_input_mapping(peer->core, p->sim.now, &m);
		}
		break;
	case 6:
		if (sa)
			ike_input_path_mtu(peer->core, p->sim.now, ike_sa_own_spi(sa),
					   300 + 20 * (how >> 4));
		break;
	case 7:
		p->sim.jobs_full = how & 1;
		p->sim.lease_delay = how & 16 ? DURATION_S(6 * (how >> 5)) : DURATION_MS(how >> 5);
		p->sim.job_delay = p->sim.lease_delay;
		break;
	}
	sim_act(&p->sim, how & 1);
}

/* Another worker tells of IKE SAs with the same peer. */
static void other_worker(struct play *p, unsigned how)
{
	struct sim_peer *peer = &p->sim.peers[how & 1];
	const struct ike_sa *sa = pick_sa(peer, 0);
	struct contact contact = {
		.kind = (enum contact_kind)((how >> 2) % 3),
		.worker = !(how & 1),
		.spi = 1,
	};

	if (!sa)
		return;
	contact.remote = sa->remote;
	contact.local_id = sa->local_id;
	contact.remote_id = sa->remote_id;
	ike_input_contact(peer->core, p->sim.now, &contact);
	sim_act(&p->sim, how & 1);
}

static void reload(struct play *p, unsigned how)
{
	struct sim_peer *peer = &p->sim.peers[how & 1];

	p->honest = false;
	config_unref(peer->config);
	peer->config = world_config((how >> 3) % worlds(), how & 1);
	revive_config(peer->revive, peer->config);
	FUZZ_CHECK(pools_set_config(peer->pools, peer->config) == 0);
	ike_input_config(peer->core, p->sim.now, peer->config);
	sim_act(&p->sim, how & 1);
}

static void rest_of_daemon(struct play *p, unsigned how)
{
	switch (how >> 1 & 3) {
	case 0:
		other_worker(p, how >> 2);
		break;
	case 1:
		p->sim.peers[how & 1].contact_exists = how & 8;
		p->sim.peers[how & 1].hold_contacts = how & 16; /* it does not answer in time */
		break;
	case 2:
		reload(p, how);
		break;
	case 3:
		if (how & 8)
			ike_input_stop(p->sim.peers[how & 1].core, p->sim.now);
		else
			sim_start(&p->sim, how & 1);
		sim_act(&p->sim, how & 1);
		break;
	}
}

void play_step(struct play *p)
{
	static void (*const steps[])(struct play * p, unsigned how) = {
		user_initiates, user_terminates, user_rekeys, user_reauthenticates,
		pass_time,      mishap,          change_next, say,
		say_first,      repeat,          noise,       kernel,
		rest_of_daemon,
	};
	unsigned step = reader_u8(&p->in), how = reader_u8(&p->in);

	step %= ARRAY_SIZE(steps);
	p->honest &= steps[step] != change_next && steps[step] != say;
	p->complete &= steps[step] != kernel && steps[step] != rest_of_daemon;
	steps[step](p, how);
}
