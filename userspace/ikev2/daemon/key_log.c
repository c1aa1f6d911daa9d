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

/* Wireshark's words for our algorithms, around the key length; NULL where it has none. */
static const struct {
	const char *before, *after;
} encr_words[CRYPTO_ENCR_N] = {
	[CRYPTO_ENCR_AES_CBC] = { "AES-CBC-", " [RFC3602]" },
	[CRYPTO_ENCR_AES_CTR] = { "AES-CTR-", " [RFC5930]" },
	[CRYPTO_ENCR_3DES_CBC] = { "3DES [RFC2451]" },
	[CRYPTO_ENCR_AES_GCM_8] = { "AES-GCM-", " with 8 octet ICV [RFC5282]" },
	[CRYPTO_ENCR_AES_GCM_12] = { "AES-GCM-", " with 12 octet ICV [RFC5282]" },
	[CRYPTO_ENCR_AES_GCM_16] = { "AES-GCM-", " with 16 octet ICV [RFC5282]" },
	[CRYPTO_ENCR_AES_CCM_8] = { "AES-CCM-", " with 8 octet ICV [RFC5282]" },
	[CRYPTO_ENCR_AES_CCM_12] = { "AES-CCM-", " with 12 octet ICV [RFC5282]" },
	[CRYPTO_ENCR_AES_CCM_16] = { "AES-CCM-", " with 16 octet ICV [RFC5282]" },
};

/* NULL: it doesn't know the algorithm, but can pass over what that writes. */
static const char *const integ_words[CRYPTO_INTEG_N] = {
	[CRYPTO_INTEG_NONE] = "NONE [RFC4306]",
	[CRYPTO_INTEG_HMAC_SHA1_96] = "HMAC_SHA1_96 [RFC2404]",
	[CRYPTO_INTEG_HMAC_SHA256_128] = "HMAC_SHA2_256_128 [RFC4868]",
	[CRYPTO_INTEG_HMAC_SHA384_192] = "HMAC_SHA2_384_192 [RFC4868]",
	[CRYPTO_INTEG_HMAC_SHA512_256] = "HMAC_SHA2_512_256 [RFC4868]",
};

#define HEX(key) bytes_hex((key), (char[2 * CRYPTO_INTEG_KEY_MAX + 1]){ 0 }, \
			   2 * CRYPTO_INTEG_KEY_MAX + 1)

void key_log_write(const struct ike_sa *sa, void *data)
{
	const struct keymat *k = &sa->keymat;
	struct key_log *log = data;
	const char *before = encr_words[k->suite.encr].before;
	const char *after = encr_words[k->suite.encr].after;
	const char *integ = integ_words[k->suite.integ];
	struct bytes key_ai = integ ? k->sk_ai : BYTES_NONE, key_ar = integ ? k->sk_ar : BYTES_NONE;
	char line[1024], encr[64], any[64];
	int len;

	if (!before)
		return;
	if (after)
		snprintf(encr, sizeof(encr), "%s%u%s", before, k->suite.key_bits, after);
	else
		snprintf(encr, sizeof(encr), "%s", before);
	if (!integ) {
		snprintf(any, sizeof(any), "ANY %zu-bits of Authentication [No Checking]",
			 8 * crypto_suite_icv_len(&k->suite));
		integ = any;
	}
	len = snprintf(line, sizeof(line), "%016" PRIx64 ",%016" PRIx64 ",%s,%s,\"%s\",%s,%s,\"%s\"\n",
		       sa->spi_i, sa->spi_r, HEX(k->sk_ei), HEX(k->sk_er), encr, HEX(key_ai),
		       HEX(key_ar), integ);
	/* One write of a line: lines of several threads don't mix in an appended file. */
	if (len < (int)sizeof(line) && write(log->fd, line, (size_t)len) != len)
		log_debug(daemon, "keys not written: %s", strerror(errno));
	explicit_bzero(line, sizeof(line));
}
