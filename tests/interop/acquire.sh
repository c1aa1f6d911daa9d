#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a --- wan --- gw-b --- host-b
#	         posternd         posternd
#
# Trap policies: the first ping of a host makes the tunnel, the next ones pass through it; and what the daemons leave in
# the kernel when they end, in order or not.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/interop/gateways.sh"

ktap_require root esp
gw_kind=([gw-a]=postern [gw-b]=postern)
gw_require postern

need "the lab comes up" lab_up two-gateways
at_exit lab_down
lab_forget_routes wan

trapped() {
	in_node "$1" ip xfrm policy list dir out | grep 10.1.0.0/24
}

both_up() {
	gw_has gw-a site-b && gw_has gw-b site-a
}

states() {
	in_node "$1" ip xfrm state | grep -c '^src'
}

no_states() {
	[ "$(states "$1")" = 0 ]
}

two_states() {
	[ "$(states gw-a)" = 2 ] && [ "$(states gw-b)" = 2 ]
}

pin_of() {
	in_node "$1" find /sys/fs/bpf/postern -name sas | head -n 1
}

need "gw-a starts" gw_start gw-a
need "gw-b starts" gw_start gw-b
for node in gw-a gw-b; do
	need "$node has its trap policy" wait_for 10 trapped $node
done
check "nothing is negotiated before a packet comes" gw_has_none gw-a site-b
check "a first ping goes out" in_node host-a sh -c 'ping -c 1 -W 1 10.2.0.10 || :'
check "and sets the tunnel up on both gateways" wait_for 20 both_up
check "a second ping passes" in_node host-a ping -c 1 -W 5 10.2.0.10
check "the other host's ping passes" in_node host-b ping -c 1 -W 5 10.1.0.10
check "an IPv6 ping passes through the same tunnel" in_node host-a ping -c 1 -W 5 2001:db8:2::10
check "there is one pair of SAs in each kernel" two_states
if has fentry; then
	for node in gw-a gw-b; do
		check "the counters of $node are the kernel's" in_node $node "$top/tests/bpf/compare-counters" "$(pin_of $node)"
	done
else
	ktap_skip "the counters are the kernel's" "kernel has no fentry"
fi

check "gw-a ends in order" gw_stop gw-a
check "nothing of it is left in its kernel" kernel_has_none gw-a
check "gw-b saw it go" wait_for 10 gw_has_none gw-b site-a
check "its trap policy still stands" trapped gw-b

need "gw-a starts again" gw_start gw-a
need "gw-a has its trap policy again" wait_for 10 trapped gw-a
check "now host-b begins" in_node host-b sh -c 'ping -c 1 -W 1 10.1.0.10 || :'
check "the tunnel is there again" wait_for 20 both_up
check "host-b's ping passes" in_node host-b ping -c 1 -W 5 10.1.0.10

killed() {
	node_stop gw-a posternd KILL
	node_gone gw-a posternd
}
check "gw-a is killed" killed
check "its SAs go on" in_node host-b ping -c 1 -W 5 10.1.0.10
need "gw-a starts after that" gw_start gw-a
check "what the last one left is gone" wait_for 10 no_states gw-a
check "its trap policy stands" wait_for 10 trapped gw-a
check "gw-a ends in order again" gw_stop gw-a
check "nothing is left in its kernel" kernel_has_none gw-a
check "gw-b ends in order" gw_stop gw-b
check "nothing is left in gw-b's kernel" kernel_has_none gw-b

[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
