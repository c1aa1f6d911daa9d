/* SPDX-License-Identifier: MIT */
/* ESP that no SA takes: the program reports it through a ring buffer, which the loop watches. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "pdk/log/log.h"
#include "pdk/loop/watch.h"
#include "ikev2/daemon/bpf.h"
#include "ikev2/daemon/bpf_private.h"
#include "unknown_esp.skel.h"

LOG_USE(bpf);

struct bpf_unknown_esp {
	struct unknown_esp_bpf *skel;
	struct ring_buffer *ring;
	struct loop_watch *watch;
	bpf_unknown_esp_fn fn;
	void *data;
};

static int take_report(void *ctx, void *data, size_t size)
{
	const struct bpf_unknown_esp *u = ctx;
	const struct unknown_esp *report = data;
	struct netaddr local = { .family = report->family };
	struct netaddr remote = { .family = report->family, .port = report->src_port };

	memcpy(local.addr, report->dst, sizeof(report->dst));
	memcpy(remote.addr, report->src, sizeof(report->src));
	if (netaddr_is_link_local(&local))
		local.scope = report->ifindex;
	if (netaddr_is_link_local(&remote))
		remote.scope = report->ifindex;
	u->fn(&local, &remote, report->spi, u->data);
	return 0;
}

static void readable(struct loop_watch *watch, uint32_t events, void *data)
{
	struct bpf_unknown_esp *u = data;

	if (events & POLLNVAL)
		log_error(bpf, "unknown ESP is off: its ring buffer can't be watched");
	else
		ring_buffer__consume(u->ring);
}

static int load(struct bpf_unknown_esp *u, struct loop *loop, const char **ret_stage)
{
	bool first;
	int err;

	*ret_stage = "open the program";
	u->skel = unknown_esp_bpf__open();
	if (!u->skel)
		return -errno;
	*ret_stage = "find our network namespace";
	err = bpf_find_netns(&u->skel->rodata->config.netns, &first);
	if (err < 0)
		return err;
	*ret_stage = "load the program (fentry)";
	err = unknown_esp_bpf__load(u->skel);
	if (err < 0)
		return err;
	*ret_stage = "read what it reports";
	u->ring = ring_buffer__new(bpf_map__fd(u->skel->maps.reports), take_report, u, NULL);
	if (!u->ring)
		return -errno;
	err = watch_new(loop, ring_buffer__epoll_fd(u->ring), POLLIN, readable, u, &u->watch);
	if (err < 0)
		return err;
	*ret_stage = "attach the program (fentry)";
	return unknown_esp_bpf__attach(u->skel);
}

int bpf_unknown_esp_new(struct loop *loop, bpf_unknown_esp_fn fn, void *data,
			struct bpf_unknown_esp **ret_unknown)
{
	struct bpf_unknown_esp *u = calloc(1, sizeof(*u));
	const char *stage;
	int err;

	if (!u)
		return -ENOMEM;
	u->fn = fn;
	u->data = data;
	err = load(u, loop, &stage);
	if (err < 0) {
		bpf_unknown_esp_free(u);
		return bpf_refuse("telling peers of unknown ESP", stage, err, BPF_CAPS_FENTRY);
	}
	*ret_unknown = u;
	return 0;
}

struct bpf_unknown_esp *bpf_unknown_esp_free(struct bpf_unknown_esp *u)
{
	if (!u)
		return NULL;
	watch_free(u->watch);
	ring_buffer__free(u->ring);
	unknown_esp_bpf__destroy(u->skel);
	free(u);
	return NULL;
}
