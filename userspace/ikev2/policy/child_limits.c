/* SPDX-License-Identifier: MIT */
/*
 * RFC 4301 4.4.2.1: soft and hard.
 * The three kinds of limit of a Child SA follow the same rules, those of swanctl.conf: it is closed
 * a tenth later than it is rekeyed, and rekeyed earlier at random by as much as lies between.
 */
#include <errno.h>

#include "ikev2/policy/connection_private.h"

void child_unset_limits(struct child_conf *child)
{
	child->life_time = child->rand_time = TIME_UNSET;
	child->life_bytes = child->rand_bytes = LIMIT_UNSET;
	child->life_packets = child->rand_packets = LIMIT_UNSET;
}

/* One kind: name is its option's ending. */
static int settle(const char *name, uint64_t rekey, uint64_t *life, uint64_t *rand,
		  const struct conf_node *section, struct conf_report *report)
{
	char path[CONF_PATH_LEN];
	const char *wrong = NULL;

	if (*life == LIMIT_UNSET)
		*life = rekey + (rekey + 9) / 10;
	if (*rand == LIMIT_UNSET) {
		*rand = *life > rekey ? *life - rekey : 0;
		/* A long life shall not make the time before rekeying vanish. */
		if (*rand > rekey / 2)
			*rand = rekey / 2;
	}
	if (rekey && *life && *life <= rekey)
		wrong = "life";
	else if (rekey && *rand >= rekey)
		wrong = "rand";
	if (!wrong)
		return 0;
	conf_report_add(report, &section->origin, "%s: found a %s_%s that %s, expected a %s one",
			conf_path(section, path, sizeof(path)), wrong, name,
			wrong[0] == 'l' ? "does not exceed the one for rekeying"
					: "the one for rekeying does not exceed",
			wrong[0] == 'l' ? "larger" : "smaller");
	return -EINVAL;
}

static uint64_t from_duration(struct duration d)
{
	return d.ns < 0 ? LIMIT_UNSET : (uint64_t)d.ns;
}

int child_settle_limits(struct child_conf *child, const struct conf_node *section,
			struct conf_report *report)
{
	uint64_t life = from_duration(child->life_time), rand = from_duration(child->rand_time);
	int err;

	err = settle("time", (uint64_t)child->rekey_time.ns, &life, &rand, section, report);
	if (!err)
		err = settle("bytes", child->rekey_bytes, &child->life_bytes, &child->rand_bytes,
			     section, report);
	if (!err)
		err = settle("packets", child->rekey_packets, &child->life_packets,
			     &child->rand_packets, section, report);
	child->life_time = DURATION_NS(life);
	child->rand_time = DURATION_NS(rand);
	return err;
}
