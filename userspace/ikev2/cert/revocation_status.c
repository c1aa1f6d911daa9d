/* SPDX-License-Identifier: MIT */
/*
 * The order of asking: what is at hand (stapled responses, CRLs of files), then OCSP, then CRLs
 * over HTTP. All that is at hand is looked at, for one that says revoked outweighs all others (RFC
 * 4945 5.2.1); servers are only asked while nothing valid has said good. CRLs that the peer sent
 * come last, and its OCSP responses without nextUpdate: one that is revoked has some from before
 * that at hand.
 */
#include <errno.h>
#include <string.h>

#include "ikev2/cert/crl.h"
#include "ikev2/cert/ocsp.h"
#include "ikev2/cert/revocation_private.h"
#include "ikev2/cert/sources.h"
#include "ikev2/cert/x509_private.h"

struct search {
	const struct status_query *query;
	const struct revocation_evidence *evidence;
	struct sources ocsp, crl;
	STACK_OF(X509_CRL) * crls;  /* all that may matter; each with a reference */
	enum cert_status momentary; /* what stapled responses say that may be out of date */
	struct reason why;
};

/* -------- at hand -------- */

static enum cert_status ask_stapled(struct search *search)
{
	enum cert_status one, status = CERT_STATUS_UNKNOWN;
	struct wall_time until;

	for (size_t i = 0; i < search->evidence->n_stapled; i++) {
		one = ocsp_status(search->query, search->evidence->stapled[i], NULL, &until,
				  &search->why);
		/* RFC 6960 4.2.2.1: without nextUpdate there is newer information. */
		if (one == CERT_STATUS_GOOD && !wall_time_before(search->query->now, until))
			search->momentary = one;
		else
			status = cert_status_worse(status, one);
	}
	return status;
}

static void add_crl(struct search *search, X509_CRL *crl)
{
	if (crl_is_of(crl, search->query->issuer) && X509_CRL_up_ref(crl) &&
	    sk_X509_CRL_push(search->crls, crl) <= 0)
		X509_CRL_free(crl);
}

static enum cert_status ask_crls(struct search *search)
{
	struct trust_store *store = search->evidence->store;

	for (size_t i = 0; i < trust_store_n_crls(store); i++)
		add_crl(search, trust_store_crl(store, i));
	if (sk_X509_CRL_num(search->crls) <= 0)
		return CERT_STATUS_UNKNOWN;
	return crl_status(search->query, search->crls, &search->why);
}

static enum cert_status ask_crls_of_peer(struct search *search)
{
	if (sk_X509_CRL_num(search->evidence->crls) <= 0)
		return CERT_STATUS_UNKNOWN;
	for (int i = 0; i < sk_X509_CRL_num(search->evidence->crls); i++)
		add_crl(search, sk_X509_CRL_value(search->evidence->crls, i));
	return crl_status(search->query, search->crls, &search->why);
}

/* -------- servers -------- */

static bool may_ask(struct search *search)
{
	struct revocation *revocation = search->evidence->revocation;

	if (!revocation || revocation_cancelled(revocation))
		return false;
	if (instant_before(instant_now(), search->evidence->deadline))
		return true;
	reason_append(&search->why, "no time was left to ask further servers");
	return false;
}

static enum cert_status fetch_ocsp(struct search *search)
{
	enum cert_status status;

	for (size_t i = 0; i < search->ocsp.n && may_ask(search); i++) {
		const char *url = search->ocsp.v[i];
		char error[HTTP_ERROR_LEN];
		struct fetched *fetched;
		struct wall_time until;

		if (revocation_fetch_ocsp(search->evidence->revocation, search->query, url, false,
					  INSTANT_NEVER, &fetched, error) < 0) {
			reason_append(&search->why, "%s: %s", url, error);
			continue;
		}
		/* The nonce was compared when it came. */
		status = ocsp_status(search->query, BYTES(fetched->data, fetched->len), NULL,
				     &until, &search->why);
		fetched_unref(fetched);
		if (status != CERT_STATUS_UNKNOWN)
			return status;
	}
	return CERT_STATUS_UNKNOWN;
}

static bool fetch_one_crl(struct search *search, const char *url, struct sources *deltas)
{
	char error[HTTP_ERROR_LEN];
	struct fetched *fetched;

	if (revocation_fetch_crl(search->evidence->revocation, search->query, url, &fetched,
				 error) < 0) {
		reason_append(&search->why, "%s: %s", url, error);
		return false;
	}
	add_crl(search, fetched->crl);
	if (deltas)
		sources_delta(deltas, search->query, fetched->crl);
	fetched_unref(fetched);
	return true;
}

/* RFC 5280 5.2.6: a complete list may say where deltas to it lie. */
static enum cert_status fetch_crls(struct search *search)
{
	struct sources deltas = { .n = 0 };
	enum cert_status status;

	for (size_t i = 0; i < search->crl.n && may_ask(search); i++) {
		if (!fetch_one_crl(search, search->crl.v[i], &deltas))
			continue;
		for (size_t j = 0; j < deltas.n && may_ask(search); j++)
			fetch_one_crl(search, deltas.v[j], NULL);
		status = crl_status(search->query, search->crls, &search->why);
		if (status != CERT_STATUS_UNKNOWN)
			return status;
	}
	return CERT_STATUS_UNKNOWN;
}

/* -------- together -------- */

static enum cert_status find_status(struct search *search)
{
	enum cert_status status = cert_status_worse(ask_stapled(search), ask_crls(search));

	sources_ocsp(&search->ocsp, search->evidence->store, search->query);
	sources_crl(&search->crl, search->evidence->store, search->query);
	if (status == CERT_STATUS_UNKNOWN)
		status = fetch_ocsp(search);
	if (status == CERT_STATUS_UNKNOWN)
		status = fetch_crls(search);
	if (status == CERT_STATUS_UNKNOWN)
		status = cert_status_worse(ask_crls_of_peer(search), search->momentary);
	return status;
}

static int conclude(struct search *search, enum cert_status status, struct reason *reason)
{
	const struct revocation_evidence *evidence = search->evidence;
	const char *name = certificate_subject_str(search->query->cert);
	bool has_source = search->ocsp.n || search->crl.n;

	switch (status) {
	case CERT_STATUS_GOOD:
		return 0;
	case CERT_STATUS_REVOKED:
		return reason_set(reason, -EKEYREVOKED, "certificate '%s' is revoked: %s", name,
				  search->why.text);
	case CERT_STATUS_UNKNOWN:
		break;
	}
	if (evidence->revocation && revocation_cancelled(evidence->revocation))
		return reason_set(reason, -ECANCELED, "the check was cancelled");
	if (!search->why.text[0])
		reason_append(&search->why, "no CRL of '%s' is loaded%s",
			      certificate_subject_str(search->query->issuer),
			      has_source ? "" : " and no server is named");
	if (evidence->policy == REVOCATION_STRICT ||
	    (evidence->policy == REVOCATION_IFURI && has_source))
		return reason_set(reason, -EKEYREVOKED,
				  "whether certificate '%s' is revoked is not known (%s) and "
				  "revocation = %s wants to know: load a CRL of its CA, or see to "
				  "its servers",
				  name, search->why.text, revocation_policy_name(evidence->policy));
	reason_append(reason, "whether certificate '%s' is revoked is not known (%s)", name,
		      search->why.text);
	return 0;
}

int revocation_status(const struct status_query *query, const struct revocation_evidence *evidence,
		      struct reason *reason)
{
	struct search search = { .query = query, .evidence = evidence };
	struct reason note = { "" };
	OPENSSL_SCOPE;
	int err;

	search.crls = sk_X509_CRL_new_null();
	if (!search.crls)
		return reason_set(reason, -ENOMEM, "out of memory");
	err = conclude(&search, find_status(&search), &note);
	if (err)
		reason->text[0] = '\0'; /* what passed matters no more */
	if (note.text[0])
		reason_append(reason, "%s", note.text);
	sk_X509_CRL_pop_free(search.crls, X509_CRL_free);
	return err;
}
