/* SPDX-License-Identifier: MIT */
#include "pdk/net/netaddr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t netaddr_family_len(int family)
{
	switch (family) {
	case AF_INET:
		return 4;
	case AF_INET6:
		return 16;
	default:
		return 0;
	}
}

struct netaddr netaddr_from_bytes(struct bytes addr, uint16_t port)
{
	struct netaddr a = NETADDR_NONE;

	if (addr.len != 4 && addr.len != 16)
		return a;
	a.family = addr.len == 4 ? AF_INET : AF_INET6;
	a.port = port;
	memcpy(a.addr, addr.data, addr.len);
	return a;
}

struct netaddr netaddr_any(int family, uint16_t port)
{
	return (struct netaddr){ .family = (uint16_t)family, .port = port };
}

struct netaddr netaddr_with_port(struct netaddr a, uint16_t port)
{
	a.port = port;
	return a;
}

bool netaddr_same_addr(const struct netaddr *a, const struct netaddr *b)
{
	return a->family == b->family && a->scope == b->scope &&
	       memcmp(a->addr, b->addr, netaddr_len(a)) == 0;
}

bool netaddr_equal(const struct netaddr *a, const struct netaddr *b)
{
	return a->port == b->port && netaddr_same_addr(a, b);
}

int netaddr_compare(const struct netaddr *a, const struct netaddr *b)
{
	int order;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	order = memcmp(a->addr, b->addr, netaddr_len(a));
	if (order)
		return order;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return (a->scope > b->scope) - (a->scope < b->scope);
}

bool netaddr_is_set(const struct netaddr *a)
{
	return netaddr_len(a) != 0;
}

bool netaddr_is_any(const struct netaddr *a)
{
	static const uint8_t zeros[16];

	return netaddr_is_set(a) && memcmp(a->addr, zeros, netaddr_len(a)) == 0;
}

bool netaddr_is_link_local(const struct netaddr *a)
{
	switch (a->family) {
	case AF_INET:
		return a->addr[0] == 169 && a->addr[1] == 254;
	case AF_INET6:
		return a->addr[0] == 0xfe && (a->addr[1] & 0xc0) == 0x80;
	default:
		return false;
	}
}

/* The bits of octet i that lie inside the prefix. */
static uint8_t prefix_mask(unsigned prefix, size_t i)
{
	if (prefix >= 8 * (i + 1))
		return 0xff;
	if (prefix <= 8 * i)
		return 0;
	return (uint8_t)(0xff << (8 - (prefix - 8 * i)));
}

bool netaddr_prefix_match(const struct netaddr *a, const struct netaddr *net, unsigned prefix)
{
	if (a->family != net->family || !netaddr_is_set(a))
		return false;
	for (size_t i = 0; i < netaddr_len(a); i++) {
		if ((a->addr[i] ^ net->addr[i]) & prefix_mask(prefix, i))
			return false;
	}
	return true;
}

struct netaddr netaddr_net_first(const struct netaddr *net, unsigned prefix)
{
	struct netaddr a = *net;

	for (size_t i = 0; i < netaddr_len(net); i++)
		a.addr[i] &= prefix_mask(prefix, i);
	return a;
}

struct netaddr netaddr_net_last(const struct netaddr *net, unsigned prefix)
{
	struct netaddr a = *net;

	for (size_t i = 0; i < netaddr_len(net); i++)
		a.addr[i] |= (uint8_t)~prefix_mask(prefix, i);
	return a;
}

/* A zone is the name of an interface or its number (RFC 4007 11.2). */
static int zone_parse(const char *zone, uint32_t *ret_scope)
{
	unsigned long number;
	char *end;

	number = if_nametoindex(zone);
	if (!number) {
		if (*zone < '0' || *zone > '9')
			return -EINVAL;
		errno = 0;
		number = strtoul(zone, &end, 10);
		if (*end || errno || number == 0 || number > UINT32_MAX)
			return -EINVAL;
	}
	*ret_scope = (uint32_t)number;
	return 0;
}

int netaddr_parse(const char *text, uint16_t port, struct netaddr *ret_addr)
{
	struct netaddr a = { .port = port };
	char copy[INET6_ADDRSTRLEN];
	const char *zone = strchr(text, '%');
	size_t len = zone ? (size_t)(zone - text) : strlen(text);
	int err;

	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';

	if (!zone && inet_pton(AF_INET, copy, a.addr) == 1) {
		a.family = AF_INET;
	} else if (inet_pton(AF_INET6, copy, a.addr) == 1) {
		a.family = AF_INET6;
	} else {
		return -EINVAL;
	}
	if (zone) {
		if (!netaddr_is_link_local(&a))
			return -EINVAL;
		err = zone_parse(zone + 1, &a.scope);
		if (err)
			return err;
	}
	*ret_addr = a;
	return 0;
}

int netaddr_parse_prefix(const char *text, struct netaddr *ret_net, unsigned *ret_prefix)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char copy[NETADDR_STRLEN];
	struct netaddr net;
	unsigned prefix = 0;
	int err;

	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	err = netaddr_parse(copy, 0, &net);
	if (err)
		return err;

	if (slash) {
		const char *p = slash + 1;

		if (!*p || strlen(p) > 3)
			return -EINVAL;
		for (; *p; p++) {
			if (*p < '0' || *p > '9')
				return -EINVAL;
			prefix = prefix * 10 + (unsigned)(*p - '0');
		}
		if (prefix > 8 * netaddr_len(&net))
			return -EINVAL;
	} else {
		prefix = 8 * (unsigned)netaddr_len(&net);
	}
	*ret_net = net;
	*ret_prefix = prefix;
	return 0;
}

const char *netaddr_str(const struct netaddr *a, char *buf)
{
	char name[IF_NAMESIZE];

	if (!netaddr_is_set(a) || !inet_ntop(a->family, a->addr, buf, NETADDR_STRLEN)) {
		strcpy(buf, "none");
		return buf;
	}
	if (a->scope) {
		size_t len = strlen(buf);

		if (if_indextoname(a->scope, name))
			snprintf(buf + len, NETADDR_STRLEN - len, "%%%s", name);
		else
			snprintf(buf + len, NETADDR_STRLEN - len, "%%%u", a->scope);
	}
	return buf;
}

const char *netaddr_str_port(const struct netaddr *a, char *buf)
{
	char plain[NETADDR_STRLEN];

	netaddr_str(a, plain);
	if (a->family == AF_INET6)
		snprintf(buf, NETADDR_STRLEN, "[%.70s]:%u", plain, a->port);
	else if (a->family == AF_INET)
		snprintf(buf, NETADDR_STRLEN, "%.15s:%u", plain, a->port);
	else
		strcpy(buf, plain);
	return buf;
}

socklen_t netaddr_to_sockaddr(const struct netaddr *a, struct sockaddr_storage *ret_ss)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret_ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret_ss;

	memset(ret_ss, 0, sizeof(*ret_ss));
	switch (a->family) {
	case AF_INET:
		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		memcpy(&in->sin_addr, a->addr, 4);
		return sizeof(*in);
	case AF_INET6:
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(a->port);
		in6->sin6_scope_id = a->scope;
		memcpy(&in6->sin6_addr, a->addr, 16);
		return sizeof(*in6);
	default:
		return 0;
	}
}

int netaddr_from_sockaddr(const struct sockaddr *sa, socklen_t len, struct netaddr *ret_addr)
{
	struct netaddr a = NETADDR_NONE;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	/* Copies: a sockaddr inside a receive buffer is aligned to nothing. */
	if (len >= sizeof(in) && sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		a = netaddr_from_bytes(BYTES(&in.sin_addr, 4), ntohs(in.sin_port));
	} else if (len >= sizeof(in6) && sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		a = netaddr_from_bytes(BYTES(&in6.sin6_addr, 16), ntohs(in6.sin6_port));
		if (netaddr_is_link_local(&a))
			a.scope = in6.sin6_scope_id;
	} else {
		return -EAFNOSUPPORT;
	}
	*ret_addr = a;
	return 0;
}
