/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The command line of posternd.
 */
#include <stdbool.h>

struct options {
	const char *config;   /* file */
	const char *control;  /* path of the control socket */
	bool ipsec_null;      /* install nothing in the kernel */
	unsigned workers;     /* 0: what the configuration says, or one for each core */
	bool bpf;	      /* load steering and counting programs */
	bool check;	      /* read the configuration, say how it is, end */
	const char *key_file; /* debugging: write all IKE keys here; NULL */
};

/* What options_parse() says when the program is to go on. */
#define OPTIONS_GO_ON -1

/*
 * Sets log levels on the way (--debug). OPTIONS_GO_ON, or the exit code to end with: after --help,
 * --version and --algorithms, or when something is wrong, which is then said on standard error.
 */
int options_parse(int argc, char **argv, struct options *ret_options);
