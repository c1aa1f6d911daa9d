/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pdk/base/list.h"
#include "pdk/log/log.h"
#include "pdk/worker/jobs.h"
#include "pdk/worker/mailbox.h"
#include "ikev2/daemon/command.h"
#include "ikev2/daemon/resolv_file.h"

LOG_SUBSYSTEM(resolve, "DNS servers that peers tell us");

#define SERVERS_MAX   16 /* resolvers ask three */
#define COMMAND_LIMIT DURATION_S(10)

struct server {
	struct list link;
	struct netaddr addr;
	unsigned refs;
};

enum way {
	WAY_NONE,
	WAY_PROGRAM,
	WAY_FILE,
};

struct resolve {
	struct jobs *jobs; /* NULL: they have ended */
	struct mailbox *mailbox;
	struct ike_settings settings;
	struct list servers; /* oldest first */
	bool changed;        /* since the last job began */
	bool told;           /* that there is no way */

	/* The job's while it runs. */
	struct job job;
	bool running;
	struct netaddr wanted[SERVERS_MAX];
	size_t n_wanted;
	enum way way;
	int result;
	bool installed; /* something is, or may be */
};

struct letter {
	struct mail mail;
	struct resolve *resolve;
	bool add;
	struct netaddr addr;
};

/* -------- on a thread of the pool -------- */

static int run_program(const struct resolve *r)
{
	const char *const add[] = { r->settings.resolvconf, "-a", RESOLVE_INTERFACE, NULL };
	const char *const delete[] = { r->settings.resolvconf, "-d", RESOLVE_INTERFACE, NULL };
	char text[SERVERS_MAX * (NETADDR_STRLEN + 12)], addr[NETADDR_STRLEN];
	size_t len = 0;

	for (size_t i = 0; i < r->n_wanted; i++)
		len += (size_t)sprintf(text + len, "nameserver %s\n",
				       netaddr_str(&r->wanted[i], addr));
	return command_run(r->n_wanted ? add : delete, BYTES(text, len), COMMAND_LIMIT);
}

static void apply(struct resolve *r)
{
	if (command_exists(r->settings.resolvconf))
		r->way = WAY_PROGRAM;
	else
		r->way = r->settings.resolv_conf[0] ? WAY_FILE : WAY_NONE;
	switch (r->way) {
	case WAY_PROGRAM:
		r->result = run_program(r);
		break;
	case WAY_FILE:
		r->result = resolv_file_write(r->settings.resolv_conf, r->wanted, r->n_wanted);
		break;
	case WAY_NONE:
		r->result = 0;
		break;
	}
}

static void run(struct job *job)
{
	apply(container_of(job, struct resolve, job));
}

/* -------- on the main thread -------- */

static void report(struct resolve *r)
{
	const char *way = r->way == WAY_PROGRAM ? r->settings.resolvconf : r->settings.resolv_conf;

	if (r->way == WAY_NONE) {
		if (r->n_wanted && !r->told)
			log_warning(resolve,
				    "DNS servers of peers are not installed: there is no %s, and "
				    "settings.resolv_conf names no file",
				    r->settings.resolvconf);
		r->told |= r->n_wanted > 0;
	} else if (r->result < 0) {
		log_error(resolve, "DNS servers of peers can't be told to %s: %s", way,
			  strerror(-r->result));
	} else if (r->result) {
		log_error(resolve, "DNS servers of peers can't be told to %s: exit code %d", way,
			  r->result);
	} else if (r->n_wanted || r->installed) {
		log_notice(resolve, "%zu DNS servers of peers are told to %s", r->n_wanted, way);
	}
}

static void take_wanted(struct resolve *r)
{
	struct server *s;

	r->n_wanted = 0;
	list_for_each (s, &r->servers, link)
		if (r->n_wanted < SERVERS_MAX)
			r->wanted[r->n_wanted++] = s->addr;
}

static void done(struct job *job);

static void begin(struct resolve *r)
{
	if (r->running || !r->jobs)
		return;
	take_wanted(r);
	r->changed = false;
	r->running = jobs_submit(r->jobs, &r->job, run, done, r->mailbox) == 0;
	if (!r->running)
		log_error(resolve, "DNS servers of peers are not told: too much to do");
}

static void done(struct job *job)
{
	struct resolve *r = container_of(job, struct resolve, job);

	r->running = false;
	if (job->cancelled)
		return;
	report(r);
	r->installed = r->n_wanted > 0;
	if (r->changed)
		begin(r);
}

static struct server *find(struct resolve *r, const struct netaddr *addr)
{
	struct server *s;

	list_for_each (s, &r->servers, link)
		if (netaddr_same_addr(&s->addr, addr))
			return s;
	return NULL;
}

static void drop(struct server *s)
{
	list_remove(&s->link);
	free(s);
}

/* False: nothing changes. */
static bool change(struct resolve *r, bool add, const struct netaddr *addr)
{
	struct server *s = find(r, addr);

	if (s && add) {
		s->refs++;
		return false;
	}
	if (!add) {
		if (!s || --s->refs)
			return false;
		drop(s);
		return true;
	}
	s = calloc(1, sizeof(*s));
	if (!s) {
		log_error(resolve, "out of memory: a DNS server is left out");
		return false;
	}
	s->addr = *addr;
	s->refs = 1;
	list_append(&r->servers, &s->link);
	return true;
}

static void deliver(struct mail *mail)
{
	struct letter *letter = container_of(mail, struct letter, mail);
	struct resolve *r = letter->resolve;

	if (change(r, letter->add, &letter->addr)) {
		r->changed = true;
		begin(r);
	}
	free(letter);
}

void resolve_post(struct resolve *r, bool add, const struct netaddr *addr)
{
	struct letter *letter = r ? calloc(1, sizeof(*letter)) : NULL;

	if (!letter)
		return; /* what is left goes when the daemon ends */
	letter->resolve = r;
	letter->add = add;
	letter->addr = *addr;
	mailbox_post(r->mailbox, &letter->mail, deliver);
}

/* -------- life -------- */

int resolve_new(const struct ike_settings *settings, struct jobs *jobs, struct mailbox *mailbox,
		struct resolve **ret_resolve)
{
	struct resolve *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->settings = *settings;
	r->jobs = jobs;
	r->mailbox = mailbox;
	list_init(&r->servers);
	begin(r);
	*ret_resolve = r;
	return 0;
}

void resolve_end(struct resolve *r)
{
	if (r)
		r->jobs = NULL;
}

struct resolve *resolve_free(struct resolve *r)
{
	struct server *s, *next;

	if (!r)
		return NULL;
	list_for_each_safe (s, next, &r->servers, link)
		drop(s);
	if (r->installed || r->running) {
		take_wanted(r);
		apply(r);
		report(r);
	}
	free(r);
	return NULL;
}
