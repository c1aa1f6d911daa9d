/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/key_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pdk/log/log.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(daemon);

struct key_log {
	int fd;
};

int key_log_new(const char *path, struct key_log **ret_log)
{
	struct key_log *log = malloc(sizeof(*log));

	if (!log)
		return -ENOMEM;
	log->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (log->fd < 0) {
		int err = -errno;

		log_error(daemon, "cannot open %s for keys: %s", path, strerror(errno));
		free(log);
		return err;
	}
	log_warning(daemon, "the keys of all IKE SAs are written to %s: for debugging only", path);
	*ret_log = log;
	return 0;
}

struct key_log *key_log_free(struct key_log *log)
{
	if (log)
		close(log->fd);
	free(log);
	return NULL;
}

/* Wireshark's words for our algorithms; NULL where it has none. */
static const char *encr_words(const struct crypto_suite *suite, char buf[64])
{
	static const char *const icv[] = {
		[CRYPTO_ENCR_AES_GCM_8] = "8",
		[CRYPTO_ENCR_AES_GCM_12] = "12",
		[CRYPTO_ENCR_AES_GCM_16] = "16",
	};

	switch (suite->encr) {
	case CRYPTO_ENCR_AES_CBC:
		snprintf(buf, 64, "AES-CBC-%u [RFC3602]", suite->key_bits);
		return buf;
	case CRYPTO_ENCR_AES_GCM_8:
	case CRYPTO_ENCR_AES_GCM_12:
	case CRYPTO_ENCR_AES_GCM_16:
		snprintf(buf, 64, "AES-GCM-%u with %s octet ICV [RFC5282]", suite->key_bits,
			 icv[suite->encr]);
		return buf;
	case CRYPTO_ENCR_AES_CCM_8:
	case CRYPTO_ENCR_AES_CCM_12:
	case CRYPTO_ENCR_AES_CCM_16:
	case CRYPTO_ENCR_CHACHA20_POLY1305:
		return NULL;
	}
	return NULL;
}

static const char *integ_words(enum crypto_integ integ)
{
	switch (integ) {
	case CRYPTO_INTEG_NONE:
		return "NONE [RFC4306]";
	case CRYPTO_INTEG_HMAC_SHA1_96:
		return "HMAC_SHA1_96 [RFC2404]";
	case CRYPTO_INTEG_HMAC_SHA256_128:
		return "HMAC_SHA2_256_128 [RFC4868]";
	case CRYPTO_INTEG_HMAC_SHA384_192:
		return "HMAC_SHA2_384_192 [RFC4868]";
	case CRYPTO_INTEG_HMAC_SHA512_256:
		return "HMAC_SHA2_512_256 [RFC4868]";
	}
	return NULL;
}

#define HEX(key) bytes_hex((key), (char[2 * CRYPTO_INTEG_KEY_MAX + 1]){ 0 }, \
			   2 * CRYPTO_INTEG_KEY_MAX + 1)

void key_log_write(const struct ike_sa *sa, void *data)
{
	const struct keymat *k = &sa->keymat;
	struct key_log *log = data;
	char line[1024], words[64];
	const char *encr = encr_words(&k->suite, words);
	int len;

	if (!encr)
		return;
	len = snprintf(line, sizeof(line), "%016" PRIx64 ",%016" PRIx64 ",%s,%s,\"%s\",%s,%s,\"%s\"\n",
		       sa->spi_i, sa->spi_r, HEX(k->sk_ei), HEX(k->sk_er), encr, HEX(k->sk_ai),
		       HEX(k->sk_ar), integ_words(k->suite.integ));
	/* One write of a line: lines of several threads don't mix in an appended file. */
	if (len < (int)sizeof(line) && write(log->fd, line, (size_t)len) != len)
		log_debug(daemon, "keys not written: %s", strerror(errno));
	explicit_bzero(line, sizeof(line));
}
