/* SPDX-License-Identifier: MIT */
/*
 * OpenSSL finds the chain and checks signatures, validity, basicConstraints, path lengths, name
 * constraints, policies and critical extensions. It isn't told a purpose, because it knows none
 * that is IKE's; what RFC 4945 asks of usages, and how strong all must be, is checked here
 * afterwards.
 */
#include "ikev2/cert/chain.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "ikev2/cert/dn.h"
#include "ikev2/cert/strength.h"
#include "ikev2/cert/trust_store_private.h"
#include "ikev2/cert/x509_private.h"

void chain_fini(struct chain *chain)
{
	while (chain->n)
		certificate_unref(chain->v[--chain->n]);
}

/* -------- what OpenSSL says -------- */

static const char *name_of(X509 *x509, char *buf, size_t size)
{
	if (!x509)
		return "?";
	dn_str(x509_name_der(X509_get_subject_name(x509)), buf, size);
	return buf[0] ? buf : "(no subject)";
}

static const char *issuer_of(X509 *x509, char *buf, size_t size)
{
	return x509 ? dn_str(x509_name_der(X509_get_issuer_name(x509)), buf, size) : "?";
}

static int refuse_time(X509 *x509, bool expired, struct wall_time now, struct reason *reason)
{
	char name[DN_STRLEN], then_str[WALL_TIME_STRLEN], now_str[WALL_TIME_STRLEN];
	struct wall_time then = { 0 };

	asn1_time_read(expired ? X509_get0_notAfter(x509) : X509_get0_notBefore(x509), &then);
	return reason_set(
		reason, -EKEYEXPIRED,
		"certificate '%s' %s %s and it is %s now: have it renewed, or set the clock",
		name_of(x509, name, sizeof(name)), expired ? "expired at" : "is not valid before",
		wall_time_str(then, then_str), wall_time_str(now, now_str));
}

static int refuse(X509_STORE_CTX *ctx, struct wall_time now, struct reason *reason)
{
	X509 *x509 = X509_STORE_CTX_get_current_cert(ctx);
	int error = X509_STORE_CTX_get_error(ctx);
	char name[DN_STRLEN], issuer[DN_STRLEN];

	name_of(x509, name, sizeof(name));
	switch (error) {
	case X509_V_ERR_OUT_OF_MEM:
		return reason_set(reason, -ENOMEM, "out of memory");
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return refuse_time(x509, error == X509_V_ERR_CERT_HAS_EXPIRED, now, reason);
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return reason_set(reason, -ENOKEY,
				  "certificate '%s' was issued by '%s', which is no CA known here: "
				  "load that CA, or have the peer send the certificates between",
				  name, issuer_of(x509, issuer, sizeof(issuer)));
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return reason_set(reason, -ENOKEY,
				  "certificate '%s' is self-signed and not trusted here: load it "
				  "as a CA if it may be trusted",
				  name);
	case X509_V_ERR_CERT_CHAIN_TOO_LONG:
		return reason_set(reason, -EKEYREJECTED,
				  "the chain of certificate '%s' has more than %d certificates",
				  name, CHAIN_MAX);
	case X509_V_ERR_PERMITTED_VIOLATION:
	case X509_V_ERR_EXCLUDED_VIOLATION:
	case X509_V_ERR_SUBTREE_MINMAX:
	case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
	case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
	case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
		return reason_set(
			reason, -EKEYREJECTED,
			"a name in certificate '%s' violates the name constraints of a CA "
			"above it (%s): have it issued by a CA that may",
			name, X509_verify_cert_error_string(error));
	case X509_V_ERR_PATH_LENGTH_EXCEEDED:
		return reason_set(
			reason, -EKEYREJECTED,
			"CA certificate '%s' allows fewer CAs below it (path length) than "
			"there are",
			name);
	case X509_V_ERR_INVALID_CA:
	case X509_V_ERR_INVALID_NON_CA:
	case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
		return reason_set(reason, -EKEYREJECTED,
				  "certificate '%s' signed another one and is no CA by its "
				  "basicConstraints or keyUsage",
				  name);
	}
	return reason_set(reason, -EKEYREJECTED, "certificate '%s': %s", name,
			  X509_verify_cert_error_string(error));
}

/* -------- what RFC 4945 adds -------- */

/* 5.1.3.2 */
static int check_key_usage(const struct certificate *cert, struct reason *reason)
{
	uint32_t usage = X509_get_key_usage(certificate_x509(cert)); /* all bits without one */

	if (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION))
		return 0;
	return reason_set(reason, -EKEYREJECTED,
			  "certificate '%s' may not sign: its keyUsage has neither "
			  "digitalSignature nor nonRepudiation",
			  certificate_subject_str(cert));
}

static bool is_ike_usage(const ASN1_OBJECT *usage, bool allow_tls_usage)
{
	switch (OBJ_obj2nid(usage)) {
	case NID_anyExtendedKeyUsage:
	case NID_ipsec_IKE:
		return true;
	case NID_server_auth:
	case NID_client_auth:
		return allow_tls_usage;
	}
	return false;
}

/* 5.1.3.12 */
static int check_extended_key_usage(const struct certificate *cert, bool allow_tls_usage,
				    struct reason *reason)
{
	EXTENDED_KEY_USAGE *usages;
	bool good = false;
	int critical;

	usages = X509_get_ext_d2i(certificate_x509(cert), NID_ext_key_usage, &critical, NULL);
	if (!usages && critical == -1)
		return 0;
	for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++)
		good |= is_ike_usage(sk_ASN1_OBJECT_value(usages, i), allow_tls_usage);
	EXTENDED_KEY_USAGE_free(usages);
	if (good)
		return 0;
	return reason_set(reason, -EKEYREJECTED,
			  "certificate '%s' is not meant for IKE: its extendedKeyUsage has neither "
			  "ipsecIKE nor anyExtendedKeyUsage%s",
			  certificate_subject_str(cert),
			  allow_tls_usage ? " nor serverAuth nor clientAuth" : "");
}

static int check_strength(const struct chain *chain, const struct strength_rules *rules,
			  struct reason *reason)
{
	char buf[160];

	for (size_t i = 0; i < chain->n; i++) {
		const struct certificate *cert = chain->v[i];
		const char *wrong =
			strength_of_key(certificate_public_key(cert), rules, buf, sizeof(buf));

		/* Nobody relies on what signed an anchor. */
		if (!wrong && i + 1 < chain->n)
			wrong = strength_of_signature(certificate_x509(cert), rules, buf,
						      sizeof(buf));
		if (wrong)
			return reason_set(reason, -EKEYREJECTED,
					  "certificate '%s' %s: have it issued anew",
					  certificate_subject_str(cert), wrong);
	}
	return 0;
}

/* 5.1.3.9: OpenSSL would take a CA of version 1, or one that only has a keyUsage. */
static int check_cas(const struct chain *chain, struct reason *reason)
{
	for (size_t i = 1; i < chain->n; i++)
		if (!certificate_is_ca(chain->v[i]))
			return reason_set(reason, -EKEYREJECTED,
					  "certificate '%s' signed another one and its "
					  "basicConstraints do not say that it is a CA",
					  certificate_subject_str(chain->v[i]));
	return 0;
}

static int check_chain(const struct chain_rules *rules, const struct chain *chain,
		       struct reason *reason)
{
	int err = check_cas(chain, reason);

	if (!err)
		err = check_strength(chain, &rules->strength, reason);
	if (!err)
		err = check_key_usage(chain->v[0], reason);
	if (!err)
		err = check_extended_key_usage(chain->v[0], rules->allow_tls_usage, reason);
	return err;
}

/* -------- building -------- */

static int take_cert(struct chain *chain, struct certificate *cert, X509 *x509)
{
	if (certificate_x509(cert) != x509)
		return 0;
	chain->v[chain->n++] = certificate_ref(cert);
	return 1;
}

/* The certificate of ours that holds what OpenSSL put into its chain. */
static int take_x509(const struct chain_rules *rules, struct certificate *const *certs, size_t n,
		     X509 *x509, struct chain *chain)
{
	static const enum trust_kind kinds[] = { TRUST_ANCHOR, TRUST_INTERMEDIATE };

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (size_t i = 0; i < trust_store_count(rules->store, kinds[k]); i++)
			if (take_cert(chain, trust_store_get(rules->store, kinds[k], i), x509))
				return 0;
	for (size_t i = 0; i < n; i++)
		if (take_cert(chain, certs[i], x509))
			return 0;
	return -EKEYREJECTED;
}

/* A certificate that is trusted as it is needs nothing but to be valid now, and to be understood
 * (RFC 4945 5.1.3). */
static int build_pinned(const struct chain_rules *rules, struct certificate *cert,
			struct chain *chain, struct reason *reason)
{
	if (wall_time_before(rules->now, certificate_not_before(cert)))
		return refuse_time(certificate_x509(cert), false, rules->now, reason);
	if (wall_time_before(certificate_not_after(cert), rules->now))
		return refuse_time(certificate_x509(cert), true, rules->now, reason);
	if (X509_get_extension_flags(certificate_x509(cert)) & EXFLAG_CRITICAL)
		return reason_set(reason, -EKEYREJECTED,
				  "certificate '%s' has a critical extension that is not known",
				  certificate_subject_str(cert));
	chain->v[chain->n++] = certificate_ref(cert);
	return 0;
}

static STACK_OF(X509) *
	helpers(const struct chain_rules *rules, struct certificate *const *certs, size_t n)
{
	STACK_OF(X509) *stack = sk_X509_new_null();
	struct certificate *cert;
	bool ok = stack;

	for (size_t i = 1; i < n && ok; i++)
		ok = certificate_is_self_signed(certs[i]) ||
		     sk_X509_push(stack, certificate_x509(certs[i])) > 0;
	for (size_t i = 0; i < trust_store_count(rules->store, TRUST_INTERMEDIATE) && ok; i++) {
		cert = trust_store_get(rules->store, TRUST_INTERMEDIATE, i);
		ok = certificate_is_self_signed(cert) ||
		     sk_X509_push(stack, certificate_x509(cert)) > 0;
	}
	if (ok)
		return stack;
	sk_X509_free(stack);
	return NULL;
}

static int build(const struct chain_rules *rules, struct certificate *const *certs, size_t n,
		 struct chain *chain, struct reason *reason)
{
	STACK_OF(X509) *untrusted = helpers(rules, certs, n);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) * found;
	int err = -ENOMEM;

	if (!untrusted || !ctx ||
	    !X509_STORE_CTX_init(ctx, trust_store_anchors(rules->store), certificate_x509(certs[0]),
				 untrusted))
		goto out;
	/* The end entity and the anchor don't count as depth. */
	X509_STORE_CTX_set_depth(ctx, CHAIN_MAX - 2);
	X509_STORE_CTX_set_time(ctx, 0, (time_t)rules->now.unix_s);
	/* An anchor needn't be self-signed, and RFC 5280 6.1 minds policies. */
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_POLICY_CHECK);
	if (X509_verify_cert(ctx) != 1) {
		err = refuse(ctx, rules->now, reason);
		goto out;
	}
	found = X509_STORE_CTX_get0_chain(ctx);
	err = sk_X509_num(found) > CHAIN_MAX ? -EKEYREJECTED : 0;
	for (int i = 0; i < sk_X509_num(found) && !err; i++)
		err = take_x509(rules, certs, n, sk_X509_value(found, i), chain);
out:
	X509_STORE_CTX_free(ctx);
	sk_X509_free(untrusted);
	return err;
}

int chain_build(const struct chain_rules *rules, struct certificate *const *certs, size_t n,
		struct chain *ret_chain, struct reason *reason)
{
	struct chain chain = { .n = 0 };
	OPENSSL_SCOPE;
	int err;

	if (trust_store_has(rules->store, TRUST_END_ENTITY, certs[0]))
		err = build_pinned(rules, certs[0], &chain, reason);
	else
		err = build(rules, certs, n, &chain, reason);
	if (!err)
		err = check_chain(rules, &chain, reason);
	if (err) {
		chain_fini(&chain);
		return reason_set(reason, err, "certificate '%s' could not be checked",
				  certificate_subject_str(certs[0]));
	}
	*ret_chain = chain;
	return 0;
}
