#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	gw-a --- wan --- gw-b
#	      NAT, and no fragments of IP
#
# IKE through a NAT (RFC 7296 2.23) that gives gw-a new ports now and then, with messages so long that they only get
# through in fragments (RFC 7383). The kernel's IPsec isn't needed.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/lib/nat.sh"

ktap_require root io_uring
nat_works || ktap_skip_all "this kernel has no NAT by nftables"
posternd=$build/userspace/ikev2/daemon/posternd
postern=$build/userspace/tools/postern

# Identities so long that IKE_AUTH exceeds the size of a fragment.
label=$(printf 'x%.0s' {1..60})
long=$label.$label.$label.$label.$label.$label

# configuration LOCAL REMOTE ME OTHER
configuration() {
	cat <<-EOF
	settings {
	  fragment_size = 576
	}
	connections {
	  nat {
	    local_addrs = $1
	    remote_addrs = $2
	    proposals = aes128gcm16-prfsha256-x25519
	    dpd_delay = 3s
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
	        local_ts = 10.$5.0.0/24
	        remote_ts = 10.$6.0.0/24
	        esp_proposals = aes128gcm16
	      }
	    }
	  }
	}
	secrets {
	  ike-all {
	    secret = "what both know"
	  }
	}
	EOF
}

start() {
	node_start "$1" posternd "$posternd" --config "$2" --ipsec null --workers 2 --no-bpf &&
		wait_for 30 in_node "$1" "$postern" version
}

# figure NODE PATH: of "postern stats"
figure() {
	in_node "$1" "$postern" --json stats | python3 -c '
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1].split("."):
    value = value[name]
print(value)' "$2"
}

figure_is() {
	test "$(figure "$1" "$2")" "$3" "$4"
}

# The peer that gw-b sees has that port.
sees_port() {
	local sas
	sas=$(in_node gw-b "$postern" --json list-sas) && grep -w "$1" <<<"$sas"
}

configuration 192.0.2.1 198.51.100.1 a b 1 2 >"$scratch/a.conf"
configuration 198.51.100.1 "$nat_address" b a 2 1 >"$scratch/b.conf"

need "the lab comes up" lab_up two-gateways
at_exit lab_down
need "the router does NAT" nat_up 10000
need "gw-b starts" start gw-b "$scratch/b.conf"
need "gw-a starts" start gw-a "$scratch/a.conf"
check "gw-a brings the connection up" in_node gw-a "$postern" up nat
check "gw-b sees it at the port that the NAT gave it" sees_port 14500
for node in gw-a gw-b; do
	check "$node has put a message together from its fragments" figure_is $node counters.reassembled -ge 1
	check "$node has refused no fragment" figure_is $node counters.fragments-refused -eq 0
done

for shift in 20000 30000; do
	check "the NAT gives gw-a other ports" nat_rebind $shift
	check "gw-b follows it there" wait_for 20 sees_port $((4500 + shift))
done
check "gw-b has followed it twice" figure_is gw-b counters.followed -eq 2
check "gw-a has followed nobody" figure_is gw-a counters.followed -eq 0
check "gw-a still has its first IKE SA" figure_is gw-a counters.established -eq 1
check "gw-b can end it" in_node gw-b "$postern" down nat
check "gw-a has none" wait_for 10 figure_is gw-a ikesas.total -eq 0
check "both daemons stop" node_stop gw-a posternd
check "... without an error" node_stop gw-b posternd

[ "$ktap_failed" = 0 ] || for node in gw-a gw-b; do
	ktap_comment "$node:"
	ktap_show <"$(node_log $node posternd)"
done
ktap_done
