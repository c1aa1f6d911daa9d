/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/connection_private.h"

#include <errno.h>
#include <string.h>

#include "pdk/conf/options.h"
#include "pdk/log/log.h"
#include "ikev2/policy/proposal_conf.h"

LOG_SUBSYSTEM(policy, "advice about what is configured");

struct ctx {
	struct conf_report *report;
	struct proposal_list *list;
	uint8_t protocol;
};

/* "FILE:LINE:COLUMN: proposals: ..." as an error would look, and as a warning. */
static void advise(const struct conf_node *node, const char *item, const struct proposal *p)
{
	struct conf_report report = CONF_REPORT_INIT;
	char advice[600], path[CONF_PATH_LEN];

	if (!proposal_advice(p, advice, sizeof(advice)))
		return;
	conf_report_add(&report, &node->origin, "%s: '%.60s': %s",
			conf_path(node, path, sizeof(path)), item, advice);
	log_warning(policy, "%.*s", (int)strcspn(conf_report_text(&report), "\n"),
		    conf_report_text(&report));
	conf_report_fini(&report);
}

static int add_proposal(const char *item, const struct conf_node *node, void *data)
{
	struct ctx *ctx = data;
	char error[PROPOSAL_ERROR_LEN], path[CONF_PATH_LEN];
	size_t before = ctx->list->n;

	if (proposal_list_add_text(ctx->list, item, ctx->protocol, error) < 0) {
		conf_report_add(ctx->report, &node->origin, "%s: found '%.60s': %s",
				conf_path(node, path, sizeof(path)), item, error);
		return -EINVAL;
	}
	for (size_t i = before; i < ctx->list->n; i++)
		advise(node, item, &ctx->list->v[i]);
	return 0;
}

static int take_proposals(const struct conf_option *o, const struct conf_node *node, void *target,
			  uint8_t protocol, struct conf_report *report)
{
	struct proposal_list *list = (void *)((char *)target + o->offset);
	struct ctx ctx = { report, list, protocol };
	int err;

	list->n = 0;
	err = conf_for_each_string(node, report, add_proposal, &ctx);
	if (!err && !list->n) {
		conf_report_bad(report, node, "at least one proposal");
		return -EINVAL;
	}
	return err;
}

int take_ike_proposals(const struct conf_option *o, const struct conf_node *node, void *target,
		       struct conf_report *report)
{
	return take_proposals(o, node, target, IKE_PROTOCOL_IKE, report);
}

int take_esp_proposals(const struct conf_option *o, const struct conf_node *node, void *target,
		       struct conf_report *report)
{
	return take_proposals(o, node, target, IKE_PROTOCOL_ESP, report);
}
