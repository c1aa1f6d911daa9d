/* SPDX-License-Identifier: MIT */
/* A distinguished name, as DER and as text. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "ikev2/cert/dn.h"

/* What dn_parse() makes is well-formed, and its text reads back as an equal name. */
static void check_text(const char *text)
{
	uint8_t der[DN_DER_MAX + 8], again[DN_DER_MAX + 8];
	static char printed[4 * DN_DER_MAX];
	struct writer w, w2;

	writer_init_fixed(&w, der, sizeof(der));
	if (dn_parse(text, &w, NULL) < 0)
		return;
	FUZZ_CHECK(dn_check(writer_view(&w)) == 0);
	FUZZ_CHECK(dn_match(writer_view(&w), writer_view(&w)) != DN_MATCH_NONE);
	dn_str(writer_view(&w), printed, sizeof(printed));
	writer_init_fixed(&w2, again, sizeof(again));
	FUZZ_CHECK(dn_parse(printed, &w2, NULL) == 0);
	FUZZ_CHECK(dn_equal(writer_view(&w), writer_view(&w2)));
}

/* It fits, and no wildcard of a pattern is left in a name's. */
static void check_canonical(struct bytes name)
{
	uint8_t buf[DN_CANONICAL_MAX], of_pattern[DN_CANONICAL_MAX];
	struct writer w, p;

	writer_init_fixed(&w, buf, DN_CANONICAL_LEN(name.len));
	writer_init_fixed(&p, of_pattern, DN_CANONICAL_LEN(name.len));
	FUZZ_CHECK(dn_canonical(name, false, &w) == 0 && dn_canonical(name, true, &p) == 0);
	FUZZ_CHECK(bytes_equal(writer_view(&w), writer_view(&p)) != dn_has_wildcard(name));
	FUZZ_CHECK(dn_canonical_match(writer_view(&p), writer_view(&w)) == dn_match(name, name));
}

int fuzz_dn(const uint8_t *data, size_t len)
{
	struct bytes name = BYTES(data, len);
	char text[DN_STRLEN], *copy;

	dn_str(name, text, sizeof(text));
	FUZZ_CHECK(strlen(text) < sizeof(text));
	for (const char *c = text; *c; c++)
		FUZZ_CHECK((unsigned char)*c >= ' ' && *c != 0x7f);
	FUZZ_CHECK(dn_equal(name, name));
	if (len > DN_DER_MAX)
		FUZZ_CHECK(dn_match(name, name) == DN_MATCH_NONE);
	else if (dn_check(name) == 0)
		FUZZ_CHECK((dn_match(name, name) == DN_MATCH_EXACT) != dn_has_wildcard(name));
	if (len <= DN_DER_MAX)
		check_canonical(name);
	copy = malloc(len + 1);
	memcpy(copy, data, len);
	copy[len] = '\0';
	check_text(copy);
	free(copy);
	return 0;
}
