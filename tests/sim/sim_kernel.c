/* SPDX-License-Identifier: MIT */
#include "sim_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static struct sim_esp *find(struct sim_kernel *k, uint32_t spi, enum ipsec_direction direction)
{
	for (size_t i = 0; i < k->used; i++)
		if (k->sas[i].spi == spi && (!spi || k->sas[i].direction == direction))
			return &k->sas[i];
	return NULL;
}

static struct sim_esp *find_room(struct sim_kernel *k)
{
	struct sim_esp *esp = find(k, 0, IPSEC_IN);

	return esp || k->used == SIM_SAS_MAX ? esp : &k->sas[k->used++];
}

/* FNV-1a: good enough to tell keys apart. */
static uint64_t hash_bytes(uint64_t hash, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ data[i]) * 0x100000001b3ull;
	return hash;
}

static void add(struct sim_kernel *k, const struct ipsec_sa *sa)
{
	struct sim_esp *esp = find_room(k);

	if (!esp || find(k, sa->spi, sa->direction)) {
		fprintf(stderr, "simulation: %s\n", esp ? "an SPI twice" : "the kernel is full");
		exit(1);
	}
	*esp = (struct sim_esp){
		.spi = sa->spi,
		.direction = sa->direction,
		.reqid = sa->reqid,
		.key = hash_bytes(hash_bytes(0xcbf29ce484222325ull, sa->encr_key, sa->encr_key_len),
				  sa->integ_key, sa->integ_key_len),
		.age = ++k->added,
	};
	k->n_sas++;
}

static void delete (struct sim_kernel *k, const struct ipsec_sa *sa)
{
	struct sim_esp *esp = find(k, sa->spi, sa->direction);

	if (esp) {
		esp->spi = 0;
		k->n_sas--;
	} else {
		k->strays++;
	}
}

/* The first place of owner `from` is `to`'s. False: there is none. */
static bool own(struct sim_kernel *k, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < SIM_SAS_MAX; i++)
		if (k->owners[i] == from) {
			k->owners[i] = to;
			return true;
		}
	return false;
}

/* What we send with has an SPI that the peer has chosen: perhaps one that is there already. */
static bool is_taken(struct sim_kernel *k, const struct ipsec_request *req)
{
	for (size_t i = 0; i < req->n_ops; i++)
		if (req->ops[i].type == IPSEC_SA_ADD && req->ops[i].sa.direction == IPSEC_OUT &&
		    find(k, req->ops[i].sa.spi, IPSEC_OUT))
			return true;
	return false;
}

static void update(struct sim_kernel *k, const struct ipsec_op *op, struct ipsec_request *req)
{
	k->updates++;
	if (!find(k, op->sa.spi, op->sa.direction))
		req->err = -ESRCH;
	else if (op->sa.direction == IPSEC_IN)
		k->updated_in = op->sa.src;
	else
		k->updated_out = op->sa.dst;
}

void sim_kernel_do(struct sim_kernel *k, struct instant now, struct ipsec_request *req)
{
	bool refused = req->ops[0].type == IPSEC_SA_ADD && k->refuse &&
		       !(k->refuse_whole && req->ops[0].sa.direction == IPSEC_OUT);

	k->asked += req->ops[0].type == IPSEC_SA_ADD;
	if (refused || is_taken(k, req)) {
		k->refuse -= refused;
		req->err = -EEXIST;
		return;
	}
	for (size_t i = 0; i < req->n_ops; i++) {
		struct ipsec_op *op = &req->ops[i];

		switch (op->type) {
		case IPSEC_SA_ADD:
			add(k, &op->sa);
			*(op->sa.direction == IPSEC_IN ? &k->sa_in : &k->sa_out) = op->sa;
			op->keeps_alive = k->keeps_alive && op->sa.keepalive;
			break;
		case IPSEC_SA_DELETE:
			delete (k, &op->sa);
			break;
		case IPSEC_POLICY_ADD:
			if (own(k, 0, op->spd.owner))
				k->n_policies++;
			k->policy = op->spd.policy;
			break;
		case IPSEC_POLICY_DELETE:
			/* One that was refused, or is gone, is no error. */
			if (own(k, op->spd.owner, 0))
				k->n_policies--;
			break;
		case IPSEC_SA_QUERY:
			k->queries++;
			if (!find(k, op->sa.spi, op->sa.direction))
				op->err = -ESRCH;
			op->usage.bytes = k->bytes;
			op->usage.packets = k->packets_in;
			op->usage.last_used = k->esp_at;
			op->usage.asked = now.ns / 1000000000;
			break;
		case IPSEC_SA_UPDATE:
			update(k, op, req);
			break;
		}
	}
}

void sim_kernel_lose(struct sim_kernel *k, uint32_t spi, enum ipsec_direction direction)
{
	struct sim_esp *esp = find(k, spi, direction);

	if (esp) {
		esp->spi = 0;
		k->n_sas--;
	}
}

const struct sim_esp *sim_kernel_sa(const struct sim_kernel *k, uint32_t spi,
				    enum ipsec_direction direction)
{
	return find((struct sim_kernel *)k, spi, direction);
}

/* No younger one sends for the same policy. */
static bool is_newest(const struct sim_kernel *k, const struct sim_esp *esp)
{
	for (size_t i = 0; i < k->used; i++)
		if (k->sas[i].spi && k->sas[i].direction == IPSEC_OUT &&
		    k->sas[i].reqid == esp->reqid && k->sas[i].age > esp->age)
			return false;
	return true;
}

const char *sim_kernel_traffic(const struct sim_kernel *from, const struct sim_kernel *to)
{
	for (size_t i = 0; i < from->used; i++) {
		const struct sim_esp *esp = &from->sas[i], *other;

		if (!esp->spi || esp->direction != IPSEC_OUT || !is_newest(from, esp))
			continue;
		other = sim_kernel_sa(to, esp->spi, IPSEC_IN);
		if (!other)
			return "one side sends on an SA that the other does not have";
		if (other->key != esp->key)
			return "the two ends of an SA have other keys";
	}
	return NULL;
}
