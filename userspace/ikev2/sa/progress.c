/* SPDX-License-Identifier: MIT */
#include "ikev2/sa/progress.h"

#include <stdarg.h>
#include <stdio.h>

#include "ikev2/policy/connection.h"
#include "ikev2/sa/child_sa.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

static bool being_made(const struct child_sa *child)
{
	return child->token &&
	       (child->state == CHILD_CREATING || child->state == CHILD_INSTALLING);
}

static bool somebody_waits(const struct ike_sa *sa)
{
	const struct child_sa *child;

	list_for_each(child, &sa->children, link)
		if (being_made(child))
			return true;
	return sa->token;
}

void ike_sa_progress(const struct ike_sa *sa, const char *fmt, ...)
{
	const struct child_sa *child;
	char text[200];
	va_list args;

	if (!somebody_waits(sa))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	ike_core_progress(sa->core, sa->token, sa->conn->name, sa->unique_id, text);
	list_for_each(child, &sa->children, link)
		if (being_made(child))
			ike_core_progress(sa->core, child->token, sa->conn->name, sa->unique_id,
					  text);
}
