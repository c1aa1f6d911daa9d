/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "ikev2/codec/algorithm.h"
#include "ikev2/vici/server_private.h"

/* Commands about the daemon: version, stats, reload-settings, get-algorithms. */

static enum vici_outcome version(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct utsname u = { 0 };

	uname(&u);
	vici_put_str(w, "daemon", "posternd");
	vici_put_str(w, "version", vici_session_server(s)->options.version);
	vici_put_str(w, "sysname", u.sysname);
	vici_put_str(w, "release", u.release);
	vici_put_str(w, "machine", u.machine);
	return VICI_DONE;
}

static void put_uptime(struct writer *w, const struct vici_stats *st)
{
	int64_t min = duration_s(st->uptime) / 60;
	char since[64] = "";
	struct tm tm;

	vici_put_section(w, "uptime");
	if (min >= 24 * 60)
		vici_put_fmt(w, "running", "%" PRId64 " days %" PRId64 " hours", min / (24 * 60),
			     min / 60 % 24);
	else if (min >= 60)
		vici_put_fmt(w, "running", "%" PRId64 " hours %" PRId64 " minutes", min / 60,
			     min % 60);
	else
		vici_put_fmt(w, "running", "%" PRId64 " minutes %" PRId64 " seconds", min,
			     duration_s(st->uptime) % 60);
	if (localtime_r(&st->since, &tm))
		strftime(since, sizeof(since), "%b %d %H:%M:%S %Y", &tm);
	vici_put_str(w, "since", since);
	vici_put_section_end(w);
}

/* Our workers have neither priorities nor queues of jobs: the fields that swanctl prints are 0. */
static void put_priorities(struct writer *w, const char *section)
{
	static const char *const priorities[] = { "critical", "high", "medium", "low" };

	vici_put_section(w, section);
	for (size_t i = 0; i < ARRAY_SIZE(priorities); i++)
		vici_put_str(w, priorities[i], "0");
	vici_put_section_end(w);
}

static enum vici_outcome stats(struct vici_session *s, struct bytes args, struct writer *w)
{
	struct vici_server *server = vici_session_server(s);
	const struct vici_server_counters *c = &server->counters;
	struct vici_stats st = { 0 };

	server->backend->stats(server->ctx, &st);
	put_uptime(w, &st);
	vici_put_section(w, "workers");
	vici_put_fmt(w, "total", "%u", st.workers);
	vici_put_fmt(w, "idle", "%u", st.workers);
	put_priorities(w, "active");
	vici_put_section_end(w);
	put_priorities(w, "queues");
	vici_put_str(w, "scheduled", "0");
	vici_put_section(w, "ikesas");
	vici_put_fmt(w, "total", "%" PRIu64, st.ike_sas);
	vici_put_fmt(w, "half-open", "%" PRIu64, st.half_open);
	vici_put_section_end(w);
	vici_put_section(w, "childsas");
	vici_put_fmt(w, "total", "%" PRIu64, st.child_sas);
	vici_put_section_end(w);
	vici_put_section(w, "counters");
	for (size_t i = 0; i < st.n_counters; i++)
		vici_put_fmt(w, st.counters[i].name, "%" PRIu64, st.counters[i].value);
	vici_put_section_end(w);
	vici_put_section(w, "control");
	vici_put_fmt(w, "connected", "%zu", c->connected);
	vici_put_fmt(w, "outstanding", "%zu", c->outstanding);
	vici_put_fmt(w, "clients", "%" PRIu64, c->clients);
	vici_put_fmt(w, "refused", "%" PRIu64, c->refused);
	vici_put_fmt(w, "garbage", "%" PRIu64, c->garbage);
	vici_put_fmt(w, "stalled", "%" PRIu64, c->stalled);
	vici_put_fmt(w, "requests", "%" PRIu64, c->requests);
	vici_put_fmt(w, "events", "%" PRIu64, c->events);
	vici_put_fmt(w, "events-dropped", "%" PRIu64, c->events_dropped);
	vici_put_section_end(w);
	return VICI_DONE;
}

static enum vici_outcome reload_settings(struct vici_session *s, struct bytes args,
					 struct writer *w)
{
	const struct vici_request_options options = { .log_level = -1 };
	struct vici_server *server = vici_session_server(s);
	struct vici_request *req = vici_request_new(s, &options);

	if (!req) {
		vici_put_result(w, "out of memory");
		return VICI_DONE;
	}
	server->backend->reload(server->ctx, req);
	return VICI_LATER;
}

struct alg_group {
	const char *section, *prefix;
	uint8_t type; /* IKE_TRANSFORM_* */
	bool aead;
};

static const struct alg_group alg_groups[] = {
	{ "encryption", "", IKE_TRANSFORM_ENCR, false },
	{ "integrity", "", IKE_TRANSFORM_INTEG, false },
	{ "aead", "", IKE_TRANSFORM_ENCR, true },
	{ "prf", "PRF_", IKE_TRANSFORM_PRF, false },
	{ "ke", "", IKE_TRANSFORM_KE, false },
};

static enum vici_outcome get_algorithms(struct vici_session *s, struct bytes args, struct writer *w)
{
	char name[64];

	for (size_t g = 0; g < ARRAY_SIZE(alg_groups); g++) {
		const struct alg_group *group = &alg_groups[g];

		vici_put_section(w, group->section);
		for_each_algorithm(a) {
			if (a->type != group->type || algorithm_is_aead(a) != group->aead)
				continue;
			snprintf(name, sizeof(name), "%s%s", group->prefix,
				 ike_transform_name(a->type, a->id));
			vici_put_str(w, name,
				     a->crypto == ALGORITHM_NO_CRYPTO ? "kernel" : "openssl");
		}
		vici_put_section_end(w);
	}
	return VICI_DONE;
}

const struct vici_command vici_info_commands[] = {
	{ "get-algorithms", get_algorithms },
	{ "reload-settings", reload_settings },
	{ "stats", stats },
	{ "version", version },
	{ NULL, NULL },
};
