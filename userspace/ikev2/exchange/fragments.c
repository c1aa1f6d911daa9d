/* SPDX-License-Identifier: MIT */
#include "ikev2/exchange/fragments.h"

#include <errno.h>
#include <sys/socket.h>

#include "pdk/log/log.h"
#include "ikev2/codec/skf.h"
#include "ikev2/exchange/message.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

#define IPV4_HEADER_LEN 20
#define IPV6_HEADER_LEN 40
#define UDP_HEADER_LEN  8
#define MARKER_LEN      4 /* RFC 3948 2.2 */

/* 2.5.2: few and coarse, downwards. Both families: a tunnel may make an IPv6 path narrower, too. */
static const uint16_t sizes[] = { 1280, FRAGMENT_SIZE_MIN };

size_t fragments_datagram_size(const struct ike_sa *sa, size_t len)
{
	return len + (sa->remote.family == AF_INET6 ? IPV6_HEADER_LEN : IPV4_HEADER_LEN) +
	       UDP_HEADER_LEN + (sa->local.port == sa->core->params.natt_port ? MARKER_LEN : 0);
}

/* What the configuration says for messages of this SA. */
static size_t size_configured(const struct ike_sa *sa)
{
	const size_t size = sa->core->config->settings.fragment_size;

	if (size)
		return size;
	/* 2.5.1: what is recommended when nothing is known. */
	return sa->remote.family == AF_INET6 ? 1280 : FRAGMENT_SIZE_MIN;
}

/* The most octets that a message of sa may have, when its datagrams have at most size. */
static size_t message_max(const struct ike_sa *sa, size_t size)
{
	size_t overhead = fragments_datagram_size(sa, 0);

	return size > overhead ? size - overhead : 0;
}

bool fragments_agreed(const struct ike_sa *sa, const struct ike_message *m)
{
	return sa->conn->fragmentation != FRAGMENTATION_NO &&
	       ike_message_find_notify(m, IKE_NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED, 0, NULL);
}

/* We may send fragments on sa (2.3). */
static bool allowed(const struct ike_sa *sa)
{
	return sa->fragments.agreed && (sa->conn->fragmentation == FRAGMENTATION_YES ||
					sa->conn->fragmentation == FRAGMENTATION_FORCE);
}

static size_t size_now(const struct ike_sa *sa, bool response)
{
	const size_t seen = sa->fragments.request_size;
	size_t size = sa->fragments.size ? sa->fragments.size : size_configured(sa);

	/* 2.5.1: what came through in one direction may be what fits in the other. */
	if (response && seen && seen < size)
		size = seen > FRAGMENT_SIZE_MIN ? seen : FRAGMENT_SIZE_MIN;
	return size;
}

/* How many fragments content takes; 0: it can't be done. */
static size_t count(size_t content, size_t chunk)
{
	size_t n = chunk ? (content + chunk - 1) / chunk : 0;

	/* The peer's patience may be no greater than ours. */
	return n <= REASSEMBLY_FRAGMENTS_MAX ? n : 0;
}

static struct packet *write_one(struct ike_sa *sa, const struct ike_header *header,
				const struct ike_fragment *fragment, struct bytes chunk)
{
	struct packet *packet = NULL;
	struct writer w;

	writer_init_heap(&w, IKE_MESSAGE_MAX);
	if (ike_skf_write(&w, header, fragment, chunk, sa->key_out) == 0)
		packet = packet_new(writer_view(&w));
	writer_fini(&w);
	return packet;
}

/* text: the type of the first payload, and all of them. NULL without memory. */
static struct packet *write_all(struct ike_sa *sa, const struct ike_header *header,
				struct bytes text, size_t chunk_max)
{
	struct bytes left = BYTES(text.data + 1, text.len - 1);
	struct ike_fragment f = { 1, (uint16_t)count(left.len, chunk_max), text.data[0] };
	struct packet *first = NULL, **next = &first;

	for (; f.number <= f.total; f.number++, next = &(*next)->next) {
		size_t len = left.len < chunk_max ? left.len : chunk_max;

		*next = write_one(sa, header, &f, BYTES(left.data, len));
		if (!*next)
			return packet_unref(first);
		left = BYTES(left.data + len, left.len - len);
		f.first = IKE_PAYLOAD_NONE;
	}
	return first;
}

int fragments_cut(struct message *m, struct packet **ret_packet, struct packet **ret_text)
{
	struct ike_sa *sa = m->sa;
	size_t max, len;
	struct bytes content;
	struct packet *text;
	uint8_t first;
	int err;

	*ret_packet = *ret_text = NULL;
	if (!m->b.key || !allowed(sa))
		return 0;
	max = message_max(sa, size_now(sa, ike_header_is_response(&m->header)));
	len = ike_builder_len(&m->b);
	if (len <= max && len <= message_max(sa, FRAGMENT_SIZE_MIN))
		return 0;
	err = ike_builder_inner(&m->b, &first, &content);
	if (err < 0)
		return err;
	text = packet_new(BYTES(content.data - 1, content.len + 1));
	if (!text)
		return -ENOMEM;
	text->data[0] = first;
	if (len > max)
		*ret_packet = write_all(sa, &m->header, packet_bytes(text),
					ike_skf_chunk_max(aead_key_suite(sa->key_out), max));
	*ret_text = text;
	return 0;
}

struct packet *fragments_cut_smaller(struct ike_sa *sa, const struct packet *packet, size_t limit,
				     size_t *ret_size)
{
	const struct crypto_suite *suite;
	struct packet *smaller = NULL;
	struct ike_header header;
	size_t n, content, size = 0;

	if (!packet->text || !allowed(sa) ||
	    ike_header_parse(packet_bytes(packet), &header, NULL) != IKE_OK)
		return NULL;
	suite = aead_key_suite(sa->key_out);
	n = packet_count(packet);
	content = packet->text->len - 1;
	for (size_t i = 0; i <= ARRAY_SIZE(sizes) && !smaller; i++) {
		size_t chunk_max, more;

		/* First what the path is known to take, then what it may. */
		size = i ? sizes[i - 1] : limit;
		chunk_max = ike_skf_chunk_max(suite, message_max(sa, size));
		/* What fits must be more fragments, too: that tells the sets apart. */
		if (!i && chunk_max > content / (n + 1) + 1)
			chunk_max = content / (n + 1) + 1;
		more = count(content, chunk_max);
		if ((!limit || size <= limit) && more > n)
			smaller = write_all(sa, &header, packet_bytes(packet->text), chunk_max);
	}
	if (!smaller)
		return NULL;
	smaller->text = packet_ref(packet->text);
	*ret_size = size;
	return smaller;
}

void fragments_size_good(struct ike_sa *sa)
{
	if (sa->fragments.probe)
		sa->fragments.size = sa->fragments.probe;
	sa->fragments.probe = 0;
}

bool fragments_shrink_request(struct ike_sa *sa, size_t limit)
{
	struct packet *smaller;
	size_t size;

	if (!sa->window.request || (!limit && sa->window.sent < FRAGMENT_PATIENCE))
		return false;
	if (limit && limit >= fragments_datagram_size(sa, sa->window.request->len))
		return false;
	smaller = fragments_cut_smaller(sa, sa->window.request, limit, &size);
	if (!smaller)
		return false;
	log_obj_info(ike, sa->log_name,
		     "request %u does not get through: it is sent in %zu parts of %zu octets",
		     sa->window.send_next - 1, packet_count(smaller), size);
	window_request_anew(&sa->window, smaller, sa->core->now, &sa->core->config->settings);
	packet_unref(smaller);
	sa->fragments.probe = (uint16_t)size;
	return true;
}

void fragments_shrink_response(struct ike_sa *sa)
{
	struct packet *smaller;
	size_t size;

	/* 2.4: what the repetitions of a request tell its responder. */
	if (++sa->fragments.repeated % (FRAGMENT_PATIENCE + 1))
		return;
	smaller = fragments_cut_smaller(sa, sa->window.response, 0, &size);
	if (!smaller)
		return;
	log_obj_info(ike, sa->log_name,
		     "response %u does not get through: it is sent in %zu parts of %zu octets",
		     sa->window.receive_next - 1, packet_count(smaller), size);
	packet_unref(sa->window.response);
	sa->window.response = smaller;
}
