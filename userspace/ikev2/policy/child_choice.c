/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/child_choice.h"

#include "ikev2/policy/proposal_match.h"
#include "ikev2/policy/ts_match.h"

static void resolve(const struct ts_conf_list *conf, const struct netaddr *internal, size_t n,
		    const struct netaddr *host, struct ts_list *ret_list)
{
	if (n)
		ts_conf_resolve_hosts(conf, internal, n, ret_list);
	else
		ts_conf_resolve(conf, host, ret_list);
}

/* False: the child and the request have nothing in common. */
static bool narrow(const struct child_conf *conf, const struct child_request *r,
		   struct child_choice *choice)
{
	struct ts_list local, remote;

	if (!child_mode_negotiates(conf->mode))
		return false;
	resolve(&conf->local_ts, r->local_internal, r->n_local_internal, &r->local_host, &local);
	resolve(&conf->remote_ts, r->remote_internal, r->n_remote_internal, &r->remote_host,
		&remote);
	if (ts_narrow(&local, &r->local, &choice->local) ||
	    ts_narrow(&remote, &r->remote, &choice->remote) ||
	    !ts_pair(&choice->local, &choice->remote))
		return false;
	choice->conf = conf;
	choice->transport = r->transport && conf->mode == CHILD_MODE_TRANSPORT &&
			    ts_list_is_host(&choice->local, &r->local_host) &&
			    ts_list_is_host(&choice->remote, &r->remote_host);
	choice->more = false;
	return true;
}

static bool has_proposal(const struct connection *conn, const struct child_conf *conf,
			 const struct child_request *r)
{
	struct proposal chosen;

	return !r->offer || proposal_select(&conf->esp_proposals, r->offer, conn->prefer,
					    r->without_ke, &chosen) == 0;
}

/* How well a child that has something in common fits; more is better. */
static unsigned fitness(const struct child_choice *choice, const struct child_request *r)
{
	bool first = ts_list_contains(&choice->local, &r->local.v[0]) &&
		     ts_list_contains(&choice->remote, &r->remote.v[0]);
	bool all = ts_list_contains_all(&choice->local, &r->local) &&
		   ts_list_contains_all(&choice->remote, &r->remote);
	bool mode = r->transport == (choice->conf->mode == CHILD_MODE_TRANSPORT);

	return 1 + 4 * first + 2 * all + mode;
}

int child_choose(const struct connection *conn, const struct child_request *request,
		 struct child_choice *ret_choice)
{
	int refusal = CHILD_NO_SELECTORS;
	struct child_choice choice;
	unsigned best = 0;

	if (!request->local.n || !request->remote.n)
		return CHILD_NO_SELECTORS;
	for (size_t i = 0; i < conn->n_children; i++) {
		if (!narrow(&conn->children[i], request, &choice))
			continue;
		if (!has_proposal(conn, choice.conf, request)) {
			refusal = CHILD_NO_PROPOSAL;
			continue;
		}
		if (fitness(&choice, request) <= best)
			continue;
		best = fitness(&choice, request);
		*ret_choice = choice;
	}
	if (!best)
		return refusal;
	for (size_t i = 0; i < conn->n_children; i++)
		if (narrow(&conn->children[i], request, &choice) &&
		    has_proposal(conn, choice.conf, request) &&
		    !(ts_list_contains_all(&ret_choice->local, &choice.local) &&
		      ts_list_contains_all(&ret_choice->remote, &choice.remote)))
			ret_choice->more = true;
	return 0;
}

int child_choose_again(const struct child_conf *conf, const struct ts_list *local_in_use,
		       const struct ts_list *remote_in_use, const struct child_request *request,
		       struct child_choice *ret_choice)
{
	struct child_choice choice;

	if (!narrow(conf, request, &choice) || !ts_list_contains_all(&choice.local, local_in_use) ||
	    !ts_list_contains_all(&choice.remote, remote_in_use))
		return CHILD_NO_SELECTORS;
	*ret_choice = choice;
	return 0;
}
