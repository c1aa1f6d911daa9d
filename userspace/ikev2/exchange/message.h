/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Messages that an IKE SA sends: begun with the right header, filled by the exchanges, finished
 * into a packet. Everything but IKE_SA_INIT is sealed (RFC 7296 1.2).
 */
#include "ikev2/codec/builder.h"
#include "ikev2/sa/packet.h"

struct ike_sa;

struct message {
	struct ike_sa *sa; /* NULL: of none, always whole */
	struct ike_header header;
	struct writer w;
	struct ike_builder b;
};

/* A request with the next message ID of ours. End with message_finish(). */
void message_begin_request(struct ike_sa *sa, struct message *m, enum ike_exchange type);
/* The response to the request that is being worked on. End with message_respond(). */
void message_begin_response(struct ike_sa *sa, struct message *m, enum ike_exchange type);

/* Append a payload: the caller writes its body to what is returned. */
static inline struct writer *message_payload(struct message *m, enum ike_payload_type type)
{
	return ike_builder_payload(&m->b, type);
}

static inline void message_notify(struct message *m, uint16_t type, struct bytes data)
{
	ike_builder_notify(&m->b, type, data);
}

/* A notify of one number. */
static inline void message_notify_u32(struct message *m, uint16_t type, uint32_t value)
{
	const uint8_t data[] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16),
				 (uint8_t)(value >> 8), (uint8_t)value };

	message_notify(m, type, BYTES_OF(data));
}

/* Make a packet, or a chain of fragments, of it; the memory of m is gone in any case. 0 or -errno. */
int message_finish(struct message *m, struct packet **ret_packet);

/* A notify about the ESP SA that we receive on with this SPI. */
void message_notify_esp(struct message *m, uint16_t type, uint32_t spi);

/*
 * Finish the response, keep it for repetitions of its request and send it. When that fails nothing
 * is sent, and the peer's repetition finds the request new. 0 or -errno, which has been logged.
 */
int message_respond(struct ike_sa *sa, struct message *m);

/* Finish the response, but keep it back until message_release(). 0 or -errno. */
int message_hold(struct ike_sa *sa, struct message *m);
void message_release(struct ike_sa *sa);

/* A response of one notify: an error, for instance. */
void message_respond_notify(struct ike_sa *sa, enum ike_exchange type, uint16_t notify,
			    struct bytes data);
