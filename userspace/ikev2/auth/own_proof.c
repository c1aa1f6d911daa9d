/* SPDX-License-Identifier: MIT */
#include "ikev2/auth/own_proof.h"

#include <errno.h>
#include <stdlib.h>

#include "pdk/crypto/secret.h"
#include "pdk/log/log.h"
#include "ikev2/auth/auth.h"
#include "ikev2/auth/cert_request.h"
#include "ikev2/auth/own_staple.h"
#include "ikev2/auth/signature_choice.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/connection.h"
#include "ikev2/policy/credentials.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

struct own_proof *own_proof_free(struct own_proof *proof)
{
	if (proof) {
		private_key_unref(proof->key);
		certificate_unref(proof->cert);
		free(proof->staple);
		free(proof->auth);
		free(proof);
	}
	return NULL;
}

static const struct trust_store *trust_of(const struct ike_sa *sa)
{
	return sa->config->creds ? sa->config->creds->trust : NULL;
}

/* -------- which key, which certificate -------- */

/* Certificates between ours and an anchor, ours not counted. Endless loops end, too. */
#define ISSUERS_MAX 10

/* Would the peer know a CA of its chain? */
static bool is_asked_for(const struct ike_sa *sa, const struct certificate *cert)
{
	const struct cert_request *r = sa->cert_request;

	if (!r || !r->n)
		return true;
	for (unsigned i = 0; cert && i < ISSUERS_MAX; i++) {
		if (cert_request_names(r, certificate_key_hash(cert)))
			return true;
		cert = trust_of(sa) ? trust_store_issuer(trust_of(sa), cert) : NULL;
	}
	return false;
}

/* Our key of this certificate, if the connection takes it. */
static const struct private_key *key_of(const struct ike_sa *sa, const struct certificate *cert)
{
	const struct private_key *key =
		credentials_key_by_spki(sa->config->creds, certificate_spki(cert));
	const struct public_key *public = key ? private_key_public(key) : NULL;

	if (!key || auth_constraints_refuse_key(&sa->conn->local.constraints,
						public_key_type(public), public_key_bits(public)))
		return NULL;
	return key;
}

static void choose(struct own_proof *proof, const struct private_key *key,
		   struct certificate *cert)
{
	private_key_unref(proof->key);
	certificate_unref(proof->cert);
	proof->key = private_key_ref(key);
	proof->cert = cert ? certificate_ref(cert) : NULL;
}

/* Takes cert if it does, or does better than what was chosen before. True: no other is better. */
static bool consider(struct ike_sa *sa, struct certificate *cert)
{
	const struct private_key *key = key_of(sa, cert);
	bool asked = key && is_asked_for(sa, cert);

	if (key && (asked || !sa->proof->key))
		choose(sa->proof, key, cert);
	return asked;
}

static void choose_configured(struct ike_sa *sa)
{
	const struct auth_conf *local = &sa->conn->local;

	for (size_t i = 0; i < local->n_certs; i++)
		if (consider(sa, local->certs[i]))
			break;
}

/* Of the certificates in x509 one that says what we say we are. */
static void choose_known(struct ike_sa *sa)
{
	const struct identity *id = &sa->conn->local.id;
	const struct trust_store *trust = trust_of(sa);
	size_t n = trust ? trust_store_count(trust, TRUST_END_ENTITY) : 0;

	for (size_t i = 0; i < n; i++) {
		struct certificate *cert = trust_store_get(trust, TRUST_END_ENTITY, i);

		if ((identity_is_any(id) ||
		     certificate_has_id(cert, id->type, identity_data(id))) &&
		    consider(sa, cert))
			break;
	}
}

static void choose_raw(struct ike_sa *sa)
{
	const struct auth_conf *local = &sa->conn->local;

	for (size_t i = 0; i < local->n_pubkeys && !sa->proof->key; i++) {
		const struct private_key *key =
			credentials_key(sa->config->creds, local->pubkeys[i]);

		if (key)
			choose(sa->proof, key, NULL);
	}
}

/*
 * Who we are: what is configured; else what the peer has asked for, if our certificate says so; else
 * the certificate's subject; else our address.
 */
static void settle_identity(struct ike_sa *sa, const struct certificate *cert)
{
	const struct identity *id = &sa->conn->local.id, wanted = sa->local_id;

	if (!identity_is_any(id)) {
		sa->local_id = *id;
		return;
	}
	if (cert && !identity_is_any(&wanted) &&
	    certificate_has_id(cert, wanted.type, identity_data(&wanted)))
		return;
	if (cert && identity_from_wire(IKE_ID_DER_ASN1_DN, certificate_subject(cert),
				       &sa->local_id) == 0)
		return;
	sa->local_id = identity_from_addr(&sa->local);
}

const char *own_proof_choose(struct ike_sa *sa)
{
	const struct auth_conf *local = &sa->conn->local;

	own_proof_free(sa->proof);
	sa->proof = calloc(1, sizeof(*sa->proof));
	if (!sa->proof)
		return "out of memory";
	if (local->type == AUTH_TYPE_PUBKEY) {
		if (local->n_certs)
			choose_configured(sa);
		else if (local->n_pubkeys)
			choose_raw(sa);
		else
			choose_known(sa);
		if (!sa->proof->key)
			return local->n_certs ? "we have no private key for the certificates in "
						"local.certs that local.auth takes"
			       : local->n_pubkeys
				       ? "we have no private key for local.pubkeys"
				       : "we have no certificate with a private key for our "
					 "identity (local.certs, local.id)";
	}
	settle_identity(sa, sa->proof->cert);
	return NULL;
}

/* -------- AUTH -------- */

static int put_auth(struct own_proof *proof, struct writer *w)
{
	int err;

	free(proof->auth);
	proof->auth = NULL;
	err = w->err ? w->err : bytes_dup(writer_view(w), &proof->auth);
	if (err == 0)
		proof->auth_len = w->len;
	return err;
}

struct sign_job {
	struct ike_job job;
	const struct private_key *key;
	struct signature_choice choice;
	own_proof_done_fn done;
	struct secret octets;
	struct writer auth;
	int err;
};

/* Any thread: the key is shared. */
static int sign(const struct private_key *key, const struct signature_choice *choice,
		const struct bytes *octets, size_t n, struct writer *auth)
{
	struct writer signature;
	int err;

	writer_init_heap(&signature, CRYPTO_SIGNATURE_MAX);
	err = private_key_sign(key, &choice->scheme, octets, n, &signature);
	if (err == 0)
		err = signature_write(auth, public_key_type(private_key_public(key)), choice,
				      writer_view(&signature));
	writer_fini(&signature);
	return err;
}

static void sign_run(struct ike_job *job)
{
	struct sign_job *s = container_of(job, struct sign_job, job);
	struct bytes octets = secret_bytes(&s->octets);

	s->err = sign(s->key, &s->choice, &octets, 1, &s->auth);
}

static void sign_done(struct ike_sa *sa, struct ike_job *job)
{
	struct sign_job *s = container_of(job, struct sign_job, job);
	int err = job->err ? job->err : s->err;

	if (!sa->proof)
		return;
	if (err == 0)
		err = put_auth(sa->proof, &s->auth);
	s->done(sa, err);
}

static void sign_free(struct ike_job *job)
{
	struct sign_job *s = container_of(job, struct sign_job, job);

	private_key_unref(s->key);
	secret_fini(&s->octets);
	writer_fini(&s->auth);
	free(s);
}

static const struct ike_job_ops sign_ops = { "signature", sign_run, sign_done, sign_free };

static int sign_later(struct ike_sa *sa, const struct signature_choice *choice,
		      const struct keymat_octets *octets, own_proof_done_fn done)
{
	struct sign_job *s = calloc(1, sizeof(*s));
	size_t len = 0;
	int err;

	if (!s)
		return -ENOMEM;
	s->job.ops = &sign_ops;
	s->key = private_key_ref(sa->proof->key);
	s->choice = *choice;
	s->done = done;
	writer_init_heap(&s->auth, 2 * CRYPTO_SIGNATURE_MAX);
	for (size_t i = 0; i < octets->n; i++)
		len += octets->parts[i].len;
	err = secret_init(&s->octets, len);
	if (err < 0) {
		sign_free(&s->job);
		return err;
	}
	len = 0;
	for (size_t i = 0; i < octets->n; i++) {
		if (octets->parts[i].len)
			memcpy(s->octets.data + len, octets->parts[i].data, octets->parts[i].len);
		len += octets->parts[i].len;
	}
	err = ike_core_job_take(sa, &s->job);
	return err ? err : OWN_PROOF_PENDING;
}

static int make_signature(struct ike_sa *sa, const struct keymat_octets *octets,
			  own_proof_done_fn done)
{
	const struct private_key *key = sa->proof->key;
	const struct public_key *public = private_key_public(key);
	struct signature_choice choice;
	struct writer auth;
	int err;

	err = signature_choose(public_key_type(public), public_key_bits(public), sa->peer_hashes,
			       &sa->conn->local.constraints, &choice);
	if (err < 0)
		return err;
	if (private_key_blocks(key))
		return sign_later(sa, &choice, octets, done);
	writer_init_heap(&auth, 2 * CRYPTO_SIGNATURE_MAX);
	err = sign(key, &choice, octets->parts, octets->n, &auth);
	if (err == 0)
		err = put_auth(sa->proof, &auth);
	writer_fini(&auth);
	return err;
}

static int make_shared(struct ike_sa *sa, const struct keymat_octets *octets)
{
	uint8_t auth[CRYPTO_PRF_MAX], body[8 + CRYPTO_PRF_MAX];
	struct writer w;
	int err = auth_shared(sa, octets, auth);

	if (err < 0)
		return err;
	writer_init_fixed(&w, body, sizeof(body));
	ike_auth_write(&w, IKE_AUTH_SHARED_KEY, BYTES(auth, crypto_prf_len(sa->keymat.prf)));
	return put_auth(sa->proof, &w);
}

/* The payloads of the proof but for what goes along with the certificate. */
static int make_auth(struct ike_sa *sa)
{
	struct own_proof *proof = sa->proof;
	struct keymat_octets octets;
	struct writer w;
	int err;

	writer_init_fixed(&w, proof->id, sizeof(proof->id));
	err = identity_to_wire(&sa->local_id, &w);
	if (err < 0)
		return err;
	proof->id_len = w.len;
	err = auth_octets(sa, sa->initiator ? KEYMAT_INITIATOR : KEYMAT_RESPONDER, writer_view(&w),
			  &octets);
	if (err < 0)
		return err;
	return proof->key ? make_signature(sa, &octets, proof->done) : make_shared(sa, &octets);
}

static void stapled(struct ike_sa *sa, uint8_t *der_take, size_t len)
{
	struct own_proof *proof = sa->proof;
	int err;

	if (!proof) {
		free(der_take);
		return;
	}
	proof->staple = der_take;
	proof->staple_len = len;
	err = make_auth(sa);
	if (err != OWN_PROOF_PENDING)
		proof->done(sa, err);
}

int own_proof_make(struct ike_sa *sa, own_proof_done_fn done)
{
	sa->proof->begun = true;
	sa->proof->done = done;
	if (own_staple_wanted(sa) && own_staple_fetch(sa, stapled))
		return OWN_PROOF_PENDING;
	return make_auth(sa);
}

const char *own_proof_strerror(int err)
{
	switch (err) {
	case -ENOKEY:
		return "we have no shared secret for these identities (secrets section)";
	case -ENOTSUP:
		return "there is no way to sign that our key, the peer's hash algorithms and local.auth "
		       "agree on";
	case -EINVAL:
		return "our key is too short for the signature";
	case -EIO:
		return "whoever holds our private key refuses to sign";
	case -EAGAIN:
		return "too much is waiting to be signed or checked";
	}
	return strerror(-err);
}

/* -------- payloads -------- */

void own_proof_write_id(const struct ike_sa *sa, struct message *m)
{
	writer_bytes(message_payload(m, sa->initiator ? IKE_PAYLOAD_IDI : IKE_PAYLOAD_IDR),
		     BYTES(sa->proof->id, sa->proof->id_len));
}

bool own_proof_is_shown(const struct ike_sa *sa)
{
	const struct cert_request *r = sa->cert_request;
	bool raw = !sa->proof->cert;

	switch (sa->conn->send_cert) {
	case SEND_CERT_ALWAYS:
		return true;
	case SEND_CERT_NEVER:
		return false;
	case SEND_CERT_IFASKED:
		return r && (raw ? r->raw_public_key : r->x509);
	}
	return false;
}

static void write_cert(struct message *m, const struct certificate *cert)
{
	ike_cert_write(message_payload(m, IKE_PAYLOAD_CERT), IKE_CERT_X509_SIGNATURE,
		       certificate_der(cert));
}

void own_proof_write_certs(const struct ike_sa *sa, struct message *m)
{
	const struct own_proof *proof = sa->proof;
	const struct trust_store *trust = trust_of(sa);
	const struct certificate *cert = proof->cert;

	if (!proof->key || !own_proof_is_shown(sa))
		return;
	if (!cert) {
		ike_cert_write(message_payload(m, IKE_PAYLOAD_CERT), IKE_CERT_RAW_PUBLIC_KEY,
			       public_key_spki(private_key_public(proof->key)));
		return;
	}
	/* Ours first (3.6). The anchor itself the peer has, or it won't believe us (RFC 4945 3.3).
	 */
	write_cert(m, cert);
	for (unsigned i = 0; trust && i < ISSUERS_MAX; i++) {
		cert = trust_store_issuer(trust, cert);
		if (!cert || certificate_is_self_signed(cert))
			break;
		write_cert(m, cert);
	}
	if (proof->staple)
		ike_cert_write(message_payload(m, IKE_PAYLOAD_CERT), IKE_CERT_OCSP_CONTENT,
			       BYTES(proof->staple, proof->staple_len));
}

void own_proof_write_auth(const struct ike_sa *sa, struct message *m)
{
	writer_bytes(message_payload(m, IKE_PAYLOAD_AUTH),
		     BYTES(sa->proof->auth, sa->proof->auth_len));
}
