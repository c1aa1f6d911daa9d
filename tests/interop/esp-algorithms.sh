#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a --- wan --- gw-b --- host-b
#	         posternd         strongSwan
#
# ESP under algorithms that are rarely used (RFC 8221 5, 6), begun by either side: how long keys are, where salts and
# nonces are cut from (RFC 7296 2.17), and how both kernels call what was agreed on shows in whether packets arrive.
# Each is a Child SA of one connection, with an address of host-b for its own.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/interop/gateways.sh"

ktap_require root esp
gw_kind=([gw-a]=postern [gw-b]=strongswan)
gw_require postern strongswan

suites=(aes128ctr-sha256 aes192ccm8 aes256gcm12 aes256gmac null-sha512 camellia256-aesxcbc aes192-aescmac 3des-sha1
	chacha20poly1305)

# children LOCAL|REMOTE: which side the addresses of host-b are on.
children() {
	local n local=10.1.0.0/24 remote
	for n in "${!suites[@]}"; do
		remote=10.2.0.$((20 + n))/32
		[ "$1" = REMOTE ] || { local=$remote remote=10.1.0.0/24; }
		echo "c$n { local_ts = $local"
		echo "remote_ts = $remote"
		echo "esp_proposals = ${suites[$n]}"
		echo "}"
	done
}

# configuration LOCAL REMOTE ME OTHER SIDE-OF-HOST-B
configuration() {
	cat <<-CONF
		connections {
			net {
				version = 2
				local_addrs = $1
				remote_addrs = $2
				proposals = aes128gcm16-prfsha256-x25519
				local {
					auth = psk
					id = $3
				}
				remote {
					auth = psk
					id = $4
				}
				children {
					$(children "$5")
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
	configuration 192.0.2.1 198.51.100.1 gw-a.example gw-b.example REMOTE | gw_configure gw-a || return 1
	configuration 198.51.100.1 192.0.2.1 gw-b.example gw-a.example LOCAL | gw_configure gw-b || return 1
	gw_start gw-a && gw_start gw-b
}

add_addresses() {
	local n dev
	dev=$(in_node host-b ip -o addr show to 10.2.0.10 | awk '{print $2}')
	for n in "${!suites[@]}"; do
		in_node host-b ip addr add 10.2.0.$((20 + n))/24 dev "$dev" || return 1
	done
}

pings() {
	in_node host-a ping -c 2 -i 0.2 -W 5 "$1"
}

need "the lab comes up" lab_up two-gateways
at_exit lab_down
lab_forget_routes wan
need "host-b has an address for each" add_addresses
need "both gateways start" start_both
for n in "${!suites[@]}"; do
	address=10.2.0.$((20 + n))
	check "${suites[$n]}: nothing arrives without it" refuted in_node host-a ping -c 1 -W 1 $address
	for node in gw-a gw-b; do
		what="${suites[$n]}, begun by $node (${gw_kind[$node]})"
		check "$what: it comes up" gw_up $node net c$n
		check "$what: host-a reaches host-b" pings $address
		check "$what: it goes" gw_down_child $node c$n
	done
done
check "gw-a stops" gw_stop gw-a
check "gw-b stops" gw_stop gw-b

[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
