#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	gw-a --- wan --- gw-b, 200 IKE SAs, 4 workers on each gateway
#
# Steering: with the eBPF program no message of an IKE SA reaches a worker that doesn't own it; without the program
# workers forward to each other, and everything works all the same.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"

ktap_require root io_uring
posternd=$build/userspace/ikev2/daemon/posternd
postern=$build/userspace/tools/postern
sas=200

# connections LOCAL REMOTE LOCAL-ID REMOTE-ID ACTION: one for each SA, told apart by identities.
connections() {
	local i
	echo "connections {"
	for i in $(seq $sas); do
		cat <<-EOF
		c$i {
		  local_addrs = $1
		  remote_addrs = $2
		  proposals = aes128gcm16-prfsha256-x25519
		  local {
		    auth = psk
		    id = $3-$i.test
		  }
		  remote {
		    auth = psk
		    id = $4-$i.test
		  }
		  children {
		    n$i {
		      start_action = $5
		    }
		  }
		}
		EOF
	done
	echo "}"
	printf 'secrets {\n  ike-all {\n    secret = "what all of them know"\n  }\n}\n'
}
connections 192.0.2.1 198.51.100.1 a b start >"$scratch/a.conf"
connections 198.51.100.1 192.0.2.1 b a none >"$scratch/b.conf"

# start NODE CONFIG OPTIONS...
start() {
	local node=$1 config=$2
	shift 2
	node_start "$node" posternd "$posternd" --config "$config" --ipsec null --workers 4 "$@"
	wait_for 30 ready "$node"
}

ready() {
	grep -q 'ready: 4 workers' "$(node_log "$1" posternd)"
}

# counter NODE PATH: a figure of "postern stats", as "ikesas.total".
counter() {
	in_node "$1" "$postern" --json stats | python3 -c '
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1].split("."):
    value = value[name]
print(value)' "$2"
}

counter_is() {
	test "$(counter "$1" "$2")" = "$3"
}

counter_is_not() {
	test "$(counter "$1" "$2")" != "$3"
}

round() {
	start gw-b "$scratch/b.conf" "$@" || return
	start gw-a "$scratch/a.conf" "$@" || return
	# Those that are up, not those under way.
	wait_for 60 counter_is gw-a counters.children $sas || return
	counter_is gw-b counters.children $sas
}

delete_all() {
	local i
	for i in $(seq 1 20); do
		in_node gw-a "$postern" down "c$i" || return
	done
	wait_for 30 counter_is gw-b ikesas.total $((sas - 20))
}

finish() {
	node_stop gw-a posternd && node_stop gw-b posternd
}

need "the lab comes up" lab_up two-gateways
at_exit lab_down

if has bpf; then
	need "$sas SAs come up with the program" round
	check "20 of them are deleted" delete_all
	check "the initiator forwarded nothing" counter_is gw-a counters.forwarded 0
	check "the responder forwarded nothing" counter_is gw-b counters.forwarded 0
	check "both end cleanly" finish
else
	ktap_skip "with the program nothing is forwarded" "kernel has no bpf"
fi

need "$sas SAs come up without the program" round --no-bpf
check "20 of them are deleted, too" delete_all
check "the responder forwarded messages" counter_is_not gw-b counters.forwarded 0
check "both end cleanly again" finish
ktap_done
