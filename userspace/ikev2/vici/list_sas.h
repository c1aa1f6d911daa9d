/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The listing behind list-sas. Main thread.
 */
#include "ikev2/vici/server_private.h"

/* Start it in the session; the filter is copied. -ENOMEM. */
int vici_list_sas_start(struct vici_session *s, const struct vici_sa_filter *filter);
