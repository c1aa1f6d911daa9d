/* SPDX-License-Identifier: MIT */
#include "ikev2/daemon/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pdk/log/log.h"
#include "pdk/worker/worker.h"
#include "ikev2/daemon/algorithm_page.h"

#define DEFAULT_CONFIG	"/etc/postern/postern.conf"
#define DEFAULT_CONTROL "/run/postern.vici"

static const char usage[] =
	"Usage: posternd [OPTION]...\n"
	"IKEv2 gateway: negotiates IPsec SAs and installs them in the kernel.\n"
	"\n"
	"  --config FILE            configuration (" DEFAULT_CONFIG ")\n"
	"  --control PATH           socket for control clients (" DEFAULT_CONTROL ")\n"
	"  --ipsec xfrm|null        kernel interface; null installs nothing (xfrm)\n"
	"  --workers N              threads that own IKE SAs, 1 to 256 (settings.workers, else cores)\n"
	"  --no-bpf                 no eBPF programs: workers forward to each other, nobody counts,\n"
	"                           no peer is told of ESP that no SA takes\n"
	"  --check                  read the configuration, say what is wrong with it, and end\n"
	"  --algorithms             print what can be negotiated, and end\n"
	"  --debug SUBSYSTEM=LEVEL  log more or less; LEVEL alone: of all subsystems\n"
	"  --debug-keys FILE        append the keys of each IKE SA for Wireshark: for debugging only\n"
	"  --version, --help\n"
	"\n"
	"Levels: error warning notice info debug trace.\n"
	"SIGHUP reads the configuration again; SIGTERM deletes all SAs and ends.\n";

static int wrong(const char *fmt, const char *what)
{
	fprintf(stderr, "posternd: ");
	fprintf(stderr, fmt, what);
	fprintf(stderr, "\nTry 'posternd --help'.\n");
	return 2;
}

static void print_help(void)
{
	const struct log_subsystem *s = NULL;

	fputs(usage, stdout);
	printf("Subsystems:\n");
	while ((s = log_next_subsystem(s)))
		printf("  %-10s %s\n", s->name, s->doc);
}

/* "ike=debug" or "debug". */
static int parse_debug(const char *text)
{
	const char *equals = strchr(text, '=');
	char subsystem[32];
	enum log_level level;

	if (log_level_parse(equals ? equals + 1 : text, &level) < 0)
		return wrong("--debug %s: the level is one of error, warning, notice, info, debug, "
			     "trace", text);
	if (!equals) {
		log_set_level(NULL, level);
		return OPTIONS_GO_ON;
	}
	snprintf(subsystem, sizeof(subsystem), "%.*s", (int)(equals - text), text);
	if (log_set_level(subsystem, level) < 0)
		return wrong("--debug: there is no subsystem '%s' ('posternd --help' lists them)",
			     subsystem);
	return OPTIONS_GO_ON;
}

static int parse_workers(const char *text, unsigned *ret_workers)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < 1 || n > WORKERS_MAX)
		return wrong("--workers %s: a number from 1 to 256 is expected", text);
	*ret_workers = (unsigned)n;
	return OPTIONS_GO_ON;
}

static int parse_ipsec(const char *text, bool *ret_null)
{
	if (strcmp(text, "null") && strcmp(text, "xfrm"))
		return wrong("--ipsec %s: xfrm or null is expected", text);
	*ret_null = strcmp(text, "null") == 0;
	return OPTIONS_GO_ON;
}

enum {
	OPT_CONFIG = 256,
	OPT_CONTROL,
	OPT_IPSEC,
	OPT_WORKERS,
	OPT_NO_BPF,
	OPT_CHECK,
	OPT_ALGORITHMS,
	OPT_DEBUG,
	OPT_DEBUG_KEYS,
	OPT_VERSION,
	OPT_HELP,
};

static int take_option(int opt, struct options *o)
{
	switch (opt) {
	case OPT_CONFIG:
		o->config = optarg;
		return OPTIONS_GO_ON;
	case OPT_CONTROL:
		o->control = optarg;
		return OPTIONS_GO_ON;
	case OPT_IPSEC:
		return parse_ipsec(optarg, &o->ipsec_null);
	case OPT_WORKERS:
		return parse_workers(optarg, &o->workers);
	case OPT_NO_BPF:
		o->bpf = false;
		return OPTIONS_GO_ON;
	case OPT_CHECK:
		o->check = true;
		return OPTIONS_GO_ON;
	case OPT_ALGORITHMS:
		algorithm_page_print(stdout);
		return 0;
	case OPT_DEBUG:
		return parse_debug(optarg);
	case OPT_DEBUG_KEYS:
		o->key_file = optarg;
		return OPTIONS_GO_ON;
	case OPT_VERSION:
		printf("posternd %s\n", POSTERN_VERSION);
		return 0;
	case OPT_HELP:
		print_help();
		return 0;
	default:
		fprintf(stderr, "Try 'posternd --help'.\n");
		return 2;
	}
}

int options_parse(int argc, char **argv, struct options *ret_options)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, OPT_CONFIG },
		{ "control", required_argument, NULL, OPT_CONTROL },
		{ "ipsec", required_argument, NULL, OPT_IPSEC },
		{ "workers", required_argument, NULL, OPT_WORKERS },
		{ "no-bpf", no_argument, NULL, OPT_NO_BPF },
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "algorithms", no_argument, NULL, OPT_ALGORITHMS },
		{ "debug", required_argument, NULL, OPT_DEBUG },
		{ "debug-keys", required_argument, NULL, OPT_DEBUG_KEYS },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	struct options o = { .config = DEFAULT_CONFIG, .control = DEFAULT_CONTROL, .bpf = true };
	int opt, end;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		end = take_option(opt, &o);
		if (end != OPTIONS_GO_ON)
			return end;
	}
	if (optind < argc)
		return wrong("'%s' is not expected", argv[optind]);
	*ret_options = o;
	return OPTIONS_GO_ON;
}
