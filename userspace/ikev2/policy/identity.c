/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/identity.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "pdk/net/netaddr.h"
#include "ikev2/cert/dn.h"

/* -------- from text -------- */

static int set_data(struct identity *id, uint8_t type, struct bytes data)
{
	if (!data.len || data.len > IDENTITY_MAX)
		return -EINVAL;
	*id = (struct identity){ .type = type, .len = (uint16_t)data.len };
	memcpy(id->data, data.data, data.len);
	return 0;
}

/* A name: no blanks, nothing that could upset a terminal. */
static int parse_name(const char *text, uint8_t type, struct identity *id)
{
	for (const char *c = text; *c; c++)
		if (!isgraph((unsigned char)*c))
			return -EINVAL;
	return set_data(id, type, bytes_str(text));
}

static int parse_addr(const char *text, int family, struct identity *id)
{
	struct netaddr addr;

	if (netaddr_parse(text, 0, &addr) < 0 || addr.scope ||
	    (family != AF_UNSPEC && addr.family != family))
		return -EINVAL;
	*id = identity_from_addr(&addr);
	return 0;
}

static int parse_fqdn(const char *text, struct identity *id)
{
	return parse_name(text, IKE_ID_FQDN, id);
}

static int parse_email(const char *text, struct identity *id)
{
	return parse_name(text, IKE_ID_RFC822_ADDR, id);
}

static int parse_ipv4(const char *text, struct identity *id)
{
	return parse_addr(text, AF_INET, id);
}

static int parse_ipv6(const char *text, struct identity *id)
{
	return parse_addr(text, AF_INET6, id);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse_hex(const char *digits, uint8_t type, struct identity *id)
{
	uint8_t data[IDENTITY_MAX];
	size_t len = strlen(digits);

	if (len % 2 || len / 2 > sizeof(data))
		return -EINVAL;
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_value(digits[i]), low = hex_value(digits[i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		data[i / 2] = (uint8_t)(high << 4 | low);
	}
	return set_data(id, type, BYTES(data, len / 2));
}

static int parse_keyid(const char *text, struct identity *id)
{
	if (text[0] == '#')
		return parse_hex(text + 1, IKE_ID_KEY_ID, id);
	if (text[0] == '0' && text[1] == 'x')
		return parse_hex(text + 2, IKE_ID_KEY_ID, id);
	return set_data(id, IKE_ID_KEY_ID, bytes_str(text));
}

static int parse_dn(const char *text, struct identity *id)
{
	uint8_t der[IDENTITY_MAX];
	struct writer w;

	if (text[0] == '#')
		return parse_hex(text + 1, IKE_ID_DER_ASN1_DN, id);
	writer_init_fixed(&w, der, sizeof(der));
	return dn_parse(text, &w, NULL) < 0 ? -EINVAL :
					      set_data(id, IKE_ID_DER_ASN1_DN, writer_view(&w));
}

static const struct {
	const char *prefix;
	int (*parse)(const char *text, struct identity *id);
	const char *expected;
} explicit_types[] = {
	{ "fqdn:", parse_fqdn, "a name behind 'fqdn:'" },
	{ "dns:", parse_fqdn, "a name behind 'dns:'" },
	{ "email:", parse_email, "user@host behind 'email:'" },
	{ "rfc822:", parse_email, "user@host behind 'rfc822:'" },
	{ "ipv4:", parse_ipv4, "an IPv4 address behind 'ipv4:'" },
	{ "ipv6:", parse_ipv6, "an IPv6 address behind 'ipv6:'" },
	{ "keyid:", parse_keyid, "text, or 0x and hexadecimal digits, behind 'keyid:'" },
	{ "asn1dn:", parse_dn, "C=..., O=..., CN=... of known types, or # and hexadecimal digits, "
				"behind 'asn1dn:'" },
};

static bool is_any_text(const char *text)
{
	static const char *const any[] = { "%any", "%any4", "%any6", "*", "0.0.0.0", "::" };

	for (size_t i = 0; i < ARRAY_SIZE(any); i++)
		if (strcmp(any[i], text) == 0)
			return true;
	return false;
}

static int parse_untyped(const char *text, struct identity *id)
{
	if (is_any_text(text)) {
		*id = IDENTITY_ANY;
		return 0;
	}
	if (text[0] == '@' && text[1] == '#')
		return parse_hex(text + 2, IKE_ID_KEY_ID, id);
	if (text[0] == '@' && text[1] == '@')
		return parse_email(text + 2, id);
	if (text[0] == '@')
		return parse_fqdn(text + 1, id);
	if (strchr(text, '='))
		return parse_dn(text, id);
	if (strchr(text, '@'))
		return parse_email(text, id);
	if (parse_addr(text, AF_UNSPEC, id) == 0)
		return 0;
	return strchr(text, ':') ? -EINVAL : parse_fqdn(text, id);
}

int identity_parse(const char *text, struct identity *ret_id, const char **ret_expected)
{
	const char *expected = "an identity: a host name, user@host, an IP address, a distinguished name "
			       "(C=..., O=..., CN=...), @#hex or %any";
	struct identity id = IDENTITY_ANY;
	int err = -EINVAL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(explicit_types); i++) {
		size_t len = strlen(explicit_types[i].prefix);

		if (strncmp(text, explicit_types[i].prefix, len) != 0)
			continue;
		err = explicit_types[i].parse(text + len, &id);
		expected = explicit_types[i].expected;
		break;
	}
	if (i == ARRAY_SIZE(explicit_types))
		err = parse_untyped(text, &id);
	if (err) {
		if (ret_expected)
			*ret_expected = expected;
		return err;
	}
	*ret_id = id;
	return 0;
}

/* -------- to text -------- */

static char *put_text(const char *prefix, struct bytes data, char *buf, size_t size)
{
	size_t len = (size_t)snprintf(buf, size, "%s", prefix);

	for (size_t i = 0; i < data.len; i++) {
		bool plain = isgraph(data.data[i]) && data.data[i] != '\\';

		/* Room for this, for "..." and for the NUL. */
		if (len + 4 + 4 > size) {
			if (len + 4 <= size)
				strcpy(buf + len, "...");
			return buf;
		}
		len += (size_t)sprintf(buf + len, plain ? "%c" : "\\x%02x", data.data[i]);
	}
	return buf;
}

static char *put_hex(const char *prefix, struct bytes data, char *buf, size_t size)
{
	size_t len = (size_t)snprintf(buf, size, "%s", prefix);

	for (size_t i = 0; i < data.len; i++) {
		if (len + 2 + 4 > size) {
			if (len + 4 <= size)
				strcpy(buf + len, "...");
			return buf;
		}
		len += (size_t)sprintf(buf + len, "%02x", data.data[i]);
	}
	return buf;
}

/* An empty name has no text that could be read back, what isn't a name at all neither. */
static char *put_dn(struct bytes data, char *buf, size_t size)
{
	if (dn_check(data) < 0 || data.len <= 2)
		return put_hex("asn1dn:#", data, buf, size);
	return dn_str(data, buf, size);
}

/* Would the bare text be read as another type, so that the type has to be said? */
static bool is_ambiguous(const struct identity *id)
{
	char text[IDENTITY_MAX + 1];
	struct identity other;

	memcpy(text, id->data, id->len);
	text[id->len] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(explicit_types); i++)
		if (strncmp(text, explicit_types[i].prefix, strlen(explicit_types[i].prefix)) == 0)
			return true;
	return parse_untyped(text, &other) < 0 || other.type != id->type || other.len != id->len;
}

static bool is_printable(struct bytes data)
{
	for (size_t i = 0; i < data.len; i++)
		if (!isgraph(data.data[i]) || data.data[i] == '\\')
			return false;
	return data.len != 0;
}

char *identity_str(const struct identity *id, char *buf, size_t size)
{
	struct bytes data = identity_data(id);
	char text[NETADDR_STRLEN], prefix[16];
	struct netaddr addr;

	switch (id->type) {
	case IDENTITY_TYPE_ANY:
		return put_text("%any", BYTES_NONE, buf, size);
	case IKE_ID_IPV4_ADDR:
	case IKE_ID_IPV6_ADDR:
		addr = netaddr_from_bytes(data, 0);
		return put_text("", bytes_str(netaddr_str(&addr, text)), buf, size);
	case IKE_ID_FQDN:
		return put_text(is_printable(data) && is_ambiguous(id) ? "fqdn:" : "", data, buf,
				size);
	case IKE_ID_RFC822_ADDR:
		return put_text(is_printable(data) && is_ambiguous(id) ? "email:" : "", data, buf,
				size);
	case IKE_ID_KEY_ID:
		if (is_printable(data) && data.data[0] != '#' && memcmp(data.data, "0x", 2) != 0)
			return put_text("keyid:", data, buf, size);
		return put_hex("@#", data, buf, size);
	case IKE_ID_DER_ASN1_DN:
		return put_dn(data, buf, size);
	}
	snprintf(prefix, sizeof(prefix), "id-%u:#", id->type);
	return put_hex(prefix, data, buf, size);
}

/* -------- the wire -------- */

int identity_from_wire(uint8_t type, struct bytes data, struct identity *ret_id)
{
	switch (type) {
	case IKE_ID_IPV4_ADDR:
		if (data.len != 4)
			return -EBADMSG;
		break;
	case IKE_ID_IPV6_ADDR:
		if (data.len != 16)
			return -EBADMSG;
		break;
	case IKE_ID_FQDN:
	case IKE_ID_RFC822_ADDR:
	case IKE_ID_DER_ASN1_DN:
	case IKE_ID_KEY_ID:
		if (!data.len)
			return -EBADMSG;
		break;
	default:
		return -EPROTONOSUPPORT;
	}
	if (data.len > IDENTITY_MAX)
		return -EMSGSIZE;
	return set_data(ret_id, type, data);
}

int identity_to_wire(const struct identity *id, struct writer *w)
{
	if (identity_is_any(id))
		return -EINVAL;
	writer_u8(w, id->type);
	writer_zeros(w, 3);
	writer_bytes(w, identity_data(id));
	return w->err;
}

struct identity identity_from_addr(const struct netaddr *addr)
{
	struct identity id = IDENTITY_ANY;

	if (netaddr_len(addr))
		set_data(&id, addr->family == AF_INET ? IKE_ID_IPV4_ADDR : IKE_ID_IPV6_ADDR,
			 netaddr_bytes(addr));
	return id;
}
