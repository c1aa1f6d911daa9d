/* SPDX-License-Identifier: MIT */
/* A TSi or TSr payload; what was read must be the same after it was written. */
#include "fuzz.h"

#include "ikev2/codec/ts.h"

static void check_pair(const struct ts *a, const struct ts *b)
{
	struct ts both;

	FUZZ_CHECK(ts_contains(a, a) && ts_contains(b, b));
	if (!ts_intersect(a, b, &both)) {
		FUZZ_CHECK(!ts_contains(a, b) && !ts_contains(b, a));
		return;
	}
	FUZZ_CHECK(ts_contains(a, &both) && ts_contains(b, &both));
	FUZZ_CHECK(!ts_contains(a, b) || ts_equal(&both, b));
}

int fuzz_ts(const uint8_t *data, size_t len)
{
	uint8_t buf[4 + 40 * TS_LIST_MAX];
	struct ike_fault fault = { 0 };
	struct ts_list list, again;
	char text[TS_STRLEN];
	struct writer w;
	int verdict;

	verdict = ts_payload_parse(BYTES(data, len), &list, &fault);
	FUZZ_CHECK((verdict == IKE_OK) == (fault.reason == NULL));
	FUZZ_CHECK(fault.offset <= len);
	if (verdict != IKE_OK)
		return 0;
	writer_init_fixed(&w, buf, sizeof(buf));
	ts_payload_write(&w, &list);
	FUZZ_CHECK(w.err == 0);
	FUZZ_CHECK(ts_payload_parse(writer_view(&w), &again, NULL) == IKE_OK);
	FUZZ_CHECK(ts_list_equal(&list, &again));
	for (size_t i = 0; i < list.n; i++) {
		FUZZ_CHECK(strlen(ts_str(&list.v[i], text)) < sizeof(text) - 1);
		check_pair(&list.v[0], &list.v[i]);
	}
	return 0;
}
