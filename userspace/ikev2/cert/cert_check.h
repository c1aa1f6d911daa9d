/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Is this certificate, which a peer sent, to be trusted? Builds and validates the chain (RFC 5280
 *6, RFC 4945 5), confirms the peer's identity and looks for revocation. A job: made and read on the
 * thread that owns it, run on a thread of the pool, where it may block on servers.
 *
 *	cert_check_new(&conf, &check);
 *	cert_check_add(check, CERT_CHECK_CERTIFICATE, end_entity);	// the first one
 *	cert_check_add(check, CERT_CHECK_CERTIFICATE, intermediate);
 *	cert_check_set_identity(check, id->type, identity_data(id));
 *	jobs_submit(jobs, &check->job, cert_check_run, my_done, mailbox);
 *
 * and in my_done(), if not job->cancelled: check->verdict, check->reason, check->public_key ...;
 * then cert_check_free(), in every case.
 */
#include <stdbool.h>
#include <stddef.h>
#include <openssl/types.h>
#include "pdk/base/bytes.h"
#include "pdk/worker/jobs.h"
#include "ikev2/cert/certificate.h"
#include "ikev2/cert/revocation.h"
#include "ikev2/cert/strength.h"
#include "ikev2/cert/trust_store.h"
#include "ikev2/cert/wall_time.h"

/* What may be added to one check, in pieces and in bytes, and certificates in a chain. */
#define CERT_CHECK_PARTS_MAX  32
#define CERT_CHECK_BYTES_MAX  (256u << 10)
#define CERT_CHECK_CHAIN_MAX  10
#define CERT_CHECK_REASON_LEN 1024

/* Zero is the default of every member but store. */
struct cert_check_conf {
	struct trust_store *store;     /* the check takes a reference */
	struct revocation *revocation; /* NULL: nothing is fetched; must outlive the check */
	enum revocation_policy policy;
	/* allow_sha1: in CRLs and OCSP responses, too. What data points at outlives the check. */
	struct strength_rules strength;
	/* RFC 4945 5.1.3.12 refuses an extendedKeyUsage without ipsecIKE and anyExtendedKeyUsage.
	 * Take serverAuth and clientAuth too, as many deployments need it. */
	bool allow_tls_usage;
	struct wall_time now; /* 0: the clock when it runs */
};

enum cert_check_part {
	CERT_CHECK_CERTIFICATE,   /* DER; CERT encoding 4; the end entity first */
	CERT_CHECK_CRL,           /* DER; CERT encoding 7 */
	CERT_CHECK_OCSP_RESPONSE, /* DER; CERT encoding 14, RFC 4806 */
};

struct cert_check {
	struct job job; /* for jobs_submit() */
	void *owner;    /* the caller's; not looked at */

	/* -------- result, once it has run -------- */

	/*
	 * 0: trusted. -EKEYREJECTED: malformed, too weak, not for this use, constraints violated,
	 * identity not in it; -EKEYEXPIRED: expired or not yet valid; -EKEYREVOKED: revoked, or the
	 * policy wants to know and it isn't known; -ENOKEY: no chain to an anchor; -EBADMSG: not a
	 * certificate; -ENOMEM, -ECANCELED. -EINPROGRESS until it has run.
	 */
	int verdict;
	/* One line: which certificate, which check, what to do. With verdict 0 empty, or why an
	 * unknown revocation status was let pass (for the log). No control characters. */
	char reason[CERT_CHECK_REASON_LEN];
	/* With verdict 0; the check owns a reference to each. */
	EVP_PKEY *public_key; /* of the end entity; EVP_PKEY_up_ref() to keep it */
	/* End entity first, anchor last; one alone when it is trusted by itself. */
	struct certificate *chain[CERT_CHECK_CHAIN_MAX];
	size_t n_chain;

	struct cert_check_input *input; /* private */
};

/* The owner's thread: */

/* -ENOMEM; -EINVAL: no store. */
int cert_check_new(const struct cert_check_conf *conf, struct cert_check **ret_check);
/* Not while the pool has it. Takes NULL, returns NULL. */
struct cert_check *cert_check_free(struct cert_check *check);

/* Copies. -E2BIG: more than a check takes; -ENOMEM. Nothing is parsed here. */
int cert_check_add(struct cert_check *check, enum cert_check_part part, struct bytes der);
/*
 * The identity of the peer's ID payload, which the certificate must hold (certificate_has_id()).
 * Without this call it isn't asked. Copies. -ENOMEM.
 */
int cert_check_set_identity(struct cert_check *check, uint8_t id_type, struct bytes id);

/* The end entity, once it has run and could be parsed at all; NULL else. Borrowed. */
struct certificate *cert_check_end_entity(const struct cert_check *check);
/* The anchor that the chain ends in, with verdict 0; NULL else. Borrowed. */
struct certificate *cert_check_anchor(const struct cert_check *check);

/* A thread of the pool, or any thread that may block. */
void cert_check_run(struct job *job);
