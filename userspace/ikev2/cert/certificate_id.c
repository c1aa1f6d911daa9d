/* SPDX-License-Identifier: MIT */
/* IKE identities and the names in a certificate: RFC 4945 3.1.1, 3.1.2, 3.1.3, 3.1.5, 3.1.9. */
#include <arpa/inet.h>
#include <stdio.h>

#include "ikev2/cert/certificate.h"
#include "ikev2/cert/dn.h"
#include "ikev2/codec/ikev2.h"

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* 3.1.2, 3.1.3: regardless of case; an inner NUL is a byte like any other. */
static bool same_text(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.data[i]) != lower(b.data[i]))
			return false;
	return true;
}

static bool same_name(uint8_t id_type, struct bytes a, struct bytes b)
{
	switch (id_type) {
	case IKE_ID_FQDN:
	case IKE_ID_RFC822_ADDR:
		return same_text(a, b);
	case IKE_ID_DER_ASN1_DN:
		return dn_equal(a, b);
	case IKE_ID_IPV4_ADDR:
	case IKE_ID_IPV6_ADDR:
		return bytes_equal(a, b);
	}
	return false;
}

/* An empty subject is no identity (3.1.5). */
static bool has_subject(const struct certificate *cert)
{
	return certificate_subject(cert).len > 2;
}

bool certificate_has_id(const struct certificate *cert, uint8_t id_type, struct bytes id)
{
	if (!id.len)
		return false;
	if (id_type == IKE_ID_KEY_ID)
		return bytes_equal(id, certificate_key_id(cert)) ||
		       bytes_equal(id, certificate_key_hash(cert));
	if (id_type == IKE_ID_DER_ASN1_DN && has_subject(cert) &&
	    dn_equal(id, certificate_subject(cert)))
		return true;
	for (size_t i = 0; i < certificate_n_names(cert); i++) {
		struct certificate_name name = certificate_name(cert, i);

		if (name.id_type == id_type && same_name(id_type, id, name.data))
			return true;
	}
	return false;
}

#define MATCH_EXACT 1000

static unsigned name_match(uint8_t id_type, struct bytes pattern, struct bytes name)
{
	size_t tail = pattern.len - 1;

	if (id_type == IKE_ID_DER_ASN1_DN)
		return dn_match(pattern, name);
	if (same_name(id_type, pattern, name))
		return MATCH_EXACT;
	if ((id_type != IKE_ID_FQDN && id_type != IKE_ID_RFC822_ADDR) || pattern.data[0] != '*' ||
	    name.len <= tail ||
	    !same_text(BYTES(pattern.data + 1, tail), BYTES(name.data + name.len - tail, tail)))
		return 0;
	return 2 + (unsigned)(tail < MATCH_EXACT - 3 ? tail : MATCH_EXACT - 3);
}

unsigned certificate_match_id(const struct certificate *cert, uint8_t id_type, struct bytes pattern)
{
	unsigned match, best = 0;

	if (!pattern.len)
		return 0;
	if (id_type == IKE_ID_KEY_ID)
		return certificate_has_id(cert, id_type, pattern) ? MATCH_EXACT : 0;
	if (id_type == IKE_ID_DER_ASN1_DN && has_subject(cert))
		best = dn_match(pattern, certificate_subject(cert));
	for (size_t i = 0; i < certificate_n_names(cert); i++) {
		struct certificate_name name = certificate_name(cert, i);

		if (name.id_type != id_type)
			continue;
		match = name_match(id_type, pattern, name.data);
		if (match > best)
			best = match;
	}
	return best;
}

/* Nothing in a name may upset a terminal. */
char *certificate_id_str(uint8_t id_type, struct bytes id, char *buf, size_t size)
{
	char addr[INET6_ADDRSTRLEN];
	size_t len = 0;

	if (id_type == IKE_ID_DER_ASN1_DN)
		return dn_str(id, buf, size);
	if ((id_type == IKE_ID_IPV4_ADDR && id.len == 4) ||
	    (id_type == IKE_ID_IPV6_ADDR && id.len == 16)) {
		inet_ntop(id_type == IKE_ID_IPV4_ADDR ? AF_INET : AF_INET6, id.data, addr,
			  sizeof(addr));
		snprintf(buf, size, "%s", addr);
		return buf;
	}
	for (size_t i = 0; i < id.len && len + 5 < size; i++) {
		uint8_t c = id.data[i];
		bool plain = id_type != IKE_ID_KEY_ID && c > ' ' && c < 0x7f && c != '\\';

		len += (size_t)sprintf(buf + len,
				       plain                      ? "%c"
				       : id_type == IKE_ID_KEY_ID ? "%02x"
								  : "\\x%02x",
				       c);
	}
	buf[len] = '\0';
	return buf;
}

char *certificate_names_str(const struct certificate *cert, char *buf, size_t size)
{
	size_t len = (size_t)snprintf(buf, size, "%s",
				      has_subject(cert) ? certificate_subject_str(cert) : "");

	for (size_t i = 0; i < certificate_n_names(cert); i++) {
		struct certificate_name name = certificate_name(cert, i);
		char text[DN_STRLEN];

		certificate_id_str(name.id_type, name.data, text, sizeof(text));
		if (len + strlen(text) + 6 > size) {
			if (len + 4 <= size)
				strcpy(buf + len, "...");
			break;
		}
		len += (size_t)sprintf(buf + len, "%s%s", len ? "; " : "", text);
	}
	return buf;
}
