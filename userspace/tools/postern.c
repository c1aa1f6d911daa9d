/* SPDX-License-Identifier: MIT */
#include "tools/postern.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The command line: which command, with what. */

struct command {
	const char *name;
	int (*run)(struct postern *p);
	unsigned options; /* enum postern_option */
	int min_args, max_args;
	bool option_is_arg; /* an option that names SAs may stand in place of the argument */
	bool waits;         /* for as long as the daemon takes */
	const char *args, *summary, *help;
};

static const struct command commands[] = {
	{ "list-sas", cmd_list_sas, OPTION_IKE | OPTION_CHILD | OPTION_IKE_ID | OPTION_CHILD_ID, 0,
	  0, false, false, "[--ike NAME] [--child NAME] [--ike-id N] [--child-id N]",
	  "show IKE SAs and their Child SAs", "All of them, or those that match every option." },
	{ "list-conns", cmd_list_conns, OPTION_IKE, 0, 0, false, false, "[--ike NAME]",
	  "show the connections that are loaded", "All of them, or the one of that name." },
	{ "list-pools", cmd_list_pools, OPTION_LEASES, 0, 1, false, false, "[--leases] [NAME]",
	  "show pools of internal addresses", "With --leases who has, or had, which address." },
	{ "up", cmd_up, OPTION_IKE | OPTION_CHILD | OPTION_QUIET, 1, 1, true, true,
	  "NAME | [--ike NAME] [--child NAME]", "bring up a connection or a child",
	  "NAME is a connection, whose children are all brought up, or else a child, or\n"
	  "CONNECTION/CHILD. Waits until it is up or has failed, or for --timeout SECONDS;\n"
	  "then the daemon goes on by itself. Shows progress unless --quiet is given." },
	{ "down", cmd_down,
	  OPTION_IKE | OPTION_CHILD | OPTION_IKE_ID | OPTION_CHILD_ID | OPTION_FORCE | OPTION_QUIET,
	  1, 1, true, true,
	  "NAME | [--ike NAME] [--child NAME] [--ike-id N] [--child-id N] [--force]", "delete SAs",
	  "NAME is an IKE SA, or else a Child SA, or CONNECTION/CHILD. With options those SAs\n"
	  "are deleted that match all of them. --force doesn't wait for the peer." },
	{ "rekey", cmd_rekey,
	  OPTION_IKE | OPTION_CHILD | OPTION_IKE_ID | OPTION_CHILD_ID | OPTION_REAUTH, 1, 1, true,
	  false, "NAME | [--ike NAME] [--child NAME] [--ike-id N] [--child-id N] [--reauth]",
	  "give SAs new keys",
	  "NAME is an IKE SA, or else a Child SA, or CONNECTION/CHILD. With options those SAs\n"
	  "are rekeyed that match all of them. --reauth makes IKE SAs anew, with authentication.\n"
	  "Ends when it has begun; 'monitor' shows when it is done." },
	{ "load", cmd_load, OPTION_QUIET, 0, 1, false, false, "[FILE]", "load configuration",
	  "Without FILE the daemon reads its own configuration again. With it, the secrets, pools\n"
	  "and connections in FILE are sent to the daemon and replace those of the same names." },
	{ "version", cmd_version, 0, 0, 0, false, false, "", "show the daemon's version", NULL },
	{ "stats", cmd_stats, 0, 0, 0, false, false, "", "show the daemon's figures", NULL },
	{ "monitor", cmd_monitor, OPTION_LOG, 0, 0, false, true, "[--log]",
	  "show SAs coming and going until interrupted",
	  "With --log also what the daemon logs. --json prints an object for each event." },
};

static void print_usage(FILE *out)
{
	fputs("usage: postern [options] COMMAND ...\n\ncommands:\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
	fputs("\noptions:\n"
	      "  --control PATH     the daemon's socket, default " POSTERN_CONTROL_DEFAULT "\n"
	      "  --json             machine-readable output\n"
	      "  --timeout SECONDS  how long to wait for the daemon\n"
	      "  --help             of a command, when one is given\n"
	      "  --version          of this program\n"
	      "\nexit codes: 0 done, 1 refused or not found, 2 bad command line, 3 no daemon,\n"
	      "4 timed out\n",
	      out);
}

static void print_command_help(const struct command *c)
{
	printf("usage: postern [options] %s %s\n\n%s.\n", c->name, c->args, c->summary);
	if (c->help)
		printf("%s\n", c->help);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int usage_error(const char *what, const char *about)
{
	fprintf(stderr, "postern: %s%s%s\nTry 'postern --help'.\n", what, about ? ": " : "",
		about ? about : "");
	return POSTERN_USAGE;
}

/* -------- options -------- */

enum short_option { OPT_CONTROL = 'c', OPT_HELP = 'h', OPT_JSON = 'j', OPT_TIMEOUT = 't' };
enum long_option {
	OPT_VERSION = 256,
	OPT_IKE,
	OPT_CHILD,
	OPT_IKE_ID,
	OPT_CHILD_ID,
	OPT_FORCE,
	OPT_LOG,
	OPT_QUIET,
	OPT_LEASES,
	OPT_REAUTH,
};

static const struct option long_options[] = {
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "ike", required_argument, NULL, OPT_IKE },
	{ "child", required_argument, NULL, OPT_CHILD },
	{ "ike-id", required_argument, NULL, OPT_IKE_ID },
	{ "child-id", required_argument, NULL, OPT_CHILD_ID },
	{ "force", no_argument, NULL, OPT_FORCE },
	{ "log", no_argument, NULL, OPT_LOG },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "leases", no_argument, NULL, OPT_LEASES },
	{ "reauth", no_argument, NULL, OPT_REAUTH },
	{ 0 },
};

struct parsed {
	unsigned options; /* given, by enum postern_option */
	bool help, version;
};

static int parse_timeout(const char *text, int64_t *ret_ms)
{
	char *end;
	double seconds;

	errno = 0;
	seconds = strtod(text, &end);
	if (errno || end == text || *end || !(seconds > 0) || seconds > 86400)
		return -EINVAL;
	*ret_ms = (int64_t)(seconds * 1000 + 0.5);
	return *ret_ms > 0 ? 0 : -EINVAL;
}

static bool is_id(const char *text)
{
	uint64_t n = 0;

	if (!text[0])
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
		if (n > UINT32_MAX)
			return false;
	}
	return n > 0;
}

/* An option of a command: its bit; 0 when it is none. */
static unsigned take_command_option(int c, struct postern *p)
{
	switch (c) {
	case OPT_IKE:
		p->ike = optarg;
		return OPTION_IKE;
	case OPT_CHILD:
		p->child = optarg;
		return OPTION_CHILD;
	case OPT_IKE_ID:
		p->ike_id = optarg;
		return OPTION_IKE_ID;
	case OPT_CHILD_ID:
		p->child_id = optarg;
		return OPTION_CHILD_ID;
	case OPT_FORCE:
		p->force = true;
		return OPTION_FORCE;
	case OPT_LOG:
		p->log = true;
		return OPTION_LOG;
	case OPT_QUIET:
		p->quiet = true;
		return OPTION_QUIET;
	case OPT_LEASES:
		p->leases = true;
		return OPTION_LEASES;
	case OPT_REAUTH:
		p->reauth = true;
		return OPTION_REAUTH;
	}
	return 0;
}

static int parse_options(int argc, char **argv, struct postern *p, struct parsed *ret)
{
	unsigned bit;
	int c;

	while ((c = getopt_long(argc, argv, "c:hjt:", long_options, NULL)) >= 0) {
		bit = take_command_option(c, p);
		ret->options |= bit;
		if (bit)
			continue;
		switch (c) {
		case OPT_CONTROL:
			p->control = optarg;
			break;
		case OPT_JSON:
			p->json = true;
			break;
		case OPT_TIMEOUT:
			if (parse_timeout(optarg, &p->timeout_ms))
				return usage_error("--timeout: not a number of seconds, at most "
						   "86400",
						   optarg);
			break;
		case OPT_HELP:
			ret->help = true;
			break;
		case OPT_VERSION:
			ret->version = true;
			break;
		default:
			return usage_error("bad option", NULL);
		}
	}
	if ((p->ike_id && !is_id(p->ike_id)) || (p->child_id && !is_id(p->child_id)))
		return usage_error("an id is a number from 1", NULL);
	return POSTERN_OK;
}

static int check_arguments(const struct command *c, const struct postern *p, unsigned options)
{
	const unsigned naming = OPTION_IKE | OPTION_CHILD | OPTION_IKE_ID | OPTION_CHILD_ID;
	bool named = c->option_is_arg && (options & naming);

	if (options & ~c->options)
		return usage_error("this option isn't for this command", c->name);
	if (p->n_args > c->max_args || (named && p->n_args > 0))
		return usage_error("too many arguments", c->name);
	if (p->n_args < c->min_args && !named)
		return usage_error("which one? A name is needed", c->name);
	return POSTERN_OK;
}

/* -------- running -------- */

static int connect_failed(const struct postern *p, int err)
{
	if (err == -ENOENT || err == -ECONNREFUSED)
		fprintf(stderr, "postern: cannot connect to %s: is posternd running?\n",
			p->control);
	else
		fprintf(stderr, "postern: cannot connect to %s: %s\n", p->control, strerror(-err));
	return POSTERN_NO_DAEMON;
}

/* A command that waits for the daemon leaves the time-out to it, and some time for its answer. */
static struct duration patience(const struct command *c, const struct postern *p)
{
	if (!c->waits)
		return p->timeout_ms ? DURATION_MS(p->timeout_ms) : DURATION_S(30);
	return p->timeout_ms ? DURATION_MS(p->timeout_ms + 5000) : DURATION_NS(0);
}

static int run(const struct command *c, struct postern *p)
{
	int rc = vici_client_connect(p->control, &p->client);

	if (rc)
		return connect_failed(p, rc);
	vici_client_set_timeout(p->client, patience(c, p));
	rc = c->run(p);
	vici_client_free(p->client);
	if (fflush(stdout) && rc == POSTERN_OK) {
		fprintf(stderr, "postern: cannot write: %s\n", strerror(errno));
		rc = POSTERN_FAILED;
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct postern p = { .control = POSTERN_CONTROL_DEFAULT };
	struct parsed given = { 0 };
	const struct command *c = NULL;
	int rc = parse_options(argc, argv, &p, &given);

	if (rc != POSTERN_OK)
		return rc;
	if (given.version) {
		puts("postern " POSTERN_VERSION);
		return POSTERN_OK;
	}
	if (optind < argc) {
		c = find_command(argv[optind]);
		if (!c)
			return usage_error("no such command", argv[optind]);
		p.args = argv + optind + 1;
		p.n_args = argc - optind - 1;
	}
	if (given.help) {
		if (c)
			print_command_help(c);
		else
			print_usage(stdout);
		return POSTERN_OK;
	}
	if (!c) {
		print_usage(stderr);
		return POSTERN_USAGE;
	}
	rc = check_arguments(c, &p, given.options);
	return rc == POSTERN_OK ? run(c, &p) : rc;
}
