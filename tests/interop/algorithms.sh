#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a --- wan --- gw-b --- host-b
#	         posternd         strongSwan
#
# IKE SAs under algorithms that are rarely used, begun by either side, rekeyed by either side (RFC 8247 2, RFC 7296 2.18).
# posternd installs no SA and strongSwan keeps its own in user space, so it runs on every kernel.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/interop/gateways.sh"

ktap_require root
gw_kind=([gw-a]=postern [gw-b]=strongswan)
gw_require postern strongswan
[ -e /usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so ] || ktap_skip_all "strongSwan has no kernel-libipsec"
POSTERND_OPTIONS="--ipsec null --no-bpf"
strongswan_plugins="aes des sha1 sha2 hmac xcbc cmac ctr ccm gmp kernel-libipsec"

# configuration IKE LOCAL REMOTE LOCAL-TS REMOTE-TS ME OTHER
configuration() {
	cat <<-CONF
		connections {
			net {
				version = 2
				local_addrs = $2
				remote_addrs = $3
				proposals = $1
				local {
					auth = psk
					id = $6
				}
				remote {
					auth = psk
					id = $7
				}
				children {
					net {
						local_ts = $4
						remote_ts = $5
						esp_proposals = aes128-sha256
					}
				}
			}
		}
		secrets {
			ike-lab {
				secret = "the same"
			}
		}
	CONF
}

start_both() {
	configuration "$1" 192.0.2.1 198.51.100.1 10.1.0.0/24 10.2.0.0/24 gw-a.example gw-b.example | gw_configure gw-a || return 1
	configuration "$1" 198.51.100.1 192.0.2.1 10.2.0.0/24 10.1.0.0/24 gw-b.example gw-a.example | gw_configure gw-b || return 1
	gw_start gw-a && gw_start gw-b
}

stop_both() {
	gw_stop gw-a
	gw_stop gw-b
}

# The number of gw-a's newest IKE SA; it grows.
newest() {
	gw_list gw-a | sed -n 's/^net: #\([0-9]*\) ESTABLISHED.*/\1/p' | sort -n |
		tail -1
}

newer_than() {
	[ "$(newest)" -gt "$1" ]
}

# Those that were replaced are gone.
has_one() {
	[ "$(gw_list "$1" | grep -c '^net: ')" = 1 ]
}

# Whole life of an IKE SA that the gateway begins.
life() {
	local node before
	check "$suite, begun by $1: it comes up" gw_up "$1" net
	for node in gw-a gw-b; do
		check "$suite, begun by $1: $node has it" wait_for 5 gw_has $node net
	done
	for node in gw-a gw-b; do
		before=$(newest)
		check "$suite, begun by $1: $node rekeys it" gw_rekey $node net
		check "$suite, begun by $1: there is a new one" wait_for 10 newer_than "$before"
	done
	for node in gw-a gw-b; do
		check "$suite, begun by $1: $node still has it" wait_for 5 gw_has $node net
		check "$suite, begun by $1: and no other" wait_for 10 has_one $node
	done
	check "$suite, begun by $1: it goes" gw_down gw-b net
	check "$suite, begun by $1: gw-a has none" wait_for 10 gw_has_none gw-a net
}

need "the lab comes up" lab_up two-gateways
at_exit lab_down
for suite in \
	3des-sha1-modp1024 \
	aes128ctr-aesxcbc-prfaesxcbc-modp1536 \
	aes256-aescmac-prfaescmac-ecp256bp \
	camellia256-sha512-ecp224 \
	aes128ccm8-prfaesxcbc-modp6144; do
	need "$suite: both gateways start" start_both $suite
	life gw-a
	life gw-b
	check "$suite: both gateways stop" stop_both
done

[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
