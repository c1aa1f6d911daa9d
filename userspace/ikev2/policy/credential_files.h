/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Certificates and keys in files, in the folders that swanctl has, below the one of the
 * configuration file:
 *
 *	x509	     certificates of end entities, ours and trusted peers'; intermediates behind
 *them x509ca	     certificates of CAs that we trust x509ocsp     certificates of OCSP signers
 *	x509crl	     CRLs
 *	pubkey	     raw public keys, used where a connection names them
 *	private, rsa, ecdsa, pkcs8   private keys
 *	pkcs12	     containers
 *
 * All of it blocks on files, and on tokens.
 */
#include "pdk/base/list.h"
#include "pdk/conf/options.h"
#include "ikev2/policy/credentials.h"

/* The folders, for whoever watches them; NULL-terminated. */
extern const char *const credential_folders[];

/*
 * In all local and remote sections of root's connections, put the contents of files in the place of
 * their names (certs, cacerts, pubkeys; file in cert<suffix> and cacert<suffix>). dir: folder of
 * the configuration. 0; -EINVAL with reasons in report; -ENOMEM.
 */
int credential_files_inline(struct conf_node *root, const char *dir, struct conf_report *report);

/*
 * The same for the sections of authorities: cacert and file. dir NULL: absolute paths alone, for
 * what a control client says.
 */
int credential_files_inline_authorities(struct conf_node *authorities, const char *dir,
					struct conf_report *report);

/* What the sections of "secrets" say about keys. */
struct credential_files {
	struct list secrets; /* struct credential_secret */
};
void credential_files_init(struct credential_files *f);
void credential_files_fini(struct credential_files *f);

/* Table entries' take hooks and tables: sections private*, rsa*, ecdsa*, pkcs8*, pkcs12*, token*.
 */
int credential_file_take(struct credential_files *f, const struct conf_node *section,
			 struct conf_report *report);
int credential_token_take(struct credential_files *f, const struct conf_node *section,
			  struct conf_report *report);
extern const struct conf_option credential_file_options[], credential_token_options[];

#define CREDENTIAL_URI_MAX 1024

/* Where a key is on a token; NULL: not said. */
struct credential_token {
	const char *uri, *handle, *slot, *module;
};
/* Its URI (RFC 7512). False: it can't be made. */
bool credential_token_uri(const struct credential_token *token, char *buf, size_t size);

/*
 * Load the folders, the files named by secrets, and the tokens into c. A file in a folder that
 * can't be used is a line in the log; one that is named is a reason in report. dir NULL: no
 * folders. old: what c may take decoded keys from, or NULL. 0, -EINVAL, -ENOMEM.
 */
int credential_files_load(const struct credential_files *f, const char *dir, struct credentials *c,
			  const struct credentials *old, struct conf_report *report);
