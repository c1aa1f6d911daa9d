/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

static int set_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setpgroup(attr, 0);
	return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						      POSIX_SPAWN_SETPGROUP);
}

int command_spawn(const char *const argv[], char *const env[], int input, pid_t *ret_pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int err;

	err = posix_spawnattr_init(&attr);
	if (err)
		return -err;
	err = posix_spawn_file_actions_init(&files);
	if (err) {
		posix_spawnattr_destroy(&attr);
		return -err;
	}
	err = set_attributes(&attr);
	if (!err && input >= 0)
		err = posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	else if (!err)
		err = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY,
						       0);
	if (!err)
		err = posix_spawnp(ret_pid, argv[0], &files, &attr, (char *const *)argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return -err;
}

/* A pipe that has input in it, and its end. The reading end; -errno. */
static int filled_pipe(struct bytes input)
{
	int fds[2], err = 0;

	if (input.len > PIPE_BUF)
		return -E2BIG;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	if (input.len && write(fds[1], input.data, input.len) != (ssize_t)input.len)
		err = -EIO;
	close(fds[1]);
	if (err < 0)
		close(fds[0]);
	return err < 0 ? err : fds[0];
}

/* Its status, or -errno; after limit it has been killed. */
static int wait_for(pid_t pid, struct duration limit)
{
	int fd = pidfd_open(pid, 0), status = 0, ready = -1;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd >= 0) {
		do
			ready = poll(&p, 1, (int)duration_ms(limit));
		while (ready < 0 && errno == EINTR);
		close(fd);
	}
	if (ready <= 0)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ready <= 0)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

int command_run(const char *const argv[], struct bytes input, struct duration limit)
{
	int fd = filled_pipe(input), err;
	pid_t pid;

	if (fd < 0)
		return fd;
	err = command_spawn(argv, environ, fd, &pid);
	close(fd);
	return err < 0 ? err : wait_for(pid, limit);
}

bool command_exists(const char *name)
{
	const char *path = getenv("PATH"), *end;
	char file[PATH_MAX];

	if (strchr(name, '/'))
		return access(name, X_OK) == 0;
	for (path = path ? path : "/usr/sbin:/usr/bin:/sbin:/bin"; *path;
	     path = end + (*end != 0)) {
		end = strchrnul(path, ':');
		snprintf(file, sizeof(file), "%.*s/%s", (int)(end - path), path, name);
		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}
