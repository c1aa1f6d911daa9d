/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/algorithm_page.h"

#include <string.h>

#include "ikev2/codec/algorithm.h"
#include "ikev2/policy/proposal_conf.h"

static const struct {
	uint8_t type;
	const char *title;
} sections[] = {
	{ IKE_TRANSFORM_ENCR, "Encryption" },
	{ IKE_TRANSFORM_INTEG, "Integrity" },
	{ IKE_TRANSFORM_PRF, "Pseudorandom functions" },
	{ IKE_TRANSFORM_KE, "Key exchange" },
	{ IKE_TRANSFORM_ESN, "Sequence numbers" },
};

static const char intro[] =
	"# Algorithms\n"
	"\n"
	"This page is what `posternd --algorithms` prints: what `proposals` and\n"
	"`esp_proposals` may name. IKE and ESP say how much RFC 8247 and RFC 8221\n"
	"want an algorithm there (what they don't name is MAY), \"-\" that it doesn't\n"
	"exist there. Those with a default are offered and taken where nothing is\n"
	"configured; all others have to be named. Who names one with a warning\n"
	"finds that in the log and in what `posternd --check` says. What must not\n"
	"be used is refused by name, and so is what OpenSSL doesn't offer on the\n"
	"machine (in FIPS mode, say); of the defaults that is left out. ESP is the\n"
	"kernel's: what it lacks, it refuses when a Child SA comes up.\n";

static bool is_default(const struct algorithm *a, size_t k, uint8_t protocol)
{
	const struct transform t = { .type = a->type, .id = a->id, .key_bits = a->key_bits[k] };
	struct proposal_list list;

	proposal_list_defaults(&list, protocol);
	for (size_t i = 0; i < list.n; i++)
		for (size_t j = 0; j < list.v[i].n; j++)
			if (transform_equal(&list.v[i].v[j], &t))
				return true;
	return false;
}

static const char *defaults(const struct algorithm *a, size_t k)
{
	static const char *const words[] = { "", "IKE", "ESP", "IKE, ESP" };

	return words[is_default(a, k, IKE_PROTOCOL_IKE) + 2 * is_default(a, k, IKE_PROTOCOL_ESP)];
}

static void print_row(FILE *out, const struct algorithm *a, size_t k)
{
	char name[ALGORITHM_NAME_LEN];

	fprintf(out, "| %s | %s | %u | %s | %s | %s | %s%s |\n", algorithm_name(a, k, name),
		ike_transform_name(a->type, a->id), a->id, algorithm_level_name(a->ike[k]),
		algorithm_level_name(a->esp[k]), defaults(a, k), a->dated ? "warning: " : "",
		a->note ? a->note : "");
}

static void print_section(FILE *out, uint8_t type, const char *title)
{
	fprintf(out, "\n## %s\n\n", title);
	fprintf(out, "| name | transform | number | IKE | ESP | default | remark |\n"
		     "|---|---|---|---|---|---|---|\n");
	for_each_algorithm(a) {
		if (a->type != type)
			continue;
		for (size_t k = 0; k < algorithm_keys(a); k++)
			print_row(out, a, k);
	}
}

void algorithm_page_print(FILE *out)
{
	const char *name;

	fputs(intro, out);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		print_section(out, sections[i].type, sections[i].title);
	fputs("\n## Refused\n\n| name | why |\n|---|---|\n", out);
	for (size_t i = 0; (name = algorithm_refused(i)); i++)
		fprintf(out, "| %s | %s |\n", name, algorithm_refusal(name));
}
