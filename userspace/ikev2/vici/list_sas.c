/* SPDX-License-Identifier: MIT */
#include "ikev2/vici/list_sas.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ikev2/vici/print.h"

/*
 * list-sas: pages of snapshots come from the daemon one at a time, each asked for when the one
 * before has been sent. So what a slow client costs is one page and the session's bounded queue,
 * however many SAs there are.
 */

struct list_sas {
	struct vici_listing listing;
	struct vici_sa_filter filter; /* owns its strings */
	uint64_t cursor;
	bool asked;                /* a token is out */
	bool last;                 /* page is the last one */
	struct vici_sa_page *page; /* NULL: to be asked for */
	size_t pos;
};

struct vici_sa_page *vici_sa_page_new(size_t n)
{
	struct vici_sa_page *page = calloc(1, sizeof(*page) + n * sizeof(*page->sas));

	if (page)
		page->n = n;
	return page;
}

struct vici_sa_page *vici_sa_page_free(struct vici_sa_page *page)
{
	if (!page)
		return NULL;
	for (size_t i = 0; i < page->n; i++)
		ike_sa_info_free(page->sas[i]);
	free(page);
	return NULL;
}

static bool match_child(const struct vici_sa_filter *f, const struct child_sa_info *child)
{
	if (f->child && (!child->name || strcmp(f->child, child->name)))
		return false;
	return !f->child_id || f->child_id == child->uniqueid;
}

bool vici_sa_filter_match(const struct vici_sa_filter *f, const struct ike_sa_info *ike,
			  const struct child_sa_info *child)
{
	if (f->ike && (!ike->name || strcmp(f->ike, ike->name)))
		return false;
	if (f->ike_id && f->ike_id != ike->uniqueid)
		return false;
	if (child)
		return match_child(f, child);
	if (!f->child && !f->child_id)
		return true;
	for (size_t i = 0; i < ike->n_children; i++)
		if (match_child(f, &ike->children[i]))
			return true;
	return false;
}

/* Leave only the children that were asked for. */
static void drop_children(const struct vici_sa_filter *f, struct ike_sa_info *ike)
{
	size_t kept = 0;

	for (size_t i = 0; i < ike->n_children; i++) {
		struct child_sa_info *child = &ike->children[i];

		if (match_child(f, child)) {
			ike->children[kept++] = *child;
			continue;
		}
		free(child->name);
		free(child->ts);
	}
	ike->n_children = kept;
}

static void list_sas_free(struct vici_listing *l)
{
	struct list_sas *list = container_of(l, struct list_sas, listing);

	vici_sa_page_free(list->page);
	free((char *)list->filter.ike);
	free((char *)list->filter.child);
	free(list);
}

/* The listing continues in vici_list_sas_page(), at the earliest within the backend's call. */
static enum vici_step ask(struct list_sas *list, struct vici_session *s)
{
	const struct vici_request_options options = { .log_level = -1, .page = true };
	struct vici_server *server = vici_session_server(s);
	struct vici_request *req = vici_request_new(s, &options);

	if (!req) {
		snprintf(list->listing.error, sizeof(list->listing.error), "out of memory");
		return VICI_STEP_END;
	}
	list->asked = true;
	server->backend->list_sas(server->ctx, &list->filter, list->cursor, req);
	return VICI_STEP_WAIT;
}

static enum vici_step list_sas_step(struct vici_listing *l, struct vici_session *s,
				    struct writer *w)
{
	struct list_sas *list = container_of(l, struct list_sas, listing);
	struct ike_sa_info *ike;

	if (list->asked)
		return VICI_STEP_WAIT;
	while (list->page && list->pos < list->page->n) {
		ike = steal_ptr(list->page->sas[list->pos++]);
		if (!ike || !vici_sa_filter_match(&list->filter, ike, NULL)) {
			ike_sa_info_free(ike);
			continue;
		}
		drop_children(&list->filter, ike);
		vici_put_ike_sa(w, ike, 0, ike->n_children);
		ike_sa_info_free(ike);
		return VICI_STEP_EVENT;
	}
	list->page = vici_sa_page_free(list->page);
	return list->last ? VICI_STEP_END : ask(list, s);
}

void vici_list_sas_page(struct vici_listing *l, struct vici_sa_page *page, const char *errmsg)
{
	struct list_sas *list = container_of(l, struct list_sas, listing);

	list->asked = false;
	list->page = page;
	list->pos = 0;
	list->cursor = page ? page->next : 0;
	list->last = list->cursor == 0;
	if (errmsg)
		snprintf(l->error, sizeof(l->error), "%s", errmsg);
}

/* A copy of text (NULL: none); false without memory. */
static bool keep(const char *text, const char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return *ret_copy || !text;
}

int vici_list_sas_start(struct vici_session *s, const struct vici_sa_filter *filter)
{
	struct list_sas *list = calloc(1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	list->listing.event = VICI_EVENT_LIST_SA;
	list->listing.step = list_sas_step;
	list->listing.free = list_sas_free;
	list->filter.ike_id = filter->ike_id;
	list->filter.child_id = filter->child_id;
	if (!keep(filter->ike, &list->filter.ike) || !keep(filter->child, &list->filter.child)) {
		list_sas_free(&list->listing);
		return -ENOMEM;
	}
	vici_session_list(s, &list->listing);
	return 0;
}
