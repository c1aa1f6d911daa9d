/* SPDX-License-Identifier: MIT */
/*
 * list-sas: page by page through the shards, one after the other; then the kernel is asked what each
 * SA has carried, and the page goes to the client. A cursor is the shard's index in the upper half
 * and the unique number to go on with in the lower.
 */
#include <stdlib.h>

#include "ikev2/daemon/control.h"
#include "ikev2/daemon/control_private.h"
#include "ikev2/daemon/letters.h"
#include "ikev2/daemon/posternd.h"
#include "ikev2/daemon/shard.h"
#include "ikev2/sa/describe.h"
#include "ikev2/sa/ike_sa.h"

#define PAGE_SAS 32
/* So many are looked at for one page, whether they match or not: IKE waits meanwhile. */
#define PAGE_LOOKS 128

struct listing {
	struct posternd *daemon;
	struct vici_request *req;
	unsigned worker;
	struct vici_sa_page *page;
};

struct vici_sa_page *control_make_page(struct ike_core *core, const struct vici_sa_filter *filter,
				       uint32_t first)
{
	struct vici_sa_page *page = vici_sa_page_new(PAGE_SAS);
	unsigned looks = 0;
	struct ike_sa *sa;

	if (!page)
		return NULL;
	page->n = 0;
	ike_sa_for_each(sa, core) {
		struct ike_sa_info *info;

		if (sa->unique_id < first)
			continue;
		if (page->n == PAGE_SAS || looks++ == PAGE_LOOKS) {
			page->next = sa->unique_id;
			break;
		}
		info = ike_sa_describe(sa, NULL);
		if (info && vici_sa_filter_match(filter, info, NULL))
			page->sas[page->n++] = info;
		else
			ike_sa_info_free(info);
	}
	return page;
}

static void listing_done(struct listing *listing)
{
	vici_request_sas(listing->req, listing->page);
	free(listing);
}

/* -------- what the SAs have carried -------- */

static void take_usage(struct info_traffic *traffic, const struct ipsec_op *op)
{
	if (op->err < 0)
		return;
	traffic->bytes = op->usage.bytes;
	traffic->packets = op->usage.packets;
	if (op->usage.last_used)
		traffic->since_last = DURATION_S(time(NULL) - (time_t)op->usage.last_used);
}

static void usage_done(struct ipsec_request *req, void *data)
{
	struct listing *listing = data;
	const struct ipsec_op *op = req->ops;

	for (size_t i = 0; i < listing->page->n; i++) {
		struct ike_sa_info *info = listing->page->sas[i];

		for (size_t j = 0; j < info->n_children; j++) {
			take_usage(&info->children[j].in, op++);
			take_usage(&info->children[j].out, op++);
		}
	}
	ipsec_request_free(req);
	listing_done(listing);
}

static void query(struct ipsec_op *op, enum ipsec_direction direction, uint32_t spi,
		  const struct netaddr *dst, const struct info_mark *mark)
{
	op->type = IPSEC_SA_QUERY;
	op->sa.direction = direction;
	op->sa.spi = spi;
	op->sa.dst = *dst;
	if (!mark)
		return;
	op->sa.mark = mark->value;
	op->sa.mark_mask = mark->mask;
}

static void ask_usage(struct listing *listing)
{
	const struct vici_sa_page *page = listing->page;
	struct ipsec_request *req;
	struct ipsec_op *op;
	size_t n = 0;

	for (size_t i = 0; i < page->n; i++)
		n += 2 * page->sas[i]->n_children;
	req = n ? ipsec_request_new(n) : NULL;
	if (!req) {
		listing_done(listing);
		return;
	}
	op = req->ops;
	for (size_t i = 0; i < page->n; i++) {
		const struct ike_sa_info *info = page->sas[i];

		for (size_t j = 0; j < info->n_children; j++) {
			const struct child_sa_info *c = &info->children[j];

			query(op++, IPSEC_IN, c->spi_in, &info->local,
			      c->mark_in_sa ? &c->mark_in : NULL);
			query(op++, IPSEC_OUT, c->spi_out, &info->remote, &c->mark_out);
		}
	}
	req->reply_to = listing->daemon->mailbox;
	req->done = usage_done;
	req->data = listing;
	ipsec_submit(listing->daemon->ipsec, req);
}

/* -------- pages -------- */

void control_deliver_listed(struct mail *mail)
{
	struct letter_filter *letter = container_of(mail, struct letter_filter, letter.mail);
	struct listing *listing = (struct listing *)(uintptr_t)letter->token;
	const struct posternd *d = listing->daemon;

	listing->page = steal_ptr(letter->page);
	letter_filter_free(letter);
	if (!listing->page) {
		vici_request_fail(listing->req, "out of memory");
		free(listing);
		return;
	}
	/* When the daemon ends nobody waits, and the kernel's side is closed before. */
	if (!d->vici) {
		listing_done(listing);
		return;
	}
	if (listing->page->next)
		listing->page->next |= (uint64_t)listing->worker << 32;
	else if (listing->worker + 1 < d->n_workers)
		listing->page->next = (uint64_t)(listing->worker + 1) << 32;
	ask_usage(listing);
}

void control_list_sas(void *ctx, const struct vici_sa_filter *filter, uint64_t cursor,
		      struct vici_request *req)
{
	struct posternd *d = ctx;
	unsigned worker = (unsigned)(cursor >> 32);
	struct listing *listing = calloc(1, sizeof(*listing));

	if (listing && worker < d->n_workers) {
		listing->daemon = d;
		listing->req = req;
		listing->worker = worker;
		if (shard_list(d, worker, filter, (uint32_t)cursor, (uintptr_t)listing) == 0)
			return;
	}
	free(listing);
	vici_request_fail(req, "out of memory");
}
