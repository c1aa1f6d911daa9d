/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "pdk/loop/loop.h"
#include "pdk/net/stream.h"
#include "../leaks.h"

#define CLIENTS 4

/* The server's side of one connection. */
struct conn {
	struct stream *stream;
	uint8_t in[4096];
	size_t n_in;
	bool got, closed;
	int closed_err;
	unsigned closed_calls;
	bool echo, free_on_read, finish_on_read;
};

FIXTURE(stream)
{
	struct loop *loop;
	struct stream_listener *listener;
	char dir[32], path[64];
	struct conn conns[CLIENTS];
	unsigned n_conns;
	bool accepted, free_listener;
};

static void server_read(struct stream *s, struct bytes in, void *data)
{
	struct conn *c = data;

	for (size_t i = 0; i < in.len && c->n_in < sizeof(c->in); i++)
		c->in[c->n_in++] = in.data[i];
	c->got = true;
	if (c->echo)
		stream_write(s, in);
	if (c->finish_on_read)
		stream_finish(s);
	if (c->free_on_read)
		c->stream = stream_free(s);
}

static void server_closed(struct stream *s, int err, void *data)
{
	struct conn *c = data;

	c->closed = true;
	c->closed_calls++;
	c->closed_err = err;
	c->stream = stream_free(s);
}

static void server_accept(struct stream *s, void *data)
{
	FIXTURE_DATA(stream) *self = data;
	struct conn *c = &self->conns[self->n_conns++];

	c->stream = s;
	stream_set_handlers(s, server_read, server_closed, c);
	self->accepted = true;
	if (self->free_listener)
		self->listener = stream_listener_free(self->listener);
}

static struct instant in_ms(int64_t ms)
{
	return instant_add(instant_now(), DURATION_MS(ms));
}

FIXTURE_SETUP(stream)
{
	memset(self, 0, sizeof(*self));
	strcpy(self->dir, "/tmp/stream-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->path, sizeof(self->path), "%s/socket", self->dir);
	ASSERT_EQ(0, loop_new(&self->loop));
	ASSERT_EQ(0, stream_listen_unix(self->loop, self->path, 0600, server_accept, self,
					&self->listener));
}

FIXTURE_TEARDOWN(stream)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		stream_free(self->conns[i].stream);
	stream_listener_free(self->listener);
	loop_free(self->loop);
	unlink(self->path);
	rmdir(self->dir);
	EXPECT_NO_LEAKS();
}

/* A plain client; the server has accepted it when this returns. */
static int client(struct __test_metadata *_metadata, FIXTURE_DATA(stream) * self)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 2 };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(un.sun_path, self->path);
	self->accepted = false;
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0 ||
	    loop_run_until(self->loop, &self->accepted, in_ms(2000)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		abort();
	return fd;
}

static void settle(FIXTURE_DATA(stream) * self)
{
	while (loop_run_once(self->loop, in_ms(5)) == 0)
		;
}

/* -------- listener -------- */

TEST_F(stream, the_path_has_its_mode_and_goes_with_the_listener)
{
	struct stream_listener *group = NULL;
	struct stat st;
	char other[80];

	ASSERT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(0600, st.st_mode & 0777);
	snprintf(other, sizeof(other), "%s/group", self->dir);
	ASSERT_EQ(0, stream_listen_unix(self->loop, other, 0660, server_accept, self, &group));
	ASSERT_EQ(0, stat(other, &st));
	EXPECT_EQ(0660, st.st_mode & 0777);
	stream_listener_free(group);
	EXPECT_EQ(-1, stat(other, &st));
}

TEST_F(stream, a_path_is_taken_over_only_when_nobody_answers)
{
	struct stream_listener *second = NULL;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd;

	EXPECT_EQ(-EADDRINUSE,
		  stream_listen_unix(self->loop, self->path, 0600, server_accept, self, &second));
	EXPECT_EQ(NULL, second);

	/* What a killed process leaves: a socket file without a socket. */
	self->listener = stream_listener_free(self->listener);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(un.sun_path, self->path);
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&un, sizeof(un)));
	close(fd);
	ASSERT_EQ(0, access(self->path, F_OK));
	EXPECT_EQ(0, stream_listen_unix(self->loop, self->path, 0600, server_accept, self,
					&self->listener));
	close(client(_metadata, self));
}

TEST_F(stream, what_is_no_socket_is_never_removed)
{
	struct stream_listener *second = NULL;
	char file[80];
	int fd;

	snprintf(file, sizeof(file), "%s/file", self->dir);
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_EQ(-EADDRINUSE,
		  stream_listen_unix(self->loop, file, 0600, server_accept, self, &second));
	EXPECT_EQ(0, unlink(file));
}

TEST_F(stream, a_path_that_became_someone_elses_stays)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ASSERT_EQ(0, unlink(self->path));
	strcpy(un.sun_path, self->path);
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&un, sizeof(un)));
	self->listener = stream_listener_free(self->listener);
	EXPECT_EQ(0, access(self->path, F_OK));
	close(fd);
}

TEST_F(stream, bad_paths_are_refused)
{
	struct stream_listener *second = NULL;
	struct stream *s = NULL;
	char path[200];

	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	EXPECT_EQ(-ENAMETOOLONG,
		  stream_listen_unix(self->loop, path, 0600, server_accept, self, &second));
	EXPECT_EQ(-EINVAL, stream_listen_unix(self->loop, "", 0600, server_accept, self, &second));
	EXPECT_EQ(-ENOENT, stream_connect_unix(self->loop, "/nonexistent/socket", &s));
	EXPECT_EQ(NULL, s);
}

TEST_F(stream, accepting_may_free_the_listener)
{
	int fd;

	self->free_listener = true;
	fd = client(_metadata, self);
	EXPECT_EQ(NULL, self->listener);
	self->conns[0].echo = true;
	ASSERT_EQ(2, write(fd, "hi", 2));
	EXPECT_EQ(0, loop_run_until(self->loop, &self->conns[0].got, in_ms(1000)));
	close(fd);
}

/* -------- connection -------- */

TEST_F(stream, says_who_the_peer_is)
{
	struct ucred cred;
	int fd = client(_metadata, self);

	ASSERT_EQ(0, stream_peer(self->conns[0].stream, &cred));
	EXPECT_EQ(getpid(), cred.pid);
	EXPECT_EQ(geteuid(), cred.uid);
	close(fd);
}

TEST_F(stream, a_byte_wise_client_gets_its_answer)
{
	static const char text[] = "one octet at a time";
	struct conn *c = &self->conns[0];
	char answer[sizeof(text)];
	int fd = client(_metadata, self);

	c->echo = true;
	for (size_t i = 0; i < sizeof(text); i++) {
		c->got = false;
		ASSERT_EQ(1, write(fd, text + i, 1));
		ASSERT_EQ(0, loop_run_until(self->loop, &c->got, in_ms(1000)));
	}
	EXPECT_EQ(sizeof(text), c->n_in);
	ASSERT_EQ(sizeof(text), recv(fd, answer, sizeof(answer), MSG_WAITALL));
	EXPECT_STREQ(text, answer);
	close(fd);
	EXPECT_EQ(0, loop_run_until(self->loop, &c->closed, in_ms(1000)));
	EXPECT_EQ(0, c->closed_err);
	settle(self);
	EXPECT_EQ(1, c->closed_calls);
}

TEST_F(stream, a_client_that_stops_reading_is_cut_off_and_harms_nobody)
{
	static uint8_t chunk[1000];
	struct conn *lazy = &self->conns[0], *good = &self->conns[1];
	int lazy_fd = client(_metadata, self), good_fd = client(_metadata, self);
	size_t written = 0;
	char answer[2];
	int err = 0;

	stream_set_queue_limit(lazy->stream, 100000);
	good->echo = true;
	while (!err && written < 100000000) {
		err = stream_write(lazy->stream, BYTES_OF(chunk));
		written += sizeof(chunk);
		/* Only the callback tells; it never runs inside of stream_write(). */
		ASSERT_FALSE(lazy->closed);
		if (!err)
			EXPECT_GE(100000, stream_queued(lazy->stream));
	}
	EXPECT_EQ(-ENOBUFS, err);
	EXPECT_EQ(-EPIPE, stream_write(lazy->stream, BYTES_OF(chunk)));
	ASSERT_EQ(2, write(good_fd, "ok", 2));
	EXPECT_EQ(0, loop_run_until(self->loop, &lazy->closed, in_ms(1000)));
	EXPECT_EQ(-ENOBUFS, lazy->closed_err);
	EXPECT_EQ(0, loop_run_until(self->loop, &good->got, in_ms(1000)));
	EXPECT_EQ(2, recv(good_fd, answer, 2, MSG_WAITALL));
	settle(self);
	EXPECT_EQ(1, lazy->closed_calls);
	EXPECT_FALSE(good->closed);
	close(lazy_fd);
	close(good_fd);
}

TEST_F(stream, a_slow_reader_gets_everything_in_order)
{
	static uint8_t sent[1000000], got[sizeof(sent)];
	struct conn *c = &self->conns[0];
	int fd = client(_metadata, self);
	size_t n = 0;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
	stream_set_queue_limit(c->stream, sizeof(sent));
	for (size_t i = 0; i < sizeof(sent); i += 10000)
		ASSERT_EQ(0, stream_write(c->stream, BYTES(sent + i, 10000)));
	EXPECT_LT(0, stream_queued(c->stream));
	stream_finish(c->stream);
	EXPECT_EQ(-EPIPE, stream_write(c->stream, bytes_str("late")));
	while (n < sizeof(got)) {
		ssize_t r = recv(fd, got + n, sizeof(got) - n < 7777 ? sizeof(got) - n : 7777,
				 MSG_DONTWAIT);

		if (r > 0)
			n += (size_t)r;
		else
			ASSERT_EQ(0, loop_run_once(self->loop, in_ms(1000)));
	}
	EXPECT_EQ(0, memcmp(sent, got, sizeof(sent)));
	EXPECT_EQ(0, loop_run_until(self->loop, &c->closed, in_ms(1000)));
	EXPECT_EQ(0, c->closed_err);
	EXPECT_EQ(0, recv(fd, got, 1, 0));
	close(fd);
}

TEST_F(stream, what_a_client_asks_before_it_shuts_down_is_answered)
{
	struct conn *c = &self->conns[0];
	int fd = client(_metadata, self);
	char answer[3];

	c->echo = true;
	ASSERT_EQ(3, write(fd, "hey", 3));
	ASSERT_EQ(0, shutdown(fd, SHUT_WR));
	EXPECT_EQ(0, loop_run_until(self->loop, &c->closed, in_ms(1000)));
	EXPECT_EQ(3, recv(fd, answer, 3, MSG_WAITALL));
	EXPECT_EQ(0, recv(fd, answer, 1, 0));
	close(fd);
}

TEST_F(stream, a_read_callback_may_free_or_finish_its_stream)
{
	int a = client(_metadata, self), b = client(_metadata, self);
	char c;

	self->conns[0].free_on_read = true;
	self->conns[0].echo = true;
	self->conns[1].finish_on_read = true;
	self->conns[1].echo = true;
	ASSERT_EQ(1, write(a, "x", 1));
	ASSERT_EQ(1, write(b, "y", 1));
	settle(self);
	EXPECT_EQ(NULL, self->conns[0].stream);
	EXPECT_FALSE(self->conns[0].closed);
	EXPECT_TRUE(self->conns[1].closed);
	EXPECT_EQ(1, recv(a, &c, 1, 0));
	EXPECT_EQ(0, recv(a, &c, 1, 0));
	EXPECT_EQ(1, recv(b, &c, 1, 0));
	EXPECT_EQ(0, recv(b, &c, 1, 0));
	close(a);
	close(b);
}

TEST_F(stream, a_client_that_vanishes_ends_its_stream_once)
{
	static uint8_t chunk[500000];
	struct conn *c = &self->conns[0];
	int fd = client(_metadata, self);

	stream_set_queue_limit(c->stream, sizeof(chunk));
	ASSERT_EQ(0, stream_write(c->stream, BYTES_OF(chunk)));
	ASSERT_LT(0, stream_queued(c->stream));
	close(fd);
	EXPECT_EQ(0, loop_run_until(self->loop, &c->closed, in_ms(1000)));
	settle(self);
	EXPECT_EQ(1, c->closed_calls);
}

TEST_F(stream, two_streams_talk_to_each_other)
{
	struct conn mine = { 0 };

	ASSERT_EQ(0, stream_connect_unix(self->loop, self->path, &mine.stream));
	stream_set_handlers(mine.stream, server_read, server_closed, &mine);
	EXPECT_EQ(0, stream_write(mine.stream, bytes_str("hello")));
	EXPECT_EQ(0, loop_run_until(self->loop, &self->accepted, in_ms(1000)));
	self->conns[0].echo = true;
	EXPECT_EQ(0, loop_run_until(self->loop, &mine.got, in_ms(1000)));
	EXPECT_TRUE(bytes_equal(BYTES(mine.in, mine.n_in), bytes_str("hello")));
	self->conns[0].stream = stream_free(self->conns[0].stream);
	EXPECT_EQ(0, loop_run_until(self->loop, &mine.closed, in_ms(1000)));
	EXPECT_EQ(0, mine.closed_err);
}

TEST_HARNESS_MAIN
