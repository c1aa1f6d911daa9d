/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "tools/postern.h"

int postern_error(const struct postern *p, int err)
{
	switch (err) {
	case -ENOENT:
		fprintf(stderr, "postern: the daemon at %s doesn't know this command\n",
			p->control);
		return POSTERN_FAILED;
	case -ETIMEDOUT:
		fprintf(stderr, "postern: no answer from %s in time\n", p->control);
		return POSTERN_TIMED_OUT;
	case -ECONNRESET:
		fprintf(stderr, "postern: the daemon closed the connection\n");
		return POSTERN_NO_DAEMON;
	case -EBADMSG:
		fprintf(stderr, "postern: %s doesn't speak the control protocol\n", p->control);
		return POSTERN_NO_DAEMON;
	default:
		fprintf(stderr, "postern: %s\n", strerror(-err));
		return POSTERN_FAILED;
	}
}

static int judge(struct bytes response, const char *what)
{
	struct bytes value;

	if (!vici_get(response, VICI_KEY_VALUE, "success", &value) ||
	    vici_get_bool(response, "success"))
		return POSTERN_OK;
	fprintf(stderr, "postern: %s%s", what ? what : "", what ? ": " : "");
	if (!vici_get(response, VICI_KEY_VALUE, "errmsg", &value))
		value = bytes_str("refused without a reason");
	fwrite(value.data, 1, value.len, stderr);
	fputc('\n', stderr);
	return POSTERN_FAILED;
}

int postern_call(struct postern *p, const char *command, const struct writer *message,
		 const char *what, struct bytes *ret_response)
{
	struct bytes response;
	int err;

	err = vici_client_call(p->client, command, message ? writer_view(message) : BYTES_NONE,
			       NULL, NULL, &response);
	if (err)
		return postern_error(p, err);
	if (ret_response)
		*ret_response = response;
	return judge(response, what);
}

struct stream_call {
	struct postern *p;
	const char *event;
	postern_section_fn fn;
	void *data;
};

static int stream_event(struct bytes name, struct bytes message, void *data)
{
	struct stream_call *call = data;
	struct vici_item item;
	int rc = 0;

	if (!vici_bytes_are(name, call->event))
		return 0;
	while (!rc && vici_next(&message, &item))
		if (item.type == VICI_SECTION_START)
			rc = call->fn(call->p, item.name, item.content, call->data);
	return rc;
}

int postern_stream(struct postern *p, const char *command, const char *event,
		   const struct writer *message, postern_section_fn fn, void *data)
{
	struct stream_call call = { p, event, fn, data };
	struct bytes response;
	int err;

	err = vici_client_register(p->client, event);
	if (!err)
		err = vici_client_call(p->client, command,
				       message ? writer_view(message) : BYTES_NONE, stream_event,
				       &call, &response);
	if (err > 0)
		return err;
	if (err)
		return postern_error(p, err);
	err = judge(response, NULL);
	if (err != POSTERN_OK)
		return err;
	err = vici_client_unregister(p->client, event);
	return err ? postern_error(p, err) : POSTERN_OK;
}
