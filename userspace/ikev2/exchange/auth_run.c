/* SPDX-License-Identifier: MIT */
#include "ikev2/exchange/auth_run.h"

#include <stdlib.h>

#include "pdk/log/log.h"
#include "ikev2/fsm/state.h"
#include "ikev2/fsm/timers.h"
#include "ikev2/policy/config.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

struct auth_run *auth_run_free(struct auth_run *run)
{
	if (run) {
		free(run->kept);
		writer_fini(&run->cfg_reply);
		free(run);
	}
	return NULL;
}

static void out_of_memory(struct ike_sa *sa)
{
	sa->core->counters.no_memory++;
	fsm_enter(sa, IKE_STATE_DEAD, "out of memory");
}

/* The datagram's buffer is gone when the step goes on. */
static bool keep_message(struct ike_sa *sa, const struct ike_message *m)
{
	if (!sa->auth->kept)
		sa->auth->kept = ike_message_dup(m);
	if (!sa->auth->kept)
		out_of_memory(sa);
	return sa->auth->kept;
}

static void run_steps(struct ike_sa *sa, const struct ike_message *m)
{
	struct auth_run *run = sa->auth;
	enum auth_step_end end = AUTH_STEP_DONE;

	while (end == AUTH_STEP_DONE && run->step->name && sa->state != IKE_STATE_DEAD) {
		end = run->step->run(sa, m);
		if (end == AUTH_STEP_DONE)
			run->step++;
	}
	if (end == AUTH_STEP_PENDING && sa->state != IKE_STATE_DEAD && keep_message(sa, m)) {
		log_obj_debug(ike, sa->log_name, "IKE_AUTH: %s takes a while", run->step->name);
		timers_update(sa);
		return;
	}
	sa->auth = auth_run_free(run);
}

void auth_run_start(struct ike_sa *sa, const struct auth_role *role, const struct ike_message *m)
{
	struct auth_run *run = calloc(1, sizeof(*run));

	if (!run) {
		out_of_memory(sa);
		return;
	}
	run->role = role;
	writer_init_heap(&run->cfg_reply, IKE_MESSAGE_MAX);
	run->step = role->steps;
	run->deadline = instant_add(sa->core->now, sa->core->config->settings.half_open_timeout);
	sa->auth = run;
	run_steps(sa, m);
}

void auth_run_resume(struct ike_sa *sa, enum auth_step_end end)
{
	struct auth_run *run = sa->auth;

	if (!run || end == AUTH_STEP_PENDING)
		return;
	if (end == AUTH_STEP_LAST || sa->state == IKE_STATE_DEAD) {
		sa->auth = auth_run_free(run);
		return;
	}
	run->step++;
	run_steps(sa, run->kept);
}

void auth_run_timeout(struct ike_sa *sa)
{
	struct auth_run *run = sa->auth;

	log_obj_warning(ike, sa->log_name, "IKE_AUTH: %s took too long", run->step->name);
	run->role->refuse(sa, "the checks of its IKE_AUTH took too long", "");
	sa->auth = auth_run_free(run);
}
