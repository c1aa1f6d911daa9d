/* SPDX-License-Identifier: MIT */
/*
 * Counting. The pin's folder is locked as long as the daemon lives, so who finds it unlocked may
 * replace what is in it: its owner was killed. The lock is on the folder, not on the pin, because a
 * pinned map can't be opened as a file.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "pdk/log/log.h"
#include "ikev2/daemon/bpf.h"
#include "ikev2/daemon/bpf_private.h"
#include "ikev2/ipsec/ipsec.h"
#include "count.skel.h"

LOG_USE(bpf);

#define PIN_NAME "sas"

struct bpf_count {
	struct count_bpf *skel;
	int dir_fd;          /* locked; -1: not pinned */
	char dir[PATH_MAX];  /* of the pin */
	char path[PATH_MAX]; /* the pin */
};

/* -------- the pin -------- */

/* Cuts the last component off; false when none is left. */
static bool path_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return false;
	*slash = '\0';
	return true;
}

/* Is dir, or the nearest folder above it that exists, in a bpf file system? */
static bool on_bpf_fs(const char *dir)
{
	char path[PATH_MAX];
	struct statfs fs;

	snprintf(path, sizeof(path), "%s", dir);
	while (statfs(path, &fs) < 0)
		if (errno != ENOENT || !path_up(path))
			return false;
	return (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

/* dir and what is missing above it. */
static int make_dirs(const char *dir)
{
	char path[PATH_MAX];

	if (mkdir(dir, 0755) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return -errno;
	snprintf(path, sizeof(path), "%s", dir);
	if (!path_up(path))
		return -ENOENT;
	if (make_dirs(path) < 0)
		return -ENOENT;
	return mkdir(dir, 0755) == 0 || errno == EEXIST ? 0 : -errno;
}

/* Empty folders from dir upwards; the root of a file system refuses. */
static void remove_dirs(const char *dir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", dir);
	while (rmdir(path) == 0 && path_up(path))
		;
}

/* The locked folder, which a daemon that ends just now may have removed from under us. */
static int lock_dir(const char *dir, int *ret_fd)
{
	for (int attempt = 0; attempt < 8; attempt++) {
		int err = make_dirs(dir), fd;
		struct stat ours, theirs;

		if (err == -ENOENT)
			continue;
		if (err < 0)
			return err;
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			err = errno == EWOULDBLOCK ? -EBUSY : -errno;
			close(fd);
			return err;
		}
		if (fstat(fd, &ours) == 0 && stat(dir, &theirs) == 0 &&
		    ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino) {
			*ret_fd = fd;
			return 0;
		}
		close(fd);
	}
	return -EAGAIN;
}

/* Not being able to pin is no failure: it is logged, and the path stays empty. */
static void pin(struct bpf_count *c)
{
	int err;

	if (!on_bpf_fs(c->dir)) {
		log_warning(bpf,
			    "counters aren't pinned: %s isn't in a bpf file system; mount one: "
			    "mount -t bpf bpf /sys/fs/bpf",
			    c->dir);
		return;
	}
	err = lock_dir(c->dir, &c->dir_fd);
	if (err < 0) {
		log_warning(bpf, "counters aren't pinned: %s: %s", c->dir,
			    err == -EBUSY ? "in use by another running daemon" : strerror(-err));
		return;
	}
	if (unlink(c->path) == 0)
		log_info(bpf, "replaced %s, which a killed daemon left", c->path);
	if (bpf_obj_pin(bpf_map__fd(c->skel->maps.sas), c->path) < 0) {
		log_warning(bpf, "counters aren't pinned: %s: %s", c->path, strerror(errno));
		remove_dirs(c->dir);
		close(c->dir_fd);
		c->dir_fd = -1;
	}
}

/* -------- counting -------- */

/* refused: with the programs that count refused packets, which need a kernel with audit. */
static int load_count(struct bpf_count *c, uint32_t netns, bool refused, const char **ret_stage)
{
	int err;

	c->skel = count_bpf__open();
	if (!c->skel) {
		*ret_stage = "open the programs";
		return -errno;
	}
	c->skel->rodata->config.netns = netns;
	bpf_program__set_autoload(c->skel->progs.count_replay, refused);
	bpf_program__set_autoload(c->skel->progs.count_auth, refused);
	err = count_bpf__load(c->skel);
	if (err) {
		*ret_stage = "load the programs (fentry)";
		goto err_destroy;
	}
	err = count_bpf__attach(c->skel);
	if (err) {
		*ret_stage = "attach the programs (fentry)";
		goto err_destroy;
	}
	return 0;

err_destroy:
	count_bpf__destroy(c->skel);
	c->skel = NULL;
	return err;
}

int bpf_count_new(const char *pin_dir, struct bpf_count **ret_count)
{
	const char *stage = "find our network namespace";
	struct bpf_count *c;
	uint32_t netns;
	bool first;
	int err, n;

	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->dir_fd = -1;
	err = bpf_find_netns(&netns, &first);
	if (err < 0)
		goto err_refuse;
	err = load_count(c, netns, true, &stage);
	if (err == -ESRCH || err == -ENOENT) {
		err = load_count(c, netns, false, &stage);
		if (!err)
			log_info(bpf, "refused packets aren't counted: the kernel has no audit");
	}
	if (err)
		goto err_refuse;

	if (pin_dir)
		n = snprintf(c->dir, sizeof(c->dir), "%s", pin_dir);
	else if (first)
		n = snprintf(c->dir, sizeof(c->dir), "%s", BPF_COUNT_DIR);
	else
		n = snprintf(c->dir, sizeof(c->dir), "%s/netns-%u", BPF_COUNT_DIR, netns);
	if (n < (int)sizeof(c->dir) &&
	    snprintf(c->path, sizeof(c->path), "%s/" PIN_NAME, c->dir) < (int)sizeof(c->path))
		pin(c);
	else
		log_warning(bpf, "counters aren't pinned: the folder's name is too long");
	if (c->dir_fd >= 0)
		log_info(bpf, "counters of each SA: bpftool map dump pinned %s", c->path);
	*ret_count = c;
	return 0;

err_refuse:
	err = bpf_refuse("counting", stage, err, BPF_CAPS_FENTRY);
	free(c);
	return err;
}

struct bpf_count *bpf_count_free(struct bpf_count *c)
{
	if (!c)
		return NULL;
	if (c->dir_fd >= 0) {
		unlink(c->path);
		remove_dirs(c->dir);
		close(c->dir_fd);
	}
	count_bpf__destroy(c->skel);
	free(c);
	return NULL;
}

const char *bpf_count_path(const struct bpf_count *c)
{
	return c && c->dir_fd >= 0 ? c->path : NULL;
}

static struct count_key key_of(const struct netaddr *dst, uint32_t spi)
{
	struct count_key key = { .spi = spi, .family = dst->family, .proto = IPPROTO_ESP };

	memcpy(key.daddr, dst->addr, sizeof(key.daddr));
	return key;
}

int bpf_count_add(struct bpf_count *c, const struct ipsec_sa *sa, const char *tunnel)
{
	struct count_value value = { 0 };
	char text[NETADDR_STRLEN];
	struct count_key key;

	if (!c)
		return 0;
	key = key_of(&sa->dst, sa->spi);
	snprintf(value.direction, sizeof(value.direction), "%s",
		 sa->direction == IPSEC_IN ? "in" : "out");
	snprintf(value.spi_hex, sizeof(value.spi_hex), "0x%08x", sa->spi);
	snprintf(value.src, sizeof(value.src), "%.47s", netaddr_str(&sa->src, text));
	snprintf(value.dst, sizeof(value.dst), "%.47s", netaddr_str(&sa->dst, text));
	snprintf(value.tunnel, sizeof(value.tunnel), "%.39s", tunnel);
	if (bpf_map_update_elem(bpf_map__fd(c->skel->maps.sas), &key, &value, BPF_ANY) < 0)
		return -errno;
	return 0;
}

int bpf_count_read(const struct bpf_count *c, const struct netaddr *dst, uint32_t spi,
		   struct count_value *ret_value)
{
	struct count_value value;
	struct count_key key;

	if (!c)
		return -EOPNOTSUPP;
	key = key_of(dst, spi);
	if (bpf_map_lookup_elem(bpf_map__fd(c->skel->maps.sas), &key, &value) < 0)
		return -errno;
	*ret_value = value;
	return 0;
}

int bpf_count_remove(struct bpf_count *c, const struct netaddr *dst, uint32_t spi,
		     struct count_value *ret_value)
{
	struct count_value value;
	struct count_key key;

	if (!c)
		return 0;
	key = key_of(dst, spi);
	if (bpf_map_lookup_and_delete_elem(bpf_map__fd(c->skel->maps.sas), &key, &value) < 0)
		return -errno;
	if (ret_value)
		*ret_value = value;
	return 0;
}
