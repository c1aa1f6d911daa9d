/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Files with certificates and keys for two peers, a and b, made on the spot:
 *
 *	ca.pem, other-ca.pem	two CAs
 *	{a,b}-{rsa,ecdsa,p384,p521,ed25519,ed448}.{pem,key,pub}	by the first, with subject "C=CH, CN=a" and
 *		the name a.test
 *	b-sub	by an intermediate CA, whose certificate stands behind in b-sub.pem
 *	b-stranger	by the other CA
 *	b-old	expired
 *	rsa-ca.pem	a CA with an RSA key of 2048 bits, which has issued
 *	b-md5, b-sha1, b-sha384	with signatures by these hashes
 *	b-1024	with an RSA key of 1024 bits, by the first CA
 *	c	of c.test
 *
 * A file of its own, as OpenSSL's headers and ours don't agree about names.
 */

/* A failure ends the program. */
void auth_files_make(const char *dir);
