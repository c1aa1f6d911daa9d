/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the parts of connection.h share: the option tables are spread over connection_conf.c and
 * child_conf.c.
 */
#include "ikev2/policy/connection.h"

/* Options of a "children.<name>" section; the target is a struct child_conf. */
extern const struct conf_option child_options[];

/* A take hook: makes one section of "children" a child of the struct connection target. */
int child_conf_take(const struct conf_option *option, const struct conf_node *section, void *target,
		    struct conf_report *report);
void child_conf_fini(struct child_conf *child);
/*
 * When all of conn's options are known: what its children leave to it, and whether their options go
 * together. 0, or -EINVAL with the reasons in report.
 */
int connection_settle_children(struct connection *conn, const struct conf_node *section,
			       struct conf_report *report);

/* Both sides have a section that says how they prove who they are. */
int connection_check_auth(const struct conf_node *section, struct conf_report *report);

/*
 * The four times of a connection's IKE SAs: TIME_UNSET until the options have been applied; what is
 * still unset then gets swanctl.conf's default. 0, or -EINVAL with the reason in report.
 */
#define TIME_UNSET  DURATION_NS(-1)
#define TIME_MAX_MS 315360000000 /* ten years */
int connection_settle_times(struct connection *conn, const struct conf_node *section,
			    struct conf_report *report);

/*
 * The same for the limits of a child: TIME_UNSET, and LIMIT_UNSET for octets and packets.
 */
#define LIMIT_UNSET UINT64_MAX
void child_unset_limits(struct child_conf *child);
int child_settle_limits(struct child_conf *child, const struct conf_node *section,
			struct conf_report *report);

/* Take hooks of child_marks.c for struct child_mark, child_number and for tfc_padding. */
int take_mark(const struct conf_option *option, const struct conf_node *node, void *target,
	      struct conf_report *report);
int take_set_mark(const struct conf_option *option, const struct conf_node *node, void *target,
		  struct conf_report *report);
int take_if_id(const struct conf_option *option, const struct conf_node *node, void *target,
	       struct conf_report *report);
int take_tfc_padding(const struct conf_option *option, const struct conf_node *node, void *target,
		     struct conf_report *report);
int take_interface(const struct conf_option *option, const struct conf_node *node, void *target,
		   struct conf_report *report);
/* Take hooks for a struct proposal_list at option->offset. */
int take_ike_proposals(const struct conf_option *option, const struct conf_node *node, void *target,
		       struct conf_report *report);
int take_esp_proposals(const struct conf_option *option, const struct conf_node *node, void *target,
		       struct conf_report *report);
