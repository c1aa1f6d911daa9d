# SPDX-License-Identifier: MIT
#
# The lab as a library for bash: brings up a topology of topologies/ and runs things in its nodes.
#
#	lab_up two-gateways			in the main shell, not in a subshell: the lab dies with the shell
#	in_node gw-a ip addr			runs a command in a node
#	node_start gw-a posternd COMMAND...	starts a program there; its output goes to $(node_log gw-a posternd)
#	node_stop gw-a posternd			stops it and returns its exit code
#	lab_down
#
# A node is a set of namespaces: network, processes, host name, and a view of the file system in which /run, /etc and
# /sys/fs/bpf are its own, so that the same daemons run side by side in several nodes. What nodes/NODE/ holds is found
# in /etc/postern. Namespaces have no names that could clash: they hang on one process per node, which holds them open
# and whose end takes every process of the node with it. That process ends with the shell that called lab_up, however
# it ends, unless LAB_PERSIST is set.
#
# State: $lab_dir/nodes/NODE holds the number of the process that is outside and keeps the node, $lab_dir/*.log what
# programs printed.

lab_home=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab_root=${LAB_ROOT:-/tmp/postern-lab}
lab_dir=${lab_dir:-}
. "$lab_home/../tests/lib/wait.sh"

# Under emulation starting a program costs more than anything else: what bash can do by itself it does here.

# lab_lines WORD: lines of the topology that begin with it, without it, single spaces between the rest.
lab_lines() {
	local first rest
	while read -r first rest; do
		[ "$first" != "$1" ] || echo $rest
	done <"$lab_topology"
}

lab_nodes() {
	local node role
	lab_lines node | while read -r node role; do
		echo "$node"
	done
}

# lab_keeper NODE: the process outside that keeps it, in REPLY.
lab_keeper() {
	if ! read -r REPLY 2>/dev/null <"$lab_dir/nodes/$1"; then
		echo "lab: no node $1 in ${lab_dir:-a lab that is up}" >&2
		return 1
	fi
}

# What "ip -batch" has to do inside a node: interfaces up, addresses, routes.
lab_node_batch() {
	local word node interface rest address
	echo "link set lo up"
	while read -r word node interface rest; do
		case $word in
		link)
			[ "$node" != "$1" ] || echo "link set $interface up"
			[ "${rest% *}" != "$1" ] || echo "link set ${rest#* } up"
			;;
		addr)
			[ "$node" = "$1" ] || continue
			for address in $rest; do
				case $address in
				*:*)	echo "addr add $address dev $interface nodad" ;;
				*)	echo "addr add $address dev $interface" ;;
				esac
			done
			;;
		esac
	done <"$lab_topology"
	lab_lines route | while read -r node rest; do
		[ "$node" != "$1" ] || echo "route add $rest"
	done
}

lab_start_node() {
	local node=$1 role=${2:-}
	local keep=(setpriv --pdeathsig KILL)
	[ -z "${LAB_PERSIST:-}" ] || keep=(setsid)
	"${keep[@]}" unshare --net --mount --uts --pid --fork --kill-child --mount-proc \
		"$lab_home/node-init" "$node" "$lab_home/nodes/$node" "$lab_dir/ready.$node" "$role" \
		</dev/null >"$lab_dir/$node.log" 2>&1 &
	echo $! >"$lab_dir/nodes/$node"
	disown $!
}

# lab_up TOPOLOGY: a name in topologies/ or a file; sets lab_dir. Fails with what went wrong, having removed the rest.
lab_up() {
	lab_topology=$lab_home/topologies/$1.topo
	[ -e "$lab_topology" ] || lab_topology=$1
	[ -r "$lab_topology" ] || {
		echo "lab: no topology $1 (there are: $(cd "$lab_home/topologies" && echo *.topo))" >&2
		return 1
	}
	mkdir -p "$lab_root"
	lab_dir=$(mktemp -d "$lab_root/$(basename "$lab_topology" .topo).XXXXXX")
	mkdir "$lab_dir/nodes"
	cp "$lab_topology" "$lab_dir/topology"
	lab_topology=$lab_dir/topology
	lab_assemble || {
		tail -n 5 "$lab_dir"/*.log >&2
		lab_down
		return 1
	}
}

lab_assemble() {
	local node role left left_if right right_if
	while read -r node role; do
		lab_start_node "$node" "$role"
	done < <(lab_lines node)
	for node in $(lab_nodes); do
		wait_for 30 test -e "$lab_dir/ready.$node" || return 1
	done
	while read -r left left_if right right_if; do
		lab_keeper "$left" && left=$REPLY && lab_keeper "$right" || return 1
		echo "link add $left_if netns $left type veth peer name $right_if netns $REPLY"
	done < <(lab_lines link) | ip -batch - || return 1
	for node in $(lab_nodes); do
		lab_node_batch "$node" | in_node "$node" ip -batch - || return 1
	done
}

# in_node NODE COMMAND [ARGUMENT]...: its exit code is returned.
in_node() {
	lab_keeper "$1" || return 1
	shift
	nsenter --net="/proc/$REPLY/ns/net" --mount="/proc/$REPLY/ns/mnt" --uts="/proc/$REPLY/ns/uts" \
		--pid="/proc/$REPLY/ns/pid_for_children" --wd="$PWD" -- "$@"
}

# lab_forget_routes NODE: those that the topology gave it. So the network in the middle no longer knows the way between the sites,
# and what isn't protected does not arrive.
lab_forget_routes() {
	local node rest
	lab_lines route | while read -r node rest; do
		[ "$node" != "$1" ] || echo "route del $rest"
	done | in_node "$1" ip -batch -
}

node_log() {
	echo "$lab_dir/$1.$2.log"
}

# node_start NODE NAME COMMAND [ARGUMENT]...: in the background; NAME is how other functions call it.
node_start() {
	local node=$1 name=$2
	shift 2
	in_node "$node" sh -c 'echo $$ >"/run/lab.$0.pid"; exec "$@"' "$name" "$@" \
		</dev/null >>"$(node_log "$node" "$name")" 2>&1 &
	echo $! >"$lab_dir/$node.$name.outside"
	wait_for 10 in_node "$node" test -s "/run/lab.$name.pid"
}

# node_signal NODE NAME SIGNAL
node_signal() {
	in_node "$1" sh -c 'kill -"$1" "$(cat "/run/lab.$0.pid")"' "$2" "$3"
}

# node_running NODE NAME
node_running() {
	node_signal "$1" "$2" 0 2>/dev/null
}

node_gone() {
	! node_running "$@"
}

# node_stop NODE NAME [SIGNAL]: SIGTERM if none is given; waits for the end and returns the exit code.
node_stop() {
	local code=0 outside
	outside=$(cat "$lab_dir/$1.$2.outside") || return 1
	node_signal "$1" "$2" "${3:-TERM}" || :
	wait_for 20 node_gone "$1" "$2" || return 1
	wait "$outside" || code=$?
	in_node "$1" rm -f "/run/lab.$2.pid"
	rm -f "$lab_dir/$1.$2.outside"
	return $code
}

# lab_down: ends every process of every node; namespaces and links go with them.
lab_down() {
	local node keeper
	[ -n "$lab_dir" ] && [ -d "$lab_dir" ] || return 0
	for node in "$lab_dir"/nodes/*; do
		read -r keeper <"$node" || continue
		kill -KILL "$keeper" 2>/dev/null || :
	done
	for node in "$lab_dir"/nodes/*; do
		read -r keeper <"$node" || continue
		wait_for 10 lab_keeper_gone "$keeper"
	done
	rm -rf "$lab_dir"
	rmdir "$lab_root" 2>/dev/null || :
	lab_dir=
}

lab_keeper_gone() {
	! kill -0 "$1" 2>/dev/null
}
