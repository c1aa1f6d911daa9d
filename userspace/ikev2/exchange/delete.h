/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Delete (RFC 7296 1.4.1) as we begin it. For Child SAs: child_delete() in exchange/child.h.
 */
struct child_sa;
struct ike_sa;

/* One of the two sides has deleted child. When it has been replaced its last packets may still
 * come. */
void child_deleted(struct child_sa *child, const char *why);

/* Close sa: its Delete is the last request that it sends. It is gone when the peer has answered. */
void ike_sa_delete(struct ike_sa *sa, const char *why);
