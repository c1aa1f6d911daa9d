#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	a (10.0.1.1) --- veth --- b (10.0.2.1)	ESP: tunnel over IPv4 and over IPv6, transport over IPv4
#
# The counting programs against the kernel's ESP. Both ends run on one kernel and count side by side: what is an
# outbound SA of one is the inbound SA of the other, with the same destination and SPI.
. "$(dirname "$0")/../lib/ktap.sh"

ktap_require root esp fentry
here=$top/tests/bpf
hold=$build/tests/bpf/bpf_count_hold
bpffs=$scratch/bpffs
a=pc-a-$$ b=pc-b-$$

mkdir "$bpffs"
mount -t bpf bpf "$bpffs"
at_exit umount "$bpffs"
ip netns add $a
at_exit ip netns del $a
ip netns add $b
at_exit ip netns del $b
ip -n $a link add wire type veth peer name wire netns $b

# within NAMESPACE COMMAND...: only the network is another's ("ip netns exec" would hide /sys/fs/bpf).
within() {
	local ns=$1
	shift
	nsenter --net=/run/netns/"$ns" "$@"
}

key="rfc4106(gcm(aes))"
secret=0x0102030405060708090a0b0c0d0e0f1011121314
sa() { # SRC DST SPI MODE REQID SELECTOR...
	echo "xfrm state add src $1 dst $2 proto esp spi $3 reqid $5 mode $4 replay-window 32 aead $key $secret 128 ${*:6}"
}
policy() { # SRC_NET DST_NET DIR SRC DST MODE REQID
	echo "xfrm policy add src $1 dst $2 dir $3 tmpl src $4 dst $5 proto esp reqid $7 mode $6"
}
node() { # NAMESPACE OWN PEER DIRECTION_OF_1_TO_2
	local ns=$1 own=$2 peer=$3 one_to_two=$4 two_to_one=$5
	ip -n "$ns" -batch - <<-END
		link set lo up
		link set wire up
		addr add 192.0.2.$own/24 dev wire
		addr add 192.0.2.1$own/24 dev wire
		addr add 2001:db8::$own/64 dev wire nodad
		addr add 10.0.$own.1/32 dev lo
		addr add fd00:$own::1/128 dev lo nodad
		route add 10.0.$peer.0/24 dev wire src 10.0.$own.1
		route add fd00:$peer::/64 dev wire src fd00:$own::1
		$(sa 192.0.2.1 192.0.2.2 0x11223344 tunnel 1)
		$(sa 192.0.2.2 192.0.2.1 0xc0ffee02 tunnel 1)
		$(sa 2001:db8::1 2001:db8::2 0x11223344 tunnel 2)
		$(sa 2001:db8::2 2001:db8::1 0x80000004 tunnel 2)
		$(sa 192.0.2.11 192.0.2.12 0x00000105 transport 3)
		$(sa 192.0.2.12 192.0.2.11 0x00000106 transport 3)
		$(policy 10.0.1.0/24 10.0.2.0/24 "$one_to_two" 192.0.2.1 192.0.2.2 tunnel 1)
		$(policy 10.0.2.0/24 10.0.1.0/24 "$two_to_one" 192.0.2.2 192.0.2.1 tunnel 1)
		$(policy fd00:1::/64 fd00:2::/64 "$one_to_two" 2001:db8::1 2001:db8::2 tunnel 2)
		$(policy fd00:2::/64 fd00:1::/64 "$two_to_one" 2001:db8::2 2001:db8::1 tunnel 2)
		$(policy 192.0.2.11/32 192.0.2.12/32 "$one_to_two" 192.0.2.11 192.0.2.12 transport 3)
		$(policy 192.0.2.12/32 192.0.2.11/32 "$two_to_one" 192.0.2.12 192.0.2.11 transport 3)
	END
}
node $a 1 2 out in
node $b 2 1 in out

# counting NAME NAMESPACE PIN_DIR ARGUMENTS...: a stand-in for the daemon, $pid_NAME, until "release NAME".
counting() {
	local name=$1 ns=$2
	shift 2
	rm -f "$scratch/$name.in" "$scratch/$name.out"
	mkfifo "$scratch/$name.in"
	(
		# Another one's standard input must end when this script closes it, not when this one ends too.
		for fd in ${!in_*}; do
			eval "exec {$fd}>&-"
		done
		exec nsenter --net=/run/netns/"$ns" "$hold" "$@"
	) <"$scratch/$name.in" >"$scratch/$name.out" 2>"$scratch/$name.log" &
	eval "pid_$name=$!"
	eval "exec {in_$name}>\"$scratch/$name.in\""
	wait_for 60 settled "$name"
	cat "$scratch/$name.log"
	grep ready "$scratch/$name.out"
}
settled() {
	grep -s ready "$scratch/$1.out" || ! eval "kill -0 \$pid_$1"
}
release() {
	eval "exec {in_$1}>&-"
	unset "in_$1"
	eval "wait \$pid_$1"
}
# sas DIRECTION_1_TO_2 DIRECTION_2_TO_1
sas() {
	echo "$1" 0x11223344 192.0.2.1 192.0.2.2 "$2" 0xc0ffee02 192.0.2.2 192.0.2.1 \
		"$1" 0x11223344 2001:db8::1 2001:db8::2 "$2" 0x80000004 2001:db8::2 2001:db8::1 \
		"$1" 0x105 192.0.2.11 192.0.2.12 "$2" 0x106 192.0.2.12 192.0.2.11
}

check "programs load in one namespace" counting a $a "$bpffs/a" $(sas out in)
check "and in another beside it" counting b $b "$bpffs/b" $(sas in out)
check "before any packet all agree on nothing" within $a "$here/compare-counters" "$bpffs/a/sas"

check "ping through the IPv4 tunnel" within $a ping -q -c 5 -i 0.05 -W 5 10.0.2.1
check "ping with fragments" within $b ping -q -c 3 -i 0.05 -W 5 -s 4000 10.0.1.1
check "ping through the IPv6 tunnel" within $a ping -q -c 4 -i 0.05 -W 5 fd00:2::1
check "ping in transport mode" within $b ping -q -c 2 -i 0.05 -W 5 -I 192.0.2.12 192.0.2.11
check "the map of one end says what its kernel says" within $a "$here/compare-counters" "$bpffs/a/sas"
check "so does the map of the other" within $b "$here/compare-counters" "$bpffs/b/sas"

# value PIN DST SPI FIELD
value() {
	bpftool -j map dump pinned "$1" | python3 -c '
import json, sys
for entry in json.load(sys.stdin):
	value = entry["formatted"]["value"]
	if [value["dst"], value["spi_hex"]] == sys.argv[1:3]:
		print(value[sys.argv[3]])' "$2" "$3" "$4"
}
has_value() { # PIN DST SPI FIELD VALUE
	[ "$(value "$1" "$2" "$3" "$4")" = "$5" ]
}
check "an entry names its direction" has_value "$bpffs/a/sas" 192.0.2.1 0xc0ffee02 direction in
check "and the other end's is the other" has_value "$bpffs/b/sas" 192.0.2.1 0xc0ffee02 direction out
check "and its tunnel" has_value "$bpffs/a/sas" 192.0.2.1 0xc0ffee02 tunnel net-net
bpftool map dump pinned "$bpffs/a/sas" | sed -n '1,30s/^/#   /p'

within $a python3 "$here/resend-esp.py" wire >"$scratch/attack.out" &
attacker=$!
check "an attacker listens" wait_for 30 grep listening "$scratch/attack.out"
check "and hears a packet" within $a ping -q -c 1 -W 5 10.0.2.1
check "sends it again" wait $attacker
check "a replay is counted as one" wait_for 10 has_value "$bpffs/b/sas" 192.0.2.2 0x11223344 replay_dropped 1
check "forgeries as failed" wait_for 10 has_value "$bpffs/b/sas" 192.0.2.2 0x11223344 auth_failed 2
check "and the kernel agrees" within $b "$here/compare-counters" "$bpffs/b/sas"

check "a folder in use isn't taken over" counting second $b "$bpffs/b"
check "and the log says so" grep "in use by another running daemon" "$scratch/second.log"
release second
check "nor is its pin removed" test -e "$bpffs/b/sas"

check "on its end the daemon gets the same figures" release b
ktap_show <"$scratch/b.out"
check "pin and folder are gone" refuted test -e "$bpffs/b"

kill -9 "$pid_a"
wait "$pid_a" 2>/dev/null
check "a killed daemon leaves its pin" test -e "$bpffs/a/sas"
check "which the next one replaces" counting a $a "$bpffs/a"
check "with an empty map" test "$(bpftool -j map dump pinned "$bpffs/a/sas")" = "[]"
check "it ends cleanly" release a
check "and leaves nothing" test "$(ls "$bpffs")" = ""

check "without a bpf file system it counts all the same" counting a $a "$scratch/elsewhere" $(sas out in)
check "says how to mount one" grep "mount -t bpf" "$scratch/a.log"
check "makes no folder" refuted test -e "$scratch/elsewhere"
check "counting goes on" within $a ping -q -c 1 -W 5 10.0.2.1
release a
check "and is read by the daemon" grep "^0x11223344 1 84 0 0" "$scratch/a.out"

check "by default the namespace names the folder" counting a $a ""
inode=$(within $a stat -Lc %i /proc/self/ns/net)
check "as documented" grep -Fx "ready /sys/fs/bpf/postern/netns-$inode/sas" "$scratch/a.out"
release a
check "and it is removed" refuted test -e "/sys/fs/bpf/postern/netns-$inode"

ktap_done
