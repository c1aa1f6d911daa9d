/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The message IDs of one IKE SA: RFC 7296 2.1 to 2.3. Both directions count for themselves, the
 * window is one message. A request is sent again bit by bit until its response comes; the last
 * response is kept and sent again when its request comes again.
 */
#include "ikev2/sa/packet.h"
#include "pdk/base/time.h"

struct ike_settings;

struct window {
	/* Requests of ours. */
	uint32_t send_next;	/* ID of the next new request */
	struct packet *request; /* outstanding: its ID is send_next - 1; NULL: none */
	unsigned sent;		/* repetitions so far */
	struct instant retransmit_at;

	/* Requests of the peer. */
	uint32_t receive_next;	 /* ID that a new request has to carry */
	struct packet *response; /* to request receive_next - 1; NULL before the first */
	uint64_t request_digest; /* of the last request taken: only itself brings the response back */
	bool answering;		 /* that is request receive_next, and its response comes later */
};

void window_init(struct window *w);
void window_fini(struct window *w);

/*
 * Message IDs have 32 bits, and none may be used twice (2.2). Who counts them up replaces the IKE
 * SA first, the other a little later, so that the two seldom begin together; from the last IDs on
 * it is closed, and UINT32_MAX itself is never used.
 */
#define WINDOW_IDS_OWN_OLD   0xffff0000u
#define WINDOW_IDS_PEERS_OLD 0xffff8000u
#define WINDOW_IDS_LAST      0xfffffff0u

/* The IKE SA is to be rekeyed before the IDs end. */
bool window_is_old(const struct window *w);
/* It is to be closed: what is left of the IDs is for that. */
bool window_is_spent(const struct window *w);

/* -------- requests of ours -------- */

/* A request may be sent: none is outstanding, and there is an ID for it. */
bool window_can_send(const struct window *w);
/* packet, with ID send_next, has been sent for the first time at now. Takes its own reference. */
void window_sent(struct window *w, struct packet *packet, struct instant now,
		 const struct ike_settings *settings);
/* id is that of the outstanding request. */
bool window_expects(const struct window *w, uint32_t id);
/* The response has come: nothing is outstanding any more. */
void window_acknowledged(struct window *w);
/* The outstanding request goes on as packet, cut in another way: its repetitions begin anew. */
void window_request_anew(struct window *w, struct packet *packet, struct instant now,
			 const struct ike_settings *settings);
/*
 * retransmit_at has been reached: true: send w->request again, the next time is set; false: the
 * budget is used up and the peer counts as dead (2.4).
 */
bool window_retransmit(struct window *w, struct instant now, const struct ike_settings *settings);

/* -------- requests of the peer -------- */

enum window_verdict {
	WINDOW_NEW,	   /* process it */
	WINDOW_REPEATED,   /* send w->response again */
	WINDOW_IN_PROGRESS, /* it is being processed: drop this copy */
	WINDOW_STALE,	   /* outside the window: drop */
};

/* digest: a keyed hash of the whole message. */
enum window_verdict window_received(const struct window *w, uint32_t id, uint64_t digest);
/* Of a fragment: WINDOW_REPEATED is one of a request that was answered (RFC 7383 2.6.1). */
enum window_verdict window_received_fragment(const struct window *w, uint32_t id);
/* The new request is genuine: it has been taken, and its copies are dropped until it is answered. */
void window_taken(struct window *w, uint64_t digest);
/* response answers the request taken. Takes its own reference. */
void window_answered(struct window *w, struct packet *response);
