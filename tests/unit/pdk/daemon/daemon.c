/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pdk/daemon/claim.h"
#include "pdk/daemon/notify.h"
#include "pdk/daemon/start.h"

/* A datagram socket like the service manager's, at path ('@' for an abstract one). */
static int manager_at(const char *path)
{
	struct timeval patience = { .tv_sec = 2 };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	size_t len = strlen(path);

	memcpy(un.sun_path, path, len);
	if (*path == '@')
		un.sun_path[0] = '\0';
	if (bind(fd, (struct sockaddr *)&un,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		abort();
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static void expect_notice(struct __test_metadata *_metadata, int fd, const char *state)
{
	char buf[200] = "";

	EXPECT_EQ((ssize_t)strlen(state), recv(fd, buf, sizeof(buf) - 1, 0));
	EXPECT_STREQ(state, buf);
}

TEST(readiness_reaches_a_socket_with_a_path)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/notify-%d", getpid());
	fd = manager_at(path);
	EXPECT_EQ(0, daemon_notify("READY=1\nSTATUS=up"));
	expect_notice(_metadata, fd, "READY=1\nSTATUS=up");
	unlink(path);
	EXPECT_EQ(-ENOENT, daemon_notify("STOPPING=1"));
}

TEST(readiness_reaches_an_abstract_socket)
{
	char path[64], buf[200] = "";
	unsigned long long usec = 0;
	int fd;

	snprintf(path, sizeof(path), "@notify-%d", getpid());
	fd = manager_at(path);
	EXPECT_EQ(0, daemon_notify("READY=1"));
	expect_notice(_metadata, fd, "READY=1");
	EXPECT_EQ(0, daemon_notify_reloading());
	EXPECT_LT(0, recv(fd, buf, sizeof(buf) - 1, 0));
	EXPECT_EQ(1, sscanf(buf, "RELOADING=1\nMONOTONIC_USEC=%llu", &usec));
	EXPECT_LT(0, usec);
}

TEST(without_a_manager_nobody_is_told)
{
	unsetenv("NOTIFY_SOCKET");
	EXPECT_EQ(1, daemon_notify("READY=1"));
	setenv("NOTIFY_SOCKET", "", 1);
	EXPECT_EQ(1, daemon_notify("READY=1"));
	setenv("NOTIFY_SOCKET", "vsock:2:1", 1);
	EXPECT_EQ(-EAFNOSUPPORT, daemon_notify("READY=1"));
}

TEST(start_blocks_its_signals_and_opens_the_standard_descriptors)
{
	sigset_t blocked;
	struct stat st;

	close(STDIN_FILENO);
	ASSERT_EQ(0, daemon_start());
	EXPECT_EQ(0, fstat(STDIN_FILENO, &st));
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, NULL, &blocked));
	for (size_t i = 0; i < daemon_n_signals; i++)
		EXPECT_EQ(1, sigismember(&blocked, daemon_signals[i]));
	/* SIGPIPE would end this process. */
	kill(getpid(), SIGPIPE);
	EXPECT_EQ(0027, umask(0));
}

TEST(bpffs_is_mounted_where_it_is_missing)
{
	struct stat st;

	if (unshare(CLONE_NEWNS) < 0)
		SKIP(return, "no mount namespaces: %s", strerror(errno));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	while (umount("/sys/fs/bpf") == 0)
		;
	EXPECT_EQ(0, daemon_bpffs("/sys/fs/bpf/postern-test"));
	EXPECT_EQ(0, stat("/sys/fs/bpf/postern-test", &st));
	EXPECT_EQ(0, daemon_bpffs("/sys/fs/bpf/postern-test"));
	EXPECT_EQ(-ENOTSUP, daemon_bpffs("/tmp"));
	EXPECT_EQ(-ENOENT, daemon_bpffs("/nonexistent/folder"));
}

/* -------- claims -------- */

TEST(what_one_process_has_claimed_no_other_can_until_it_is_killed)
{
	char daemon[32], name[200];
	int fds[2], err = 1;
	pid_t pid;

	snprintf(daemon, sizeof(daemon), "test-%d", getpid());
	ASSERT_EQ(0, pipe(fds));
	pid = fork();
	if (pid == 0) {
		err = daemon_claim(daemon, "this");
		if (write(fds[1], &err, sizeof(err)) == sizeof(err))
			pause();
		_exit(1);
	}
	ASSERT_EQ(sizeof(err), read(fds[0], &err, sizeof(err)));
	EXPECT_EQ(0, err);
	EXPECT_EQ(-EADDRINUSE, daemon_claim(daemon, "this"));
	EXPECT_EQ(0, daemon_claim(daemon, "that"));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	EXPECT_EQ(0, daemon_claim(daemon, "this"));
	EXPECT_EQ(-EADDRINUSE, daemon_claim(daemon, "this"));

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, daemon_claim(daemon, name));
}

TEST_HARNESS_MAIN
