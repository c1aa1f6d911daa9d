#!/bin/bash
# SPDX-License-Identifier: MIT
#
# docs/algorithms.md is what posternd prints, and --check warns of what is dated, refuses what must not be used, and
# names the RFC (RFC 8247 2.1 to 2.4, RFC 8221 5 and 6).
. "$(dirname "$0")/ktap.sh"

posternd=$build/userspace/ikev2/daemon/posternd

printed() {
	"$posternd" --algorithms | diff "$top/docs/algorithms.md" -
}

# checked IKE ESP: what --check says about these proposals, in $scratch/said.
checked() {
	cat >"$scratch/conf" <<-CONF
		connections {
			c {
				remote_addrs = 192.0.2.1
				proposals = $1
				local {
					auth = psk
				}
				remote {
					auth = psk
				}
				children {
					net {
						esp_proposals = $2
					}
				}
			}
		}
	CONF
	"$posternd" --check --config "$scratch/conf" >"$scratch/said" 2>&1
}

# says TEXT: the check before did.
says() {
	grep -F -- "$1" "$scratch/said"
}

# OpenSSL with a property that no provider has stands for FIPS mode.
without_openssl() {
	cat >"$scratch/openssl.cnf" <<-CNF
		openssl_conf = init
		[init]
		alg_section = algorithms
		[algorithms]
		default_properties = provider=none
	CNF
	OPENSSL_CONF=$scratch/openssl.cnf checked "$@"
}

check "docs/algorithms.md is what --algorithms prints" printed
check "the defaults are fine" checked default default
check "and nothing is said against them" refuted says warning
check "nor against what has to be named" checked aes192ctr-aesxcbc-ecp384bp camellia128-aescmac
check "which is not warned of" refuted says RFC
check "dated algorithms are taken" checked 3des-sha1-modp1024 null-sha256
check "with a warning about the cipher" says "3des: its blocks of 64 bits are too short (RFC 8247 2.1: MAY)"
check "about the hash" says "sha1: attacks on SHA-1 get better (RFC 8247 2.3: MUST-)"
check "about the group" says "modp1024: who can pay for it is able to break it (RFC 8247 2.4: SHOULD NOT)"
check "and where it stands" says "conf:4:" 
check "no encryption is warned of" says "null: it does not encrypt (RFC 8221 5: MUST)"
check "no encryption is refused in IKE" refuted checked null-sha256-x25519 default
check "with the reason" says "'null' is refused in IKE proposals: it does not encrypt (RFC 8247 2.1: MUST NOT)"
check "MD5 is refused" refuted checked aes128-md5-x25519 default
check "with its reason" says "'md5' is not supported: MD5 is broken (RFC 8247 2.3, RFC 8221 6: MUST NOT)"
check "DES is refused in ESP" refuted checked default des-sha256
check "with its reason, too" says "(RFC 8247 2.1, RFC 8221 5: MUST NOT)"
check "what OpenSSL lacks is refused" refuted without_openssl aes128gcm16-prfsha256-x25519 default
check "all that it lacks is told" says "does not offer aes128 aes192 aes256 aes128gcm16"
check "and why the proposal is refused" says "'aes128gcm16' is not offered by OpenSSL, as it is configured here"
ktap_done
