/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What we begin for Child SAs of an established IKE SA: CREATE_CHILD_SA for a new one or one that
 * replaces another (RFC 7296 1.3.1, 1.3.3), and Delete (1.4.1). The exchanges wait in the IKE SA's
 * queue; exchange_next() starts them.
 */
#include <stdbool.h>
#include <stdint.h>

struct child_sa;
struct ike_sa;

/* child is in state CREATING. When it can't be asked for it is closed. */
void child_create(struct child_sa *child);
/*
 * Replace child, which is installed. When that fails it stays as it is, and is tried again later
 * until its lifetime is over.
 */
void child_rekey(struct child_sa *child);
/* Tell the peer that child is gone; it stays until the peer has answered. */
void child_delete(struct child_sa *child);

/* child is over without a question: the peer is told, and nothing is waited for. */
void child_expire(struct child_sa *child, const char *why);

/* The kernel has installed child, which an exchange of ours made: what it replaces goes. */
void child_replaced_by(struct child_sa *child);
/*
 * child ends. What it was to replace, or has replaced, goes on if nothing else takes its place: the
 * peer may take back what it has made before it deletes the old one (its kernel refused it). Not
 * where a user wants the end of child.
 */
void child_replaces_no_more(struct child_sa *child);
/* Is our request to replace child outstanding? */
bool child_rekey_outstanding(const struct child_sa *child);

/*
 * Is a request of ours for a Child SA outstanding? Then the peer may know one that we don't yet know:
 * what it wants of that may overtake its answer.
 */
bool child_create_outstanding(const struct ike_sa *sa);
/* The peer has deleted this SPI, which we don't know; if its answer has it, that counts for nothing. */
void child_create_gone(struct ike_sa *sa, uint32_t spi);
