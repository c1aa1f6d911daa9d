/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef POSTERN_SHARED_SIPHASH_H
#define POSTERN_SHARED_SIPHASH_H
/*
 * SipHash-2-4 (Aumasson, Bernstein, 2012), 64-bit result: a keyed hash for tables and for spreading
 * that a peer who doesn't know the key can't aim at. The steering program and the daemon include
 * this file, so both place a packet alike. Everything is inline and takes lengths that are known to
 * the compiler in BPF, which unrolls what it needs.
 */
#include <linux/types.h>

#ifdef __bpf__
#define siphash_inline static inline __attribute__((always_inline, unused))
#else
#define siphash_inline static inline __attribute__((unused))
#endif

struct siphash_key {
	__u64 k0, k1; /* the two halves of the key, each read little-endian, as host integers */
};

struct siphash_state {
	__u64 v0, v1, v2, v3;
};

siphash_inline __u64 siphash_rotl(__u64 v, unsigned int bits)
{
	return v << bits | v >> (64 - bits);
}

siphash_inline void siphash_round(struct siphash_state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = siphash_rotl(s->v1, 13) ^ s->v0;
	s->v3 = siphash_rotl(s->v3, 16) ^ s->v2;
	s->v0 = siphash_rotl(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = siphash_rotl(s->v1, 17) ^ s->v2;
	s->v3 = siphash_rotl(s->v3, 21) ^ s->v0;
	s->v2 = siphash_rotl(s->v2, 32);
}

siphash_inline void siphash_start(struct siphash_state *s, const struct siphash_key *key)
{
	s->v0 = key->k0 ^ 0x736f6d6570736575ULL;
	s->v1 = key->k1 ^ 0x646f72616e646f6dULL;
	s->v2 = key->k0 ^ 0x6c7967656e657261ULL;
	s->v3 = key->k1 ^ 0x7465646279746573ULL;
}

/* Take in the next 8 octets of input, read little-endian. */
siphash_inline void siphash_word(struct siphash_state *s, __u64 word)
{
	s->v3 ^= word;
	siphash_round(s);
	siphash_round(s);
	s->v0 ^= word;
}

/* tail: the up to 7 octets that are left, read little-endian; len: octets of the whole input. */
siphash_inline __u64 siphash_end(struct siphash_state *s, __u64 tail, __u64 len)
{
	siphash_word(s, len << 56 | tail);
	s->v2 ^= 0xff;
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/*
 * Hash of n integers: what siphash() gives for their little-endian octets one after the other. In
 * BPF n must be a constant.
 */
siphash_inline __u64 siphash_words(const struct siphash_key *key, const __u64 *words,
				   unsigned int n)
{
	struct siphash_state s;

	siphash_start(&s, key);
#ifdef __bpf__
#pragma unroll
#endif
	for (unsigned int i = 0; i < n; i++)
		siphash_word(&s, words[i]);
	return siphash_end(&s, 0, (__u64)n * 8);
}

#ifndef __bpf__

siphash_inline __u64 siphash_le(const unsigned char *p, unsigned int n)
{
	__u64 v = 0;

	for (unsigned int i = n; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

/* Hash of len octets. */
siphash_inline __u64 siphash(const struct siphash_key *key, const void *data, unsigned long len)
{
	const unsigned char *p = (const unsigned char *)data;
	unsigned long left = len;
	struct siphash_state s;

	siphash_start(&s, key);
	for (; left >= 8; left -= 8, p += 8)
		siphash_word(&s, siphash_le(p, 8));
	return siphash_end(&s, siphash_le(p, (unsigned int)left), len);
}

#endif /* !__bpf__ */
#endif
