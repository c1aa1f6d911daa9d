/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/pool_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ikev2/codec/payload.h"

/* A pool while its section is read. */
struct pool_target {
	struct pool_conf *pool;
	struct writer attrs;
};

/* -------- the range -------- */

static struct netaddr step(struct netaddr a, int by)
{
	for (size_t i = netaddr_len(&a); i-- > 0;) {
		a.addr[i] = (uint8_t)(a.addr[i] + by);
		if (a.addr[i] != (by > 0 ? 0x00 : 0xff))
			break;
	}
	return a;
}

/*
 * A network's own address and its broadcast address are nobody's; with IPv6 the lowest one is every
 * router's (RFC 4291 2.6.1). Networks of two addresses have neither (RFC 3021, RFC 6164).
 */
static void take_prefix(struct pool_conf *pool, const struct netaddr *net, unsigned prefix)
{
	unsigned host_bits = (unsigned)netaddr_len(net) * 8 - prefix;

	pool->first = netaddr_net_first(net, prefix);
	pool->last = netaddr_net_last(net, prefix);
	pool->prefix = (uint8_t)prefix;
	if (host_bits < 2)
		return;
	pool->first = step(pool->first, 1);
	if (net->family == AF_INET)
		pool->last = step(pool->last, -1);
}

static bool take_range(struct pool_conf *pool, const char *text)
{
	char copy[2 * NETADDR_STRLEN], *dash;
	struct netaddr first, last;

	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	dash = strchr(copy, '-');
	if (!dash)
		return false;
	*dash = '\0';
	if (netaddr_parse(copy, 0, &first) < 0 || netaddr_parse(dash + 1, 0, &last) < 0 ||
	    first.family != last.family || first.scope || last.scope ||
	    netaddr_compare(&first, &last) > 0)
		return false;
	pool->first = first;
	pool->last = last;
	pool->prefix = (uint8_t)(netaddr_len(&first) * 8);
	return true;
}

static int take_addrs(const struct conf_option *o, const struct conf_node *node, void *target,
		      struct conf_report *report)
{
	struct pool_target *t = target;
	struct netaddr net;
	unsigned prefix;

	if (node->type == CONF_VALUE && !conf_is_binary(node)) {
		if (netaddr_parse_prefix(node->value, &net, &prefix) == 0 && !net.scope) {
			take_prefix(t->pool, &net, prefix);
			return 0;
		}
		if (take_range(t->pool, node->value))
			return 0;
	}
	conf_report_bad(report, node, "one prefix, such as 10.3.0.0/24, or a range first-last");
	return -EINVAL;
}

/* -------- attributes -------- */

/* swanctl.conf's words, and the attributes that they stand for; 0: there is none. */
static const struct attr_name {
	const char *name;
	uint16_t ip4, ip6;
	bool net; /* an address with a mask */
} attr_names[] = {
	{ "dns", IKE_CFG_ATTR_INTERNAL_IP4_DNS, IKE_CFG_ATTR_INTERNAL_IP6_DNS, false },
	{ "nbns", IKE_CFG_ATTR_INTERNAL_IP4_NBNS, 0, false },
	{ "dhcp", IKE_CFG_ATTR_INTERNAL_IP4_DHCP, IKE_CFG_ATTR_INTERNAL_IP6_DHCP, false },
	{ "netmask", IKE_CFG_ATTR_INTERNAL_IP4_NETMASK, 0, false },
	{ "server", IKE_CFG_ATTR_INTERNAL_IP4_SERVER, IKE_CFG_ATTR_INTERNAL_IP6_SERVER, false },
	{ "subnet", IKE_CFG_ATTR_INTERNAL_IP4_SUBNET, IKE_CFG_ATTR_INTERNAL_IP6_SUBNET, true },
	{ "split_include", IKE_CFG_ATTR_UNITY_SPLIT_INCLUDE, 0, true },
	{ "split_exclude", IKE_CFG_ATTR_UNITY_LOCAL_LAN, 0, true },
};

struct attr_ctx {
	struct pool_target *target;
	struct conf_report *report;
	const struct attr_name *name; /* NULL: by number */
	uint16_t type;
};

/* An address, with IPv4 also a mask, with IPv6 the prefix length (3.15.1). */
static size_t net_value(const struct netaddr *net, unsigned prefix, bool unity,
			uint8_t ret_value[17])
{
	size_t len = netaddr_len(net);
	uint32_t mask = prefix ? 0xffffffffu << (32 - prefix) : 0;
	struct netaddr first = netaddr_net_first(net, prefix);

	memcpy(ret_value, first.addr, len);
	if (net->family == AF_INET6) {
		ret_value[len] = (uint8_t)prefix;
		return len + 1;
	}
	for (size_t i = 0; i < 4; i++)
		ret_value[len + i] = (uint8_t)(mask >> (24 - 8 * i));
	/* Unity's lists have room for a protocol and ports behind each network. */
	memset(ret_value + 8, 0, 6);
	return unity ? 14 : 8;
}

static int attr_bad(const struct attr_ctx *ctx, const struct conf_node *node)
{
	conf_report_bad(ctx->report, node, "a list of %s%s",
			ctx->name->ip6 ? "IPv4 and IPv6 " : "IPv4 ",
			ctx->name->net ? "prefixes" : "addresses");
	return -EINVAL;
}

static int add_named(const char *item, const struct conf_node *node, void *data)
{
	const struct attr_ctx *ctx = data;
	struct netaddr addr;
	unsigned prefix;
	uint8_t value[17];
	uint16_t type;
	size_t len;

	if (netaddr_parse_prefix(item, &addr, &prefix) < 0 || addr.scope ||
	    (!ctx->name->net && strchr(item, '/')))
		return attr_bad(ctx, node);
	type = addr.family == AF_INET ? ctx->name->ip4 : ctx->name->ip6;
	if (!type)
		return attr_bad(ctx, node);
	if (ctx->name->net) {
		len = net_value(&addr, prefix, type >= IKE_CFG_ATTR_UNITY_SPLIT_INCLUDE, value);
	} else {
		len = netaddr_len(&addr);
		memcpy(value, addr.addr, len);
	}
	ike_cfg_write_attr(&ctx->target->attrs, type, BYTES(value, len));
	return 0;
}

/* By number the value is an address, a prefix, 0x and hexadecimal digits, or the text itself. */
static int add_numbered(const char *item, const struct conf_node *node, void *data)
{
	const struct attr_ctx *ctx = data;
	struct conf_secret bytes;
	struct netaddr addr;
	unsigned prefix;
	uint8_t value[17];
	int err;

	if (netaddr_parse(item, 0, &addr) == 0) {
		ike_cfg_write_attr(&ctx->target->attrs, ctx->type, netaddr_bytes(&addr));
		return 0;
	}
	if (netaddr_parse_prefix(item, &addr, &prefix) == 0) {
		size_t len = net_value(&addr, prefix, false, value);

		ike_cfg_write_attr(&ctx->target->attrs, ctx->type, BYTES(value, len));
		return 0;
	}
	err = conf_parse_secret(bytes_str(item), &bytes);
	if (err == -EINVAL)
		conf_report_bad(ctx->report, node,
				"addresses, prefixes, 0x and hexadecimal digits, or text");
	if (err < 0)
		return err;
	ike_cfg_write_attr(&ctx->target->attrs, ctx->type, BYTES(bytes.data, bytes.len));
	conf_secret_clear(&bytes);
	return 0;
}

static int attrs_full(const struct pool_target *t, const struct conf_node *node,
		      struct conf_report *report)
{
	if (t->attrs.err == -EMSGSIZE) {
		conf_report_bad(report, node, "no more than %d octets of attributes",
				POOL_ATTRS_MAX);
		return -EINVAL;
	}
	return t->attrs.err;
}

static int take_attr(const struct conf_option *o, const struct conf_node *node, void *target,
		     struct conf_report *report)
{
	struct attr_ctx ctx = { target, report, NULL, 0 };
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(attr_names); i++)
		if (strcmp(attr_names[i].name, o->name) == 0)
			ctx.name = &attr_names[i];
	err = conf_for_each_string(node, report, add_named, &ctx);
	return err ? err : attrs_full(target, node, report);
}

static int take_number(const struct conf_option *o, const struct conf_node *node, void *target,
		       struct conf_report *report)
{
	struct attr_ctx ctx = { target, report, NULL, 0 };
	char path[CONF_PATH_LEN];
	uint64_t type;
	int err;

	if (conf_parse_uint(node->name, &type) < 0 || type == 0 || type > 0x7fff) {
		conf_report_add(report, &node->origin,
				"%s: found an option that pools don't have, expected addrs, dns, "
				"nbns, dhcp, netmask, server, subnet, split_include, "
				"split_exclude, lease<suffix> { } or the number of an attribute",
				conf_path(node, path, sizeof(path)));
		return -EINVAL;
	}
	if (type == IKE_CFG_ATTR_INTERNAL_IP4_ADDRESS || type == IKE_CFG_ATTR_INTERNAL_IP6_ADDRESS) {
		conf_report_bad(report, node, "another attribute: addrs says what is lent");
		return -EINVAL;
	}
	ctx.type = (uint16_t)type;
	err = conf_for_each_string(node, report, add_numbered, &ctx);
	return err ? err : attrs_full(target, node, report);
}

/* -------- static leases -------- */

struct static_target {
	struct netaddr addr;
	struct identity id;
};

static int take_static_id(const struct conf_option *o, const struct conf_node *node, void *target,
			  struct conf_report *report)
{
	const char *expected = "an identity";
	struct static_target *s = target;

	if (node->type == CONF_VALUE && !conf_is_binary(node) &&
	    identity_parse(node->value, &s->id, &expected) == 0 && !identity_is_any(&s->id))
		return 0;
	conf_report_bad(report, node, "%s", expected);
	return -EINVAL;
}

static const struct conf_option static_options[] = {
	{ "id", CONF_OPT_CUSTOM, .unit = "an identity", .take = take_static_id,
	  .doc = "The identity of the client. Must be set." },
	{ "addr", CONF_OPT_ADDRESS, offsetof(struct static_target, addr),
	  .doc = "The address that is kept for it, of the pool's family. Must be set." },
	{ 0 },
};

static int take_static(const struct conf_option *o, const struct conf_node *node, void *target,
		       struct conf_report *report)
{
	struct pool_target *t = target;
	struct pool_conf *pool = t->pool;
	struct static_target one = { NETADDR_NONE, IDENTITY_ANY };
	uint8_t buf[IDENTITY_CANONICAL_MAX];
	struct pool_static *statics, *s;
	struct bytes owner;
	int err;

	err = conf_options_apply(static_options, node, &one, report);
	if (err)
		return err;
	if (identity_is_any(&one.id) || !netaddr_is_set(&one.addr) ||
	    pool->n_statics == POOL_STATICS_MAX) {
		char path[CONF_PATH_LEN];

		conf_report_add(report, &node->origin, "%s: %s",
				conf_path(node, path, sizeof(path)),
				pool->n_statics == POOL_STATICS_MAX
					? "too many static leases"
					: "expected id and addr, both set");
		return -EINVAL;
	}
	/* The array's capacity is the power of two at or above n. */
	if (!(pool->n_statics & (pool->n_statics - 1))) {
		statics = reallocarray(pool->statics, pool->n_statics ? pool->n_statics * 2 : 1,
				       sizeof(*statics));
		if (!statics)
			return -ENOMEM;
		pool->statics = statics;
	}
	s = &pool->statics[pool->n_statics];
	owner = identity_canonical(&one.id, buf);
	err = bytes_dup(owner, (uint8_t **)&s->owner.data);
	if (err)
		return err;
	s->owner.len = owner.len;
	s->addr = one.addr;
	pool->n_statics++;
	return 0;
}

static int by_addr(const void *a, const void *b)
{
	const struct pool_static *x = a, *y = b;

	return netaddr_compare(&x->addr, &y->addr);
}

static int by_owner(const void *a, const void *b)
{
	const struct pool_static *const *x = a, *const *y = b;

	return bytes_compare((*x)->owner, (*y)->owner);
}

static int index_statics(struct pool_conf *pool)
{
	if (!pool->n_statics)
		return 0;
	qsort(pool->statics, pool->n_statics, sizeof(*pool->statics), by_addr);
	pool->by_owner = calloc(pool->n_statics, sizeof(*pool->by_owner));
	if (!pool->by_owner)
		return -ENOMEM;
	for (size_t i = 0; i < pool->n_statics; i++)
		pool->by_owner[i] = &pool->statics[i];
	qsort(pool->by_owner, pool->n_statics, sizeof(*pool->by_owner), by_owner);
	return 0;
}

static int check_statics(struct pool_conf *pool, const struct conf_node *section,
			 struct conf_report *report)
{
	char path[CONF_PATH_LEN], addr[NETADDR_STRLEN];

	for (size_t i = 0; i < pool->n_statics; i++) {
		const struct netaddr *a = &pool->statics[i].addr;
		bool twice = i && netaddr_same_addr(a, &pool->statics[i - 1].addr);

		if (a->family == pool->first.family && !twice)
			continue;
		conf_report_add(report, &section->origin, "%s: static lease of %s: %s",
				conf_path(section, path, sizeof(path)), netaddr_str(a, addr),
				twice ? "it is another's already"
				      : "expected an address of the pool's family");
		return -EINVAL;
	}
	return 0;
}

const struct pool_static *pool_conf_static(const struct pool_conf *pool, const struct netaddr *addr)
{
	const struct pool_static key = { .addr = *addr };

	return pool->n_statics ? bsearch(&key, pool->statics, pool->n_statics,
					 sizeof(*pool->statics), by_addr)
			       : NULL;
}

void pool_conf_statics_of(const struct pool_conf *pool, const struct identity *id,
			  size_t *ret_first, size_t *ret_n)
{
	size_t low = 0, high = pool->n_statics, n = 0;
	uint8_t buf[IDENTITY_CANONICAL_MAX];
	struct bytes owner = identity_canonical(id, buf);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (bytes_compare(pool->by_owner[middle]->owner, owner) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + n < pool->n_statics && bytes_equal(pool->by_owner[low + n]->owner, owner))
		n++;
	*ret_first = low;
	*ret_n = n;
}

/* -------- the table -------- */

#define ATTR(word, of, text)                                                                   \
	{ word, CONF_OPT_CUSTOM, .take = take_attr, .unit = of, .doc = text }

const struct conf_option pool_options[] = {
	{ "addrs", CONF_OPT_CUSTOM, .take = take_addrs, .unit = "a prefix or a range",
	  .doc = "Addresses to lend, such as 10.3.0.0/24, 10.3.0.10-10.3.0.99 or 2001:db8:3::/64. "
		 "Must be set." },
	ATTR("dns", "a list of addresses", "DNS servers."),
	ATTR("nbns", "a list of addresses", "NetBIOS name servers (WINS)."),
	ATTR("dhcp", "a list of addresses", "DHCP servers."),
	ATTR("netmask", "an address", "Netmask of the internal network."),
	ATTR("server", "a list of addresses", "Servers; a private attribute."),
	ATTR("subnet", "a list of prefixes", "Networks that are reached through us."),
	ATTR("split_include", "a list of prefixes", "Cisco Unity: networks to tunnel."),
	ATTR("split_exclude", "a list of prefixes", "Cisco Unity: networks not to tunnel."),
	{ "address", CONF_OPT_REFUSED, .doc = "a client gets what it asks for; use addrs" },
	{ "lease*", CONF_OPT_SECTIONS, .options = static_options, .take = take_static,
	  .doc = "A static lease: this address is for that identity and for nobody else. It may "
		 "lie outside of addrs." },
	{ "*", CONF_OPT_CUSTOM, .take = take_number, .unit = "a list of values",
	  .doc = "Any attribute by its number: addresses, prefixes, 0x and hexadecimal digits, "
		 "or text." },
	{ 0 },
};

/* -------- life -------- */

struct pool_conf *pool_conf_ref(const struct pool_conf *conf)
{
	struct pool_conf *pool = (struct pool_conf *)conf;

	if (pool)
		__atomic_add_fetch(&pool->refs, 1, __ATOMIC_RELAXED);
	return pool;
}

struct pool_conf *pool_conf_unref(const struct pool_conf *conf)
{
	struct pool_conf *pool = (struct pool_conf *)conf;

	if (!pool || __atomic_sub_fetch(&pool->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return NULL;
	conf_free(pool->source);
	free((void *)pool->attrs.data);
	for (size_t i = 0; i < pool->n_statics; i++)
		free((void *)pool->statics[i].owner.data);
	free(pool->by_owner);
	free(pool->statics);
	free(pool->name);
	free(pool);
	return NULL;
}

static int fill(struct pool_conf *pool, const struct conf_node *section, struct conf_report *report)
{
	struct pool_target t = { .pool = pool };
	char path[CONF_PATH_LEN];
	int err;

	writer_init_heap(&t.attrs, POOL_ATTRS_MAX);
	err = conf_options_apply(pool_options, section, &t, report);
	if (!err && !netaddr_is_set(&pool->first)) {
		conf_report_add(report, &section->origin, "%s: found no addrs, expected them",
				conf_path(section, path, sizeof(path)));
		err = -EINVAL;
	}
	if (!err)
		err = index_statics(pool);
	if (!err)
		err = check_statics(pool, section, report);
	if (err) {
		writer_fini(&t.attrs);
		return err;
	}
	return writer_steal(&t.attrs, (uint8_t **)&pool->attrs.data, &pool->attrs.len);
}

int pool_conf_new(const struct conf_node *section, struct conf_report *report,
		  struct pool_conf **ret_pool)
{
	struct pool_conf *pool = calloc(1, sizeof(*pool));
	int err;

	if (!pool)
		return -ENOMEM;
	pool->refs = 1;
	pool->name = strdup(section->name);
	err = pool->name ? conf_copy(section, &pool->source) : -ENOMEM;
	if (!err)
		err = fill(pool, section, report);
	if (err)
		pool_conf_unref(pool);
	else
		*ret_pool = pool;
	return err;
}
