/* SPDX-License-Identifier: MIT */
#include "ikev2/exchange/message.h"

#include <errno.h>

#include "pdk/log/log.h"
#include "ikev2/codec/message.h"
#include "ikev2/exchange/fragments.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

static void message_begin(struct ike_sa *sa, struct message *m, enum ike_exchange type,
			  uint8_t flags, uint32_t id)
{
	const struct ike_header header = {
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.exchange = type,
		.flags = flags | (sa->initiator ? IKE_FLAG_INITIATOR : 0),
		.message_id = id,
	};

	m->sa = sa;
	m->header = header;
	writer_init_heap(&m->w, IKE_MESSAGE_MAX);
	ike_builder_init(&m->b, &m->w, &header);
	if (type != IKE_EXCHANGE_IKE_SA_INIT)
		ike_builder_encrypt(&m->b, sa->key_out);
}

void message_begin_request(struct ike_sa *sa, struct message *m, enum ike_exchange type)
{
	message_begin(sa, m, type, 0, sa->window.send_next);
}

void message_begin_response(struct ike_sa *sa, struct message *m, enum ike_exchange type)
{
	message_begin(sa, m, type, IKE_FLAG_RESPONSE, sa->window.receive_next);
}

static int message_seal(struct message *m, struct packet **ret_packet)
{
	struct bytes bytes;
	int err = ike_builder_finish(&m->b, &bytes);

	if (err == 0)
		*ret_packet = packet_new(bytes);
	return err == 0 && !*ret_packet ? -ENOMEM : err;
}

int message_finish(struct message *m, struct packet **ret_packet)
{
	struct packet *packet = NULL, *text = NULL;
	int err = m->sa ? fragments_cut(m, &packet, &text) : 0;

	if (err == 0 && !packet)
		err = message_seal(m, &packet);
	writer_fini(&m->w);
	if (err < 0) {
		packet_unref(text);
		return err;
	}
	packet->text = text;
	*ret_packet = packet;
	return 0;
}

void message_notify_esp(struct message *m, uint16_t type, uint32_t spi)
{
	uint8_t data[4];
	struct ike_notify notify = { .protocol = IKE_PROTOCOL_ESP,
				     .type = type,
				     .spi = BYTES_OF(data) };
	struct writer w;

	writer_init_fixed(&w, data, sizeof(data));
	writer_u32(&w, spi);
	ike_notify_write(message_payload(m, IKE_PAYLOAD_N), &notify);
}

static void respond(struct ike_sa *sa, struct packet *packet)
{
	window_answered(&sa->window, packet);
	sa->fragments.repeated = 0;
	/* To where the request came from, even if that isn't where ours go to (2.11). */
	ike_core_send(sa->core, &sa->request_local, &sa->request_remote, packet);
}

int message_respond(struct ike_sa *sa, struct message *m)
{
	struct packet *packet;
	int err = message_finish(m, &packet);

	/* What was held back is not the answer any more. */
	sa->held = packet_unref(sa->held);
	if (err < 0) {
		log_obj_warning(ike, sa->log_name, "cannot build a response: %s", strerror(-err));
		sa->window.answering = false;
		return err;
	}
	respond(sa, packet);
	packet_unref(packet);
	return 0;
}

int message_hold(struct ike_sa *sa, struct message *m)
{
	return message_finish(m, &sa->held);
}

void message_release(struct ike_sa *sa)
{
	respond(sa, sa->held);
	sa->held = packet_unref(sa->held);
}

void message_respond_notify(struct ike_sa *sa, enum ike_exchange type, uint16_t notify,
			    struct bytes data)
{
	struct message m;

	message_begin_response(sa, &m, type);
	message_notify(&m, notify, data);
	message_respond(sa, &m);
}
