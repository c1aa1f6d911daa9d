/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Buffers that the kernel picks from when a multishot receive has something
 * (IORING_REGISTER_PBUF_RING). A completion names the buffer; its receiver hands it back as soon as
 * it has read it. Several sockets of one loop share a ring. Owner thread only.
 */
#include <stddef.h>
#include <stdint.h>

struct loop;
struct buffer_ring;

/*
 * n buffers (rounded up to a power of two, at most 32768) of size octets each. -ENOMEM, or -EINVAL
 * on kernels without them.
 */
int buffer_ring_new(struct loop *loop, unsigned n, size_t size, struct buffer_ring **ret_ring);
/* When no operation uses it any more. Takes NULL, returns NULL. */
struct buffer_ring *buffer_ring_free(struct buffer_ring *br);

/* The loop's own ring for datagrams, made on first use, freed with the loop. */
int loop_datagram_buffers(struct loop *loop, struct buffer_ring **ret_ring);

/* What goes into sqe->buf_group. */
uint16_t buffer_ring_group(const struct buffer_ring *br);
/* The buffer that a completion's flags name (IORING_CQE_F_BUFFER must be set in them). */
uint8_t *buffer_ring_at(struct buffer_ring *br, uint32_t cqe_flags);
size_t buffer_ring_size(const struct buffer_ring *br);
/* Give it back to the kernel. */
void buffer_ring_put(struct buffer_ring *br, uint32_t cqe_flags);
