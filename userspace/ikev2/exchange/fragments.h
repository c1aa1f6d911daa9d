/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Sending in fragments: RFC 7383 2.4 and 2.5. Sizes are those of IP datagrams, in octets.
 *
 * A message longer than the fragment size is cut at once. When a request gets no answer, or the
 * peer goes on repeating its own, the path may be narrower than we think: then the message is cut
 * anew for the next smaller of a few sizes (2.5.2), so its text is kept as long as the message.
 */
#include "pdk/base/bytes.h"
#include "ikev2/codec/message.h"

struct ike_sa;
struct message;
struct packet;

/* Below that no path is believed to be; the end of the search. */
#define FRAGMENT_SIZE_MIN 576
/* Repetitions of a message until it is cut smaller. */
#define FRAGMENT_PATIENCE 2

/* The peer announces fragmentation in m, its IKE_SA_INIT message, and so do we in ours (2.3). */
bool fragments_agreed(const struct ike_sa *sa, const struct ike_message *m);

/*
 * Cut m, which is complete but not sealed, if it has to be: *ret_packet is the chain then, else
 * NULL. *ret_text is what it can be cut from later, NULL: never. The memory of m stays. 0 or
 * -errno.
 */
int fragments_cut(struct message *m, struct packet **ret_packet, struct packet **ret_text);

/*
 * The message `packet` has not got through: cut it for the next smaller size at which it is more
 * fragments than now (2.5.2); limit: the size that the path is known to take, 0: unknown. NULL: it
 * can't be smaller, or there is no memory, and it is to be sent again as it is. *ret_size: the size
 * chosen.
 */
struct packet *fragments_cut_smaller(struct ike_sa *sa, const struct packet *packet, size_t limit,
				     size_t *ret_size);

/* The outstanding request was answered: the size that it was sent with is good for the next ones. */
void fragments_size_good(struct ike_sa *sa);

/*
 * Cut the outstanding request smaller, when it has been repeated often enough or limit (see above)
 * says so, and begin its repetitions anew. True: it is to be sent now.
 */
bool fragments_shrink_request(struct ike_sa *sa, size_t limit);
/* The same for the last response, whose request has come again. */
void fragments_shrink_response(struct ike_sa *sa);

/* The size of the IP datagram that carries len octets of a message of sa. */
size_t fragments_datagram_size(const struct ike_sa *sa, size_t len);
