/* SPDX-License-Identifier: MIT */
/*
 * Fragments that are authentic, in any order and number: what a peer can do to the reassembly. Each
 * record of the input is one fragment: message ID and total, number, length of the chunk, and the
 * octet that fills it. A fragment goes the whole way: sealed, parsed, opened, stored; and next to
 * the reassembly stands a plain model of what it should hold.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "ikev2/codec/skf.h"
#include "ikev2/sa/reassembly.h"

#define RECORD_LEN 5
#define TOTAL_MAX  300 /* some more than is allowed */

struct model {
	uint32_t id;
	uint16_t total;
	bool there[TOTAL_MAX];
	uint8_t fill[TOTAL_MAX], len[TOTAL_MAX];
};

static const struct crypto_suite suite = { CRYPTO_ENCR_AES_GCM_16, 128, CRYPTO_INTEG_NONE };

static struct aead_key *key_get(void)
{
	static const uint8_t bytes[CRYPTO_INTEG_KEY_MAX] = "a key that everybody knows";
	static struct aead_key *key;
	static struct crypto_ctx *ctx;

	if (!ctx)
		FUZZ_CHECK(crypto_ctx_new(NULL, &ctx) == 0);
	if (!key)
		FUZZ_CHECK(aead_key_new(ctx, &suite,
					BYTES(bytes, crypto_suite_encr_key_len(&suite)), BYTES_NONE,
					&key) == 0);
	return key;
}

/* Over the wire and back. False: no fragment that a receiver would look at. */
static bool carry(uint32_t id, struct ike_fragment *f, struct bytes *chunk, uint8_t *buf,
		  size_t size, struct ike_message *m)
{
	const struct ike_header header = {
		.spi_i = 1, .spi_r = 2, .exchange = IKE_EXCHANGE_IKE_AUTH, .message_id = id
	};
	const struct ike_fragment sent = *f;
	struct writer w;

	writer_init_fixed(&w, buf, size);
	FUZZ_CHECK(ike_skf_write(&w, &header, f, *chunk, key_get()) == 0);
	FUZZ_CHECK(ike_message_parse(writer_view(&w), m, NULL) == IKE_OK);
	if (ike_skf_parse(m, f, NULL) != IKE_OK) {
		FUZZ_CHECK(!sent.number || !sent.total || sent.number > sent.total);
		return false;
	}
	FUZZ_CHECK(f->number == sent.number && f->total == sent.total);
	FUZZ_CHECK(ike_skf_open(m, key_get(), (uint8_t *)m->encrypted.data, chunk, NULL) == IKE_OK);
	return true;
}

static void model_check(const struct model *model, const uint8_t *data, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < model->total; i++) {
		FUZZ_CHECK(model->there[i] && at + model->len[i] <= len);
		for (size_t k = 0; k < model->len[i]; k++)
			FUZZ_CHECK(data[at++] == model->fill[i]);
	}
	FUZZ_CHECK(at == len);
}

/* What the reassembly says of a fragment is what the model would say. */
static void store(struct reassembly *r, struct model *model, uint32_t id,
		  const struct ike_fragment *f, struct bytes chunk, uint8_t fill,
		  size_t message_len)
{
	static const struct instant later = { 1 };
	bool anew = !model->total || model->id != id || f->total > model->total;
	bool wanted = anew || (f->total == model->total && !model->there[f->number - 1]);
	uint8_t first, *whole;
	size_t len;
	int verdict;

	FUZZ_CHECK(reassembly_wants(r, id, f) == wanted);
	if (!wanted)
		return;
	verdict = reassembly_add(r, id, f, chunk, message_len, later);
	if (anew)
		*model = (struct model){ .id = id, .total = f->total };
	if (verdict == REASSEMBLY_TOO_MUCH) {
		FUZZ_CHECK(f->total > REASSEMBLY_FRAGMENTS_MAX || chunk.len > 0);
		FUZZ_CHECK(*r->used == 0 && !r->total);
		*model = (struct model){ 0 };
		return;
	}
	FUZZ_CHECK(verdict >= 0 && f->total <= REASSEMBLY_FRAGMENTS_MAX);
	model->there[f->number - 1] = true;
	model->fill[f->number - 1] = fill;
	model->len[f->number - 1] = (uint8_t)chunk.len;
	if (verdict != REASSEMBLY_COMPLETE)
		return;
	FUZZ_CHECK(reassembly_take(r, &first, &whole, &len) == 0);
	FUZZ_CHECK(first == IKE_PAYLOAD_IDI && *r->used == 0);
	model_check(model, whole, len);
	free(whole);
	*model = (struct model){ 0 };
}

int fuzz_fragment(const uint8_t *data, size_t len)
{
	struct model model = { 0 };
	struct reassembly r;
	size_t used = 0;

	reassembly_init(&r, &used);
	for (; len >= RECORD_LEN; data += RECORD_LEN, len -= RECORD_LEN) {
		struct ike_fragment f = {
			.number = (uint16_t)(data[1] | (data[0] & 1) << 8),
			.total = (uint16_t)(data[2] | (data[0] & 2) << 7),
		};
		uint8_t text[255], buf[512];
		struct bytes chunk = BYTES(text, data[3]);
		struct ike_message m;

		if (f.total > TOTAL_MAX)
			continue;
		f.first = f.number == 1 ? IKE_PAYLOAD_IDI : IKE_PAYLOAD_NONE;
		memset(text, data[4], sizeof(text));
		if (carry(data[0] >> 6, &f, &chunk, buf, sizeof(buf), &m))
			store(&r, &model, data[0] >> 6, &f, chunk, data[4], m.raw.len);
	}
	reassembly_reset(&r);
	FUZZ_CHECK(used == 0);
	return 0;
}
