#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a --- wan --- gw-b --- host-b
#	         posternd   NAT   strongSwan
#
# ESP in UDP through a NAT that gives gw-a new ports now and then (RFC 7296 2.23), after messages so long that they only
# get through in fragments (RFC 7383). posternd on either side, and on both.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/lib/nat.sh"
. "$top/tests/interop/gateways.sh"

ktap_require root esp
nat_works || ktap_skip_all "this kernel has no NAT by nftables"
gw_require postern strongswan

label=$(printf 'x%.0s' {1..60})
long=$label.$label.$label.$label.$label.$label

# configuration LOCAL REMOTE ME OTHER LOCAL-NET REMOTE-NET
configuration() {
	cat <<-EOF
	settings {
		fragment_size = 576
	}
	connections {
		nat {
			version = 2
			local_addrs = $1
			remote_addrs = $2
			proposals = aes128gcm16-prfsha256-x25519
			fragmentation = yes
			mobike = no
			dpd_delay = 10s
			local {
				auth = psk
				id = $3.$long.test
			}
			remote {
				auth = psk
				id = $4.$long.test
			}
			children {
				net {
					local_ts = $5
					remote_ts = $6
					esp_proposals = aes128gcm16
				}
			}
		}
	}
	secrets {
		ike-lab {
			secret = "the same"
		}
	}
	EOF
}

start_both() {
	configuration 192.0.2.1 198.51.100.1 a b 10.1.0.0/24 10.2.0.0/24 | gw_configure gw-a &&
		configuration 198.51.100.1 "$nat_address" b a 10.2.0.0/24 10.1.0.0/24 | gw_configure gw-b || return 1
	gw_start gw-a && gw_start gw-b
}

pings() {
	in_node "$1" ping -c 2 -i 0.2 -W 5 "$2"
}

esp_port_is() {
	local states
	states=$(in_node gw-b ip xfrm state) && [ "$(grep -c "encap.*\<$1\>" <<<"$states")" = 2 ]
}

# The message went through in fragments: who tells of it is posternd.
fragments_came() {
	local figure
	figure=$(in_node "$1" "$postern" --json stats | python3 -c '
import json, sys
print(json.load(sys.stdin)["counters"]["reassembled"])') && [ "$figure" -ge 1 ]
}

# round KIND-OF-GW-A KIND-OF-GW-B
round() {
	local node shift what="$1 behind the NAT, $2 beyond"
	gw_kind=([gw-a]=$1 [gw-b]=$2)
	need "$what: the NAT is there" nat_up 10000
	need "$what: both gateways start" start_both
	check "$what: the tunnel comes up" gw_up gw-a nat
	for node in gw-a gw-b; do
		check "$what: $node has it" wait_for 5 gw_has $node nat
		[ "${gw_kind[$node]}" = strongswan ] ||
			check "$what: $node got IKE_AUTH in fragments" fragments_came $node
	done
	check "$what: host-a reaches host-b" pings host-a 10.2.0.10
	check "$what: host-b reaches host-a" pings host-b 10.1.0.10
	for shift in 20000 30000; do
		check "$what: the NAT gives gw-a other ports" nat_rebind $shift
		# What goes to the old port is lost, so the kernel has to be told: by ESP, or by IKE.
		check "$what: host-a reaches host-b again" wait_for 20 pings host-a 10.2.0.10
		check "$what: gw-b's kernel has the new port" wait_for 20 esp_port_is $((4500 + shift))
		check "$what: host-b reaches host-a again" pings host-b 10.1.0.10
	done
	check "$what: gw-b ends it" gw_down gw-b nat
	check "$what: nothing is left in gw-a's kernel" wait_for 10 kernel_has_none gw-a
	check "$what: nothing is left in gw-b's kernel" wait_for 10 kernel_has_none gw-b
	check "$what: gw-a stops" gw_stop gw-a
	check "$what: gw-b stops" gw_stop gw-b
}

need "the lab comes up" lab_up two-gateways
at_exit lab_down
lab_forget_routes wan

round postern postern
round postern strongswan
round strongswan postern

[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
