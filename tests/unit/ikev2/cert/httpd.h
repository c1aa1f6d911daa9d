/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * An HTTP server on the loopback, one thread, one connection after the other: as much HTTP as
 * libcurl needs. What it answers is data that the test may change between requests.
 */
#include <pthread.h>
#include <stdbool.h>
#include "pdk/base/bytes.h"

#define HTTPD_ROUTES_MAX 8

struct httpd_route {
	const char *path;
	int status; /* 0: 200; 302 with location */
	const char *location;
	struct bytes body;
	/* Instead of body: makes it of the request's; writes into buf of 64 KiB. */
	struct bytes (*answer)(struct bytes request, void *data, void *buf);
	void *data;
	unsigned delay_ms;
	bool endless;  /* sends until nobody takes it any more */
	bool endless_headers; /* the same before the body */
	bool drips;           /* sends a byte every 50 ms */
	unsigned hits; /* counted by the server, atomic */
};

struct httpd {
	int listener, port;
	pthread_t thread;
	bool stop; /* atomic */
	struct httpd_route routes[HTTPD_ROUTES_MAX];
};

/* 0, or -errno. The routes may be filled in before or afterwards. */
int httpd_start(struct httpd *httpd);
void httpd_stop(struct httpd *httpd);
