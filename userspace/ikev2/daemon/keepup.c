/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/keepup.h"

#include <errno.h>
#include <stdlib.h>

#include "pdk/log/log.h"
#include "pdk/loop/loop.h"
#include "pdk/loop/timer.h"
#include "ikev2/daemon/letters.h"
#include "ikev2/daemon/posternd.h"
#include "ikev2/daemon/shard.h"
#include "ikev2/daemon/traps.h"
#include "ikev2/fsm/revive.h"

LOG_USE(daemon);

struct keepup {
	struct revive *revive;
	struct loop_timer timer;
};

static void rearm(struct posternd *d)
{
	timer_arm(&d->keepup->timer, revive_deadline(d->keepup->revive));
}

static bool start(const struct connection *conn, const struct child_conf *child, void *data)
{
	struct posternd *d = data;
	struct netaddr local, remote;
	const char *why;

	if (!connection_endpoints(d, conn, &local, &remote, &why)) {
		log_warning(daemon, "cannot start %s.%s: %s", conn->name, child->name, why);
		return false;
	}
	return shard_initiate(d, posternd_initiator(d, conn->name), conn, child, &local, &remote,
			      NULL, 0) == 0;
}

static void trap(const struct connection *conn, const struct child_conf *child, void *data)
{
	trap_install(data, conn, child, NULL);
}

static const struct revive_ops ops = { start, trap };

static void due(struct loop_timer *timer, void *data)
{
	struct posternd *d = data;

	revive_time(d->keepup->revive, loop_now(d->loop));
	rearm(d);
}

void keepup_deliver_fate(struct mail *mail)
{
	struct ike_action *action = container_of(mail, struct ike_action, mail);
	struct posternd *d = action->shell;

	if (d->keepup && !d->stopping) {
		revive_fate(d->keepup->revive, loop_now(d->loop), action->fate.conn,
			    action->fate.child, action->fate.fate);
		rearm(d);
	}
	ike_action_free(action);
}

static bool can_be_called(const struct connection *conn)
{
	struct netaddr addr;

	return connection_remote(conn, AF_UNSPEC, &addr);
}

void keepup_follow_config(struct posternd *d, const struct ike_config *old)
{
	revive_config(d->keepup->revive, d->config);
	for (size_t i = 0; i < d->config->n_connections; i++) {
		const struct connection *conn = d->config->connections[i];

		for (size_t j = 0; j < conn->n_children && !config_has(old, conn); j++) {
			const struct child_conf *child = &conn->children[j];

			if (child->start_action != CHILD_ACTION_START)
				continue;
			/* No time will bring a way there. */
			if (!can_be_called(conn))
				log_error(daemon,
					  "cannot start %s.%s: remote_addrs names no single "
					  "address to call",
					  conn->name, child->name);
			else
				revive_start(d->keepup->revive, loop_now(d->loop), conn, child);
		}
	}
	rearm(d);
}

void keepup_begun(struct posternd *d, const struct connection *conn, const struct child_conf *child)
{
	revive_begun(d->keepup->revive, conn, child);
	rearm(d);
}

unsigned keepup_cancel(struct posternd *d, const char *conn, const char *child)
{
	unsigned n = revive_cancel(d->keepup->revive, conn, child);

	rearm(d);
	return n;
}

int keepup_init(struct posternd *d)
{
	d->keepup = calloc(1, sizeof(*d->keepup));
	if (!d->keepup)
		return -ENOMEM;
	timer_init(&d->keepup->timer, d->loop, due, d);
	d->keepup->revive = revive_new(&ops, d);
	return d->keepup->revive ? 0 : -ENOMEM;
}

void keepup_fini(struct posternd *d)
{
	if (!d->keepup)
		return;
	timer_disarm(&d->keepup->timer);
	revive_free(d->keepup->revive);
	free(d->keepup);
	d->keepup = NULL;
}
