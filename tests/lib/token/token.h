/* SPDX-License-Identifier: MIT */
#pragma once
/* How a test uses the token of token.c: TOKEN_MODULES is the folder where it was built. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define TOKEN_PIN "1234"

/* Before OpenSSL looks for the provider. Keys are those of dir. */
static inline void token_use(const char *dir)
{
	setenv("OPENSSL_MODULES", TOKEN_MODULES, 1);
	setenv("TOKEN_DIR", dir, 1);
}

/* Signatures that the token has made. */
static inline unsigned token_signatures(const char *dir)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/signed", dir);
	return stat(path, &st) == 0 ? (unsigned)st.st_size : 0;
}
