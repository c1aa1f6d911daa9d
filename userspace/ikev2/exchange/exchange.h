/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Exchanges that we start. Each kind stands in a file of its own and says what to send and what to
 * take from the response; this header is how they meet the IKE SA: they wait in its queue, one at a
 * time has its request outstanding (RFC 7296 2.3), and each ends in exactly one of response() and
 * failed().
 */
#include "pdk/base/list.h"
#include "ikev2/codec/message.h"
#include "ikev2/exchange/message.h"
#include "ikev2/fsm/verdict.h"

struct ike_sa;
struct exchange;

struct exchange_ops {
	const char *name; /* for logs */
	enum ike_exchange type;
	/*
	 * Writes the request's payloads; NULL: it has none. 0; -ENOENT: there is nothing to send any
	 * more, and the exchange is dropped; another -errno: failed() is called.
	 */
	int (*request)(struct ike_sa *sa, struct exchange *x, struct message *m);
	/* The response, authentic where it has to be. NULL: that there is one is enough. */
	enum fsm_verdict (*response)(struct ike_sa *sa, struct exchange *x,
				     const struct ike_message *m);
	/* There won't be a response: the SA is dying, or the request could not be built. NULL: so
	 * what. */
	void (*failed)(struct ike_sa *sa, struct exchange *x, const char *why);
	/* Frees it, when it is more than a struct exchange. NULL: free(). */
	void (*free)(struct exchange *x);
};

struct exchange {
	struct list link; /* ike_sa.queue, while it waits */
	const struct exchange_ops *ops;
	uint32_t spi; /* Delete of a Child SA: our inbound SPI; INVALID_SPI: the unknown one */
};

/* Queue an exchange of sa; exchange_next() starts it. -ENOMEM. */
int exchange_queue(struct ike_sa *sa, const struct exchange_ops *ops, uint32_t spi);
/* The same for one that is embedded in something bigger, which ops->free frees. */
void exchange_queue_take(struct ike_sa *sa, struct exchange *x);
/* NULL is fine. */
void exchange_free(struct exchange *x);
/* An exchange of this kind waits or is outstanding. */
bool exchange_pending(const struct ike_sa *sa, const struct exchange_ops *ops);
/*
 * The exchanges of from that wait go on under to, which has replaced it, but for those that are
 * about from itself.
 */
void exchange_move_waiting(struct ike_sa *from, struct ike_sa *to);
/*
 * When the window is free, sends the request of the next exchange that waits. Called once at the
 * end of every input that touched sa, so that a request goes out in the state it belongs to.
 */
void exchange_next(struct ike_sa *sa);
/* Ends all of sa's, outstanding and waiting, with failed(). */
void exchange_abort_all(struct ike_sa *sa, const char *why);
/*
 * The outstanding exchange has had its response: takes it off the SA and hands the response to it.
 * An action of the transition table.
 */
enum fsm_verdict exchange_response(struct ike_sa *sa, const struct ike_message *m);
/*
 * Builds and sends the request of the outstanding exchange anew under the same message ID: COOKIE
 * and INVALID_KE_PAYLOAD start IKE_SA_INIT over (2.2). 0 or -errno.
 */
int exchange_restart(struct ike_sa *sa);

extern const struct exchange_ops exchange_ike_sa_init, exchange_ike_auth, exchange_delete_ike,
	exchange_delete_child, exchange_liveness, exchange_invalid_spi, exchange_create_child,
	exchange_rekey_ike;
