#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	gw-a --- wan --- gw-b, 24 IKE SAs, 4 workers on each gateway
#
# gw-a keeps its tunnels up: it calls before gw-b is there, again when gw-b has died, but not what was taken down by hand.
# When gw-a itself dies and comes back, its first contact takes away what gw-b still has of it, on whatever worker that is;
# with unique = keep a second one is refused.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"

ktap_require root io_uring
posternd=$build/userspace/ikev2/daemon/posternd
postern=$build/userspace/tools/postern
sas=24

# connections LOCAL REMOTE LOCAL-ID REMOTE-ID CONNECTION-OPTION CHILD-OPTIONS: one for each SA, told apart by identities.
connections() {
	local i
	printf 'settings {\n  retransmit_tries = 3\n  retransmit_timeout = 500ms\n}\nconnections {\n'
	for i in $(seq $sas); do
		cat <<-EOF
		c$i {
		  local_addrs = $1
		  remote_addrs = $2
		  proposals = aes128gcm16-prfsha256-x25519
		  $5
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
		      ${6:-}
		    }
		  }
		}
		EOF
	done
	printf '}\nsecrets {\n  ike-all {\n    secret = "what all of them know"\n  }\n}\n'
}
restarting='start_action = start
      dpd_action = restart'
trying='dpd_delay = 1s
  keyingtries = %forever'
connections 192.0.2.1 198.51.100.1 a b "$trying" "$restarting" >"$scratch/a.conf"
connections 192.0.2.1 198.51.100.1 a b "keyingtries = 1" "start_action = start" >"$scratch/once.conf"
connections 198.51.100.1 192.0.2.1 b a "unique = no" >"$scratch/b.conf"
connections 198.51.100.1 192.0.2.1 b a "unique = keep" >"$scratch/keep.conf"

# start NODE CONFIG
start() {
	node_start "$1" posternd "$posternd" --config "$2" --ipsec null --workers 4 --no-bpf
	wait_for 30 ready "$1"
}

# Of the one that was started last.
ready() {
	in_node "$1" "$postern" stats >/dev/null 2>&1
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

up() {
	counter_is gw-a ikesas.total $sas && counter_is gw-b ikesas.total $sas
}

all_up() {
	wait_for 60 up
}

kill_hard() {
	node_stop "$1" posternd KILL
	true
}

# What was begun in a while: more than once each, but in no loop.
begun_patiently() {
	wait_for 30 grep -q 'trying again in' "$(node_log gw-a posternd)" || return
	test "$(grep -c 'initiating Child SA' "$(node_log gw-a posternd)")" -le $((sas * 8))
}

# Every try that gw-b has refused ended for good: nothing is left on gw-a.
refused() {
	counter_is gw-a ikesas.total 0 && counter_is gw-a counters.failed $sas
}

stays_down() {
	in_node gw-a "$postern" down c1 >/dev/null || return
	wait_for 30 counter_is gw-b ikesas.total $((sas - 1)) || return
	# gw-b closes another one: that isn't brought up, either, as close_action says nothing of it.
	in_node gw-b "$postern" down c2 >/dev/null || return
	sleep 5
	counter_is gw-a ikesas.total $((sas - 2))
}

need "the lab comes up" lab_up two-gateways
at_exit lab_down

need "gw-a starts while nobody answers" start gw-a "$scratch/a.conf"
check "it tries again, with pauses" begun_patiently
need "gw-b starts" start gw-b "$scratch/b.conf"
check "now all tunnels come up" all_up
kill_hard gw-b
check "gw-a notices that gw-b is gone" wait_for 30 counter_is gw-a childsas.total 0
need "gw-b starts again" start gw-b "$scratch/b.conf"
check "all tunnels are up again" all_up
kill_hard gw-a
need "gw-a starts anew" start gw-a "$scratch/a.conf"
check "its first contacts replace what gw-b had" all_up
check "what is taken down by hand stays down" stays_down
check "gw-a ends cleanly" node_stop gw-a posternd
check "gw-b ends cleanly" node_stop gw-b posternd

need "gw-b starts with unique = keep" start gw-b "$scratch/keep.conf"
need "gw-a starts to try once" start gw-a "$scratch/once.conf"
check "all tunnels come up" all_up
kill_hard gw-a
need "gw-a starts anew, to try once" start gw-a "$scratch/once.conf"
check "its second IKE SAs are refused" wait_for 30 refused
check "gw-b has kept the first ones" counter_is gw-b ikesas.total $sas
check "gw-a ends cleanly again" node_stop gw-a posternd
check "gw-b ends cleanly again" node_stop gw-b posternd
ktap_done
