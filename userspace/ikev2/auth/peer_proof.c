/* SPDX-License-Identifier: MIT */
#include "ikev2/auth/peer_proof.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "pdk/log/log.h"
#include "ikev2/auth/auth.h"
#include "ikev2/auth/signature_choice.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/credentials.h"
#include "ikev2/sa/core.h"

LOG_USE(ike);

static enum peer_verdict refuse(struct peer_refusal *refusal, const char *reason)
{
	refusal->reason = reason;
	refusal->detail[0] = '\0';
	return PEER_REFUSED;
}

static _printf_(3, 4) enum peer_verdict refuse_in_detail(struct peer_refusal *refusal,
							  const char *reason, const char *fmt, ...)
{
	va_list args;

	refusal->reason = reason;
	va_start(args, fmt);
	vsnprintf(refusal->detail, sizeof(refusal->detail), fmt, args);
	va_end(args);
	return PEER_REFUSED;
}

/* -------- shared keys -------- */

static enum peer_verdict check_shared(struct ike_sa *sa, const struct keymat_octets *octets,
				      const struct ike_auth *auth, struct peer_refusal *refusal)
{
	uint8_t expected[CRYPTO_PRF_MAX];
	bool equal;
	int err;

	if (auth->method != IKE_AUTH_SHARED_KEY)
		return refuse_in_detail(
			refusal, "its AUTH is of another method than a shared key",
			"AUTH is of method %s, and remote.auth asks for a shared key (psk)",
			ike_auth_name(auth->method));
	err = auth_shared(sa, octets, expected);
	if (err < 0)
		return refuse(refusal, err == -ENOKEY ? "no shared secret for these identities "
							"(secrets section)"
						      : strerror(-err));
	equal = bytes_equal_secret(auth->data, BYTES(expected, crypto_prf_len(sa->keymat.prf)));
	explicit_bzero(expected, sizeof(expected));
	return equal ? PEER_PROVED : refuse(refusal, "its AUTH is wrong: the shared secrets differ");
}

/* -------- raw public keys, RFC 7670 -------- */

static enum peer_verdict check_raw(struct ike_sa *sa, const struct keymat_octets *octets,
				   const struct ike_auth *auth, struct peer_refusal *refusal)
{
	const struct auth_conf *remote = &sa->conn->remote;
	const char *why = "";
	int err = 1;

	for (size_t i = 0; i < remote->n_pubkeys && err > 0; i++)
		err = signature_check(auth, remote->pubkeys[i], sa->peer_hashes,
				      &remote->constraints, octets->parts, octets->n, &why);
	if (err == 0)
		return PEER_PROVED;
	if (err < 0)
		return refuse(refusal, strerror(-err));
	return refuse_in_detail(refusal, "its signature fits none of remote.pubkeys",
				"public key (the last of %zu in remote.pubkeys): %s",
				remote->n_pubkeys, why);
}

/* -------- certificates -------- */

struct check_job {
	struct ike_job job;
	struct cert_check *check;
	struct auth_constraints constraints;
	peer_proof_done_fn done;
};

/* strength_rules.allows */
static bool allows(const struct crypto_sign_scheme *scheme, const void *constraints)
{
	return auth_constraints_allow_in_chain(constraints, scheme);
}

static void check_run(struct ike_job *job)
{
	struct check_job *c = container_of(job, struct check_job, job);

	cert_check_run(&c->check->job);
}

static bool chain_has(const struct cert_check *check, const struct certificate *ca)
{
	/* The end entity is not its own CA. */
	for (size_t i = check->n_chain > 1; i < check->n_chain; i++)
		if (certificate_equal(check->chain[i], ca))
			return true;
	return false;
}

static bool chain_has_id(const struct cert_check *check, const struct identity *id)
{
	for (size_t i = check->n_chain > 1; i < check->n_chain; i++)
		if (certificate_match_id(check->chain[i], id->type, identity_data(id)))
			return true;
	return false;
}

/* What the connection asks of the chain besides its being valid. NULL, or what is wrong. */
static const char *chain_wrong(const struct auth_conf *remote, const struct cert_check *check)
{
	bool found = !remote->n_cacerts;

	for (size_t i = 0; i < remote->n_cacerts && !found; i++)
		found = chain_has(check, remote->cacerts[i]);
	if (!found)
		return "its chain holds none of remote.cacerts";
	if (!identity_is_any(&remote->ca_id) && !chain_has_id(check, &remote->ca_id))
		return "no CA of its chain is remote.ca_id";
	return NULL;
}

static void check_done(struct ike_sa *sa, struct ike_job *job)
{
	struct check_job *c = container_of(job, struct check_job, job);
	const struct certificate *cert = cert_check_end_entity(c->check);
	const char *name = cert ? certificate_subject_str(cert) : "?", *wrong;
	struct peer_refusal refusal;

	if (job->err < 0) {
		refuse(&refusal, job->err == -EAGAIN ? "too many certificates are being checked"
						     : strerror(-job->err));
		c->done(sa, &refusal);
		return;
	}
	if (c->check->verdict < 0) {
		refuse_in_detail(&refusal, "its certificate is not trusted", "%s", c->check->reason);
		c->done(sa, &refusal);
		return;
	}
	wrong = chain_wrong(&sa->conn->remote, c->check);
	if (wrong) {
		refuse_in_detail(&refusal, wrong, "certificate '%s': %s", name, wrong);
		c->done(sa, &refusal);
		return;
	}
	if (c->check->reason[0])
		log_obj_notice(ike, sa->log_name, "%s", c->check->reason);
	c->done(sa, NULL);
}

static void check_free(struct ike_job *job)
{
	struct check_job *c = container_of(job, struct check_job, job);

	cert_check_free(c->check);
	free(c);
}

static const struct ike_job_ops check_ops = { "certificate check", check_run, check_done,
					      check_free };

/* What the peer sent along: the end entity has been added before. Of other encodings nothing is of
 * use (RFC 4945 3.3.10.1). */
static int add_parts(struct cert_check *check, const struct ike_message *m, bool shown)
{
	const struct ike_payload *payload;
	struct ike_cert cert;
	int err = 0;

	for (size_t i = 0; err == 0 && (payload = ike_message_find(m, IKE_PAYLOAD_CERT, i)); i++) {
		if (ike_cert_parse(payload->body, &cert, NULL) != IKE_OK)
			continue;
		if (cert.encoding == IKE_CERT_CRL)
			err = cert_check_add(check, CERT_CHECK_CRL, cert.data);
		else if (cert.encoding == IKE_CERT_OCSP_CONTENT)
			err = cert_check_add(check, CERT_CHECK_OCSP_RESPONSE, cert.data);
		else if (cert.encoding == IKE_CERT_X509_SIGNATURE && !shown)
			err = cert_check_add(check, CERT_CHECK_CERTIFICATE, cert.data);
		else if (cert.encoding == IKE_CERT_X509_SIGNATURE)
			shown = false; /* the first: the end entity itself */
	}
	return err;
}

/* shown: the peer has sent cert, as its first. */
static int begin_check(struct ike_sa *sa, const struct ike_message *m,
		       const struct certificate *cert, bool shown, peer_proof_done_fn done)
{
	const struct auth_conf *remote = &sa->conn->remote;
	struct check_job *c = calloc(1, sizeof(*c));
	struct cert_check_conf conf = {
		.store = sa->config->creds->trust,
		.revocation = sa->core->params.revocation,
		.policy = remote->revocation,
		/* Certificates that are good for TLS are in use with IKE everywhere. */
		.allow_tls_usage = true,
		.strength = { .rsa_bits = remote->constraints.rsa_bits,
			      .ecdsa_bits = remote->constraints.ecdsa_bits,
			      .allow_sha1 = auth_constraints_sha1_in_chain(&remote->constraints),
			      .allows = allows },
	};
	int err;

	if (!c)
		return -ENOMEM;
	c->job.ops = &check_ops;
	c->done = done;
	c->constraints = remote->constraints;
	conf.strength.data = &c->constraints;
	err = cert_check_new(&conf, &c->check);
	if (err == 0)
		err = cert_check_add(c->check, CERT_CHECK_CERTIFICATE, certificate_der(cert));
	if (err == 0)
		err = add_parts(c->check, m, shown);
	if (err == 0)
		err = cert_check_set_identity(c->check, sa->remote_id.type,
					      identity_data(&sa->remote_id));
	if (err < 0) {
		check_free(&c->job);
		return err;
	}
	return ike_core_job_take(sa, &c->job);
}

/* A signature by the key of this certificate? As signature_check(). */
static int check_by(const struct ike_sa *sa, const struct certificate *cert,
		    const struct keymat_octets *octets, const struct ike_auth *auth,
		    const char **why)
{
	struct public_key *key;
	int err = public_key_from_evp(certificate_public_key(cert), &key);

	*why = "its key is of a kind that can't be used";
	if (err < 0)
		return err == -ENOMEM ? err : 1;
	err = signature_check(auth, key, sa->peer_hashes, &sa->conn->remote.constraints,
			      octets->parts, octets->n, why);
	public_key_unref(key);
	return err;
}

/* The first X.509 certificate that the peer has sent. 0; -ENOENT: none; what certificate_parse() says. */
static int shown_cert(const struct ike_message *m, struct certificate **ret_cert)
{
	const struct ike_payload *payload;
	struct ike_cert cert;

	for (size_t i = 0; (payload = ike_message_find(m, IKE_PAYLOAD_CERT, i)); i++)
		if (ike_cert_parse(payload->body, &cert, NULL) == IKE_OK &&
		    cert.encoding == IKE_CERT_X509_SIGNATURE)
			return certificate_parse(cert.data, ret_cert);
	return -ENOENT;
}

/* A certificate that we have for that identity, and that the signature is made with. */
static struct certificate *known_cert(struct ike_sa *sa, const struct keymat_octets *octets,
				      const struct ike_auth *auth, const char **why)
{
	const struct trust_store *trust = sa->config->creds->trust;
	const struct identity *id = &sa->remote_id;

	for (size_t i = 0; i < trust_store_count(trust, TRUST_END_ENTITY); i++) {
		struct certificate *cert = trust_store_get(trust, TRUST_END_ENTITY, i);

		if (certificate_has_id(cert, id->type, identity_data(id)) &&
		    check_by(sa, cert, octets, auth, why) == 0)
			return certificate_ref(cert);
	}
	return NULL;
}

static bool is_pinned(const struct auth_conf *remote, const struct certificate *cert)
{
	for (size_t i = 0; i < remote->n_certs; i++)
		if (certificate_equal(remote->certs[i], cert))
			return true;
	return !remote->n_certs;
}

static enum peer_verdict check_shown(struct ike_sa *sa, const struct ike_message *m,
				     const struct keymat_octets *octets,
				     const struct ike_auth *auth, struct certificate *cert,
				     peer_proof_done_fn done, struct peer_refusal *refusal)
{
	const char *why, *name = certificate_subject_str(cert);
	int err;

	if (!is_pinned(&sa->conn->remote, cert))
		return refuse_in_detail(refusal, "its certificate is none of remote.certs",
					"certificate '%s' is none of remote.certs", name);
	err = check_by(sa, cert, octets, auth, &why);
	if (err > 0)
		return refuse_in_detail(refusal, "its signature is refused", "certificate '%s': %s",
					name, why);
	if (err == 0)
		err = begin_check(sa, m, cert, true, done);
	if (err == -E2BIG)
		return refuse(refusal, "it sends too many certificates");
	return err < 0 ? refuse(refusal, strerror(-err)) : PEER_PENDING;
}

static enum peer_verdict check_known(struct ike_sa *sa, const struct ike_message *m,
				     const struct keymat_octets *octets,
				     const struct ike_auth *auth, peer_proof_done_fn done,
				     struct peer_refusal *refusal)
{
	const char *why = NULL;
	struct certificate *cert = known_cert(sa, octets, auth, &why);
	int err;

	if (!cert && why)
		return refuse_in_detail(refusal, "its signature is refused",
					"it sends no certificate, and with the one that we have: %s",
					why);
	if (!cert)
		return refuse(refusal, "it sends no certificate, and we have none of it (x509, "
				       "remote.certs)");
	if (is_pinned(&sa->conn->remote, cert))
		err = begin_check(sa, m, cert, false, done);
	else
		err = -ENOENT;
	certificate_unref(cert);
	if (err == -ENOENT)
		return refuse(refusal, "its certificate is none of remote.certs");
	return err < 0 ? refuse(refusal, strerror(-err)) : PEER_PENDING;
}

static enum peer_verdict check_certificate(struct ike_sa *sa, const struct ike_message *m,
					   const struct keymat_octets *octets,
					   const struct ike_auth *auth, peer_proof_done_fn done,
					   struct peer_refusal *refusal)
{
	enum peer_verdict verdict;
	struct certificate *cert;
	int err;

	if (!sa->config->creds || !sa->config->creds->trust)
		return refuse(refusal, "we know no certificates (x509ca)");
	err = shown_cert(m, &cert);
	if (err == -ENOENT)
		return check_known(sa, m, octets, auth, done, refusal);
	if (err < 0)
		return refuse(refusal, "the certificate that it sends can't be read");
	verdict = check_shown(sa, m, octets, auth, cert, done, refusal);
	certificate_unref(cert);
	return verdict;
}

/* -------- all -------- */

enum peer_verdict peer_proof_check(struct ike_sa *sa, const struct ike_message *m, struct bytes id,
				   peer_proof_done_fn done, struct peer_refusal *ret_refusal)
{
	const struct auth_conf *remote = &sa->conn->remote;
	struct keymat_octets octets;
	struct ike_auth auth;
	int err;

	if (ike_auth_parse(ike_message_find(m, IKE_PAYLOAD_AUTH, 0)->body, &auth, NULL) != IKE_OK)
		return refuse(ret_refusal, "its AUTH can't be read");
	err = auth_octets(sa, sa->initiator ? KEYMAT_RESPONDER : KEYMAT_INITIATOR, id, &octets);
	if (err < 0)
		return refuse(ret_refusal, strerror(-err));
	if (remote->type == AUTH_TYPE_PSK)
		return check_shared(sa, &octets, &auth, ret_refusal);
	if (auth.method == IKE_AUTH_SHARED_KEY)
		return refuse(ret_refusal, "it uses a shared key, and remote.auth asks for a "
					   "signature (pubkey)");
	if (remote->n_pubkeys)
		return check_raw(sa, &octets, &auth, ret_refusal);
	return check_certificate(sa, m, &octets, &auth, done, ret_refusal);
}
