/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the tests against a real kernel share: a network namespace of their own, an open backend
 * with its events noted, requests that are waited for, and the kernel's tables as they are.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/socket.h>

#include "ikev2/codec/ikev2.h"
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/ipsec/xfrm_policy.h"
#include "ikev2/ipsec/xfrm_sa.h"
#include "pdk/base/random.h"
#include "pdk/loop/loop.h"
#include "pdk/netlink/netlink.h"

#define REQID (IPSEC_REQID_BASE + 7)
#define WAIT                                                                                       \
	25 /* seconds: an emulated kernel may load a module for many of them; the harness gives 30 \
	    */

/*
 * The 6.1 harness runs a test even when its set-up has asked to be skipped: so the set-up notes the
 * reason, and each test begins with this.
 */
#define SKIP_WITHOUT_KERNEL(reason)                                                                \
	do {                                                                                       \
		if (reason)                                                                        \
			SKIP(return, "%s", (reason));                                              \
	} while (0)

struct kernel {
	struct loop *loop;
	struct mailbox *mailbox;
	struct ipsec *ipsec;
	struct netlink_socket *socket; /* the test's own, to look at the tables */
	unsigned acquires, expires, mappings;
	struct ipsec_acquire acquire; /* the last ones */
	struct ipsec_expire expire;
	struct ipsec_mapping mapping;
};

static inline void on_acquire(const struct ipsec_acquire *a, void *data)
{
	struct kernel *k = data;

	k->acquire = *a;
	k->acquires++;
}

static inline void on_expire(const struct ipsec_expire *e, void *data)
{
	struct kernel *k = data;

	k->expire = *e;
	k->expires++;
}

static inline void on_mapping(const struct ipsec_mapping *m, void *data)
{
	struct kernel *k = data;

	k->mapping = *m;
	k->mappings++;
}

static inline int kernel_open_backend(struct kernel *k)
{
	struct ipsec_events events = {
		.acquire = on_acquire, .expire = on_expire, .mapping = on_mapping, .data = k
	};

	return ipsec_xfrm_ops.open(k->loop, &events, &k->ipsec);
}

/* What the test has to skip for, or NULL. Fills k. */
static inline const char *kernel_setup(struct kernel *k)
{
	*k = (struct kernel){ 0 };
	if (unshare(CLONE_NEWNET) < 0)
		return "needs the right to make a network namespace";
	if (loop_new(&k->loop) < 0 || mailbox_new(k->loop, &k->mailbox) < 0)
		return "needs io_uring";
	if (netlink_socket_new(NETLINK_XFRM, &k->socket) < 0)
		return "kernel has no XFRM";
	if (kernel_open_backend(k) < 0)
		return "kernel lets us not use XFRM";
	return NULL;
}

static inline void kernel_close_backend(struct kernel *k)
{
	if (k->ipsec)
		k->ipsec->ops->close(k->ipsec);
	k->ipsec = NULL;
}

static inline void kernel_teardown(struct kernel *k)
{
	kernel_close_backend(k);
	netlink_socket_free(k->socket);
	mailbox_free(k->mailbox);
	loop_free(k->loop);
}

static inline bool kernel_has_esp(const struct kernel *k)
{
	return strstr(k->ipsec->ops->features(k->ipsec), "esp4=yes") != NULL;
}

/* -------- requests -------- */

static inline void on_done(struct ipsec_request *req, void *data)
{
	*(bool *)data = true;
}

/* Submit and wait. 0: the request is the caller's again. -ETIME: it is still under way. */
static inline int kernel_run(struct kernel *k, struct ipsec_request *req)
{
	bool done = false;

	req->reply_to = k->mailbox;
	req->done = on_done;
	req->data = &done;
	ipsec_submit(k->ipsec, req);
	return loop_run_until(k->loop, &done, instant_add(instant_now(), DURATION_S(WAIT)));
}

/* Submit a copy of one operation; its error, or the request's. */
static inline int kernel_op(struct kernel *k, const struct ipsec_op *op,
			    struct ipsec_usage *ret_usage)
{
	struct ipsec_request *req = ipsec_request_new(1);
	int err;

	req->ops[0] = *op;
	err = kernel_run(k, req);
	if (err < 0)
		return err;
	err = req->err ? req->err : req->ops[0].err;
	if (ret_usage)
		*ret_usage = req->ops[0].usage;
	ipsec_request_free(req);
	return err;
}

static inline void turn_until(struct kernel *k, const unsigned *counter, unsigned wanted)
{
	struct instant end = instant_add(instant_now(), DURATION_S(WAIT));

	while (*counter < wanted && instant_before(instant_now(), end))
		loop_run_once(k->loop, end);
}

/* -------- samples -------- */

static inline struct netaddr addr(const char *text)
{
	struct netaddr a = NETADDR_NONE;

	netaddr_parse(text, 0, &a);
	return a;
}

static inline struct ts ts_of(const char *prefix)
{
	struct netaddr net = NETADDR_NONE;
	unsigned len = 0;

	netaddr_parse_prefix(prefix, &net, &len);
	return ts_from_prefix(&net, len, 0, 0, 65535);
}

static inline struct ipsec_op sample_sa(enum ipsec_direction direction, uint32_t spi)
{
	struct ipsec_op op = { .type = IPSEC_SA_ADD };
	struct ipsec_sa *sa = &op.sa;

	sa->direction = direction;
	sa->mode = IPSEC_TUNNEL;
	sa->spi = spi;
	sa->src = addr(direction == IPSEC_OUT ? "192.0.2.1" : "192.0.2.2");
	sa->dst = addr(direction == IPSEC_OUT ? "192.0.2.2" : "192.0.2.1");
	sa->reqid = REQID;
	sa->encr = IKE_ENCR_AES_GCM_16;
	sa->encr_bits = 128;
	sa->encr_key_len = 20;
	memset(sa->encr_key, 0x5a, sa->encr_key_len);
	sa->replay_window = 64;
	return op;
}

static inline struct ipsec_op sample_policy(uint64_t owner, const char *local, const char *remote)
{
	struct ipsec_op op = { .type = IPSEC_POLICY_ADD };

	op.spd.owner = owner;
	op.spd.policy.local = (struct ts_list){ .n = 1, .v = { ts_of(local) } };
	op.spd.policy.remote = (struct ts_list){ .n = 1, .v = { ts_of(remote) } };
	op.spd.policy.mode = IPSEC_TUNNEL;
	op.spd.policy.local_addr = addr("192.0.2.1");
	op.spd.policy.remote_addr = addr("192.0.2.2");
	op.spd.policy.reqid = REQID;
	return op;
}

/* -------- packets -------- */

/* Lines for the ip command, all in one call: programs start slowly in an emulated machine. */
static inline int ip_batch(const char *fmt, ...)
{
	FILE *f = popen("ip -batch -", "w");
	va_list args;

	if (!f)
		return -errno;
	va_start(args, fmt);
	vfprintf(f, fmt, args);
	va_end(args);
	return pclose(f);
}

/*
 * An interface with our outer and inner addresses, and a route that the inner network of the peer
 * is behind it. (The loopback interface is exempt from policies.)
 */
static inline int kernel_link(void)
{
	return ip_batch("link add v0 type veth peer name v1\n"
			"link set v0 up\n"
			"link set v1 up\n"
			"addr add 192.0.2.1/24 dev v0\n"
			"addr add 10.1.0.1/16 dev v0\n"
			"neigh add 192.0.2.2 dev v0 lladdr 02:00:00:00:00:02\n"
			"route add 10.2.0.0/16 via 192.0.2.2 src 10.1.0.1\n");
}

/* A datagram of one octet; what becomes of it is for the policies to say. 0 or -errno. */
static inline int send_packet(const char *from, const char *to, uint16_t from_port,
			      uint16_t to_port)
{
	struct sockaddr_in src = { .sin_family = AF_INET, .sin_port = htons(from_port) };
	struct sockaddr_in dst = { .sin_family = AF_INET, .sin_port = htons(to_port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), err = 0;

	inet_pton(AF_INET, from, &src.sin_addr);
	inet_pton(AF_INET, to, &dst.sin_addr);
	if (bind(fd, (struct sockaddr *)&src, sizeof(src)) < 0 ||
	    sendto(fd, "x", 1, 0, (struct sockaddr *)&dst, sizeof(dst)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* -------- the kernel's tables -------- */

#define SEEN_MAX 1024

struct seen {
	size_t n_policies, n_sas;
	struct xfrm_policy_info policies[SEEN_MAX];
	struct xfrm_sa_info sas[SEEN_MAX];
};

static inline void on_seen_policy(const struct nlmsghdr *h, void *data)
{
	struct seen *s = data;

	if (s->n_policies < SEEN_MAX && xfrm_policy_parse(h, &s->policies[s->n_policies]) == 0 &&
	    s->policies[s->n_policies].key.dir < XFRM_POLICY_MAX) /* not those of sockets */
		s->n_policies++;
}

static inline void on_seen_sa(const struct nlmsghdr *h, void *data)
{
	struct seen *s = data;

	if (s->n_sas < SEEN_MAX && xfrm_sa_parse(h, &s->sas[s->n_sas]) == 0)
		s->n_sas++;
}

static inline struct seen *kernel_look(struct kernel *k)
{
	static struct seen seen;

	seen.n_policies = seen.n_sas = 0;
	if (netlink_dump(k->socket, xfrm_policy_build_dump(), on_seen_policy, &seen) < 0 ||
	    netlink_dump(k->socket, xfrm_sa_build_dump(), on_seen_sa, &seen) < 0)
		seen.n_policies = seen.n_sas = SEEN_MAX;
	return &seen;
}
