/* SPDX-License-Identifier: MIT */
/* What daemon/bpf.h promises where the programs weren't built. */
#include "ikev2/daemon/bpf.h"

#include <errno.h>

#include "pdk/log/log.h"

LOG_SUBSYSTEM(bpf, "eBPF programs: none");

int bpf_steer_new(const struct steer_config *config, struct bpf_steer **ret_steer)
{
	log_warning(bpf, "steering is off: built without BPF");
	return -EOPNOTSUPP;
}

struct bpf_steer *bpf_steer_free(struct bpf_steer *s)
{
	return NULL;
}

int bpf_steer_prog_fd(const struct bpf_steer *s)
{
	return -1;
}

int bpf_steer_map_fd(const struct bpf_steer *s)
{
	return -1;
}

int bpf_steer_read(const struct bpf_steer *s, struct steer_counters *ret_counters)
{
	return -EOPNOTSUPP;
}

int bpf_count_new(const char *pin_dir, struct bpf_count **ret_count)
{
	log_warning(bpf, "counting is off: built without BPF");
	return -EOPNOTSUPP;
}

struct bpf_count *bpf_count_free(struct bpf_count *c)
{
	return NULL;
}

const char *bpf_count_path(const struct bpf_count *c)
{
	return NULL;
}

int bpf_count_add(struct bpf_count *c, const struct ipsec_sa *sa, const char *tunnel)
{
	return 0;
}

int bpf_count_read(const struct bpf_count *c, const struct netaddr *dst, uint32_t spi,
		   struct count_value *ret_value)
{
	return -EOPNOTSUPP;
}

int bpf_count_remove(struct bpf_count *c, const struct netaddr *dst, uint32_t spi,
		     struct count_value *ret_value)
{
	return 0;
}

int bpf_unknown_esp_new(struct loop *loop, bpf_unknown_esp_fn fn, void *data,
			struct bpf_unknown_esp **ret_unknown)
{
	return -EOPNOTSUPP; /* that there are none has been said */
}

struct bpf_unknown_esp *bpf_unknown_esp_free(struct bpf_unknown_esp *u)
{
	return NULL;
}
