/* SPDX-License-Identifier: MIT */
#include "pdk/loop/buffer_ring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pdk/loop/loop_private.h"

/* For datagrams: an IKE message with a long certificate chain still fits into one. */
#define DATAGRAM_BUFFERS     128
#define DATAGRAM_BUFFER_SIZE (16 * 1024)

#define BUFFER_RING_MAX 32768

/* One mapping: the ring of descriptors that the kernel reads, then the buffers from the next page
 * on. */
struct buffer_ring {
	struct loop *loop;
	struct io_uring_buf_ring *ring;
	uint8_t *buffers;
	unsigned n;
	size_t size, mapped;
	uint16_t group;
};

static void buffer_ring_add(struct buffer_ring *br, uint16_t id)
{
	io_uring_buf_ring_add(br->ring, br->buffers + br->size * id, (unsigned)br->size, id,
			      io_uring_buf_ring_mask(br->n), 0);
	io_uring_buf_ring_advance(br->ring, 1);
}

int buffer_ring_new(struct loop *loop, unsigned n, size_t size, struct buffer_ring **ret_ring)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), head;
	struct io_uring_buf_reg reg = { 0 };
	struct buffer_ring *br;
	int err;

	if (!n || n > BUFFER_RING_MAX || !size || size > UINT32_MAX)
		return -EINVAL;
	br = calloc(1, sizeof(*br));
	if (!br)
		return -ENOMEM;
	br->loop = loop;
	br->size = size;
	for (br->n = 1; br->n < n; br->n *= 2)
		;
	head = (br->n * sizeof(struct io_uring_buf) + page - 1) / page * page;
	br->mapped = head + br->n * size;
	br->ring =
		mmap(NULL, br->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (br->ring == MAP_FAILED) {
		err = -ENOMEM;
		goto free_ring;
	}
	br->buffers = (uint8_t *)br->ring + head;
	br->group = loop->next_buffer_group++;

	reg.ring_addr = (uintptr_t)br->ring;
	reg.ring_entries = br->n;
	reg.bgid = br->group;
	err = io_uring_register_buf_ring(&loop->ring, &reg, 0);
	if (err)
		goto unmap;
	io_uring_buf_ring_init(br->ring);
	for (unsigned i = 0; i < br->n; i++)
		buffer_ring_add(br, (uint16_t)i);
	*ret_ring = br;
	return 0;

unmap:
	munmap(br->ring, br->mapped);
free_ring:
	free(br);
	return err;
}

struct buffer_ring *buffer_ring_free(struct buffer_ring *br)
{
	if (!br)
		return NULL;
	io_uring_unregister_buf_ring(&br->loop->ring, br->group);
	munmap(br->ring, br->mapped);
	free(br);
	return NULL;
}

int loop_datagram_buffers(struct loop *loop, struct buffer_ring **ret_ring)
{
	int err = 0;

	if (!loop->datagram_buffers)
		err = buffer_ring_new(loop, DATAGRAM_BUFFERS, DATAGRAM_BUFFER_SIZE,
				      &loop->datagram_buffers);
	if (err)
		return err;
	*ret_ring = loop->datagram_buffers;
	return 0;
}

uint16_t buffer_ring_group(const struct buffer_ring *br)
{
	return br->group;
}

uint8_t *buffer_ring_at(struct buffer_ring *br, uint32_t cqe_flags)
{
	return br->buffers + br->size * (cqe_flags >> IORING_CQE_BUFFER_SHIFT);
}

size_t buffer_ring_size(const struct buffer_ring *br)
{
	return br->size;
}

void buffer_ring_put(struct buffer_ring *br, uint32_t cqe_flags)
{
	buffer_ring_add(br, (uint16_t)(cqe_flags >> IORING_CQE_BUFFER_SHIFT));
}
