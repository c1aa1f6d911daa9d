/* SPDX-License-Identifier: MIT */
#include "httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct exchange {
	int fd;
	char request[64 << 10];
	size_t len;
	char *path;
	struct bytes body;
};

/* Headers, then as much body as Content-Length says. */
static bool read_request(struct exchange *x)
{
	char *end = NULL, *field;
	size_t body = 0;

	while (!end || x->len < (size_t)(end - x->request) + body) {
		ssize_t n = recv(x->fd, x->request + x->len, sizeof(x->request) - 1 - x->len, 0);

		if (n <= 0)
			return false;
		x->len += (size_t)n;
		x->request[x->len] = '\0';
		if (end || !(end = strstr(x->request, "\r\n\r\n")))
			continue;
		end += 4;
		field = strcasestr(x->request, "\r\nContent-Length:");
		if (field && field < end)
			body = strtoul(field + 17, NULL, 10);
	}
	x->body = BYTES(end, body);
	x->path = strchr(x->request, ' ');
	if (!x->path)
		return false;
	x->path++;
	x->path[strcspn(x->path, " ?")] = '\0';
	return true;
}

static bool send_all(int fd, const void *data, size_t len)
{
	for (size_t sent = 0; sent < len;) {
		ssize_t n = send(fd, (const char *)data + sent, len - sent, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		sent += (size_t)n;
	}
	return true;
}

static void answer(struct httpd *httpd, struct exchange *x, struct httpd_route *route)
{
	static const char junk[4096], ok[] = "HTTP/1.0 200 OK\r\n\r\n";
	static const char header[] = "X-And-So: on and on and on and on and on and on and on\r\n";
	uint8_t buf[64 << 10];
	char head[1400];
	int len;

	__atomic_add_fetch(&route->hits, 1, __ATOMIC_RELAXED);
	for (unsigned waited = 0;
	     waited < route->delay_ms && !__atomic_load_n(&httpd->stop, __ATOMIC_RELAXED);
	     waited += 10)
		usleep(10000);
	if (route->endless || route->endless_headers || route->drips) {
		send_all(x->fd, ok, strlen(ok) - (route->endless_headers ? 2 : 0));
		while (route->endless_headers ? send_all(x->fd, header, strlen(header))
		       : route->drips         ? send_all(x->fd, junk, 1)
					      : send_all(x->fd, junk, sizeof(junk)))
			usleep(route->drips ? 50000 : 0);
		return;
	}
	if (route->answer)
		route->body = route->answer(x->body, route->data, buf);
	len = snprintf(head, sizeof(head),
		       "HTTP/1.1 %d x\r\nConnection: close\r\n%s%s%sContent-Length: %zu\r\n\r\n",
		       route->status ? route->status : 200, route->location ? "Location: " : "",
		       route->location ? route->location : "", route->location ? "\r\n" : "",
		       route->body.len);
	if (send_all(x->fd, head, (size_t)len))
		send_all(x->fd, route->body.data, route->body.len);
}

static void serve(struct httpd *httpd, int fd)
{
	static const char missing[] =
		"HTTP/1.1 404 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	struct exchange *x = calloc(1, sizeof(*x));
	bool found = false;

	x->fd = fd;
	if (read_request(x)) {
		for (size_t i = 0; i < HTTPD_ROUTES_MAX && !found; i++) {
			struct httpd_route *route = &httpd->routes[i];

			found = route->path && strcmp(route->path, x->path) == 0;
			if (found)
				answer(httpd, x, route);
		}
		if (!found)
			send_all(fd, missing, sizeof(missing) - 1);
	}
	shutdown(fd, SHUT_WR);
	close(fd);
	free(x);
}

static void *httpd_thread(void *data)
{
	struct httpd *httpd = data;

	while (!__atomic_load_n(&httpd->stop, __ATOMIC_RELAXED)) {
		int fd = accept4(httpd->listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			serve(httpd, fd);
	}
	return NULL;
}

int httpd_start(struct httpd *httpd)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	httpd->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (httpd->listener < 0 || bind(httpd->listener, (void *)&addr, len) < 0 ||
	    listen(httpd->listener, 64) < 0 ||
	    getsockname(httpd->listener, (void *)&addr, &len) < 0)
		return -errno;
	httpd->port = ntohs(addr.sin_port);
	return -pthread_create(&httpd->thread, NULL, httpd_thread, httpd);
}

void httpd_stop(struct httpd *httpd)
{
	__atomic_store_n(&httpd->stop, true, __ATOMIC_RELAXED);
	shutdown(httpd->listener, SHUT_RDWR); /* wakes accept() */
	pthread_join(httpd->thread, NULL);
	close(httpd->listener);
}
