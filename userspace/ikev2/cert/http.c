/* SPDX-License-Identifier: MIT */
#include "ikev2/cert/http.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <curl/curl.h>

#define PROTOCOLS     "http,https"
#define REDIRECTS_MAX 3L

/* ASCII, regardless of the locale and of case. */
static bool has_prefix(const char *url, const char *prefix)
{
	for (; *prefix; url++, prefix++)
		if (tolower((unsigned char)*url) != *prefix)
			return false;
	return true;
}

int http_init(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -EIO;
}

void http_origin(const char *url, char *buf, size_t size)
{
	const char *host = strstr(url, "://");
	size_t len = host ? (size_t)(host - url) + 3 : 0;

	len += strcspn(url + len, "/?#");
	snprintf(buf, size, "%.*s", (int)len, url);
	for (; *buf; buf++)
		*buf = (char)tolower((unsigned char)*buf);
}

static size_t receive(char *data, size_t size, size_t n, void *user)
{
	struct writer *w = user;

	writer_bytes(w, BYTES(data, size * n));
	return w->err ? 0 : size * n;
}

static int progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const bool *cancel = user;

	return __atomic_load_n(cancel, __ATOMIC_RELAXED);
}

static int error_of(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return 0;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return -EPROTONOSUPPORT;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		return -EHOSTUNREACH;
	case CURLE_FILESIZE_EXCEEDED:
		return -EMSGSIZE;
	case CURLE_HTTP_RETURNED_ERROR:
	case CURLE_TOO_MANY_REDIRECTS:
	case CURLE_GOT_NOTHING:
		return -ENOENT;
	case CURLE_ABORTED_BY_CALLBACK:
		return -ECANCELED;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

static void set_options(CURL *curl, const struct http_request *request, struct curl_slist *headers,
			struct writer *answer, char *error)
{
	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, PROTOCOLS);
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, PROTOCOLS);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L); /* there are other threads */
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)duration_ms(request->connect_timeout));
	/* 0 would be without end. */
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)duration_ms(request->timeout) + 1);
	curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->max_bytes);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "postern");
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	if (request->cancel) {
		curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
		curl_easy_setopt(curl, CURLOPT_XFERINFODATA, (void *)request->cancel);
	}
	if (request->body.data) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request->body.len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.data);
	}
}

static struct curl_slist *add_header(struct curl_slist *headers, const char *name,
				     const char *value)
{
	struct curl_slist *longer;
	char line[200];

	if (!value)
		return headers;
	snprintf(line, sizeof(line), "%s: %s", name, value);
	longer = curl_slist_append(headers, line);
	return longer ? longer : headers;
}

int http_fetch(const struct http_request *request, uint8_t **ret_data, size_t *ret_len, char *error)
{
	struct curl_slist *headers = NULL;
	char message[CURL_ERROR_SIZE] = "";
	struct writer answer;
	CURLcode code;
	CURL *curl;
	int err;

	if (!has_prefix(request->url, "http://") && !has_prefix(request->url, "https://")) {
		snprintf(error, HTTP_ERROR_LEN, "neither http nor https");
		return -EPROTONOSUPPORT;
	}
	curl = curl_easy_init();
	if (!curl) {
		snprintf(error, HTTP_ERROR_LEN, "out of memory");
		return -ENOMEM;
	}
	writer_init_heap(&answer, request->max_bytes);
	headers = add_header(headers, "Accept", request->accept);
	if (request->body.data)
		headers = add_header(headers, "Content-Type", request->type);
	set_options(curl, request, headers, &answer, message);
	code = curl_easy_perform(curl);
	err = error_of(code);
	if (err && answer.err) /* it was receive() that ended it */
		err = answer.err;
	if (!err && !answer.len)
		err = -ENOENT;
	if (err == -EMSGSIZE)
		snprintf(error, HTTP_ERROR_LEN, "the answer is longer than %zu bytes",
			 request->max_bytes);
	else if (err)
		snprintf(error, HTTP_ERROR_LEN, "%s",
			 message[0] ? message
			 : code     ? curl_easy_strerror(code)
				    : "the answer is empty");
	if (err)
		writer_fini(&answer);
	else
		err = writer_steal(&answer, ret_data, ret_len);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return err;
}
