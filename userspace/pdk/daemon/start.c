/* SPDX-License-Identifier: MIT */
#include "pdk/daemon/start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <linux/magic.h>

#include "pdk/base/cleanup.h"
#include "pdk/loop/signals.h"

#define BPFFS_MOUNT "/sys/fs/bpf"

const int daemon_signals[] = { SIGTERM, SIGINT, SIGHUP };
const size_t daemon_n_signals = ARRAY_SIZE(daemon_signals);

/* So that no socket ever becomes descriptor 0, 1 or 2 and gets what somebody prints. */
static int daemon_open_std(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			return -errno;
	} while (fd <= STDERR_FILENO);
	close(fd);
	return 0;
}

int daemon_start(void)
{
	int err = daemon_open_std();

	if (err)
		return err;
	umask(0027);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	return signals_block(daemon_signals, daemon_n_signals);
}

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

int daemon_bpffs(const char *path)
{
	size_t mount_len = strlen(BPFFS_MOUNT);
	bool below = strncmp(path, BPFFS_MOUNT, mount_len) == 0 &&
		     (path[mount_len] == '/' || path[mount_len] == '\0');

	if (below && !is_bpffs(BPFFS_MOUNT) &&
	    mount("bpf", BPFFS_MOUNT, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return -errno;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	return is_bpffs(path) ? 0 : -ENOTSUP;
}
