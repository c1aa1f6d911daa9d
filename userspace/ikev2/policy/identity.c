/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/identity.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "ikev2/codec/ikev2.h"

void identity_set_any(struct identity *id)
{
	memset(id, 0, sizeof(*id));
}

static int identity_set(struct identity *id, uint8_t type, struct bytes data)
{
	if (data.len > IDENTITY_DATA_MAX)
		return -E2BIG;
	identity_set_any(id);
	id->type = type;
	id->len = (uint16_t)data.len;
	if (data.len)
		memcpy(id->data, data.data, data.len);
	return 0;
}

void identity_from_addr(const struct netaddr *addr, struct identity *ret_id)
{
	identity_set(ret_id, addr->family == AF_INET ? IKE_ID_IPV4_ADDR : IKE_ID_IPV6_ADDR,
		     netaddr_bytes(addr));
}

static bool is_name(uint8_t type)
{
	return type == IKE_ID_FQDN || type == IKE_ID_RFC822_ADDR;
}

int identity_from_wire(uint8_t type, struct bytes data, struct identity *ret_id)
{
	if ((type == IKE_ID_IPV4_ADDR && data.len != 4) ||
	    (type == IKE_ID_IPV6_ADDR && data.len != 16))
		return -EINVAL;
	/* A NUL would make a name look like another one in C's eyes; an empty one names nobody. */
	if (type == 0 || (is_name(type) && (!data.len || memchr(data.data, 0, data.len))))
		return -EINVAL;
	return identity_set(ret_id, type, data);
}

/* -------- text -------- */

static int parse_address(const char *text, int family, struct identity *ret_id)
{
	struct netaddr addr;

	if (netaddr_parse(text, 0, &addr) < 0 || (family != AF_UNSPEC && addr.family != family))
		return -EINVAL;
	identity_from_addr(&addr, ret_id);
	return 0;
}

static int parse_hex_key_id(const char *hex, struct identity *ret_id)
{
	uint8_t data[IDENTITY_DATA_MAX];
	size_t len = strlen(hex);

	if (!len || len % 2 || len / 2 > sizeof(data))
		return -EINVAL;
	for (size_t i = 0; i < len; i += 2) {
		unsigned octet;

		if (!isxdigit((unsigned char)hex[i]) || !isxdigit((unsigned char)hex[i + 1]) ||
		    sscanf(hex + i, "%2x", &octet) != 1)
			return -EINVAL;
		data[i / 2] = (uint8_t)octet;
	}
	return identity_set(ret_id, IKE_ID_KEY_ID, BYTES(data, len / 2));
}

static int parse_key_id(const char *text, struct identity *ret_id)
{
	if (strncmp(text, "0x", 2) == 0)
		return parse_hex_key_id(text + 2, ret_id);
	if (!*text)
		return -EINVAL;
	return identity_set(ret_id, IKE_ID_KEY_ID, bytes_str(text));
}

static int parse_name(const char *text, uint8_t type, struct identity *ret_id)
{
	return identity_from_wire(type, bytes_str(text), ret_id);
}

/* After a prefix that names the type. -ENOENT: there is none. */
static int parse_prefixed(const char *text, struct identity *ret_id)
{
	if (strncmp(text, "fqdn:", 5) == 0)
		return parse_name(text + 5, IKE_ID_FQDN, ret_id);
	if (strncmp(text, "email:", 6) == 0)
		return parse_name(text + 6, IKE_ID_RFC822_ADDR, ret_id);
	if (strncmp(text, "ipv4:", 5) == 0)
		return parse_address(text + 5, AF_INET, ret_id);
	if (strncmp(text, "ipv6:", 5) == 0)
		return parse_address(text + 5, AF_INET6, ret_id);
	if (strncmp(text, "keyid:", 6) == 0)
		return parse_key_id(text + 6, ret_id);
	return -ENOENT;
}

int identity_parse(const char *text, struct identity *ret_id)
{
	struct identity id;
	int err;

	if (!*text || strcmp(text, "%any") == 0 || strcmp(text, "%any6") == 0) {
		identity_set_any(ret_id);
		return *text ? 0 : -EINVAL;
	}
	err = parse_prefixed(text, &id);
	if (err == -ENOENT)
		err = parse_address(text, AF_UNSPEC, &id);
	else if (err < 0)
		return err;
	if (err < 0) {
		if (strncmp(text, "@#", 2) == 0)
			err = parse_hex_key_id(text + 2, &id);
		else if (text[0] == '@')
			err = parse_name(text + 1, IKE_ID_FQDN, &id);
		else if (strchr(text, '@'))
			err = parse_name(text, IKE_ID_RFC822_ADDR, &id);
		else if (strchr(text, '='))
			err = -EINVAL; /* a distinguished name, which needs certificates */
		else
			err = parse_name(text, IKE_ID_FQDN, &id);
	}
	if (err == 0)
		*ret_id = id;
	return err;
}

const char *identity_str(const struct identity *id, char *buf)
{
	struct netaddr addr;
	char *out = buf;

	if (identity_is_any(id))
		return strcpy(buf, "%any");
	if (id->type == IKE_ID_IPV4_ADDR || id->type == IKE_ID_IPV6_ADDR) {
		addr = netaddr_from_bytes(identity_bytes(id), 0);
		return netaddr_str(&addr, buf);
	}
	for (size_t i = 0; i < id->len; i++)
		out += isgraph(id->data[i]) && id->data[i] != '\\'
			       ? sprintf(out, "%c", id->data[i])
			       : sprintf(out, "\\x%02x", id->data[i]);
	*out = '\0';
	return buf;
}

/* -------- comparing -------- */

bool identity_has_wildcards(const struct identity *id)
{
	return identity_is_any(id) || (is_name(id->type) && id->len && id->data[0] == '*');
}

bool identity_equal(const struct identity *a, const struct identity *b)
{
	if (a->type != b->type || a->len != b->len)
		return false;
	if (is_name(a->type))
		return strncasecmp((const char *)a->data, (const char *)b->data, a->len) == 0;
	return memcmp(a->data, b->data, a->len) == 0;
}

int identity_match(const struct identity *pattern, const struct identity *id)
{
	size_t tail;

	if (identity_is_any(pattern))
		return 1;
	if (identity_equal(pattern, id))
		return 3;
	if (!identity_has_wildcards(pattern) || pattern->type != id->type)
		return 0;
	tail = pattern->len - 1u;
	if (id->len <= tail)
		return 0;
	return strncasecmp((const char *)pattern->data + 1,
			   (const char *)id->data + id->len - tail, tail) == 0
		       ? 2
		       : 0;
}
