/* SPDX-License-Identifier: MIT */
#include "ikev2/cert/cert_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "pdk/log/log.h"
#include "ikev2/cert/chain.h"
#include "ikev2/cert/crl.h"
#include "ikev2/cert/dn.h"
#include "ikev2/cert/revocation_private.h"
#include "ikev2/cert/x509_private.h"
#include "ikev2/codec/ikev2.h"

LOG_USE(cert);

_Static_assert(CERT_CHECK_CHAIN_MAX == CHAIN_MAX, "a chain fits into a check");
_Static_assert(CERT_CHECK_REASON_LEN == REASON_LEN, "a reason fits into a check");

struct part {
	enum cert_check_part kind;
	struct bytes der; /* ours */
};

struct cert_check_input {
	struct cert_check_conf conf;
	size_t n_parts, n_bytes;
	struct part parts[CERT_CHECK_PARTS_MAX];
	bool has_identity;
	uint8_t id_type;
	struct bytes id; /* ours */
	struct certificate *end_entity;
};

/* What was made of the parts, while it runs. */
struct running {
	struct certificate *certs[CERT_CHECK_PARTS_MAX];
	struct bytes stapled[CERT_CHECK_PARTS_MAX];
	size_t n_certs, n_stapled;
	STACK_OF(X509_CRL) * crls;
	struct wall_time now;
	struct chain chain;
	struct reason reason;
};

/* -------- input -------- */

int cert_check_new(const struct cert_check_conf *conf, struct cert_check **ret_check)
{
	struct cert_check *check;

	if (!conf->store)
		return -EINVAL;
	check = calloc(1, sizeof(*check));
	if (!check)
		return -ENOMEM;
	check->input = calloc(1, sizeof(*check->input));
	if (!check->input) {
		free(check);
		return -ENOMEM;
	}
	check->verdict = -EINPROGRESS;
	check->input->conf = *conf;
	trust_store_ref(conf->store);
	*ret_check = check;
	return 0;
}

struct cert_check *cert_check_free(struct cert_check *check)
{
	struct cert_check_input *input;

	if (!check)
		return NULL;
	input = check->input;
	EVP_PKEY_free(check->public_key);
	while (check->n_chain)
		certificate_unref(check->chain[--check->n_chain]);
	certificate_unref(input->end_entity);
	trust_store_unref(input->conf.store);
	for (size_t i = 0; i < input->n_parts; i++)
		free((void *)input->parts[i].der.data);
	free((void *)input->id.data);
	free(input);
	free(check);
	return NULL;
}

int cert_check_add(struct cert_check *check, enum cert_check_part part, struct bytes der)
{
	struct cert_check_input *input = check->input;
	uint8_t *copy;

	if (input->n_parts == CERT_CHECK_PARTS_MAX || der.len > CERT_CHECK_BYTES_MAX ||
	    input->n_bytes + der.len > CERT_CHECK_BYTES_MAX)
		return -E2BIG;
	if (bytes_dup(der, &copy) < 0)
		return -ENOMEM;
	input->parts[input->n_parts++] = (struct part){ part, BYTES(copy, der.len) };
	input->n_bytes += der.len;
	return 0;
}

int cert_check_set_identity(struct cert_check *check, uint8_t id_type, struct bytes id)
{
	struct cert_check_input *input = check->input;
	uint8_t *copy;

	if (bytes_dup(id, &copy) < 0)
		return -ENOMEM;
	free((void *)input->id.data);
	input->has_identity = true;
	input->id_type = id_type;
	input->id = BYTES(copy, id.len);
	return 0;
}

struct certificate *cert_check_end_entity(const struct cert_check *check)
{
	return check->input->end_entity;
}

struct certificate *cert_check_anchor(const struct cert_check *check)
{
	return check->n_chain ? check->chain[check->n_chain - 1] : NULL;
}

/* -------- running -------- */

/* RFC 4945 3.3.10.2, 3.3.10.5: what can't be read beside the end entity is passed over. */
static void read_certificate(struct running *run, struct cert_check_input *input, struct bytes der)
{
	struct certificate *cert;
	int err = certificate_parse(der, &cert);

	if (!err)
		run->certs[run->n_certs++] = cert;
	else if (!run->n_certs && !input->end_entity)
		reason_set(&run->reason, err, "the peer's certificate can't be read: it is %s",
			   err == -ENOTSUP    ? "of a key that is not supported"
			   : err == -EMSGSIZE ? "too long"
			   : err == -ENOMEM   ? "too much for the memory that is left"
					      : "malformed");
	else
		log_debug(cert, "passed over a certificate of the peer that can't be read");
}

static int read_parts(struct running *run, struct cert_check_input *input)
{
	for (size_t i = 0; i < input->n_parts; i++) {
		struct bytes der = input->parts[i].der;
		X509_CRL *crl;

		switch (input->parts[i].kind) {
		case CERT_CHECK_CERTIFICATE:
			read_certificate(run, input, der);
			if (!run->n_certs)
				return -EBADMSG;
			break;
		case CERT_CHECK_CRL:
			if (crl_parse(der, &crl) == 0 && sk_X509_CRL_push(run->crls, crl) <= 0)
				X509_CRL_free(crl);
			break;
		case CERT_CHECK_OCSP_RESPONSE:
			run->stapled[run->n_stapled++] = der;
			break;
		}
	}
	if (!run->n_certs)
		return reason_set(&run->reason, -EBADMSG, "the peer sent no certificate");
	input->end_entity = certificate_ref(run->certs[0]);
	return 0;
}

static const char *id_type_name(uint8_t type)
{
	switch (type) {
	case IKE_ID_FQDN:
		return "host name";
	case IKE_ID_RFC822_ADDR:
		return "mail address";
	case IKE_ID_IPV4_ADDR:
	case IKE_ID_IPV6_ADDR:
		return "IP address";
	case IKE_ID_DER_ASN1_DN:
		return "distinguished name";
	case IKE_ID_KEY_ID:
		return "key id";
	}
	return "identity";
}

static int check_identity(struct running *run, const struct cert_check_input *input)
{
	const struct certificate *cert = run->certs[0];
	char id[DN_STRLEN], names[DN_STRLEN];

	if (!input->has_identity || certificate_has_id(cert, input->id_type, input->id))
		return 0;
	certificate_id_str(input->id_type, input->id, id, sizeof(id));
	return reason_set(&run->reason, -EKEYREJECTED,
			  "certificate '%s' is not of the %s '%s' that the peer claims to be; it "
			  "is of: %s. Have the peer use one of these, or a certificate that has it "
			  "in %s",
			  certificate_subject_str(cert), id_type_name(input->id_type), id,
			  certificate_names_str(cert, names, sizeof(names)),
			  input->id_type == IKE_ID_DER_ASN1_DN ? "its subject" : "subjectAltName");
}

/* From the anchor down, so that a revoked CA vouches for nothing. */
static int check_revocation(struct running *run, const struct cert_check_conf *conf)
{
	struct revocation_evidence evidence = {
		.store = conf->store,
		.revocation = conf->revocation,
		.policy = conf->policy,
		.stapled = run->stapled,
		.n_stapled = run->n_stapled,
		.crls = run->crls,
	};
	int err = 0;

	if (conf->revocation)
		evidence.deadline = revocation_deadline(conf->revocation);
	for (size_t i = run->chain.n - 1; i-- && !err;) {
		struct status_query query = { .cert = run->chain.v[i],
					      .issuer = run->chain.v[i + 1],
					      .now = run->now,
					      .allow_sha1 = conf->strength.allow_sha1 };

		err = revocation_status(&query, &evidence, &run->reason);
	}
	return err;
}

static int run_checks(struct running *run, struct cert_check_input *input)
{
	struct chain_rules rules = { .store = input->conf.store,
				     .strength = input->conf.strength,
				     .allow_tls_usage = input->conf.allow_tls_usage,
				     .now = run->now };
	int err = read_parts(run, input);

	if (!err)
		err = chain_build(&rules, run->certs, run->n_certs, &run->chain, &run->reason);
	if (!err)
		err = check_identity(run, input);
	if (!err)
		err = check_revocation(run, &input->conf);
	return err;
}

void cert_check_run(struct job *job)
{
	struct cert_check *check = container_of(job, struct cert_check, job);
	struct running run = { .now = check->input->conf.now };

	if (!run.now.unix_s)
		run.now = wall_time_now();
	run.crls = sk_X509_CRL_new_null();
	check->verdict = run.crls ? run_checks(&run, check->input) : -ENOMEM;
	if (check->verdict) {
		chain_fini(&run.chain);
		reason_set(&run.reason, 0, "the certificate could not be checked: %s",
			   strerror(-check->verdict));
	} else {
		check->public_key = certificate_public_key(run.chain.v[0]);
		EVP_PKEY_up_ref(check->public_key);
		memcpy(check->chain, run.chain.v, sizeof(check->chain));
		check->n_chain = run.chain.n;
	}
	memcpy(check->reason, run.reason.text, sizeof(check->reason));
	for (size_t i = 0; i < run.n_certs; i++)
		certificate_unref(run.certs[i]);
	sk_X509_CRL_pop_free(run.crls, X509_CRL_free);
}
