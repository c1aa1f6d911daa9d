#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a --- wan --- gw-b --- host-b
#
# The lab itself: a topology comes up, nodes see only what is theirs, and nothing is left behind however it ends.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"

ktap_require root
export LAB_ROOT=$scratch/labs
lab_root=$LAB_ROOT

# Network namespaces that processes of this lab keep open, by inode.
namespaces() {
	local keeper
	for keeper in "$lab_dir"/nodes/*; do
		readlink "/proc/$(cat "$keeper")/ns/net"
	done
}

# in_use NAMESPACE...: some process still lives in one of them.
in_use() {
	readlink /proc/[0-9]*/ns/net 2>/dev/null | grep -Fx -f <(printf '%s\n' "$@")
}

unused() {
	! in_use "$@"
}

check "a topology comes up" lab_up two-gateways
at_exit lab_down
check "an IPv4 ping crosses it in clear" in_node host-a ping -c 1 -W 5 10.2.0.10
check "an IPv6 ping crosses it in clear" in_node host-a ping -c 1 -W 5 2001:db8:2::10
check "a node has a host name of its own" test "$(in_node gw-b hostname)" = gw-b
check "a node finds its configuration" in_node gw-a grep -q gw-a.example /etc/postern/postern.conf
in_node gw-a sh -c 'echo changed >/etc/postern/postern.conf; touch /etc/of-gw-a /run/of-gw-a'
check "what it changes there stays with it" refuted in_node gw-b grep -q changed /etc/postern/postern.conf
check "the tree isn't changed" refuted grep -q changed "$top/netns-lab/nodes/gw-a/postern.conf"
check "files of /etc stay in the node" refuted test -e /etc/of-gw-a
check "files of /run stay in the node" refuted in_node gw-b test -e /run/of-gw-a
if has bpf; then
	in_node gw-a mkdir /sys/fs/bpf/postern
	check "pinned BPF objects stay in the node" refuted in_node gw-b test -e /sys/fs/bpf/postern
else
	ktap_skip "pinned BPF objects stay in the node" "kernel has no bpf"
fi
check "a node that isn't there is an error" refuted in_node gw-z true

check "a program can be started in a node" node_start wan napper sh -c 'trap "exit 3" TERM; while :; do sleep 0.05; done'
check "it is seen to run" node_running wan napper
stop_code() {
	local code=0
	node_stop wan napper || code=$?
	[ $code = 3 ]
}
check "stopping it gives its exit code" stop_code
check "it is gone then" node_gone wan napper

mapfile -t spaces < <(namespaces)
check "the lab has a network namespace per node" test "${#spaces[@]}" = 5
check "they are in use" in_use "${spaces[@]}"
node_start host-a straggler sleep 1000
lab_down
check "nothing of them is left when the lab is down" wait_for 5 unused "${spaces[@]}"
check "its folder is gone too" refuted test -e "$LAB_ROOT"

# A runner of its own, to be killed with a program still running in a node.
victim() {
	bash -c '. "$0/netns-lab/lab.sh"; lab_up two-gateways; node_start gw-a straggler sleep 1000; echo "$lab_dir"; read -r _' \
		"$top" >"$scratch/victim" <"$scratch/never" &
	victim=$!
	wait_for 20 test -s "$scratch/victim"
}
mkfifo "$scratch/never"
exec 9<>"$scratch/never"
check "a second runner is up" victim
lab_dir=$(cat "$scratch/victim")
mapfile -t spaces < <(namespaces)
kill -KILL "$victim"
wait "$victim" 2>/dev/null
check "nothing is left when the runner was killed" wait_for 5 unused "${spaces[@]}"
rm -rf "$lab_dir"
lab_dir=

check "the command brings a lab up that stays" "$top/netns-lab/lab" up two-gateways
check "the command runs things in it" "$top/netns-lab/lab" exec host-b ping -c 1 -W 5 10.1.0.10
check "the command ends it" "$top/netns-lab/lab" down
check "a second end finds nothing" refuted "$top/netns-lab/lab" down
ktap_done
