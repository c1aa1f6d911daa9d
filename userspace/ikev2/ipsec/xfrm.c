/* SPDX-License-Identifier: MIT */
/*
 * The XFRM backend: requests are letters to a netlink thread, which alone touches the request
 * socket and the table of policies; events are read on the loop of whoever opened it. Opening
 * probes and sweeps with the request socket before the first letter is posted; the last letter
 * sweeps again.
 */
#include <errno.h>
#include <linux/udp.h>
#include <stdlib.h>
#include <string.h>

#include "ikev2/ipsec/request.h"
#include "ikev2/ipsec/xfrm_apply.h"
#include "ikev2/ipsec/xfrm_event.h"
#include "ikev2/ipsec/xfrm_sweep.h"
#include "pdk/log/log.h"
#include "pdk/netlink/monitor.h"
#include "pdk/netlink/netlink.h"
#include "pdk/netlink/thread.h"

LOG_SUBSYSTEM(ipsec, "SAs and policies of the kernel");

struct xfrm {
	struct ipsec ipsec; /* first */
	struct ipsec_events events;
	struct netlink_monitor *monitor;
	struct netlink_thread *thread;
	struct xfrm_kernel kernel; /* the thread's */
	char features[XFRM_FEATURES_STRLEN];
};

static struct xfrm *xfrm_of(struct ipsec *ipsec)
{
	return container_of(ipsec, struct xfrm, ipsec);
}

/* -------- events -------- */

static void on_event(const struct nlmsghdr *h, void *data)
{
	struct xfrm *x = data;
	struct xfrm_event e;
	int err = xfrm_event_parse(h, &e);

	if (err == 0)
		xfrm_event_dispatch(&e, &x->events);
	else if (err != -ENOMSG)
		log_debug(ipsec, "event of type %u not understood: %s", h->nlmsg_type,
			  strerror(-err));
}

static void on_overrun(void *data)
{
	struct xfrm *x = data;

	log_warning(ipsec, "the kernel had more events than could be taken, some are lost");
	if (x->events.overrun)
		x->events.overrun(x->events.data);
}

static int open_monitor(struct xfrm *x, struct loop *loop)
{
	static const unsigned groups[] = { XFRMNLGRP_ACQUIRE, XFRMNLGRP_EXPIRE, XFRMNLGRP_MAPPING };
	struct netlink_monitor_events events = { .message = on_event,
						 .overrun = on_overrun,
						 .data = x };

	return netlink_monitor_new(loop, NETLINK_XFRM, groups, ARRAY_SIZE(groups), &events,
				   &x->monitor);
}

/* -------- requests -------- */

static void run_request(struct mail *mail)
{
	struct ipsec_request *req = container_of(mail, struct ipsec_request, mail);

	xfrm_apply(&xfrm_of(req->ipsec)->kernel, req);
	ipsec_request_complete(req);
}

static void xfrm_submit(struct ipsec *ipsec, struct ipsec_request *req)
{
	req->ipsec = ipsec;
	netlink_thread_post(xfrm_of(ipsec)->thread, &req->mail, run_request);
}

/* -------- life -------- */

static void log_swept(const char *when, int err, const struct xfrm_swept *swept)
{
	if (err < 0)
		log_warning(ipsec, "%s: could not take everything of ours out of the kernel: %s",
			    when, strerror(-err));
	if (swept->sas + swept->policies > 0)
		log_notice(ipsec, "%s: removed %zu SAs and %zu policies from the kernel", when,
			   swept->sas, swept->policies);
}

static void xfrm_free(struct xfrm *x)
{
	netlink_monitor_free(x->monitor);
	netlink_thread_free(x->thread);
	xfrm_spd_fini(&x->kernel.spd);
	free(x);
}

static int xfrm_open(struct loop *loop, const struct ipsec_events *events, struct ipsec **ret_ipsec)
{
	struct xfrm *x = calloc(1, sizeof(*x));
	struct netlink_socket *socket;
	struct xfrm_swept swept;
	const char *what;
	int err;

	if (!x)
		return -ENOMEM;
	x->ipsec.ops = &ipsec_xfrm_ops;
	x->events = *events;
	x->kernel.observer = &x->ipsec.observer;
	xfrm_spd_init(&x->kernel.spd);

	what = "netlink socket";
	err = netlink_socket_new(NETLINK_XFRM, &socket);
	if (err < 0)
		goto fail;
	x->kernel.socket = socket;
	what = "netlink thread";
	err = netlink_thread_new("ipsec", socket, &x->thread);
	if (err < 0)
		goto fail;
	what = "probing the kernel";
	err = xfrm_probe(x->kernel.socket, &x->kernel.features);
	if (err < 0)
		goto fail;
	xfrm_features_str(&x->kernel.features, x->features);
	what = "events";
	err = open_monitor(x, loop);
	if (err < 0)
		goto fail;

	err = xfrm_sweep(&x->kernel, &swept);
	log_swept("start", err, &swept);
	if (!x->kernel.features.esp4)
		log_warning(ipsec, "this kernel has no ESP: no SA can be installed");
	*ret_ipsec = &x->ipsec;
	return 0;

fail:
	log_error(ipsec, "can't use XFRM: %s: %s", what, strerror(-err));
	xfrm_free(x);
	return err;
}

struct last_letter {
	struct mail mail;
	struct xfrm *x;
	int err;
	struct xfrm_swept swept;
};

static void run_last(struct mail *mail)
{
	struct last_letter *last = container_of(mail, struct last_letter, mail);

	last->err = xfrm_sweep(&last->x->kernel, &last->swept);
}

static void xfrm_close(struct ipsec *ipsec)
{
	struct xfrm *x = xfrm_of(ipsec);
	struct last_letter last = { .x = x };

	/* Behind all that was submitted; the thread has ended when netlink_thread_free() returns.
	 */
	netlink_thread_post(x->thread, &last.mail, run_last);
	x->thread = netlink_thread_free(x->thread);
	log_swept("end", last.err, &last.swept);
	xfrm_free(x);
}

static const char *xfrm_features(struct ipsec *ipsec)
{
	return xfrm_of(ipsec)->features;
}

/* -------- sockets -------- */

/* IKE has to get through when a policy covers everything: the socket has policies of its own. */
static int allow_socket(int fd, int family)
{
	struct xfrm_userpolicy_info policy = {
		.lft = xfrm_no_limits,
		.action = XFRM_POLICY_ALLOW,
		.sel.family = (uint16_t)family,
	};
	int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	int option = family == AF_INET ? IP_XFRM_POLICY : IPV6_XFRM_POLICY;

	policy.dir = XFRM_POLICY_OUT;
	if (setsockopt(fd, level, option, &policy, sizeof(policy)) < 0)
		return -errno;
	policy.dir = XFRM_POLICY_IN;
	if (setsockopt(fd, level, option, &policy, sizeof(policy)) < 0)
		return -errno;
	return 0;
}

static int xfrm_prepare_socket(struct ipsec *ipsec, int fd, int family, bool udp_encap)
{
	int type = UDP_ENCAP_ESPINUDP, err;

	if (family != AF_INET && family != AF_INET6)
		return -EAFNOSUPPORT;
	err = allow_socket(fd, family);
	if (err < 0)
		return err;
	if (ipsec->socket_mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &ipsec->socket_mark,
					     sizeof(ipsec->socket_mark)) < 0)
		return -errno;
	if (udp_encap && setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &type, sizeof(type)) < 0) {
		/* A kernel without it has no SAs to hand the packets to either. */
		if (errno != ENOPROTOOPT && errno != EOPNOTSUPP)
			return -errno;
		log_debug(ipsec, "this kernel takes no ESP in UDP");
	}
	return 0;
}

const struct ipsec_ops ipsec_xfrm_ops = {
	.name = "xfrm",
	.open = xfrm_open,
	.submit = xfrm_submit,
	.prepare_socket = xfrm_prepare_socket,
	.close = xfrm_close,
	.features = xfrm_features,
};
