/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/bpf_private.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pdk/log/log.h"

LOG_SUBSYSTEM(bpf, "eBPF programs: steering, counting, unknown ESP");

static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char line[512];
	size_t len;

	if (level == LIBBPF_DEBUG || !log_enabled(&log_sub_bpf, LOG_LEVEL_DEBUG))
		return 0;
	vsnprintf(line, sizeof(line), fmt, args);
	len = strlen(line);
	while (len && line[len - 1] == '\n')
		line[--len] = '\0';
	log_debug(bpf, "%s", line);
	return 0;
}

/* Before main(), because the function is one for the process. */
__attribute__((constructor)) static void set_print(void)
{
	libbpf_set_print(print_libbpf);
}

static bool has_caps(uint64_t wanted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	uint64_t have;

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	have = data[0].effective | (uint64_t)data[1].effective << 32;
	return have & 1ULL << CAP_SYS_ADMIN || (have & wanted) == wanted;
}

int bpf_refuse(const char *what, const char *stage, int err, uint64_t caps)
{
	const char *why = strerror(-err);

	if (err == -ESRCH || err == -ENOSYS || err == -ENOENT || err == -EOPNOTSUPP) {
		why = "the kernel lacks BPF, its type information, or a function to hook";
		err = -EOPNOTSUPP;
	} else if ((err == -EPERM || err == -EACCES) && !has_caps(caps)) {
		why = "missing privilege: it takes CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON";
		err = -EPERM;
	} else if (err == -EPERM) {
		why = "this kernel refuses programs of this kind (EPERM)";
	}
	log_warning(bpf, "%s is off: can't %s: %s", what, stage, why);
	return err;
}

int bpf_find_netns(uint32_t *ret_inode, bool *ret_first)
{
	struct stat ours, first;

	if (stat("/proc/thread-self/ns/net", &ours) < 0)
		return -errno;
	*ret_first = stat("/proc/1/ns/net", &first) == 0 && first.st_dev == ours.st_dev &&
		     first.st_ino == ours.st_ino;
	*ret_inode = (uint32_t)ours.st_ino;
	return 0;
}
