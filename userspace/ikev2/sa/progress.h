/* SPDX-License-Identifier: MIT */
#pragma once
#include "pdk/base/cleanup.h"

struct ike_sa;

/*
 * One line for the clients who wait until sa, or a Child SA that is being made on it, is up. Where
 * nobody waits it costs nothing.
 */
void ike_sa_progress(const struct ike_sa *sa, const char *fmt, ...) _printf_(2, 3);
