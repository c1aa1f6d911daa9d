/* SPDX-License-Identifier: MIT */
/*
 * OpenSSL looks into lists only while it verifies a chain; so a chain of two is verified, the
 * certificate and its issuer as the anchor. That does scopes and critical extensions. It takes the
 * newest list before it has looked at signatures, and without the extended checks (indirect lists,
 * reasons) it takes a delta for a complete list; so it gets none but complete lists of the CA, and
 * deltas are read here.
 */
#include "ikev2/cert/crl.h"

#include <errno.h>
#include <string.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "ikev2/cert/pem.h"
#include "ikev2/cert/strength.h"
#include "ikev2/cert/x509_private.h"

#define CRL_TTL_UNSAID 3600 /* seconds */

static int parse_one(struct bytes der, void *data)
{
	const unsigned char *pos = der.data;
	X509_CRL **ret_crl = data;
	X509_CRL *crl;

	if (*ret_crl)
		return -EBADMSG;
	crl = d2i_X509_CRL(NULL, &pos, (long)der.len);
	if (!crl || pos != der.data + der.len) {
		X509_CRL_free(crl);
		return -EBADMSG;
	}
	*ret_crl = crl;
	return 0;
}

int crl_parse(struct bytes data, X509_CRL **ret_crl)
{
	static const char *const labels[] = { "X509 CRL", NULL };
	X509_CRL *crl = NULL;
	OPENSSL_SCOPE;
	unsigned n;

	if (pem_or_der_for_each(data, labels, parse_one, &crl, &n) < 0) {
		X509_CRL_free(crl);
		return -EBADMSG;
	}
	*ret_crl = crl;
	return 0;
}

bool crl_is_of(const X509_CRL *crl, const struct certificate *issuer)
{
	return X509_NAME_cmp(X509_CRL_get_issuer(crl),
			     X509_get_subject_name(certificate_x509(issuer))) == 0;
}

static const char *crl_weakness(const X509_CRL *crl, bool allow_sha1)
{
	const X509_ALGOR *alg;

	X509_CRL_get0_signature(crl, NULL, &alg);
	return strength_of_algorithm(alg, allow_sha1);
}

/* Strong enough, and by this CA's key. */
static bool is_signed(const struct status_query *query, X509_CRL *crl, struct reason *why)
{
	const char *issuer = certificate_subject_str(query->issuer);
	const char *weak = crl_weakness(crl, query->allow_sha1);

	if (weak)
		reason_append(why, "the CRL of '%s' %s", issuer, weak);
	else if (X509_CRL_verify(crl, certificate_public_key(query->issuer)) != 1)
		reason_append(why, "the CRL of '%s' has a bad signature", issuer);
	else
		return true;
	return false;
}

static const char *date(const ASN1_TIME *time, char *buf)
{
	struct wall_time t;

	if (asn1_time_read(time, &t) < 0)
		return strcpy(buf, "?");
	return wall_time_str(t, buf);
}

int crl_check(const struct status_query *query, X509_CRL *crl, struct wall_time *ret_until,
	      struct reason *why)
{
	const char *issuer = certificate_subject_str(query->issuer);
	struct wall_time this_update, next_update;
	char text[WALL_TIME_STRLEN];
	OPENSSL_SCOPE;

	next_update = wall_time_add(query->now, CRL_TTL_UNSAID);
	if (!crl_is_of(crl, query->issuer))
		reason_append(why, "the CRL is not of '%s'", issuer);
	else if (!is_signed(query, crl, why))
		return -EBADMSG;
	else if (asn1_time_read(X509_CRL_get0_lastUpdate(crl), &this_update) < 0 ||
		 (X509_CRL_get0_nextUpdate(crl) &&
		  asn1_time_read(X509_CRL_get0_nextUpdate(crl), &next_update) < 0))
		reason_append(why, "the CRL of '%s' has a malformed date", issuer);
	else if (wall_time_before(query->now, this_update))
		reason_append(why, "the CRL of '%s' is not valid before %s", issuer,
			      wall_time_str(this_update, text));
	else if (wall_time_before(next_update, query->now)) {
		reason_append(why, "the CRL of '%s' expired at %s", issuer,
			      wall_time_str(next_update, text));
		return -ESTALE;
	} else {
		*ret_until = next_update;
		return 0;
	}
	return -EBADMSG;
}

/* -------- what they say about a certificate -------- */

struct crl_walk {
	bool stale;
	char stale_since[WALL_TIME_STRLEN];
};

/* Going on after an outdated list shows whether the certificate stood in it already. */
static int on_error(int ok, X509_STORE_CTX *ctx)
{
	struct crl_walk *walk = X509_STORE_CTX_get_app_data(ctx);
	X509_CRL *crl;

	if (ok || X509_STORE_CTX_get_error(ctx) != X509_V_ERR_CRL_HAS_EXPIRED)
		return ok;
	crl = X509_STORE_CTX_get0_current_crl(ctx);
	walk->stale = true;
	date(X509_CRL_get0_nextUpdate(crl), walk->stale_since);
	return 1;
}

/* RFC 5280 5.3.1 */
static const char *reason_name(X509_REVOKED *revoked)
{
	ASN1_ENUMERATED *code = X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, NULL, NULL);
	static const char *const names[] = {
		"unspecified", "key compromise",         "CA compromise", "affiliation changed",
		"superseded",  "cessation of operation", "on hold",       NULL,
		NULL,          "privilege withdrawn",    "AA compromise",
	};
	long value = code ? ASN1_ENUMERATED_get(code) : 0;

	ASN1_ENUMERATED_free(code);
	return value >= 0 && value < (long)ARRAY_SIZE(names) && names[value] ? names[value]
									     : names[0];
}

/* entry NULL: it isn't known which one. */
static enum cert_status revoked(const struct status_query *query, X509_REVOKED *entry,
				struct reason *why)
{
	char text[WALL_TIME_STRLEN];

	if (entry)
		reason_append(why, "revoked at %s (%s) by the CRL of '%s'",
			      date(X509_REVOKED_get0_revocationDate(entry), text),
			      reason_name(entry), certificate_subject_str(query->issuer));
	else
		reason_append(why, "revoked by the CRL of '%s'",
			      certificate_subject_str(query->issuer));
	return CERT_STATUS_REVOKED;
}

/* NULL: it isn't there, or as taken off the list. */
static X509_REVOKED *find(const struct status_query *query, X509_CRL *crl)
{
	X509_REVOKED *entry;

	return X509_CRL_get0_by_cert(crl, &entry, certificate_x509(query->cert)) == 1 ? entry
										      : NULL;
}

/* -------- complete lists -------- */

static bool is_delta(const X509_CRL *crl)
{
	return X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0;
}

static enum cert_status conclude(const struct status_query *query, X509_STORE_CTX *ctx, int ok,
				 STACK_OF(X509_CRL) * crls, const struct crl_walk *walk,
				 struct reason *why)
{
	int error = X509_STORE_CTX_get_error(ctx);
	X509_REVOKED *entry = NULL;

	if (ok != 1 && error == X509_V_ERR_CERT_REVOKED) {
		/* OpenSSL no longer says which list it was. */
		for (int i = 0; i < sk_X509_CRL_num(crls) && !entry; i++)
			entry = find(query, sk_X509_CRL_value(crls, i));
		return revoked(query, entry, why);
	}
	if (ok != 1)
		reason_append(why, "the CRL of '%s' can't be used: %s",
			      certificate_subject_str(query->issuer),
			      X509_verify_cert_error_string(error));
	else if (walk->stale)
		reason_append(why, "the CRL of '%s' expired at %s",
			      certificate_subject_str(query->issuer), walk->stale_since);
	else
		return CERT_STATUS_GOOD;
	return CERT_STATUS_UNKNOWN;
}

/* NULL: out of memory. */
static STACK_OF(X509_CRL) * complete_lists(const struct status_query *query,
					   STACK_OF(X509_CRL) * crls, struct reason *why)
{
	STACK_OF(X509_CRL) *stack = sk_X509_CRL_new_null();
	bool ok = stack, deltas = false;

	for (int i = 0; ok && i < sk_X509_CRL_num(crls); i++) {
		X509_CRL *crl = sk_X509_CRL_value(crls, i);

		if (!crl_is_of(crl, query->issuer))
			continue;
		deltas |= is_delta(crl);
		if (!is_delta(crl) && is_signed(query, crl, why))
			ok = sk_X509_CRL_push(stack, crl) > 0;
	}
	if (!ok) {
		sk_X509_CRL_free(stack);
		return NULL;
	}
	/* RFC 5280 5.2.4, RFC 4945 5.2.2.4.1: it says what has changed since a complete list, and
	 * nothing by itself. */
	if (deltas && !sk_X509_CRL_num(stack))
		reason_append(why, "of the CRL of '%s' only a delta is there",
			      certificate_subject_str(query->issuer));
	return stack;
}

static enum cert_status status_by_complete(const struct status_query *query,
					   STACK_OF(X509_CRL) * complete, struct reason *why)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	enum cert_status status = CERT_STATUS_UNKNOWN;
	struct crl_walk walk = { .stale = false };
	X509_STORE *store = X509_STORE_new();

	if (!ctx || !store || !X509_STORE_add_cert(store, certificate_x509(query->issuer)) ||
	    !X509_STORE_CTX_init(ctx, store, certificate_x509(query->cert), NULL))
		goto out;
	X509_STORE_CTX_set0_crls(ctx, complete);
	X509_STORE_CTX_set_time(ctx, 0, (time_t)query->now.unix_s);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_CRL_CHECK);
	X509_STORE_CTX_set_app_data(ctx, &walk);
	X509_STORE_CTX_set_verify_cb(ctx, on_error);
	status = conclude(query, ctx, X509_verify_cert(ctx), complete, &walk, why);
out:
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return status;
}

/* -------- deltas -------- */

static struct bytes extension(const X509_CRL *crl, int nid)
{
	int at = X509_CRL_get_ext_by_NID(crl, nid, -1);

	return at < 0 ? BYTES_NONE : asn1_bytes(X509_EXTENSION_get_data(X509_CRL_get_ext(crl, at)));
}

/* RFC 5280 5.2.3: within a scope lists are numbered as they are issued. */
static bool is_later(const X509_CRL *crl, const X509_CRL *than)
{
	ASN1_INTEGER *a, *b;
	bool later;

	if (!bytes_equal(extension(crl, NID_issuing_distribution_point),
			 extension(than, NID_issuing_distribution_point)))
		return false;
	a = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	b = X509_CRL_get_ext_d2i(than, NID_crl_number, NULL, NULL);
	later = a && b && ASN1_INTEGER_cmp(a, b) > 0;
	ASN1_INTEGER_free(a);
	ASN1_INTEGER_free(b);
	return later;
}

static bool is_superseded(const X509_CRL *delta, STACK_OF(X509_CRL) * complete)
{
	for (int i = 0; i < sk_X509_CRL_num(complete); i++)
		if (is_later(sk_X509_CRL_value(complete, i), delta))
			return true;
	return false;
}

/* RFC 5280 5.2, 5.3: with another one that is critical the list can't be used. */
static bool is_known(const X509_EXTENSION *ext)
{
	switch (OBJ_obj2nid(X509_EXTENSION_get_object((X509_EXTENSION *)ext))) {
	case NID_delta_crl:
	case NID_issuing_distribution_point:
	case NID_authority_key_identifier:
	case NID_crl_number:
	case NID_crl_reason:
	case NID_certificate_issuer:
		return true;
	}
	return !X509_EXTENSION_get_critical(ext);
}

static bool all_known(const STACK_OF(X509_EXTENSION) * exts)
{
	for (int i = 0; i < sk_X509_EXTENSION_num(exts); i++)
		if (!is_known(sk_X509_EXTENSION_value(exts, i)))
			return false;
	return true;
}

/*
 * What a delta revokes is revoked, also if it goes with a complete list that isn't at hand, and if
 * it is outdated: serial numbers belong to the CA, whatever the scope of the list. One that takes a
 * certificate off hold (removeFromCRL) isn't believed: that is for the next complete list to say.
 */
static enum cert_status status_by_deltas(const struct status_query *query,
					 STACK_OF(X509_CRL) * crls, STACK_OF(X509_CRL) * complete,
					 struct reason *why)
{
	for (int i = 0; i < sk_X509_CRL_num(crls); i++) {
		X509_CRL *crl = sk_X509_CRL_value(crls, i);
		struct wall_time until;
		X509_REVOKED *entry;

		if (!is_delta(crl) || !crl_is_of(crl, query->issuer))
			continue;
		entry = find(query, crl);
		if (entry && all_known(X509_CRL_get0_extensions(crl)) &&
		    all_known(X509_REVOKED_get0_extensions(entry)) &&
		    !is_superseded(crl, complete) && crl_check(query, crl, &until, why) != -EBADMSG)
			return revoked(query, entry, why);
	}
	return CERT_STATUS_UNKNOWN;
}

/* -------- together -------- */

enum cert_status crl_status(const struct status_query *query, STACK_OF(X509_CRL) * crls,
			    struct reason *why)
{
	STACK_OF(X509_CRL) *complete = complete_lists(query, crls, why);
	enum cert_status status = CERT_STATUS_UNKNOWN;
	OPENSSL_SCOPE;

	if (sk_X509_CRL_num(complete) > 0)
		status = status_by_complete(query, complete, why);
	if (status != CERT_STATUS_REVOKED)
		status = cert_status_worse(status, status_by_deltas(query, crls, complete, why));
	sk_X509_CRL_free(complete);
	return status;
}
