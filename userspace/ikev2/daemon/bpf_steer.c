/* SPDX-License-Identifier: MIT */
/* Steering: a libbpf skeleton, so a program and its maps, for each REUSEPORT group. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "pdk/base/cleanup.h"
#include "pdk/log/log.h"
#include "ikev2/daemon/bpf.h"
#include "ikev2/daemon/bpf_private.h"
#include "steer.skel.h"

LOG_USE(bpf);

struct bpf_steer {
	struct steer_bpf *skel;
};

int bpf_steer_new(const struct steer_config *config, struct bpf_steer **ret_steer)
{
	struct bpf_steer *s;
	int err;

	if (!config->n_workers || config->n_workers > STEER_WORKERS_MAX || config->marker > 1) {
		log_warning(bpf, "steering is off: impossible settings, %u workers",
			    config->n_workers);
		return -EINVAL;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->skel = steer_bpf__open();
	if (!s->skel) {
		err = bpf_refuse("steering", "open the program", -errno, BPF_CAPS_STEER);
		goto err_free;
	}
	s->skel->rodata->config = *config;
	err = steer_bpf__load(s->skel);
	if (err) {
		err = bpf_refuse("steering", "load the program", err, BPF_CAPS_STEER);
		goto err_free;
	}
	*ret_steer = s;
	return 0;

err_free:
	bpf_steer_free(s);
	return err;
}

struct bpf_steer *bpf_steer_free(struct bpf_steer *s)
{
	if (s) {
		steer_bpf__destroy(s->skel);
		free(s);
	}
	return NULL;
}

int bpf_steer_prog_fd(const struct bpf_steer *s)
{
	return s ? bpf_program__fd(s->skel->progs.steer) : -1;
}

int bpf_steer_map_fd(const struct bpf_steer *s)
{
	return s ? bpf_map__fd(s->skel->maps.workers) : -1;
}

int bpf_steer_read(const struct bpf_steer *s, struct steer_counters *ret_counters)
{
	int n_cpus = libbpf_num_possible_cpus();
	struct steer_counters sum = { 0 };
	_cleanup_free_ struct steer_counters *by_cpu = NULL;
	uint32_t zero = 0;

	if (!s)
		return -EOPNOTSUPP;
	if (n_cpus < 0)
		return n_cpus;
	by_cpu = calloc((size_t)n_cpus, sizeof(*by_cpu));
	if (!by_cpu)
		return -ENOMEM;
	if (bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.counters), &zero, by_cpu) < 0)
		return -errno;
	for (int i = 0; i < n_cpus; i++) {
		sum.spi += by_cpu[i].spi;
		sum.first += by_cpu[i].first;
		sum.not_ike += by_cpu[i].not_ike;
		sum.malformed += by_cpu[i].malformed;
		sum.stray += by_cpu[i].stray;
		sum.no_socket += by_cpu[i].no_socket;
	}
	*ret_counters = sum;
	return 0;
}
