/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The IPsec of a simulated peer: remembers SAs with their keys, counts policies, and sends as the
 * real one does, on the newest SA of a reqid.
 */
#include "pdk/base/time.h"
#include "ikev2/ipsec/ipsec.h"

#define SIM_SAS_MAX 4096

struct sim_esp {
	uint32_t spi; /* 0: free */
	enum ipsec_direction direction;
	uint32_t reqid;
	uint64_t key; /* a hash of all key material */
	uint64_t age; /* the higher the newer */
};

struct sim_kernel {
	struct sim_esp sas[SIM_SAS_MAX];
	unsigned used; /* places that were ever taken: the first ones */
	uint64_t added;
	uint64_t owners[SIM_SAS_MAX]; /* of policies; 0: free */
	unsigned n_sas, n_policies;
	/* What was asked for last. */
	struct ipsec_sa sa_in, sa_out;
	struct ipsec_policy policy;
	bool keeps_alive;    /* it sends keepalives by itself */
	unsigned queries;    /* SAs that were asked for */
	uint64_t bytes;      /* what every SA has carried */
	uint64_t packets_in; /* what every inbound SA has carried */
	uint64_t esp_at;     /* and when the last one came, in seconds; 0: the kernel can't tell */
	unsigned asked;      /* for installations */
	unsigned refuse;     /* so many installations from now on fail */
	bool refuse_whole;   /* but not of an outbound SA that comes later than its inbound one */
	unsigned strays;  /* deletions of SAs that were not there: they could be somebody else's */
	unsigned updates; /* of SAs */
	struct netaddr updated_in, updated_out; /* the peer's end in the last ones */
};

void sim_kernel_do(struct sim_kernel *k, struct instant now, struct ipsec_request *req);

/* Somebody takes an SA out behind our back. */
void sim_kernel_lose(struct sim_kernel *k, uint32_t spi, enum ipsec_direction direction);

/* The SA with this SPI; NULL. */
const struct sim_esp *sim_kernel_sa(const struct sim_kernel *k, uint32_t spi,
				    enum ipsec_direction direction);

/*
 * Would what `from` sends now arrive: does `to` hold the other end of each SA that `from` sends on,
 * with the same keys? NULL, or what is wrong.
 */
const char *sim_kernel_traffic(const struct sim_kernel *from, const struct sim_kernel *to);
