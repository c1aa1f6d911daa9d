/* SPDX-License-Identifier: MIT */
/*
 * The XFRM backend's SAs against a kernel that has ESP:
 *
 *	10.1.0.1 [left: 192.0.2.1] ---- veth ---- [right: 192.0.2.2] 10.2.0.1
 *
 * two namespaces, a backend in each, and datagrams between them.
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "ikev2/codec/algorithm.h"
#include "kernel.h"

FIXTURE(sas)
{
	struct kernel left, right;
	int left_ns, right_ns; /* the test is in the left one unless it says so */
	const char *lacks;
};

static int join_links(int fd_of_right)
{
	return ip_batch("link add v0 type veth peer name v1\n"
			"link set v1 netns /proc/%d/fd/%d\n"
			"link set v0 up\n"
			"addr add 192.0.2.1/24 dev v0\n"
			"addr add 10.1.0.1/16 dev v0\n"
			"addr add fd00::1/64 dev v0 nodad\n"
			"route add 10.2.0.0/16 via 192.0.2.2 src 10.1.0.1\n",
			getpid(), fd_of_right);
}

static int configure_right(void)
{
	return ip_batch("link set v1 up\n"
			"addr add 192.0.2.2/24 dev v1\n"
			"addr add 10.2.0.1/16 dev v1\n"
			"addr add fd00::2/64 dev v1 nodad\n"
			"route add 10.1.0.0/16 via 192.0.2.1 src 10.2.0.1\n");
}

FIXTURE_SETUP(sas)
{
	self->left_ns = self->right_ns = -1;
	self->left = (struct kernel){ 0 };
	self->lacks = kernel_setup(&self->right);
	if (!self->lacks && !kernel_has_esp(&self->right))
		self->lacks = "kernel has no ESP";
	if (self->lacks)
		return;
	fprintf(stderr, "# xfrm: %s\n", self->right.ipsec->ops->features(self->right.ipsec));
	self->right_ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(NULL, kernel_setup(&self->left));
	self->left_ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, join_links(self->right_ns));
	ASSERT_EQ(0, setns(self->right_ns, CLONE_NEWNET));
	ASSERT_EQ(0, configure_right());
	ASSERT_EQ(0, setns(self->left_ns, CLONE_NEWNET));
}

FIXTURE_TEARDOWN(sas)
{
	kernel_teardown(&self->left);
	kernel_teardown(&self->right);
	close(self->left_ns);
	close(self->right_ns);
}

/* -------- a pair of SAs -------- */

#define SPI_LR 0x11110001 /* from left to right */

/* The SA from left to right: as the left has it (out), or the right (in). */
static struct ipsec_op sa_lr(enum ipsec_direction direction)
{
	struct ipsec_op op = sample_sa(IPSEC_OUT, SPI_LR);

	op.sa.direction = direction;
	return op;
}

/* The policies of the right: what sample_policy() is for the left, from the other side. */
static struct ipsec_op policy_right(uint64_t owner)
{
	struct ipsec_op op = sample_policy(owner, "10.2.0.0/16", "10.1.0.0/16");

	op.spd.policy.local_addr = addr("192.0.2.2");
	op.spd.policy.remote_addr = addr("192.0.2.1");
	return op;
}

static int listen_right(int right_ns, int left_ns, uint16_t port)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct timeval limit = { .tv_sec = WAIT };
	int fd;

	if (setns(right_ns, CLONE_NEWNET) < 0)
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (setns(left_ns, CLONE_NEWNET) < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0)
		return -errno;
	return fd;
}

static ssize_t receive(int fd)
{
	char buf[16];

	return recv(fd, buf, sizeof(buf), 0);
}

static void set_key(uint8_t *key, size_t *ret_len, size_t len)
{
	for (size_t i = 0; i < len; i++)
		key[i] = (uint8_t)(i * 7 + 1);
	*ret_len = len;
}

/* A cipher with its kth key length, and integrity unless it brings that. */
static struct ipsec_op sa_with(const struct algorithm *encr, size_t k,
			       const struct algorithm *integ, enum ipsec_direction direction)
{
	struct ipsec_op op = sa_lr(direction);

	op.sa.encr = encr->id;
	op.sa.encr_bits = encr->key_bits[k];
	set_key(op.sa.encr_key, &op.sa.encr_key_len, algorithm_key_len(encr, encr->key_bits[k]));
	if (algorithm_is_aead(encr))
		return op;
	op.sa.integ = integ->id;
	set_key(op.sa.integ_key, &op.sa.integ_key_len, algorithm_key_len(integ, 0));
	return op;
}

/* One packet under SAs with these algorithms, there and gone again. */
static bool carries(struct kernel *left, struct kernel *right, int fd, const struct algorithm *encr,
		    size_t k, const struct algorithm *integ)
{
	struct ipsec_op out = sa_with(encr, k, integ, IPSEC_OUT);
	struct ipsec_op in = sa_with(encr, k, integ, IPSEC_IN);
	struct ipsec_usage sent = { 0 }, got = { 0 };
	char name[ALGORITHM_NAME_LEN], integ_name[ALGORITHM_NAME_LEN];

	fprintf(stderr, "# %s", algorithm_name(encr, k, name));
	fprintf(stderr, out.sa.integ ? "-%s\n" : "\n", algorithm_name(integ, 0, integ_name));
	if (kernel_op(right, &in, NULL) != 0 || kernel_op(left, &out, NULL) != 0 ||
	    send_packet("10.1.0.1", "10.2.0.1", 0, 1000) != 0 || receive(fd) != 1)
		return false;
	in.type = out.type = IPSEC_SA_QUERY;
	if (kernel_op(right, &in, &got) != 0 || kernel_op(left, &out, &sent) != 0 ||
	    got.packets != 1 || sent.packets != 1 || got.bytes != 29) /* IP, UDP and one octet */
		return false;
	in.type = out.type = IPSEC_SA_DELETE;
	return kernel_op(right, &in, NULL) == 0 && kernel_op(left, &out, NULL) == 0;
}

/*
 * With type ENCR every cipher of the table with its kth key length, with type INTEG every integrity
 * algorithm. The names of the first that carries no packet, or NULL.
 */
static const char *carries_not(struct kernel *left, struct kernel *right, int fd, uint8_t type,
			       size_t k)
{
	const struct algorithm *aes = algorithm_by_id(IKE_TRANSFORM_ENCR, IKE_ENCR_AES_CBC);
	const struct algorithm *hmac =
		algorithm_by_id(IKE_TRANSFORM_INTEG, IKE_INTEG_HMAC_SHA2_256_128);
	unsigned n = 0;

	for_each_algorithm(a) {
		bool encr = type == IKE_TRANSFORM_ENCR;

		if (a->type != type || k >= algorithm_keys(a))
			continue;
		if (!carries(left, right, fd, encr ? a : aes, encr ? k : 0, encr ? hmac : a))
			return a->names;
		n++;
	}
	return n ? NULL : "nothing";
}

static const char *policies_and_packets(struct kernel *left, struct kernel *right, int fd,
					uint8_t type, size_t k)
{
	struct ipsec_op left_policy = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	struct ipsec_op right_policy = policy_right(1);
	const char *failed;

	if (fd < 0 || kernel_op(left, &left_policy, NULL) != 0 ||
	    kernel_op(right, &right_policy, NULL) != 0)
		return "preparation";
	failed = carries_not(left, right, fd, type, k);
	close(fd);
	if (!failed && (kernel_look(left)->n_sas != 0 || kernel_look(right)->n_sas != 0))
		return "deletion";
	return failed;
}

TEST_F_TIMEOUT(sas, packets_pass_with_every_cipher_and_its_first_key_length, 120)
{
	SKIP_WITHOUT_KERNEL(self->lacks);
	EXPECT_EQ(NULL, policies_and_packets(&self->left, &self->right,
					      listen_right(self->right_ns, self->left_ns, 1000),
					      IKE_TRANSFORM_ENCR, 0));
}

TEST_F_TIMEOUT(sas, packets_pass_with_every_cipher_that_has_a_second_key_length, 120)
{
	SKIP_WITHOUT_KERNEL(self->lacks);
	EXPECT_EQ(NULL, policies_and_packets(&self->left, &self->right,
					      listen_right(self->right_ns, self->left_ns, 1000),
					      IKE_TRANSFORM_ENCR, 1));
}

TEST_F_TIMEOUT(sas, packets_pass_with_every_cipher_that_has_a_third_key_length, 120)
{
	SKIP_WITHOUT_KERNEL(self->lacks);
	EXPECT_EQ(NULL, policies_and_packets(&self->left, &self->right,
					      listen_right(self->right_ns, self->left_ns, 1000),
					      IKE_TRANSFORM_ENCR, 2));
}

TEST_F_TIMEOUT(sas, packets_pass_with_every_integrity_algorithm, 120)
{
	SKIP_WITHOUT_KERNEL(self->lacks);
	EXPECT_EQ(NULL, policies_and_packets(&self->left, &self->right,
					      listen_right(self->right_ns, self->left_ns, 1000),
					      IKE_TRANSFORM_INTEG, 0));
}

TEST_F(sas, packets_pass_with_every_kind_of_sequence_number_and_encapsulation)
{
	static const struct {
		bool esn, udp, v6;
		uint32_t window;
	} kinds[] = {
		{ .window = 0 },
		{ .window = 32 },
		{ .window = 33 },
		{ .window = 1024 },
		{ .window = 100000 }, /* cut to the kernel's largest */
		{ .esn = true, .window = 0 },
		{ .esn = true, .window = 64 },
		{ .esn = true, .window = 4096, .udp = true },
		{ .window = 64, .v6 = true },
		{ .window = 64, .udp = true },
	};
	int fd = listen_right(self->right_ns, self->left_ns, 1000);
	int natt;

	SKIP_WITHOUT_KERNEL(self->lacks);
	ASSERT_LE(0, fd);
	/* Something has to stand on the port that takes ESP in UDP. */
	ASSERT_EQ(0, setns(self->right_ns, CLONE_NEWNET));
	natt = socket(AF_INET, SOCK_DGRAM, 0);
	ASSERT_EQ(0,
		  self->right.ipsec->ops->prepare_socket(self->right.ipsec, natt, AF_INET, true));
	ASSERT_EQ(0, setns(self->left_ns, CLONE_NEWNET));
	ASSERT_EQ(0, bind(natt,
			  (struct sockaddr *)&(struct sockaddr_in){ .sin_family = AF_INET,
								    .sin_port = htons(4500) },
			  sizeof(struct sockaddr_in)));

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct ipsec_op left_policy = sample_policy(i, "10.1.0.0/16", "10.2.0.0/16");
		struct ipsec_op right_policy = policy_right(i);
		struct ipsec_op out = sa_lr(IPSEC_OUT), in;

		fprintf(stderr, "# kind %zu\n", i);
		if (kinds[i].v6) {
			out.sa.src = left_policy.spd.policy.local_addr = addr("fd00::1");
			out.sa.dst = left_policy.spd.policy.remote_addr = addr("fd00::2");
			right_policy.spd.policy.local_addr = addr("fd00::2");
			right_policy.spd.policy.remote_addr = addr("fd00::1");
		}
		out.sa.esn = kinds[i].esn;
		out.sa.replay_window = kinds[i].window;
		if (kinds[i].udp) {
			out.sa.udp_encap = true;
			out.sa.src.port = out.sa.dst.port = 4500;
		}
		in = out;
		in.sa.direction = IPSEC_IN;
		ASSERT_EQ(0, kernel_op(&self->left, &left_policy, NULL));
		ASSERT_EQ(0, kernel_op(&self->right, &right_policy, NULL));
		ASSERT_EQ(0, kernel_op(&self->right, &in, NULL));
		ASSERT_EQ(0, kernel_op(&self->left, &out, NULL));
		ASSERT_EQ(0, send_packet("10.1.0.1", "10.2.0.1", 0, 1000));
		ASSERT_EQ(1, receive(fd));
		in.type = out.type = IPSEC_SA_DELETE;
		left_policy.type = right_policy.type = IPSEC_POLICY_DELETE;
		ASSERT_EQ(0, kernel_op(&self->right, &in, NULL));
		ASSERT_EQ(0, kernel_op(&self->left, &out, NULL));
		ASSERT_EQ(0, kernel_op(&self->left, &left_policy, NULL));
		ASSERT_EQ(0, kernel_op(&self->right, &right_policy, NULL));
	}
	close(natt);
	close(fd);
}

TEST_F(sas, transport_mode_passes_between_the_hosts)
{
	struct ipsec_op out = sa_lr(IPSEC_OUT), in;
	struct ipsec_op left_policy = sample_policy(1, "192.0.2.1/32", "192.0.2.2/32"),
			right_policy;
	int fd = listen_right(self->right_ns, self->left_ns, 1000);

	SKIP_WITHOUT_KERNEL(self->lacks);
	ASSERT_LE(0, fd);
	out.sa.mode = left_policy.spd.policy.mode = IPSEC_TRANSPORT;
	out.sa.local_ts = ts_of("192.0.2.1/32");
	out.sa.remote_ts = ts_of("192.0.2.2/32");
	in = out;
	in.sa.direction = IPSEC_IN;
	in.sa.local_ts = out.sa.remote_ts;
	in.sa.remote_ts = out.sa.local_ts;
	right_policy = left_policy;
	right_policy.spd.policy.local = left_policy.spd.policy.remote;
	right_policy.spd.policy.remote = left_policy.spd.policy.local;
	right_policy.spd.policy.local_addr = addr("192.0.2.2");
	right_policy.spd.policy.remote_addr = addr("192.0.2.1");
	ASSERT_EQ(0, kernel_op(&self->left, &left_policy, NULL));
	ASSERT_EQ(0, kernel_op(&self->right, &right_policy, NULL));
	ASSERT_EQ(0, kernel_op(&self->right, &in, NULL));
	ASSERT_EQ(0, kernel_op(&self->left, &out, NULL));
	ASSERT_EQ(0, send_packet("192.0.2.1", "192.0.2.2", 0, 1000));
	EXPECT_EQ(1, receive(fd));
	close(fd);
}

TEST_F(sas, an_acquire_is_answered_and_leaves_no_larval_sa)
{
	struct ipsec_op policy = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	struct ipsec_op out = sa_lr(IPSEC_OUT);
	struct seen *s;

	SKIP_WITHOUT_KERNEL(self->lacks);
	ASSERT_EQ(0, kernel_op(&self->left, &policy, NULL));
	send_packet("10.1.0.1", "10.2.0.1", 0, 1000);
	turn_until(&self->left, &self->left.acquires, 1);
	ASSERT_EQ(1, self->left.acquires);
	ASSERT_EQ(1, kernel_look(&self->left)->n_sas);
	out.sa.acquire_seq = self->left.acquire.seq;
	ASSERT_EQ(0, kernel_op(&self->left, &out, NULL));
	s = kernel_look(&self->left);
	ASSERT_EQ(1, s->n_sas);
	EXPECT_EQ(SPI_LR, s->sas[0].spi);
}

TEST_F(sas, close_takes_away_an_acquire_that_nobody_answered)
{
	struct ipsec_op policy = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");

	SKIP_WITHOUT_KERNEL(self->lacks);
	ASSERT_EQ(0, kernel_op(&self->left, &policy, NULL));
	send_packet("10.1.0.1", "10.2.0.1", 0, 1000);
	turn_until(&self->left, &self->left.acquires, 1);
	ASSERT_EQ(1, kernel_look(&self->left)->n_sas);
	kernel_close_backend(&self->left);
	EXPECT_EQ(0, kernel_look(&self->left)->n_sas);
	EXPECT_EQ(0, kernel_look(&self->left)->n_policies);
}

TEST_F(sas, limits_make_soft_and_hard_expire_events)
{
	struct ipsec_op policy = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	struct ipsec_op out = sa_lr(IPSEC_OUT);
	struct netaddr dst = addr("192.0.2.2");

	SKIP_WITHOUT_KERNEL(self->lacks);
	out.sa.soft.packets = 1;
	out.sa.hard.packets = 2;
	ASSERT_EQ(0, kernel_op(&self->left, &policy, NULL));
	ASSERT_EQ(0, kernel_op(&self->left, &out, NULL));
	send_packet("10.1.0.1", "10.2.0.1", 0, 1000);
	send_packet("10.1.0.1", "10.2.0.1", 0, 1000);
	turn_until(&self->left, &self->left.expires, 1);
	ASSERT_EQ(1, self->left.expires);
	EXPECT_FALSE(self->left.expire.hard);
	EXPECT_EQ(SPI_LR, self->left.expire.spi);
	EXPECT_EQ(REQID, self->left.expire.reqid);
	EXPECT_TRUE(netaddr_same_addr(&dst, &self->left.expire.dst));
	send_packet("10.1.0.1", "10.2.0.1", 0, 1000);
	send_packet("10.1.0.1", "10.2.0.1", 0, 1000);
	turn_until(&self->left, &self->left.expires, 2);
	ASSERT_EQ(2, self->left.expires);
	EXPECT_TRUE(self->left.expire.hard);
	/* The kernel has removed it: to delete it is no error, to ask for it is. */
	out.type = IPSEC_SA_DELETE;
	EXPECT_EQ(0, kernel_op(&self->left, &out, NULL));
	out.type = IPSEC_SA_QUERY;
	EXPECT_EQ(-ESRCH, kernel_op(&self->left, &out, NULL));
}

TEST_F(sas, a_time_limit_expires)
{
	struct ipsec_op out = sa_lr(IPSEC_OUT);

	SKIP_WITHOUT_KERNEL(self->lacks);
	out.sa.soft.time = DURATION_MS(1);
	out.sa.hard.time = DURATION_S(1000);
	ASSERT_EQ(0, kernel_op(&self->left, &out, NULL));
	turn_until(&self->left, &self->left.expires, 1);
	ASSERT_EQ(1, self->left.expires);
	EXPECT_FALSE(self->left.expire.hard);
}

TEST_F(sas, a_failing_batch_is_undone)
{
	struct ipsec_op taken = sample_sa(IPSEC_IN, 0x7000);
	struct ipsec_request *req;

	SKIP_WITHOUT_KERNEL(self->lacks);
	req = ipsec_request_new(4);
	ASSERT_EQ(0, kernel_op(&self->left, &taken, NULL));
	req->ops[0] = sample_sa(IPSEC_OUT, 0x7001);
	req->ops[1] = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	req->ops[2] = taken;
	req->ops[3] = sample_sa(IPSEC_OUT, 0x7002);
	ASSERT_EQ(0, kernel_run(&self->left, req));
	EXPECT_EQ(-EEXIST, req->err);
	EXPECT_EQ(-EEXIST, req->ops[2].err);
	EXPECT_EQ(-ECANCELED, req->ops[0].err);
	ipsec_request_free(req);
	ASSERT_EQ(1, kernel_look(&self->left)->n_sas);
	EXPECT_EQ(0x7000, kernel_look(&self->left)->sas[0].spi);
	EXPECT_EQ(0, kernel_look(&self->left)->n_policies);
}

TEST_F(sas, new_ports_are_taken_over_and_back_again_when_the_batch_fails)
{
	struct ipsec_op op = sa_lr(IPSEC_OUT);
	struct ipsec_request *req;

	SKIP_WITHOUT_KERNEL(self->lacks);
	req = ipsec_request_new(2);
	op.sa.udp_encap = true;
	op.sa.src.port = op.sa.dst.port = 4500;
	ASSERT_EQ(0, kernel_op(&self->left, &op, NULL));
	op.type = IPSEC_SA_UPDATE;
	op.sa.dst.port = 5555;
	ASSERT_EQ(0, kernel_op(&self->left, &op, NULL));
	EXPECT_EQ(5555, kernel_look(&self->left)->sas[0].dst.port);
	op.sa.dst.port = 6666;
	req->ops[0] = op;
	req->ops[1] = sa_lr(IPSEC_OUT); /* the SPI is taken */
	ASSERT_EQ(0, kernel_run(&self->left, req));
	EXPECT_EQ(-EEXIST, req->err);
	ipsec_request_free(req);
	EXPECT_EQ(5555, kernel_look(&self->left)->sas[0].dst.port);
	op.sa.spi++;
	EXPECT_EQ(-ESRCH, kernel_op(&self->left, &op, NULL));
}

TEST_F(sas, a_batch_of_two_hundred_sas_goes_in_and_out)
{
	struct ipsec_request *req;

	SKIP_WITHOUT_KERNEL(self->lacks);
	req = ipsec_request_new(200);
	for (size_t i = 0; i < req->n_ops; i++) {
		req->ops[i] = sample_sa(i % 2 ? IPSEC_IN : IPSEC_OUT, 0x10000 + (uint32_t)i);
		req->ops[i].sa.replay_window = 4096; /* the largest messages */
		req->ops[i].sa.esn = true;
	}
	ASSERT_EQ(0, kernel_run(&self->left, req));
	EXPECT_EQ(0, req->err);
	EXPECT_STREQ("", req->error_text);
	EXPECT_EQ(200, kernel_look(&self->left)->n_sas);
	for (size_t i = 0; i < req->n_ops; i++)
		req->ops[i].type = i % 3 ? IPSEC_SA_DELETE : IPSEC_SA_QUERY;
	ASSERT_EQ(0, kernel_run(&self->left, req));
	EXPECT_EQ(0, req->err);
	EXPECT_EQ(67, kernel_look(&self->left)->n_sas);
	ipsec_request_free(req);
	kernel_close_backend(&self->left);
	EXPECT_EQ(0, kernel_look(&self->left)->n_sas);
}

TEST_F(sas, nothing_of_ours_stays_and_all_of_others)
{
	struct ipsec_op sa = sa_lr(IPSEC_OUT),
			policy = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	int status;
	pid_t pid;

	SKIP_WITHOUT_KERNEL(self->lacks);
	kernel_close_backend(&self->left);
	ASSERT_EQ(
		0,
		system("ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x999 reqid 1 "
		       "mode tunnel "
		       "aead 'rfc4106(gcm(aes))' 0x0102030405060708090a0b0c0d0e0f1011121314 128"));
	pid = fork();
	if (pid == 0) {
		struct kernel k = { 0 };

		if (loop_new(&k.loop) < 0 || mailbox_new(k.loop, &k.mailbox) < 0 ||
		    kernel_open_backend(&k) < 0 || kernel_op(&k, &sa, NULL) < 0 ||
		    kernel_op(&k, &policy, NULL) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(2, kernel_look(&self->left)->n_sas);
	ASSERT_EQ(0, kernel_open_backend(&self->left));
	ASSERT_EQ(1, kernel_look(&self->left)->n_sas);
	EXPECT_EQ(0x999, kernel_look(&self->left)->sas[0].spi);
	EXPECT_EQ(0, kernel_look(&self->left)->n_policies);
}

TEST_F(sas, marks_and_interface_ids_are_part_of_an_sa)
{
	struct ipsec_op marked = sa_lr(IPSEC_OUT), routed = sa_lr(IPSEC_OUT);
	struct seen *s;

	SKIP_WITHOUT_KERNEL(self->lacks);
	marked.sa.mark = 7;
	marked.sa.mark_mask = 0xff;
	routed.sa.spi++;
	routed.sa.if_id = 3;
	ASSERT_EQ(0, kernel_op(&self->left, &marked, NULL));
	ASSERT_EQ(0, kernel_op(&self->left, &routed, NULL));
	s = kernel_look(&self->left);
	ASSERT_EQ(2, s->n_sas);
	for (size_t i = 0; i < s->n_sas; i++) {
		EXPECT_EQ(s->sas[i].spi == SPI_LR ? 7 : 0, s->sas[i].mark);
		EXPECT_EQ(s->sas[i].spi != SPI_LR, s->sas[i].has_if_id);
	}
	marked.type = routed.type = IPSEC_SA_DELETE;
	EXPECT_EQ(0, kernel_op(&self->left, &marked, NULL));
	EXPECT_EQ(0, kernel_op(&self->left, &routed, NULL));
	EXPECT_EQ(0, kernel_look(&self->left)->n_sas);
}

TEST_F(sas, an_authenticated_packet_from_a_new_port_makes_a_mapping)
{
	struct ipsec_op left_policy = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	struct ipsec_op right_policy = policy_right(1);
	struct ipsec_op out = sa_lr(IPSEC_OUT), in;
	struct sockaddr_in natt = { .sin_family = AF_INET, .sin_port = htons(4500) };
	struct netaddr peer = addr("192.0.2.1");
	int fd;

	SKIP_WITHOUT_KERNEL(self->lacks);
	ASSERT_EQ(0, setns(self->right_ns, CLONE_NEWNET));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ASSERT_EQ(0, self->right.ipsec->ops->prepare_socket(self->right.ipsec, fd, AF_INET, true));
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&natt, sizeof(natt)));
	ASSERT_EQ(0, setns(self->left_ns, CLONE_NEWNET));
	out.sa.udp_encap = true;
	out.sa.src.port = out.sa.dst.port = 4500;
	in = out;
	in.sa.direction = IPSEC_IN;
	out.sa.src.port = 4999; /* as if a NAT had chosen a new port */
	ASSERT_EQ(0, kernel_op(&self->left, &left_policy, NULL));
	ASSERT_EQ(0, kernel_op(&self->right, &right_policy, NULL));
	ASSERT_EQ(0, kernel_op(&self->right, &in, NULL));
	ASSERT_EQ(0, kernel_op(&self->left, &out, NULL));
	ASSERT_EQ(0, send_packet("10.1.0.1", "10.2.0.1", 0, 1000));
	turn_until(&self->right, &self->right.mappings, 1);
	ASSERT_EQ(1, self->right.mappings);
	EXPECT_EQ(SPI_LR, self->right.mapping.spi);
	EXPECT_EQ(REQID, self->right.mapping.reqid);
	EXPECT_EQ(4500, self->right.mapping.old_src.port);
	EXPECT_EQ(4999, self->right.mapping.new_src.port);
	EXPECT_TRUE(netaddr_same_addr(&peer, &self->right.mapping.new_src));
	close(fd);
}

/* -------- the observer -------- */

struct observed {
	unsigned added, removed;
};

static void on_added(const struct ipsec_sa *sa, void *data)
{
	__atomic_fetch_add(&((struct observed *)data)->added, 1, __ATOMIC_RELAXED);
}

static void on_removed(const struct netaddr *dst, uint32_t spi, void *data)
{
	__atomic_fetch_add(&((struct observed *)data)->removed, 1, __ATOMIC_RELAXED);
}

TEST_F(sas, the_observer_hears_of_every_sa_that_comes_and_goes)
{
	struct observed seen = { 0 };
	struct ipsec_sa_observer observer = { .added = on_added,
					      .removed = on_removed,
					      .data = &seen };
	struct ipsec_op a = sample_sa(IPSEC_OUT, 0x7001), b = sample_sa(IPSEC_IN, 0x7002);

	SKIP_WITHOUT_KERNEL(self->lacks);
	ipsec_set_observer(self->left.ipsec, &observer);
	ASSERT_EQ(0, kernel_op(&self->left, &a, NULL));
	ASSERT_EQ(0, kernel_op(&self->left, &b, NULL));
	EXPECT_EQ(2, seen.added);
	EXPECT_EQ(-EEXIST, kernel_op(&self->left, &b, NULL));
	EXPECT_EQ(3, seen.added);
	EXPECT_EQ(1, seen.removed);
	a.type = IPSEC_SA_DELETE;
	ASSERT_EQ(0, kernel_op(&self->left, &a, NULL));
	EXPECT_EQ(2, seen.removed);
	kernel_close_backend(&self->left);
	EXPECT_EQ(3, seen.removed);
}

TEST_HARNESS_MAIN
