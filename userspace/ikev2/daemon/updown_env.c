/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/updown_env.h"

#include <errno.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ikev2/sa/info.h"

_printf_(2, 3) static void add(struct updown_env *env, const char *fmt, ...)
{
	va_list ap;

	if (env->n == UPDOWN_ENV_MAX)
		return;
	va_start(ap, fmt);
	if (vasprintf(&env->v[env->n], fmt, ap) < 0)
		env->v[env->n] = NULL;
	va_end(ap);
	env->n++;
}

static bool is_host(const struct ts *ts, const struct netaddr *host)
{
	return netaddr_same_addr(&ts->first, &ts->last) && netaddr_same_addr(&ts->first, host);
}

/* "10.0.0.0/24", or "first-last" for what is no network. */
static const char *network_str(const struct ts *ts, char *buf, size_t size)
{
	unsigned bits = (unsigned)netaddr_len(&ts->first) * 8;
	char first[NETADDR_STRLEN], last[NETADDR_STRLEN];

	netaddr_str(&ts->first, first);
	for (unsigned prefix = 0; prefix <= bits; prefix++) {
		struct netaddr a = netaddr_net_first(&ts->first, prefix);
		struct netaddr b = netaddr_net_last(&ts->first, prefix);

		if (!netaddr_same_addr(&a, &ts->first) || !netaddr_same_addr(&b, &ts->last))
			continue;
		snprintf(buf, size, "%s/%u", first, prefix);
		return buf;
	}
	snprintf(buf, size, "%s-%s", first, netaddr_str(&ts->last, last));
	return buf;
}

/* The interface that has the address; "" when it is gone. */
static void interface_of(const struct netaddr *addr, char *buf, size_t size)
{
	struct ifaddrs *all, *i;
	struct netaddr own;

	buf[0] = '\0';
	if (getifaddrs(&all) < 0)
		return;
	for (i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr ||
		    netaddr_from_sockaddr(i->ifa_addr, sizeof(struct sockaddr_storage), &own) < 0 ||
		    !netaddr_same_addr(&own, addr))
			continue;
		snprintf(buf, size, "%s", i->ifa_name);
		break;
	}
	freeifaddrs(all);
}

static void add_side(struct updown_env *env, const char *me, const char *my,
		     const struct netaddr *host, const char *id, const struct ts *ts)
{
	struct netaddr plain = netaddr_with_port(*host, 0);
	char buf[2 * NETADDR_STRLEN + 8];

	add(env, "PLUTO_%s=%s", me, netaddr_str(&plain, buf));
	add(env, "PLUTO_%s_ID=%s", my, id ? id : "");
	add(env, "PLUTO_%s_CLIENT=%s", my, network_str(ts, buf, sizeof(buf)));
	add(env, "PLUTO_%s_PORT=%u", my,
	    ts->port_first == 0 && ts->port_last == UINT16_MAX ? 0 : ts->port_first);
	add(env, "PLUTO_%s_PROTOCOL=%u", my, ts->protocol);
}

static void add_mark(struct updown_env *env, const char *name, const struct info_mark *mark)
{
	if (mark->mask)
		add(env, "%s=%" PRIu32 "/0x%08" PRIx32, name, mark->value, mark->mask);
}

int updown_env_init(struct updown_env *env, const struct ike_sa_info *ike,
		    const struct child_sa_info *child, size_t pair, bool up)
{
	const struct ts *my = &child->ts[pair / child->n_remote_ts];
	const struct ts *peers = &child->ts[child->n_local_ts + pair % child->n_remote_ts];
	char interface[32];

	memset(env, 0, sizeof(*env));
	interface_of(&ike->local, interface, sizeof(interface));
	add(env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	add(env, "PLUTO_VERSION=1.1");
	add(env, "PLUTO_VERB=%s%s%s", up ? "up" : "down",
	    is_host(my, &ike->local) ? "-host" : "-client",
	    ike->local.family == AF_INET6 ? "-v6" : "");
	add(env, "PLUTO_CONNECTION=%s", child->name);
	add(env, "PLUTO_IKE_CONNECTION=%s", ike->name);
	add(env, "PLUTO_INTERFACE=%s", interface);
	add(env, "PLUTO_REQID=%" PRIu32, child->reqid);
	add(env, "PLUTO_PROTO=esp");
	add(env, "PLUTO_UNIQUEID=%" PRIu32, ike->uniqueid);
	add_side(env, "ME", "MY", &ike->local, ike->local_id, my);
	add_side(env, "PEER", "PEER", &ike->remote, ike->remote_id, peers);
	add_mark(env, "PLUTO_MARK_IN", &child->mark_in);
	add_mark(env, "PLUTO_MARK_OUT", &child->mark_out);
	if (child->if_id_in)
		add(env, "PLUTO_IF_ID_IN=%" PRIu32, child->if_id_in);
	if (child->if_id_out)
		add(env, "PLUTO_IF_ID_OUT=%" PRIu32, child->if_id_out);
	if (child->udp_encap)
		add(env, "PLUTO_UDP_ENC=%u", ike->remote.port);
	for (size_t i = 0; i < env->n; i++)
		if (!env->v[i]) {
			updown_env_fini(env);
			return -ENOMEM;
		}
	return 0;
}

void updown_env_fini(struct updown_env *env)
{
	for (size_t i = 0; i < env->n; i++)
		free(env->v[i]);
	env->n = 0;
}
