/* SPDX-License-Identifier: MIT */
/*
 * The XFRM backend against the running kernel, as far as it goes without ESP: policies, acquires,
 * cleaning up. Each test has a network namespace of its own.
 */
#include <kselftest_harness.h>

#include <linux/udp.h>
#include <net/if.h>
#include <sys/wait.h>

#include "kernel.h"

FIXTURE(policies)
{
	struct kernel k;
	const char *lacks;
};

FIXTURE_SETUP(policies)
{
	self->lacks = kernel_setup(&self->k);
	if (!self->lacks)
		fprintf(stderr, "# xfrm: %s\n", self->k.ipsec->ops->features(self->k.ipsec));
}

FIXTURE_TEARDOWN(policies)
{
	kernel_teardown(&self->k);
}

static const struct xfrm_policy_info *find(const struct seen *s, uint8_t dir)
{
	for (size_t i = 0; i < s->n_policies; i++)
		if (s->policies[i].key.dir == dir)
			return &s->policies[i];
	return NULL;
}

TEST_F(policies, tunnel_policy_has_out_in_and_fwd)
{
	struct ipsec_op op = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	const struct xfrm_policy_info *out, *in, *fwd;
	struct seen *s;

	SKIP_WITHOUT_KERNEL(self->lacks);
	ASSERT_EQ(0, kernel_op(&self->k, &op, NULL));
	s = kernel_look(&self->k);
	ASSERT_EQ(3, s->n_policies);
	out = find(s, XFRM_POLICY_OUT);
	in = find(s, XFRM_POLICY_IN);
	fwd = find(s, XFRM_POLICY_FWD);
	ASSERT_TRUE(out && in && fwd);
	EXPECT_EQ(inet_addr("10.1.0.0"), out->key.sel.saddr.a4);
	EXPECT_EQ(inet_addr("10.2.0.0"), out->key.sel.daddr.a4);
	EXPECT_EQ(inet_addr("10.2.0.0"), in->key.sel.saddr.a4);
	EXPECT_EQ(inet_addr("10.1.0.0"), fwd->key.sel.daddr.a4);
	EXPECT_EQ(REQID, out->reqid);
	EXPECT_EQ(REQID, in->reqid);
	EXPECT_EQ(out->priority, in->priority);
	op.type = IPSEC_POLICY_DELETE;
	ASSERT_EQ(0, kernel_op(&self->k, &op, NULL));
	EXPECT_EQ(0, kernel_look(&self->k)->n_policies);
}

TEST_F(policies, transport_policy_has_no_fwd)
{
	struct ipsec_op op = sample_policy(1, "192.0.2.1/32", "192.0.2.2/32");

	SKIP_WITHOUT_KERNEL(self->lacks);
	op.spd.policy.mode = IPSEC_TRANSPORT;
	ASSERT_EQ(0, kernel_op(&self->k, &op, NULL));
	ASSERT_EQ(2, kernel_look(&self->k)->n_policies);
	EXPECT_TRUE(find(kernel_look(&self->k), XFRM_POLICY_FWD) == NULL);
}

TEST_F(policies, additions_are_stacked_and_the_newest_counts)
{
	struct ipsec_op trap = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	struct ipsec_op child = sample_policy(2, "10.1.0.0/16", "10.2.0.0/16");

	SKIP_WITHOUT_KERNEL(self->lacks);
	child.spd.policy.reqid = REQID + 1;
	ASSERT_EQ(0, kernel_op(&self->k, &trap, NULL));
	ASSERT_EQ(0, kernel_op(&self->k, &child, NULL));
	ASSERT_EQ(3, kernel_look(&self->k)->n_policies);
	EXPECT_EQ(REQID + 1, find(kernel_look(&self->k), XFRM_POLICY_OUT)->reqid);
	child.type = IPSEC_POLICY_DELETE;
	ASSERT_EQ(0, kernel_op(&self->k, &child, NULL));
	ASSERT_EQ(3, kernel_look(&self->k)->n_policies);
	EXPECT_EQ(REQID, find(kernel_look(&self->k), XFRM_POLICY_OUT)->reqid);
	/* Once more is nothing to do, and no error. */
	EXPECT_EQ(0, kernel_op(&self->k, &child, NULL));
	trap.type = IPSEC_POLICY_DELETE;
	ASSERT_EQ(0, kernel_op(&self->k, &trap, NULL));
	EXPECT_EQ(0, kernel_look(&self->k)->n_policies);
}

TEST_F(policies, marks_and_interface_ids_make_policies_of_their_own)
{
	struct ipsec_op plain = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16"), marked = plain,
			routed = plain;

	SKIP_WITHOUT_KERNEL(self->lacks);
	marked.spd.policy.mark_in = (struct ipsec_mark){ 5, 0xff };
	marked.spd.policy.mark_out = marked.spd.policy.mark_in;
	routed.spd.policy.if_id_in = 9;
	routed.spd.policy.if_id_out = 8;
	ASSERT_EQ(0, kernel_op(&self->k, &plain, NULL));
	ASSERT_EQ(0, kernel_op(&self->k, &marked, NULL));
	ASSERT_EQ(0, kernel_op(&self->k, &routed, NULL));
	EXPECT_EQ(9, kernel_look(&self->k)->n_policies);
	marked.type = routed.type = IPSEC_POLICY_DELETE;
	ASSERT_EQ(0, kernel_op(&self->k, &marked, NULL));
	ASSERT_EQ(0, kernel_op(&self->k, &routed, NULL));
	ASSERT_EQ(3, kernel_look(&self->k)->n_policies);
	EXPECT_EQ(0, kernel_look(&self->k)->policies[0].key.mark_mask);
	EXPECT_EQ(0, kernel_look(&self->k)->policies[0].key.if_id);
}

TEST_F(policies, directions_may_differ_in_mark_and_interface_id)
{
	struct ipsec_op op = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	struct seen *s;

	SKIP_WITHOUT_KERNEL(self->lacks);
	op.spd.policy.mark_in = (struct ipsec_mark){ 1, 0xf };
	op.spd.policy.mark_out = (struct ipsec_mark){ 2, 0xff };
	op.spd.policy.if_id_in = 3;
	op.spd.policy.if_id_out = 4;
	op.spd.policy.fwd_out = true;
	op.spd.policy.priority = 77;
	ASSERT_EQ(0, kernel_op(&self->k, &op, NULL));
	s = kernel_look(&self->k);
	ASSERT_EQ(4, s->n_policies);
	for (size_t i = 0; i < s->n_policies; i++) {
		const struct xfrm_policy_info *p = &s->policies[i];
		bool out = p->key.sel.saddr.a4 == inet_addr("10.1.0.0");

		EXPECT_EQ(out, p->key.dir == XFRM_POLICY_OUT ||
				       (p->key.dir == XFRM_POLICY_FWD && p->key.mark == 2));
		EXPECT_EQ(out ? 2 : 1, p->key.mark);
		EXPECT_EQ(out ? 0xff : 0xf, p->key.mark_mask);
		EXPECT_EQ(out ? 4 : 3, p->key.if_id);
		EXPECT_EQ(77, p->priority);
		EXPECT_EQ(REQID, p->reqid);
	}
	op.type = IPSEC_POLICY_DELETE;
	ASSERT_EQ(0, kernel_op(&self->k, &op, NULL));
	EXPECT_EQ(0, kernel_look(&self->k)->n_policies);
}

TEST_F(policies, what_passes_wins_and_what_drops_comes_last)
{
	struct ipsec_op protect = sample_policy(1, "10.1.1.1/32", "10.2.1.1/32");
	struct ipsec_op pass = sample_policy(2, "0.0.0.0/0", "10.2.0.0/16");
	struct ipsec_op drop = sample_policy(3, "10.1.1.1/32", "10.2.1.2/32");
	uint32_t priorities[3] = { 0 };
	struct seen *s;

	SKIP_WITHOUT_KERNEL(self->lacks);
	pass.spd.policy.action = IPSEC_PASS;
	drop.spd.policy.action = IPSEC_DROP;
	pass.spd.policy.reqid = drop.spd.policy.reqid = 0;
	pass.spd.policy.mode = IPSEC_TRANSPORT;
	ASSERT_EQ(0, kernel_op(&self->k, &protect, NULL));
	ASSERT_EQ(0, kernel_op(&self->k, &pass, NULL));
	ASSERT_EQ(0, kernel_op(&self->k, &drop, NULL));
	s = kernel_look(&self->k);
	ASSERT_EQ(9, s->n_policies);
	for (size_t i = 0; i < s->n_policies; i++) {
		const struct xfrm_policy_info *p = &s->policies[i];

		if (p->key.dir != XFRM_POLICY_OUT)
			continue;
		EXPECT_TRUE(xfrm_policy_index_is_ours(p->index));
		if (p->key.sel.daddr.a4 == inet_addr("10.2.0.0"))
			priorities[0] = p->priority;
		else if (p->reqid)
			priorities[1] = p->priority;
		else
			priorities[2] = p->priority;
		EXPECT_EQ(p->key.sel.daddr.a4 == inet_addr("10.2.1.2"),
			  p->action == XFRM_POLICY_BLOCK);
	}
	EXPECT_NE(0, priorities[0]);
	EXPECT_LT(priorities[0], priorities[1]);
	EXPECT_LT(priorities[1], priorities[2]);
	pass.type = IPSEC_POLICY_DELETE;
	ASSERT_EQ(0, kernel_op(&self->k, &pass, NULL));
	EXPECT_EQ(6, kernel_look(&self->k)->n_policies);
	/* Without a reqid, too, they are known as ours. */
	kernel_close_backend(&self->k);
	EXPECT_EQ(0, kernel_look(&self->k)->n_policies);
}

TEST_F(policies, an_interface_binds_policies_even_when_its_name_is_gone)
{
	struct ipsec_op op = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	struct ipsec_request *req;
	unsigned index;

	SKIP_WITHOUT_KERNEL(self->lacks);
	strcpy(op.spd.policy.interface, "moon0");
	EXPECT_EQ(-ENODEV, kernel_op(&self->k, &op, NULL));
	ASSERT_EQ(0, system("ip link add moon0 type veth peer name moon1"));
	index = if_nametoindex("moon0");
	req = ipsec_request_new(1);
	req->ops[0] = op;
	ASSERT_EQ(0, kernel_run(&self->k, req));
	ASSERT_EQ(0, req->err);
	ASSERT_EQ(3, kernel_look(&self->k)->n_policies);
	EXPECT_EQ(index, (unsigned)kernel_look(&self->k)->policies[0].key.sel.ifindex);
	EXPECT_EQ(index, req->ops[0].spd.policy.ifindex);
	ASSERT_EQ(0, system("ip link set moon0 name sun0"));
	req->ops[0].type = IPSEC_POLICY_DELETE;
	ASSERT_EQ(0, kernel_run(&self->k, req));
	EXPECT_EQ(0, req->ops[0].err);
	EXPECT_EQ(0, kernel_look(&self->k)->n_policies);
	ipsec_request_free(req);
}

TEST_F(policies, a_foreign_policy_is_refused_and_stays)
{
	struct ipsec_op op = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	struct seen *s;

	SKIP_WITHOUT_KERNEL(self->lacks);
	ASSERT_EQ(0, system("ip xfrm policy add src 10.2.0.0/16 dst 10.1.0.0/16 dir fwd "
			    "tmpl src 1.1.1.1 dst 2.2.2.2 proto esp reqid 1 mode tunnel"));
	EXPECT_EQ(-EEXIST, kernel_op(&self->k, &op, NULL));
	s = kernel_look(&self->k);
	ASSERT_EQ(1, s->n_policies);
	EXPECT_EQ(1, s->policies[0].reqid);
	kernel_close_backend(&self->k);
	EXPECT_EQ(1, kernel_look(&self->k)->n_policies);
}

TEST_F(policies, a_failing_batch_leaves_nothing)
{
	struct ipsec_request *req;

	SKIP_WITHOUT_KERNEL(self->lacks);
	req = ipsec_request_new(4);
	req->ops[0] = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	req->ops[1] = sample_policy(2, "fd00:1::/32", "fd00:2::/32");
	req->ops[2] = sample_sa(IPSEC_IN, 17); /* a reserved SPI */
	req->ops[3] = sample_policy(1, "10.3.0.0/16", "10.4.0.0/16");
	ASSERT_EQ(0, kernel_run(&self->k, req));
	EXPECT_EQ(-EINVAL, req->err);
	EXPECT_EQ(-ECANCELED, req->ops[0].err);
	EXPECT_EQ(-ECANCELED, req->ops[1].err);
	EXPECT_EQ(-EINVAL, req->ops[2].err);
	EXPECT_EQ(-ECANCELED, req->ops[3].err);
	EXPECT_EQ(0, kernel_look(&self->k)->n_policies);
	ipsec_request_free(req);
}

TEST_F(policies, a_batch_that_the_kernel_refuses_in_part_leaves_what_was_there)
{
	struct ipsec_op before = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	struct ipsec_request *req;

	SKIP_WITHOUT_KERNEL(self->lacks);
	req = ipsec_request_new(2);
	ASSERT_EQ(0, system("ip xfrm policy add src 10.8.0.0/16 dst 10.9.0.0/16 dir out "
			    "tmpl src 1.1.1.1 dst 2.2.2.2 proto esp reqid 1 mode tunnel"));
	ASSERT_EQ(0, kernel_op(&self->k, &before, NULL));
	req->ops[0] = sample_policy(2, "10.1.0.0/16", "10.2.0.0/16");
	req->ops[0].spd.policy.reqid = REQID + 5;
	req->ops[1] = sample_policy(2, "10.8.0.0/16", "10.9.0.0/16");
	ASSERT_EQ(0, kernel_run(&self->k, req));
	EXPECT_EQ(-EEXIST, req->err);
	ipsec_request_free(req);
	ASSERT_EQ(4, kernel_look(&self->k)->n_policies);
	EXPECT_EQ(REQID, find(kernel_look(&self->k), XFRM_POLICY_IN)->reqid);
}

TEST_F(policies, close_removes_ours_and_no_others)
{
	struct ipsec_op op;
	char net[32];

	SKIP_WITHOUT_KERNEL(self->lacks);
	ASSERT_EQ(0, system("ip xfrm policy add src 10.8.0.0/16 dst 10.9.0.0/16 dir out "
			    "tmpl src 1.1.1.1 dst 2.2.2.2 proto esp reqid 1 mode tunnel"));
	for (int i = 0; i < 100; i++) {
		snprintf(net, sizeof(net), "10.2.%d.0/24", i);
		op = sample_policy(1, "10.1.0.0/16", net);
		ASSERT_EQ(0, kernel_op(&self->k, &op, NULL));
	}
	EXPECT_EQ(301, kernel_look(&self->k)->n_policies);
	kernel_close_backend(&self->k);
	EXPECT_EQ(1, kernel_look(&self->k)->n_policies);
}

TEST_F(policies, open_removes_what_a_killed_process_left)
{
	struct ipsec_op op = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	int status;
	pid_t pid;

	SKIP_WITHOUT_KERNEL(self->lacks);
	kernel_close_backend(&self->k);
	ASSERT_EQ(0, system("ip xfrm policy add src 10.8.0.0/16 dst 10.9.0.0/16 dir out "
			    "tmpl src 1.1.1.1 dst 2.2.2.2 proto esp reqid 1 mode tunnel"));
	pid = fork();
	if (pid == 0) {
		/* A process of its own, with all that belongs to it, in the same namespace. */
		struct kernel k = { 0 };

		if (loop_new(&k.loop) < 0 || mailbox_new(k.loop, &k.mailbox) < 0 ||
		    kernel_open_backend(&k) < 0 || kernel_op(&k, &op, NULL) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(4, kernel_look(&self->k)->n_policies);
	ASSERT_EQ(0, kernel_open_backend(&self->k));
	EXPECT_EQ(1, kernel_look(&self->k)->n_policies);
}

TEST_F(policies, a_packet_on_a_trap_makes_one_acquire)
{
	struct ipsec_op op = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	const struct ipsec_acquire *a = &self->k.acquire;
	struct netaddr from = addr("10.1.0.1"), to = addr("10.2.0.9");
	struct netaddr local = addr("192.0.2.1"), remote = addr("192.0.2.2");

	SKIP_WITHOUT_KERNEL(self->lacks);
	ASSERT_EQ(0, kernel_link());
	ASSERT_EQ(0, kernel_op(&self->k, &op, NULL));
	send_packet("10.1.0.1", "10.2.0.9", 4321, 53);
	turn_until(&self->k, &self->k.acquires, 1);
	ASSERT_EQ(1, self->k.acquires);
	EXPECT_EQ(REQID, a->reqid);
	EXPECT_NE(0, a->seq);
	EXPECT_TRUE(netaddr_same_addr(&local, &a->local));
	EXPECT_TRUE(netaddr_same_addr(&remote, &a->remote));
	EXPECT_TRUE(netaddr_same_addr(&from, &a->packet_src.first));
	EXPECT_TRUE(netaddr_same_addr(&from, &a->packet_src.last));
	EXPECT_TRUE(netaddr_same_addr(&to, &a->packet_dst.first));
	EXPECT_EQ(IPPROTO_UDP, a->packet_dst.protocol);
	EXPECT_EQ(53, a->packet_dst.port_first);
	EXPECT_EQ(53, a->packet_dst.port_last);
	EXPECT_EQ(4321, a->packet_src.port_first);
}

TEST_F(policies, a_prepared_socket_passes_by_the_policies)
{
	struct ipsec_op op = sample_policy(1, "10.1.0.0/16", "10.2.0.0/16");
	struct sockaddr_in src = { .sin_family = AF_INET };
	struct sockaddr_in dst = { .sin_family = AF_INET, .sin_port = htons(53) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), encap = 0;
	socklen_t len = sizeof(encap);

	SKIP_WITHOUT_KERNEL(self->lacks);
	ASSERT_EQ(0, kernel_link());
	ASSERT_EQ(0, kernel_op(&self->k, &op, NULL));
	inet_pton(AF_INET, "10.1.0.1", &src.sin_addr);
	inet_pton(AF_INET, "10.2.0.9", &dst.sin_addr);
	ASSERT_EQ(0, self->k.ipsec->ops->prepare_socket(self->k.ipsec, fd, AF_INET, true));
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&src, sizeof(src)));
	ASSERT_EQ(1, sendto(fd, "x", 1, 0, (struct sockaddr *)&dst, sizeof(dst)));
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &encap, &len));
	EXPECT_EQ(UDP_ENCAP_ESPINUDP, encap);
	close(fd);
	/* The first packet that asks is the one of another socket. */
	EXPECT_EQ(0, send_packet("10.1.0.1", "10.2.0.9", 0, 54));
	turn_until(&self->k, &self->k.acquires, 1);
	ASSERT_EQ(1, self->k.acquires);
	EXPECT_EQ(54, self->k.acquire.packet_dst.port_first);
}

TEST_F(policies, sockets_of_both_families_can_be_prepared_and_no_others)
{
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	SKIP_WITHOUT_KERNEL(self->lacks);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, self->k.ipsec->ops->prepare_socket(self->k.ipsec, fd, AF_INET6, true));
	EXPECT_EQ(-EAFNOSUPPORT,
		  self->k.ipsec->ops->prepare_socket(self->k.ipsec, fd, AF_UNIX, false));
	close(fd);
}

TEST_F(policies, an_sa_on_a_kernel_without_esp_says_so)
{
	struct ipsec_op op = sample_sa(IPSEC_OUT, 0x1000);
	int err;

	SKIP_WITHOUT_KERNEL(self->lacks);
	if (kernel_has_esp(&self->k))
		SKIP(return, "kernel has ESP");
	/* The ciphers are looked for before the protocol. */
	err = kernel_op(&self->k, &op, NULL);
	EXPECT_TRUE(err == -EPROTONOSUPPORT || err == -ENOSYS);
}

TEST_HARNESS_MAIN
