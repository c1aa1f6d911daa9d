/* SPDX-License-Identifier: MIT */
#include "ikev2/exchange/key_exchange.h"

#include <errno.h>

#include "ikev2/codec/payload.h"
#include "ikev2/sa/algorithms.h"
#include "ikev2/sa/core.h"

static int key_pair(struct ike_core *core, uint16_t method, struct kex **ret_kex)
{
	enum crypto_kex kex;
	int err = algorithms_kex(method, &kex);

	return err < 0 ? err : kex_new(core->crypto, kex, ret_kex);
}

int key_exchange_begin(struct ike_core *core, uint16_t method, struct key_exchange *kx)
{
	*kx = (struct key_exchange){ .method = method };
	nonce_draw(&kx->ni);
	return method ? key_pair(core, method, &kx->kex) : 0;
}

void key_exchange_fini(struct key_exchange *kx)
{
	kx->kex = kex_free(kx->kex);
	secret_fini(&kx->shared);
}

void key_exchange_write(const struct key_exchange *kx, bool initiator, struct message *m)
{
	ike_nonce_write(message_payload(m, IKE_PAYLOAD_NONCE),
			nonce_bytes(initiator ? &kx->ni : &kx->nr));
	if (kx->kex)
		ike_ke_write(message_payload(m, IKE_PAYLOAD_KE), kx->method, kex_public(kx->kex));
}

/* The nonce of the other side. False: there is none, or it is malformed. */
static bool take_nonce(const struct ike_message *m, struct nonce *nonce)
{
	const struct ike_payload *payload = ike_message_find(m, IKE_PAYLOAD_NONCE, 0);
	struct bytes data;

	if (!payload || ike_nonce_parse(payload->body, &data, NULL) != IKE_OK)
		return false;
	nonce_set(nonce, data);
	return true;
}

static bool take_ke(const struct ike_message *m, struct ike_ke *ke)
{
	const struct ike_payload *payload = ike_message_find(m, IKE_PAYLOAD_KE, 0);

	return payload && ike_ke_parse(payload->body, ke, NULL) == IKE_OK;
}

const char *key_exchange_take_answer(struct key_exchange *kx, const struct ike_message *m,
				     uint16_t method)
{
	struct ike_ke ke;
	int err;

	if (!take_nonce(m, &kx->nr))
		return "the answer has no nonce";
	if (!method) {
		/* It chose the proposal without key exchange: what we sent counts for nothing. */
		kx->kex = kex_free(kx->kex);
		return NULL;
	}
	if (!take_ke(m, &ke))
		return "the answer has no KE payload";
	if (method != kx->method || ke.method != method)
		return "the answer's key exchange method is not ours";
	err = kex_derive(kx->kex, ke.data, &kx->shared);
	kx->invalid = err == -EBADMSG;
	if (kx->invalid)
		return "the peer's public value is not acceptable";
	return err < 0 ? "the key exchange failed" : NULL;
}

int key_exchange_respond(struct ike_core *core, const struct ike_message *m, uint16_t method,
			 struct key_exchange *ret_kx)
{
	struct key_exchange kx = { .method = method };
	struct ike_ke ke;
	int err;

	if (!take_nonce(m, &kx.ni))
		return IKE_NOTIFY_INVALID_SYNTAX;
	nonce_draw(&kx.nr);
	if (method) {
		if (!take_ke(m, &ke) || ke.method != method)
			return IKE_NOTIFY_INVALID_KE_PAYLOAD;
		err = key_pair(core, method, &kx.kex);
		if (err == 0)
			err = kex_derive(kx.kex, ke.data, &kx.shared);
		if (err < 0) {
			key_exchange_fini(&kx);
			return err == -EBADMSG ? IKE_NOTIFY_INVALID_SYNTAX
					       : IKE_NOTIFY_TEMPORARY_FAILURE;
		}
	}
	*ret_kx = kx;
	return 0;
}
