/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * An HTTP client for revocation information, over libcurl: GET and POST, http and https alone, also
 * after redirects, with a limit to time and size. Blocks: for threads of the job pool.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "pdk/base/bytes.h"
#include "pdk/base/time.h"

/* A line about what went wrong. */
#define HTTP_ERROR_LEN 256

struct http_request {
	const char *url;
	struct bytes body;  /* with data NULL it is a GET, else a POST */
	const char *type;   /* Content-Type of the body */
	const char *accept; /* Accept; may be NULL */
	struct duration connect_timeout, timeout;
	size_t max_bytes;
	const bool *cancel; /* read atomically: true ends the transfer soon */
};

/* Once, before other threads are there. -EIO. */
int http_init(void);

/*
 * ret_data is the caller's to free(). -EPROTONOSUPPORT: not http or https; -ETIMEDOUT;
 * -EHOSTUNREACH: no connection, or no such name; -EMSGSIZE: the answer is longer than max_bytes;
 * -ENOENT: the server answered with an error, or with nothing; -ECANCELED; -ENOMEM; -EIO. error (of
 * HTTP_ERROR_LEN) then says more.
 */
int http_fetch(const struct http_request *request, uint8_t **ret_data, size_t *ret_len,
	       char *error);

/* "http://host:port" of a URL into buf, lower-case; what all URLs of one server have in common. */
void http_origin(const char *url, char *buf, size_t size);
