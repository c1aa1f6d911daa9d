/* SPDX-License-Identifier: MIT */
/*
 * Runs the example daemon as a user would: starts it, waits for its readiness, talks to it, ends it
 * by SIGTERM. Its path comes from the build (ECHOD).
 */
#include <kselftest_harness.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pdk/net/netaddr.h"

FIXTURE(echod)
{
	int manager; /* the socket of the service manager that we play */
	char path[64];
	uint16_t port;
	pid_t pid;
};

/* A port that is free now. */
static uint16_t free_port(void)
{
	struct netaddr any = netaddr_any(AF_INET, 0);
	struct sockaddr_storage ss;
	socklen_t len = netaddr_to_sockaddr(&any, &ss);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (bind(fd, (struct sockaddr *)&ss, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&ss, &len) < 0 ||
	    netaddr_from_sockaddr((struct sockaddr *)&ss, len, &any) != 0)
		abort();
	close(fd);
	return any.port;
}

static void set_patience(int fd)
{
	struct timeval patience = { .tv_sec = 10 };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		abort();
}

FIXTURE_SETUP(echod)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char port[16], state[100] = "";

	snprintf(self->path, sizeof(self->path), "/tmp/echod-%d", getpid());
	strcpy(un.sun_path, self->path);
	self->manager = socket(AF_UNIX, SOCK_DGRAM, 0);
	ASSERT_EQ(0, bind(self->manager, (struct sockaddr *)&un, sizeof(un)));
	set_patience(self->manager);
	self->port = free_port();
	snprintf(port, sizeof(port), "%u", self->port);

	self->pid = fork();
	if (self->pid == 0) {
		setenv("NOTIFY_SOCKET", self->path, 1);
		execl(ECHOD, "echod", port, "3", NULL);
		_exit(127);
	}
	ASSERT_LT(0, self->pid);
	ASSERT_LT(0, recv(self->manager, state, sizeof(state) - 1, 0));
	ASSERT_STREQ("READY=1", state);
}

FIXTURE_TEARDOWN(echod)
{
	char state[100] = "";
	int status = -1;

	kill(self->pid, SIGTERM);
	EXPECT_LT(0, recv(self->manager, state, sizeof(state) - 1, 0));
	EXPECT_STREQ("STOPPING=1", state);
	EXPECT_EQ(self->pid, waitpid(self->pid, &status, 0));
	EXPECT_EQ(0, status);
	close(self->manager);
	unlink(self->path);
}

TEST_F(echod, answers_many_clients_from_the_address_they_asked)
{
	for (unsigned i = 0; i < 40; i++) {
		struct sockaddr_storage to, from;
		char sent[32], got[32] = "";
		socklen_t len, from_len = sizeof(from);
		struct netaddr a, b;
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		set_patience(fd);
		ASSERT_EQ(0, netaddr_parse(i % 2 ? "127.0.0.1" : "127.0.0.77", self->port, &a));
		len = netaddr_to_sockaddr(&a, &to);
		snprintf(sent, sizeof(sent), "message %u", i);
		ASSERT_LT(0, sendto(fd, sent, strlen(sent), 0, (struct sockaddr *)&to, len));
		ASSERT_EQ((ssize_t)strlen(sent), recvfrom(fd, got, sizeof(got) - 1, 0,
							  (struct sockaddr *)&from, &from_len));
		EXPECT_STREQ(sent, got);
		ASSERT_EQ(0, netaddr_from_sockaddr((struct sockaddr *)&from, from_len, &b));
		EXPECT_TRUE(netaddr_equal(&a, &b));
		close(fd);
	}
}

TEST_HARNESS_MAIN
