/* SPDX-License-Identifier: MIT */
/*
 * A request goes from provider to provider until all its addresses are given. A request for
 * attributes alone goes to each provider that has one of the connection's pools.
 */
#include "ikev2/cfg/cfg.h"

#include <errno.h>
#include <stdlib.h>

struct cfg {
	struct mailbox *mailbox;
	struct list providers;
	bool ended;
};

/* -------- dispatcher -------- */

struct cfg *cfg_new(struct mailbox *mailbox)
{
	struct cfg *cfg = calloc(1, sizeof(*cfg));

	if (!cfg)
		return NULL;
	cfg->mailbox = mailbox;
	list_init(&cfg->providers);
	return cfg;
}

void cfg_end(struct cfg *cfg)
{
	struct cfg_provider *p, *next;

	if (!cfg)
		return;
	cfg->ended = true;
	list_for_each_safe(p, next, &cfg->providers, link) {
		list_remove(&p->link);
		p->ops->free(p);
	}
}

struct cfg *cfg_free(struct cfg *cfg)
{
	cfg_end(cfg);
	free(cfg);
	return NULL;
}

void cfg_add_provider_take(struct cfg *cfg, struct cfg_provider *provider)
{
	list_append(&cfg->providers, &provider->link);
}

static void deliver_done(struct mail *mail)
{
	struct cfg_request *req = container_of(mail, struct cfg_request, mail);

	req->done(req, req->data);
}

static void complete(struct cfg_request *req)
{
	/* What isn't whole isn't told: an attribute too many takes all of them with it. */
	if (req->attrs.err) {
		writer_fini(&req->attrs);
		writer_init_heap(&req->attrs, CFG_ATTRS_MAX);
	}
	if (req->reply_to)
		mailbox_post(req->reply_to, &req->mail, deliver_done);
	else
		req->done(req, req->data);
}

static bool has_any_pool(struct cfg_provider *p, const struct connection *conn)
{
	for (size_t i = 0; i < conn->pools.n; i++)
		if (p->ops->has(p, conn->pools.v[i]))
			return true;
	return false;
}

/* Has the provider lent one of the addresses? */
static bool has_lent(const struct cfg_provider *p, const struct cfg_request *req)
{
	for (size_t i = 0; i < req->n_addrs; i++)
		if (req->addrs[i].provider == p && netaddr_is_set(&req->addrs[i].addr))
			return true;
	return false;
}

static bool concerns(struct cfg_provider *p, const struct cfg_request *req)
{
	if (req->type != CFG_ACQUIRE)
		return has_lent(p, req);
	return (!req->n_addrs || cfg_request_lacks_address(req)) && has_any_pool(p, req->conn);
}

/* On to the provider behind the last one, or to the end. */
static void go_on(struct cfg_request *req, struct list *last)
{
	struct cfg *cfg = req->cfg;

	for (struct list *l = last->next; l != &cfg->providers && !req->err; l = l->next) {
		struct cfg_provider *p = list_entry(l, struct cfg_provider, link);

		if (!concerns(p, req))
			continue;
		req->at = p;
		if (req->type == CFG_ACQUIRE)
			p->ops->acquire(p, req);
		else
			p->ops->renew(p, req);
		return;
	}
	complete(req);
}

void cfg_provider_done(struct cfg_request *req)
{
	if (req->cfg->ended)
		complete(req);
	else
		go_on(req, &req->at->link);
}

void cfg_submit(struct cfg *cfg, struct cfg_request *req)
{
	struct cfg_provider *p;

	req->cfg = cfg;
	if (!cfg->ended && req->type != CFG_RELEASE) {
		req->err = 0;
		go_on(req, &cfg->providers);
		return;
	}
	list_for_each(p, &cfg->providers, link)
		if (has_lent(p, req))
			p->ops->release(p, req);
	cfg_request_free(req);
}

static void deliver(struct mail *mail)
{
	struct cfg_request *req = container_of(mail, struct cfg_request, mail);

	cfg_submit(req->cfg, req);
}

void cfg_post(struct cfg *cfg, struct cfg_request *req)
{
	req->cfg = cfg;
	mailbox_post(cfg->mailbox, &req->mail, deliver);
}
