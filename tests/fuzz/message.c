/* SPDX-License-Identifier: MIT */
/* A datagram: header, chain, bodies, summary. */
#include "fuzz.h"

#include "ikev2/codec/dump.h"
#include "ikev2/codec/message.h"

int fuzz_message(const uint8_t *data, size_t len)
{
	struct ike_fault fault = { 0 };
	char line[IKE_DUMP_LEN];
	struct ike_message m;
	int verdict;

	verdict = ike_message_parse(BYTES(data, len), &m, &fault);
	FUZZ_CHECK((verdict == IKE_OK) == (fault.reason == NULL));
	FUZZ_CHECK(fault.offset <= len);
	if (verdict == IKE_IGNORE)
		return 0;
	for (size_t i = 0; i < m.n; i++) {
		FUZZ_CHECK(m.v[i].body.data >= data + IKE_HEADER_LEN + IKE_PAYLOAD_HEADER_LEN);
		FUZZ_CHECK(m.v[i].body.data + m.v[i].body.len <= data + len);
	}
	ike_message_check(&m, &fault);
	ike_message_find_error(&m, NULL);
	FUZZ_CHECK(strlen(ike_message_dump(&m, line, sizeof(line))) < sizeof(line));
	return 0;
}
