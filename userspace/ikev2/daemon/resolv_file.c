/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/resolv_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pdk/base/bytes.h"

#define MARK     " # by postern"
#define FILE_MAX 65536 /* longer ones are none of this form */

/* -------- text -------- */

static bool is_ours(const char *line, size_t len)
{
	const size_t mark = strlen(MARK);

	return len >= mark && memcmp(line + len - mark, MARK, mark) == 0;
}

char *resolv_file_edit(const char *old, const struct netaddr *servers, size_t n)
{
	const size_t line_max = strlen("nameserver " MARK "\n") + NETADDR_STRLEN;
	char *text = malloc(strlen(old) + n * line_max + 2), addr[NETADDR_STRLEN];
	size_t len = 0;

	if (!text)
		return NULL;
	for (size_t i = 0; i < n; i++)
		len += (size_t)sprintf(text + len, "nameserver %s" MARK "\n",
				       netaddr_str(&servers[i], addr));
	for (const char *end; *old; old = end + (*end != 0)) {
		end = strchrnul(old, '\n');
		if (is_ours(old, (size_t)(end - old)))
			continue;
		memcpy(text + len, old, (size_t)(end - old));
		len += (size_t)(end - old);
		if (*end)
			text[len++] = '\n';
	}
	text[len] = '\0';
	return text;
}

/* -------- file -------- */

/* The text of fd, from the heap; NULL with *ret_err. */
static char *read_all(int fd, int *ret_err)
{
	char *text = malloc(FILE_MAX + 1);
	size_t len = 0;
	ssize_t got = 1;

	*ret_err = text ? 0 : -ENOMEM;
	while (text && got > 0 && len <= FILE_MAX) {
		got = read(fd, text + len, FILE_MAX + 1 - len);
		if (got < 0)
			*ret_err = -errno;
		else
			len += (size_t)got;
	}
	if (*ret_err == 0 && len > FILE_MAX)
		*ret_err = -EFBIG;
	if (*ret_err < 0) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

/* The text of the file, with its mode; an empty one when there is none. */
static char *read_file(const char *path, mode_t *ret_mode, int *ret_err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;

	*ret_mode = 0644;
	if (fd < 0) {
		*ret_err = errno == ENOENT ? 0 : -errno;
		return *ret_err ? NULL : strdup("");
	}
	if (fstat(fd, &st) == 0)
		*ret_mode = st.st_mode & 07777;
	text = read_all(fd, ret_err);
	close(fd);
	return text;
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t done = write(fd, text, left);

		if (done < 0 && errno != EINTR)
			return -errno;
		if (done > 0) {
			text += done;
			left -= (size_t)done;
		}
	}
	return fsync(fd) < 0 && errno != EINVAL ? -errno : 0;
}

/* A file that is mounted over can't be replaced, only written. */
static int write_in_place(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = write_all(fd, text);
	close(fd);
	return err;
}

static int replace(const char *path, const char *text, mode_t mode)
{
	char temporary[PATH_MAX];
	int fd, err;

	if (snprintf(temporary, sizeof(temporary), "%s.postern-XXXXXX", path) >=
	    (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = write_all(fd, text);
	if (err == 0 && fchmod(fd, mode) < 0)
		err = -errno;
	close(fd);
	if (err == 0 && rename(temporary, path) < 0)
		err = -errno;
	if (err < 0)
		unlink(temporary);
	return err == -EBUSY ? write_in_place(path, text) : err;
}

int resolv_file_write(const char *path, const struct netaddr *servers, size_t n)
{
	/* A symbolic link stays one. */
	char *target = realpath(path, NULL), *old, *text = NULL;
	mode_t mode;
	int err;

	old = read_file(target ? target : path, &mode, &err);
	if (old)
		text = resolv_file_edit(old, servers, n);
	if (!err && !text)
		err = -ENOMEM;
	if (!err && strcmp(old, text) != 0)
		err = replace(target ? target : path, text, mode);
	free(target);
	free(old);
	free(text);
	return err;
}
