#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a --- wan --- gw-b --- host-b
#	         posternd         posternd
#
# Tunnels that come and go a thousand times leave nothing: memory, file descriptors, SAs and policies are where they were.
# Where the kernel has no ESP no SA is installed, and what there is to see is memory and descriptors; many more tunnels fit
# into the time there, so that smaller leaks show. CYCLES overrides the number.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/interop/gateways.sh"

ktap_require root
gw_kind=([gw-a]=postern [gw-b]=postern)
gw_require postern
# The allocator's arenas grow in a few steps before they stay as they are: that isn't what is looked for. A leak grows in
# every round, so a round that leaves memory where it was shows that there is none.
if has esp; then
	cycles=${CYCLES:-1000} warm_up=100 slack_kib=1024 rounds=1
else
	cycles=${CYCLES:-2500} warm_up=2000 slack_kib=64 rounds=5
	POSTERND_OPTIONS="--ipsec null"
fi

need "the lab comes up" lab_up two-gateways
at_exit lab_down
need "gw-a starts" gw_start gw-a
need "gw-b starts" gw_start gw-b

# cycle N: tunnels that gw-a makes and takes down.
cycle() {
	in_node gw-a "$top/tests/interop/drive.py" /run/postern.vici cycle site-b net "$1"
}

quiet() {
	gw_has_none gw-a site-b && gw_has_none gw-b site-a && [ -z "$(in_node gw-a ip xfrm state; in_node gw-b ip xfrm state)" ]
}

rss_of() {
	in_node "$1" sh -c 'awk "/^VmRSS/ { print \$2 }" "/proc/$(cat /run/lab.posternd.pid)/status"'
}

fds_of() {
	in_node "$1" sh -c 'ls "/proc/$(cat /run/lab.posternd.pid)/fd" | wc -l'
}

policies_of() {
	in_node "$1" ip xfrm policy | grep -c '^src'
}

declare -A rss grown fds policies

# round N: that many tunnels; how much each daemon has grown by them, in KiB.
round() {
	local node
	for node in gw-a gw-b; do
		rss[$node]=$(rss_of $node)
	done
	cycle "$1" && wait_for 20 quiet || return
	for node in gw-a gw-b; do
		grown[$node]=$(($(rss_of $node) - ${rss[$node]}))
		echo "$node: ${grown[$node]} KiB more than ${rss[$node]} KiB"
	done
}

# Rounds until one leaves both daemons as they were, or there have been enough.
rounds_until_settled() {
	local i
	for i in $(seq $rounds); do
		round "$cycles" || return
		[ "${grown[gw-a]}" -gt $slack_kib ] || [ "${grown[gw-b]}" -gt $slack_kib ] || break
	done
}

need "$warm_up tunnels to warm up" round $warm_up
for node in gw-a gw-b; do
	fds[$node]=$(fds_of $node) policies[$node]=$(policies_of $node)
done
need "$cycles tunnels come and go, $rounds times at most" rounds_until_settled
check "no SA is left in either kernel" wait_for 20 quiet
for node in gw-a gw-b; do
	ktap_comment "$node: ${grown[$node]} KiB more, $(fds_of $node) descriptors, $(policies_of $node) policies"
	check "$node holds no more memory" test "${grown[$node]}" -le $slack_kib
	check "$node holds no more file descriptors" test "$(fds_of $node)" = "${fds[$node]}"
	check "$node has as many policies" test "$(policies_of $node)" = "${policies[$node]}"
done
check "gw-a ends in order" gw_stop gw-a
check "gw-b ends in order" gw_stop gw-b
for node in gw-a gw-b; do
	check "nothing is left in $node's kernel" kernel_has_none $node
done

[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
