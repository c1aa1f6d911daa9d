/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/nat.h"

#include "pdk/crypto/hash.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

#define NAT_HASH_LEN 20

/* SHA-1(SPIi | SPIr | address | port); SPIr is as in the message's header. */
static int nat_hash(struct ike_core *core, uint64_t spi_i, uint64_t spi_r,
		    const struct netaddr *addr, uint8_t ret_hash[NAT_HASH_LEN])
{
	uint8_t spis[16], port[2];
	const struct bytes parts[] = { BYTES_OF(spis), netaddr_bytes(addr), BYTES_OF(port) };
	struct writer w;

	writer_init_fixed(&w, spis, sizeof(spis));
	writer_u64(&w, spi_i);
	writer_u64(&w, spi_r);
	writer_init_fixed(&w, port, sizeof(port));
	writer_u16(&w, addr->port);
	return crypto_hash(core->crypto, CRYPTO_HASH_SHA1, parts, ARRAY_SIZE(parts), ret_hash);
}

int nat_write(struct ike_sa *sa, struct message *m)
{
	/* No address has port 0: a hash that fits nothing. */
	const struct netaddr source = sa->conn->encap ? netaddr_with_port(sa->local, 0) : sa->local;
	uint8_t hash[NAT_HASH_LEN];
	int err;

	err = nat_hash(sa->core, sa->spi_i, sa->spi_r, &source, hash);
	if (err < 0)
		return err;
	message_notify(m, IKE_NOTIFY_NAT_DETECTION_SOURCE_IP, BYTES_OF(hash));
	err = nat_hash(sa->core, sa->spi_i, sa->spi_r, &sa->remote, hash);
	if (err < 0)
		return err;
	message_notify(m, IKE_NOTIFY_NAT_DETECTION_DESTINATION_IP, BYTES_OF(hash));
	return 0;
}

/* Is one of the notifies of this type the hash of addr? There may be several sources. */
static bool nat_hash_found(struct ike_sa *sa, const struct ike_message *m, uint16_t type,
			   const struct netaddr *addr)
{
	uint8_t hash[NAT_HASH_LEN];
	struct ike_notify notify;

	/* A hash that can't be computed must not send us behind a NAT that isn't there. */
	if (nat_hash(sa->core, m->header.spi_i, m->header.spi_r, addr, hash) < 0)
		return true;
	for (size_t i = 0; ike_message_find_notify(m, type, i, &notify); i++)
		if (bytes_equal(notify.data, BYTES_OF(hash)))
			return true;
	return false;
}

bool nat_detect(struct ike_sa *sa, const struct ike_message *m)
{
	if (!ike_message_find_notify(m, IKE_NOTIFY_NAT_DETECTION_SOURCE_IP, 0, NULL) ||
	    !ike_message_find_notify(m, IKE_NOTIFY_NAT_DETECTION_DESTINATION_IP, 0, NULL))
		return false;
	sa->nat_remote =
		!nat_hash_found(sa, m, IKE_NOTIFY_NAT_DETECTION_SOURCE_IP, &sa->remote);
	sa->nat_local =
		!nat_hash_found(sa, m, IKE_NOTIFY_NAT_DETECTION_DESTINATION_IP, &sa->local);
	return true;
}
