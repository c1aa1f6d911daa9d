/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Network addresses. struct netaddr is a small value, copied freely: an address with a port, or
 * one of the wildcards. struct netaddr_list is an immutable list that several threads share and
 * count, for what configuration hands to every worker.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include "pdk/base/bytes.h"

struct netaddr {
	uint16_t family;  /* AF_INET, AF_INET6; AF_UNSPEC: no address */
	uint16_t port;    /* host order, 0: none */
	uint32_t scope;   /* interface index of a link-local IPv6 address, else 0 */
	uint8_t addr[16]; /* network order; IPv4 in the first 4, the rest zero */
};

#define NETADDR_NONE   ((struct netaddr){ .family = AF_UNSPEC })
#define NETADDR_STRLEN 80 /* "[v6]:port%scope" and a NUL */

/* Bytes of an address of the family: 4, 16, or 0. */
size_t netaddr_family_len(int family);

static inline size_t netaddr_len(const struct netaddr *a)
{
	return netaddr_family_len(a->family);
}

static inline struct bytes netaddr_bytes(const struct netaddr *a)
{
	return BYTES(a->addr, netaddr_len(a));
}

/* An address from 4 or 16 network-order bytes; AF_UNSPEC for any other length. */
struct netaddr netaddr_from_bytes(struct bytes addr, uint16_t port);
struct netaddr netaddr_any(int family, uint16_t port);
struct netaddr netaddr_with_port(struct netaddr a, uint16_t port);

/* The address alone (family, scope, bytes), or with the port as well. */
bool netaddr_same_addr(const struct netaddr *a, const struct netaddr *b);
bool netaddr_equal(const struct netaddr *a, const struct netaddr *b);
/* Total order over family, bytes, port: <0, 0, >0. */
int netaddr_compare(const struct netaddr *a, const struct netaddr *b);

bool netaddr_is_set(const struct netaddr *a);
/* 0.0.0.0 or :: */
bool netaddr_is_any(const struct netaddr *a);
bool netaddr_is_link_local(const struct netaddr *a);

/* Are the first prefix bits of both the same? False for different families. */
bool netaddr_prefix_match(const struct netaddr *a, const struct netaddr *net, unsigned prefix);
/* First and last address of net/prefix. */
struct netaddr netaddr_net_first(const struct netaddr *net, unsigned prefix);
struct netaddr netaddr_net_last(const struct netaddr *net, unsigned prefix);

/* Numeric text: "192.0.2.1", "2001:db8::1", "fe80::1%eth0". No name look-up. -EINVAL. */
int netaddr_parse(const char *text, uint16_t port, struct netaddr *ret_addr);
/* "addr/len"; a bare address has its full length. Host bits are kept. -EINVAL. */
int netaddr_parse_prefix(const char *text, struct netaddr *ret_net, unsigned *ret_prefix);
/* "192.0.2.1" / "2001:db8::1"; "none" for AF_UNSPEC. buf holds NETADDR_STRLEN. Returns buf. */
const char *netaddr_str(const struct netaddr *a, char *buf);
/* With the port: "192.0.2.1:500", "[2001:db8::1]:500". */
const char *netaddr_str_port(const struct netaddr *a, char *buf);

/* To the socket interface: the length, 0 for an unset address. From it: -EAFNOSUPPORT. */
socklen_t netaddr_to_sockaddr(const struct netaddr *a, struct sockaddr_storage *ret_ss);
int netaddr_from_sockaddr(const struct sockaddr *sa, socklen_t len, struct netaddr *ret_addr);

/* -------- shared lists -------- */

struct netaddr_list; /* immutable after creation; the count is atomic: any thread */

/* A list with one reference. NULL without memory. */
struct netaddr_list *netaddr_list_new(const struct netaddr *addrs, size_t n);
struct netaddr_list *netaddr_list_ref(struct netaddr_list *l);
/* Drops a reference; takes NULL; returns NULL. */
struct netaddr_list *netaddr_list_unref(struct netaddr_list *l);
/* NULL counts as empty. */
size_t netaddr_list_len(const struct netaddr_list *l);
const struct netaddr *netaddr_list_at(const struct netaddr_list *l, size_t i);
