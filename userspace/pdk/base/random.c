/* SPDX-License-Identifier: MIT */
#include "pdk/base/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void random_fill(void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t got = getrandom(p, len, 0);

		if (got < 0) {
			if (errno == EINTR)
				continue;
			/* Only a sandbox without the system call gets here; no key is better than a
			 * weak one. */
			perror("getrandom");
			abort();
		}
		p += got;
		len -= (size_t)got;
	}
}

uint32_t random_u32(void)
{
	uint32_t v;

	random_fill(&v, sizeof(v));
	return v;
}

uint64_t random_u64(void)
{
	uint64_t v;

	random_fill(&v, sizeof(v));
	return v;
}

uint32_t random_below(uint32_t n)
{
	/* Values below 2^32 mod n are left out, so what remains is a multiple of n. */
	uint32_t skip = -n % n, v;

	do {
		v = random_u32();
	} while (v < skip);
	return v % n;
}
