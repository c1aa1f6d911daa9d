/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pdk/loop/loop.h"
#include "pdk/net/udp.h"
#include "pdk/worker/reuseport.h"
#include "../leaks.h"

#define N 3

static int bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int make_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_REUSEPORT_SOCKARRAY,
		.key_size = 4,
		.value_size = 8,
		.max_entries = N,
	};

	return bpf(BPF_MAP_CREATE, &attr);
}

/*
 * r2 = map; key = 2 on the stack; select(ctx, map, &key, 0); return SK_PASS. So everything goes to
 * the socket at index 2.
 */
static int load_prog(int map_fd)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_10, .off = -4, .imm = 2 },
		{ .code = BPF_LD | BPF_DW | BPF_IMM,
		  .dst_reg = BPF_REG_2,
		  .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = map_fd },
		{ 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X,
		  .dst_reg = BPF_REG_3,
		  .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_3, .imm = -4 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_sk_select_reuseport },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = SK_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SK_REUSEPORT,
		.insns = (uintptr_t)code,
		.insn_cnt = ARRAY_SIZE(code),
		.license = (uintptr_t) "GPL",
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

static void count(const struct datagram *dg _unused_, void *data)
{
	++*(unsigned *)data;
}

TEST(a_program_chooses_the_socket_of_a_group)
{
	struct udp_options options = { .local = netaddr_any(AF_INET, 0), .reuseport = true };
	struct udp_socket *sockets[N] = { NULL }, *client = NULL;
	int map_fd = make_map(), prog_fd = -1;
	unsigned got[N] = { 0 }, client_got = 0;
	struct netaddr to;
	struct loop *loop;

	if (map_fd >= 0)
		prog_fd = load_prog(map_fd);
	if (prog_fd < 0)
		SKIP(return, "no BPF: %s", strerror(errno));
	ASSERT_EQ(0, loop_new(&loop));
	for (unsigned i = 0; i < N; i++) {
		ASSERT_EQ(0, udp_open(loop, &options, count, &got[i], &sockets[i]));
		options.local = udp_local(sockets[0]);
		ASSERT_EQ(0, reuseport_map_set(map_fd, i, udp_fd(sockets[i])));
	}
	ASSERT_EQ(0, reuseport_attach(udp_fd(sockets[0]), prog_fd));

	options = (struct udp_options){ .local = netaddr_any(AF_INET, 0) };
	ASSERT_EQ(0, netaddr_parse("127.0.0.1", udp_local(sockets[0]).port, &to));
	for (unsigned i = 0; i < 30; i++) {
		ASSERT_EQ(0, udp_open(loop, &options, count, &client_got, &client));
		ASSERT_EQ(0, udp_send(client, NULL, &to, BYTES_NONE, bytes_str("x")));
		udp_close(client);
	}
	while (loop_run_once(loop, instant_add(instant_now(), DURATION_MS(20))) == 0)
		;
	EXPECT_EQ(0, got[0]);
	EXPECT_EQ(0, got[1]);
	EXPECT_EQ(30, got[2]);

	EXPECT_EQ(0, reuseport_detach(udp_fd(sockets[0])));
	EXPECT_EQ(-ENOENT, reuseport_detach(udp_fd(sockets[0])));
	/* A socket outside of any group does not go into the map. */
	ASSERT_EQ(0, udp_open(loop, &options, count, &client_got, &client));
	EXPECT_GT(0, reuseport_map_set(map_fd, 0, udp_fd(client)));
	EXPECT_GT(0, reuseport_attach(udp_fd(client), -1));
	udp_close(client);
	for (unsigned i = 0; i < N; i++)
		udp_close(sockets[i]);
	loop_free(loop);
	close(map_fd);
	close(prog_fd);
	EXPECT_NO_LEAKS();
}

TEST_HARNESS_MAIN
