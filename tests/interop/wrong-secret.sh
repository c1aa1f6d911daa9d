#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a --- wan --- gw-b --- host-b
#	         posternd         strongSwan
#
# Two gateways whose shared secrets differ refuse each other, whoever begins, and say why (RFC 7296 2.21.2).
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/interop/gateways.sh"

ktap_require root
gw_kind=([gw-a]=postern [gw-b]=strongswan)
gw_require postern strongswan

# configuration OWN-ADDRESS OTHER-ADDRESS OWN-NET OTHER-NET ME OTHER SECRET
configuration() {
	cat <<-EOF
	connections {
		gw {
			local_addrs = $1
			remote_addrs = $2
			proposals = aes128gcm16-prfsha256-x25519
			local {
				auth = psk
				id = $5
			}
			remote {
				auth = psk
				id = $6
			}
			children {
				net {
					local_ts = $3
					remote_ts = $4
					esp_proposals = aes128gcm16
				}
			}
		}
	}
	secrets {
		ike-lab {
			id-a = $5
			id-b = $6
			secret = "$7"
		}
	}
	EOF
}

need "the lab comes up" lab_up two-gateways
at_exit lab_down
configuration 192.0.2.1 198.51.100.1 10.1.0.0/24 10.2.0.0/24 gw-a.example gw-b.example "one" | gw_configure gw-a
configuration 198.51.100.1 192.0.2.1 10.2.0.0/24 10.1.0.0/24 gw-b.example gw-a.example "another" | gw_configure gw-b
for node in gw-a gw-b; do
	need "$node starts" gw_start $node
done
for node in gw-a gw-b; do
	check "$node (${gw_kind[$node]}) is refused" refuted gw_up $node gw
done
check "strongSwan hears AUTHENTICATION_FAILED" grep 'received AUTHENTICATION_FAILED' "$(gw_log gw-b)"
check "posternd hears it, too" grep 'gw.*refused by the peer: AUTHENTICATION_FAILED' "$(gw_log gw-a)"
check "posternd says which connection refused whom and why" \
	grep 'connection gw: the initiator .* is refused: .*the shared secrets differ' "$(gw_log gw-a)"
for node in gw-a gw-b; do
	check "nothing is left in $node's kernel" wait_for 5 kernel_has_none $node
	check "$node stops" gw_stop $node
done

[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
