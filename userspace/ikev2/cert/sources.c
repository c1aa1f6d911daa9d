/* SPDX-License-Identifier: MIT */
#include "ikev2/cert/sources.h"

#include <string.h>
#include <strings.h>
#include <openssl/x509v3.h>

#include "ikev2/cert/x509_private.h"

/* What curl takes for a URL and no log stumbles over. */
static bool is_usable(struct bytes uri)
{
	if (uri.len >= SOURCE_LEN || uri.len < 8)
		return false;
	if (strncasecmp((const char *)uri.data, "http://", 7) != 0 &&
	    strncasecmp((const char *)uri.data, "https://", 8) != 0)
		return false;
	for (size_t i = 0; i < uri.len; i++)
		if (uri.data[i] <= ' ' || uri.data[i] >= 0x7f)
			return false;
	return true;
}

static void add(struct sources *sources, struct bytes uri)
{
	if (!is_usable(uri) || sources->n == SOURCES_MAX)
		return;
	for (size_t i = 0; i < sources->n; i++)
		if (bytes_equal(bytes_str(sources->v[i]), uri))
			return;
	memcpy(sources->v[sources->n], uri.data, uri.len);
	sources->v[sources->n++][uri.len] = '\0';
}

static void add_general_name(struct sources *sources, const GENERAL_NAME *name)
{
	int type;
	const void *value = GENERAL_NAME_get0_value(name, &type);

	if (type == GEN_URI)
		add(sources, asn1_bytes(value));
}

/* Several names of one point are the same list by several ways. */
static void add_points(struct sources *sources, CRL_DIST_POINTS *points)
{
	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		DIST_POINT_NAME *name = sk_DIST_POINT_value(points, i)->distpoint;

		if (!name || name->type != 0)
			continue;
		for (int j = 0; j < sk_GENERAL_NAME_num(name->name.fullname); j++)
			add_general_name(sources, sk_GENERAL_NAME_value(name->name.fullname, j));
	}
	CRL_DIST_POINTS_free(points);
}

static void add_configured(struct sources *sources, struct trust_store *store,
			   const struct status_query *query, enum trust_uri kind)
{
	const char *uri;

	for (size_t i = 0; (uri = trust_store_uri(store, query->issuer, kind, i)); i++)
		add(sources, bytes_str(uri));
}

void sources_ocsp(struct sources *sources, struct trust_store *store,
		  const struct status_query *query)
{
	AUTHORITY_INFO_ACCESS *access =
		X509_get_ext_d2i(certificate_x509(query->cert), NID_info_access, NULL, NULL);

	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access); i++) {
		ACCESS_DESCRIPTION *one = sk_ACCESS_DESCRIPTION_value(access, i);

		if (OBJ_obj2nid(one->method) == NID_ad_OCSP)
			add_general_name(sources, one->location);
	}
	AUTHORITY_INFO_ACCESS_free(access);
	add_configured(sources, store, query, TRUST_URI_OCSP);
}

void sources_crl(struct sources *sources, struct trust_store *store,
		 const struct status_query *query)
{
	add_points(sources, X509_get_ext_d2i(certificate_x509(query->cert),
					     NID_crl_distribution_points, NULL, NULL));
	add_configured(sources, store, query, TRUST_URI_CRL);
}

void sources_delta(struct sources *sources, const struct status_query *query, const X509_CRL *crl)
{
	add_points(sources,
		   X509_get_ext_d2i(certificate_x509(query->cert), NID_freshest_crl, NULL, NULL));
	if (crl)
		add_points(sources, X509_CRL_get_ext_d2i(crl, NID_freshest_crl, NULL, NULL));
}
