/* SPDX-License-Identifier: MIT */
/*
 * Configuration payloads (RFC 7296 3.15) from a peer that has authenticated itself, and what is
 * made of them: a client and its gateway come up, and the body of one CP payload comes from the
 * input. The first octet says which: what the client asks for, what the gateway replies, or a
 * request that one of them makes afterwards. In the end all that was lent is given back.
 */
#include "play.h"

#include "ikev2/sa/ike_sa.h"
#include "ikev2/sa/internal_addr.h"
#include "worlds.h"

#define WORLD_OF_CLIENT_AND_GATEWAY 1

static struct bytes body;

static void replace(struct sim *sim, unsigned to, const struct netaddr *local,
		    const struct netaddr *remote, struct bytes message, void *data)
{
	static uint8_t buf[2 * CONTENT_MAX];
	static struct content c;
	const unsigned *wanted = data;
	struct ike_header h;
	struct ike_sa *sa;
	size_t len;

	if (to != *wanted || ike_header_parse(message, &h, NULL) != IKE_OK ||
	    h.exchange != IKE_EXCHANGE_IKE_AUTH)
		return;
	sa = ike_sa_by_spi(sim->peers[to].core, ike_header_from_initiator(&h) ? h.spi_r : h.spi_i);
	if (!sa || !content_open(&c, sa, message) || !content_replace(&c, IKE_PAYLOAD_CP, body))
		return;
	len = content_seal(&c, sa, buf, sizeof(buf));
	FUZZ_CHECK(len);
	sim_deliver(sim, to, local, remote, BYTES(buf, len));
}

/* As the next request of the other side, which nobody waits for. */
static void ask(struct sim *sim, unsigned to)
{
	static uint8_t buf[2 * CONTENT_MAX];
	struct ike_sa *sa = sim_only_sa(&sim->peers[to]);
	static struct content c;
	size_t len;

	if (!sa)
		return;
	c = (struct content){
		.header = { .spi_i = sa->spi_i,
			    .spi_r = sa->spi_r,
			    .exchange = IKE_EXCHANGE_INFORMATIONAL,
			    .flags = sa->initiator ? 0 : IKE_FLAG_INITIATOR,
			    .message_id = sa->window.receive_next },
	};
	content_append(&c, IKE_PAYLOAD_CP, body);
	len = content_seal(&c, sa, buf, sizeof(buf));
	FUZZ_CHECK(len);
	sim_deliver(sim, to, &sa->local, &sa->remote, BYTES(buf, len));
}

static void check_addresses(const struct sim_peer *peer)
{
	const struct ike_sa *sa;

	list_for_each (sa, &peer->core->sas, link)
		FUZZ_CHECK(!sa->internal || sa->internal->n <= CFG_ADDRS_MAX);
}

int fuzz_configuration(const uint8_t *data, size_t len)
{
	static struct play play;
	struct sim *sim = &play.sim;
	unsigned to;

	if (len == 0 || len > CONTENT_MAX / 2)
		return 0;
	to = data[0] & 1;
	body = BYTES(data + 1, len - 1);
	play.answers[0] = 1;
	play.answers[1] = 0;
	sim_init_take(sim, 1, world_config(WORLD_OF_CLIENT_AND_GATEWAY, 0),
		      world_config(WORLD_OF_CLIENT_AND_GATEWAY, 1));
	if (!(data[0] & 2)) {
		sim->tap = replace;
		sim->tap_data = &to;
	}
	sim_initiate(sim, 0);
	sim_run(sim, instant_add(sim->now, DURATION_S(1)));
	if (data[0] & 2)
		ask(sim, to);
	rules_check(&play);
	check_addresses(&sim->peers[0]);
	check_addresses(&sim->peers[1]);
	rules_end(&play);
	sim_fini(sim);
	return 0;
}
