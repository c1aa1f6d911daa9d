/* SPDX-License-Identifier: MIT */
/* An SA payload; what was read must be the same after it was written. */
#include "fuzz.h"

#include "ikev2/codec/proposal.h"

static void check_same(const struct proposal *a, const struct proposal *b)
{
	FUZZ_CHECK(a->number == b->number && a->protocol == b->protocol && a->n == b->n);
	FUZZ_CHECK(bytes_equal(BYTES(a->spi, a->spi_len), BYTES(b->spi, b->spi_len)));
	for (size_t i = 0; i < a->n; i++) {
		struct transform t = a->v[i];

		/* Attributes that mean nothing to us are not written. */
		t.unusable = false;
		FUZZ_CHECK(transform_equal(&t, &b->v[i]));
	}
}

int fuzz_sa(const uint8_t *data, size_t len)
{
	static struct proposal_list list, again;
	static uint8_t buf[IKE_MESSAGE_MAX];
	struct ike_fault fault = { 0 };
	char text[PROPOSAL_STRLEN];
	struct writer w;
	int verdict;

	verdict = sa_payload_parse(BYTES(data, len), &list, &fault);
	FUZZ_CHECK((verdict == IKE_OK) == (fault.reason == NULL));
	FUZZ_CHECK(fault.offset <= len);
	if (verdict != IKE_OK)
		return 0;
	writer_init_fixed(&w, buf, sizeof(buf));
	sa_payload_write(&w, &list);
	FUZZ_CHECK(w.err == 0);
	FUZZ_CHECK(sa_payload_parse(writer_view(&w), &again, NULL) == IKE_OK);
	FUZZ_CHECK(list.n == again.n && list.n > 0);
	for (size_t i = 0; i < list.n; i++) {
		check_same(&list.v[i], &again.v[i]);
		proposal_str(&list.v[i], text, sizeof(text));
	}
	return 0;
}
