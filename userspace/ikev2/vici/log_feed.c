/* SPDX-License-Identifier: MIT */
#include "ikev2/vici/log_feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pdk/log/log.h"
#include "pdk/worker/mailbox.h"
#include "ikev2/vici/server.h"

/*
 * Letters that are under way when the feed is freed still come: the last one frees it. The thread's
 * name and the subsystem stay as long as the program, the other texts are copied.
 */

struct vici_log_feed {
	struct vici_server *server; /* main thread; NULL: the feed is to go */
	struct mailbox *mailbox;
	unsigned under_way; /* atomic */
	uint64_t dropped;   /* atomic */
};

struct line {
	struct mail mail;
	struct vici_log_feed *feed;
	struct log_record record;
	char text[]; /* message, then object */
};

static void deliver(struct mail *mail)
{
	struct line *line = container_of(mail, struct line, mail);
	struct vici_log_feed *feed = line->feed;
	unsigned left = __atomic_sub_fetch(&feed->under_way, 1, __ATOMIC_RELAXED);

	if (feed->server)
		vici_event_log(feed->server, &line->record);
	else if (left == 0)
		free(feed);
	free(line);
}

static struct line *copy_line(struct vici_log_feed *feed, const struct log_record *record)
{
	size_t message_len = strlen(record->message) + 1;
	size_t object_len = record->object ? strlen(record->object) + 1 : 0;
	struct line *line = malloc(sizeof(*line) + message_len + object_len);

	if (!line)
		return NULL;
	line->feed = feed;
	line->record = *record;
	line->record.message = memcpy(line->text, record->message, message_len);
	if (record->object)
		line->record.object = memcpy(line->text + message_len, record->object, object_len);
	return line;
}

/* Any thread. */
static void sink(const struct log_record *record, void *data)
{
	struct vici_log_feed *feed = data;
	struct line *line = NULL;

	if (!vici_server_wants_log(feed->server))
		return;
	if (__atomic_add_fetch(&feed->under_way, 1, __ATOMIC_RELAXED) <= VICI_LOG_FEED_MAX)
		line = copy_line(feed, record);
	if (!line) {
		__atomic_sub_fetch(&feed->under_way, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&feed->dropped, 1, __ATOMIC_RELAXED);
		return;
	}
	mailbox_post(feed->mailbox, &line->mail, deliver);
}

int vici_log_feed_new(struct vici_server *server, struct mailbox *mailbox,
		      struct vici_log_feed **ret_feed)
{
	struct vici_log_feed *feed = calloc(1, sizeof(*feed));
	int err;

	if (!feed)
		return -ENOMEM;
	feed->server = server;
	feed->mailbox = mailbox;
	err = log_add_sink(sink, feed);
	if (err) {
		free(feed);
		return err;
	}
	*ret_feed = feed;
	return 0;
}

struct vici_log_feed *vici_log_feed_free(struct vici_log_feed *feed)
{
	if (!feed)
		return NULL;
	log_remove_sink(sink, feed);
	/* No thread is in the sink any more, so only deliveries change the number now. */
	feed->server = NULL;
	if (__atomic_load_n(&feed->under_way, __ATOMIC_RELAXED) == 0)
		free(feed);
	return NULL;
}

uint64_t vici_log_feed_dropped(const struct vici_log_feed *feed)
{
	return __atomic_load_n(&feed->dropped, __ATOMIC_RELAXED);
}
