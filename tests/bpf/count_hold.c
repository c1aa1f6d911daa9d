/* SPDX-License-Identifier: MIT */
/*
 * Stands in for the daemon: counts the SAs named on the command line, in the network namespace it
 * is started in, until standard input ends. Prints "ready PIN" (PIN "-" without one), and at the
 * end "SPI PACKETS BYTES REPLAY_DROPPED AUTH_FAILED" for each SA.
 *
 * Usage: bpf_count_hold PIN_DIR [in|out SPI SRC DST]...	PIN_DIR "": the daemon's default
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ikev2/daemon/bpf.h"
#include "ikev2/ipsec/ipsec.h"
#include "pdk/log/log.h"

#define SAS_MAX 64

static int parse_sa(char **args, struct ipsec_sa *ret_sa)
{
	struct ipsec_sa sa = {
		.direction = strcmp(args[0], "in") == 0 ? IPSEC_IN : IPSEC_OUT,
		.spi = (uint32_t)strtoul(args[1], NULL, 0),
	};

	if (netaddr_parse(args[2], 0, &sa.src) < 0 || netaddr_parse(args[3], 0, &sa.dst) < 0)
		return -EINVAL;
	*ret_sa = sa;
	return 0;
}

int main(int argc, char **argv)
{
	struct ipsec_sa sas[SAS_MAX];
	struct bpf_count *count = NULL;
	struct count_value value;
	const char *path;
	int n_sas = (argc - 2) / 4, err;
	char c;

	if (argc < 2 || (argc - 2) % 4 || n_sas > SAS_MAX)
		return 2;
	log_add_sink(log_stderr_sink, NULL);
	err = bpf_count_new(argv[1][0] ? argv[1] : NULL, &count);
	if (err < 0)
		return 1;
	for (int i = 0; i < n_sas; i++)
		if (parse_sa(argv + 2 + 4 * i, &sas[i]) < 0 ||
		    bpf_count_add(count, &sas[i], "net-net") < 0)
			return 1;
	path = bpf_count_path(count);
	printf("ready %s\n", path ? path : "-");
	fflush(stdout);

	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	for (int i = 0; i < n_sas; i++) {
		struct count_value before;

		if (bpf_count_read(count, &sas[i].dst, sas[i].spi, &before) < 0 ||
		    bpf_count_remove(count, &sas[i].dst, sas[i].spi, &value) < 0 ||
		    bpf_count_remove(count, &sas[i].dst, sas[i].spi, NULL) != -ENOENT ||
		    bpf_count_read(count, &sas[i].dst, sas[i].spi, &value) != -ENOENT ||
		    memcmp(&before, &value, sizeof(value)))
			return 1;
		printf("0x%08x %llu %llu %llu %llu\n", sas[i].spi,
		       (unsigned long long)value.packets, (unsigned long long)value.bytes,
		       (unsigned long long)value.replay_dropped,
		       (unsigned long long)value.auth_failed);
	}
	bpf_count_free(count);
	return 0;
}
