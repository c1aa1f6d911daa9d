#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Certificates for the interop matrix: a CA, ca.pem, and for each method and gateway METHOD.GATEWAY.pem with its key in PKCS#8. A build
# makes them, as the RSA keys alone take seconds under emulation.
#
# Usage: make-pki.sh FOLDER
set -e
mkdir -p "$1"
cd "$1"
declare -A key=([rsa]=rsa:2048 [ecdsa]="ec -pkeyopt ec_paramgen_curve:P-256" [ed25519]=ed25519)

# issue NAME SUBJECT KIND-OF-KEY OPTION...
issue() {
	openssl req -x509 -newkey ${key[$3]} -nodes -days 3650 -subj "/CN=$2" -keyout "$1.key" -out "$1.pem" "${@:4}" 2>openssl.log ||
		{ cat openssl.log; return 1; }
}

issue ca "interop CA" ecdsa -addext keyUsage=critical,keyCertSign,cRLSign
for method in rsa ecdsa ed25519; do
	for gateway in gw-a gw-b; do
		issue $method.$gateway $method.$gateway.test $method -CA ca.pem -CAkey ca.key \
			-addext "subjectAltName=DNS:$method.$gateway.test" -addext basicConstraints=critical,CA:FALSE \
			-addext keyUsage=critical,digitalSignature
	done
done
: >made
