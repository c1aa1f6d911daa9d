/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A certification authority as configuration has it: a CA certificate that is trusted, and where
 * its revocation information lies besides what its certificates say (cert/sources.h, RFC 4945 3.2.3).
 * Immutable once made, counted atomically.
 */
#include <stdbool.h>
#include "pdk/conf/options.h"
#include "ikev2/cert/certificate.h"

struct authority_conf {
	unsigned refs;
	char *name; /* unique in a configuration */
	struct certificate *ca;
	struct conf_strings crl_uris, ocsp_uris; /* http and https */
	struct conf_node *source; /* the section that made it, to tell whether it has changed */
	bool from_control;        /* loaded through the control protocol, not from the file */
};

/*
 * Make one from its section, in which the contents of files stand in the place of their names
 * (credential_files.h). 0; -EINVAL with reasons in report; -ENOMEM.
 */
int authority_conf_new(const struct conf_node *section, struct conf_report *report,
		       struct authority_conf **ret_authority);
/* Any thread. */
struct authority_conf *authority_conf_ref(const struct authority_conf *authority);
/* Drops a reference; takes NULL; returns NULL. Any thread. */
struct authority_conf *authority_conf_unref(const struct authority_conf *authority);

/* Table of everything between "authorities.<name> {" and "}"; for documentation. */
extern const struct conf_option authority_options[];
