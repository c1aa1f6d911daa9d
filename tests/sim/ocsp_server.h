/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A CA whose OCSP server runs on the loopback, and a certificate of b.test that names that server:
 * ocsp-ca.pem, b-ocsp.pem and b-ocsp.key in a folder. A file of its own for the reason of
 * auth_files.h.
 */
struct ocsp_server;

enum ocsp_answer {
	OCSP_ANSWER_GOOD,
	OCSP_ANSWER_REVOKED,
	OCSP_ANSWER_NONSENSE,
	OCSP_ANSWER_NEVER, /* takes the request, and says nothing */
};

/* A failure ends the program. */
struct ocsp_server *ocsp_server_new(const char *dir);
struct ocsp_server *ocsp_server_free(struct ocsp_server *server);
void ocsp_server_set(struct ocsp_server *server, enum ocsp_answer answer);
/* Requests so far. */
unsigned ocsp_server_hits(const struct ocsp_server *server);
