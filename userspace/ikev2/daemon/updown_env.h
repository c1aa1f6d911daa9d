/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What an updown command learns: "NAME=value" texts about one pair of selectors of a Child SA.
 */
#include <stdbool.h>
#include <stddef.h>

struct child_sa_info;
struct ike_sa_info;

#define UPDOWN_ENV_MAX 32

struct updown_env {
	char *v[UPDOWN_ENV_MAX + 1]; /* NULL-terminated; heap */
	size_t n;
};

/* pair counts local selectors times remote ones. -ENOMEM; then nothing is to be freed. */
int updown_env_init(struct updown_env *env, const struct ike_sa_info *ike,
		    const struct child_sa_info *child, size_t pair, bool up);
void updown_env_fini(struct updown_env *env);
