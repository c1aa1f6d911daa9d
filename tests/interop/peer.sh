#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a --- wan --- gw-b --- host-b
#	         posternd         strongSwan
#
# Two gateways in both roles: PSK, two suites, IPv4 and IPv6, ping both ways, delete from either side, a wrong secret.
#
# Usage: peer.sh [KIND-OF-GW-A KIND-OF-GW-B]	postern or strongswan
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/interop/gateways.sh"

ktap_require root esp
gw_kind=([gw-a]=${1:-postern} [gw-b]=${2:-strongswan})
gw_require "${gw_kind[@]}"

# connection NAME LOCAL REMOTE LOCAL-TS REMOTE-TS ME OTHER IKE ESP
connection() {
	cat <<-EOF
		$1 {
			version = 2
			local_addrs = $2
			remote_addrs = $3
			proposals = $8
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
					esp_proposals = $9
				}
			}
		}
	EOF
}

# configuration a|b IKE ESP SECRET: both families with one suite.
configuration() {
	local a=(192.0.2.1 2001:db8:a::1 10.1.0.0/24 2001:db8:1::/64 gw-a.example)
	local b=(198.51.100.1 2001:db8:b::1 10.2.0.0/24 2001:db8:2::/64 gw-b.example)
	[ "$1" = a ] && local -n me=a other=b || local -n me=b other=a
	echo "connections {"
	connection v4 "${me[0]}" "${other[0]}" "${me[2]}" "${other[2]}" "${me[4]}" "${other[4]}" "$2" "$3"
	connection v6 "${me[1]}" "${other[1]}" "${me[3]}" "${other[3]}" "${me[4]}" "${other[4]}" "$2" "$3"
	echo "}"
	echo "secrets {"
	echo "	ike-lab {"
	echo "		id-a = gw-a.example"
	echo "		id-b = gw-b.example"
	echo "		secret = \"$4\""
	echo "	}"
	echo "}"
}

# start_both IKE ESP SECRET-OF-A SECRET-OF-B
start_both() {
	configuration a "$1" "$2" "$3" | gw_configure gw-a || return 1
	configuration b "$1" "$2" "$4" | gw_configure gw-b || return 1
	gw_start gw-a && gw_start gw-b
}

stop_both() {
	gw_stop gw-a
	gw_stop gw-b
}

pings() {
	in_node "$1" ping -c 2 -i 0.2 -W 5 "$2"
}

# Whole life of one tunnel: gateway that begins, gateway that ends it, connection, addresses of host-a and host-b.
tunnel() {
	local what="$suite, $3, begun by ${1} (${gw_kind[$1]})"
	check "$what: it comes up" gw_up "$1" "$3"
	check "$what: gw-a has it" wait_for 5 gw_has gw-a "$3"
	check "$what: gw-b has it" wait_for 5 gw_has gw-b "$3"
	check "$what: host-a reaches host-b" pings host-a "$5"
	check "$what: host-b reaches host-a" pings host-b "$4"
	check "$what: $2 (${gw_kind[$2]}) ends it" gw_down "$2" "$3"
	check "$what: gw-a has none" wait_for 10 gw_has_none gw-a "$3"
	check "$what: gw-b has none" wait_for 10 gw_has_none gw-b "$3"
	check "$what: host-a no longer reaches host-b" refuted in_node host-a ping -c 1 -W 1 "$5"
	check "$what: nothing is left in gw-a's kernel" wait_for 5 kernel_has_none gw-a
	check "$what: nothing is left in gw-b's kernel" wait_for 5 kernel_has_none gw-b
}

# suite NAME IKE ESP
suite() {
	suite=$1
	need "$suite: both gateways start" start_both "$2" "$3" "the same" "the same"
	tunnel gw-a gw-a v4 10.1.0.10 10.2.0.10
	tunnel gw-b gw-a v4 10.1.0.10 10.2.0.10
	tunnel gw-a gw-b v6 2001:db8:1::10 2001:db8:2::10
	tunnel gw-b gw-b v6 2001:db8:1::10 2001:db8:2::10
	check "$suite: both gateways stop" stop_both
}

need "the lab comes up" lab_up two-gateways
at_exit lab_down
# What isn't protected must not arrive.
for route in 10.1.0.0/24 10.2.0.0/24 2001:db8:1::/64 2001:db8:2::/64; do
	in_node wan ip route del "$route"
done

suite "AES-GCM and X25519" aes128gcm16-prfsha256-x25519 aes128gcm16
suite "AES-CBC, SHA-256 and MODP-2048" aes128-sha256-modp2048 aes128-sha256

need "wrong secret: both gateways start" start_both aes128gcm16-prfsha256-x25519 aes128gcm16 "one" "another"
for node in gw-a gw-b; do
	check "wrong secret: $node (${gw_kind[$node]}) is refused" refuted gw_up "$node" v4
done
for node in gw-a gw-b; do
	what="wrong secret: $node (${gw_kind[$node]})"
	check "$what hears AUTHENTICATION_FAILED" grep -E 'received AUTHENTICATION_FAILED|v4.*refused by the peer: AUTHENTICATION_FAILED' \
		"$(gw_log $node)"
	if [ "${gw_kind[$node]}" = postern ]; then
		check "$what says which connection refused whom and why" \
			grep 'connection v4: the initiator .* is refused: .*the shared secrets differ' "$(gw_log $node)"
	fi
	check "$what: nothing is left in its kernel" wait_for 5 kernel_has_none $node
done
check "wrong secret: both gateways stop" stop_both

[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
