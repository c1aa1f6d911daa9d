/* SPDX-License-Identifier: MIT */
#include "ocsp_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <openssl/pem.h>

#include "../unit/ikev2/cert/httpd.h"
#include "../unit/ikev2/cert/pki.h"

struct ocsp_server {
	struct httpd httpd;
	struct pki_cert *ca, *leaf;
	enum ocsp_answer answer; /* atomic */
};

static struct bytes answer(struct bytes request, void *data, void *buf)
{
	struct ocsp_server *server = data;
	enum ocsp_answer what = __atomic_load_n(&server->answer, __ATOMIC_RELAXED);
	struct pki_ocsp_spec spec = {
		.cert = server->leaf,
		.issuer = server->ca,
		.signer = server->ca,
		.status = what == OCSP_ANSWER_REVOKED ? V_OCSP_CERTSTATUS_REVOKED
						      : V_OCSP_CERTSTATUS_GOOD,
		.next_update = 3600,
		.request = request,
	};

	return what == OCSP_ANSWER_NONSENSE ? bytes_str("nonsense") : pki_ocsp(&spec, buf);
}

static FILE *create(const char *dir, const char *name)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static void write_cert(const char *dir, const char *name, const struct pki_cert *cert)
{
	FILE *f = create(dir, name);

	PEM_write_X509(f, cert->x509);
	fclose(f);
}

struct ocsp_server *ocsp_server_new(const char *dir)
{
	struct ocsp_server *server = calloc(1, sizeof(*server));
	char aia[64];
	FILE *f;

	if (!server || httpd_start(&server->httpd) < 0) {
		fputs("no HTTP server\n", stderr);
		exit(1);
	}
	snprintf(aia, sizeof(aia), "OCSP;URI:http://127.0.0.1:%d/ocsp", server->httpd.port);
	server->ca = pki_issue(NULL, &(struct pki_spec){ .subject = "CN=a CA with OCSP", PKI_CA });
	server->leaf = pki_issue(
		server->ca,
		&(struct pki_spec){ .subject = "C=CH, CN=b", .san = "DNS:b.test", .aia = aia });
	server->httpd.routes[0] =
		(struct httpd_route){ .path = "/ocsp", .answer = answer, .data = server };
	write_cert(dir, "ocsp-ca.pem", server->ca);
	write_cert(dir, "b-ocsp.pem", server->leaf);
	f = create(dir, "b-ocsp.key");
	PEM_write_PKCS8PrivateKey(f, server->leaf->key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	return server;
}

struct ocsp_server *ocsp_server_free(struct ocsp_server *server)
{
	httpd_stop(&server->httpd);
	pki_free(server->leaf);
	pki_free(server->ca);
	free(server);
	return NULL;
}

void ocsp_server_set(struct ocsp_server *server, enum ocsp_answer what)
{
	__atomic_store_n(&server->answer, what, __ATOMIC_RELAXED);
	/* For longer than anybody waits: the server gives up when it is stopped. */
	server->httpd.routes[0].delay_ms = what == OCSP_ANSWER_NEVER ? 600000 : 0;
}

unsigned ocsp_server_hits(const struct ocsp_server *server)
{
	return __atomic_load_n(&server->httpd.routes[0].hits, __ATOMIC_RELAXED);
}
