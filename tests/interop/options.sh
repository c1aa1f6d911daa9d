#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a --- wan --- gw-b --- host-b (10.2.0.10, 10.2.0.200)
#	         posternd        posternd
#
# Options whose effect is the kernel's: what a peer narrows, Child SAs that carry nothing, reqids that are fixed,
# offloading.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/interop/gateways.sh"

ktap_require root esp
gw_kind=([gw-a]=postern [gw-b]=postern)
gw_require postern

need "the lab comes up" lab_up two-gateways
at_exit lab_down
lab_forget_routes wan
in_node host-b ip addr add 10.2.0.200/24 dev lan

gw_pair_conf 192.0.2.1 198.51.100.1 '
	net {
		local_ts = 10.1.0.0/24
		remote_ts = 10.2.0.0/24
		esp_proposals = aes128gcm16
		start_action = trap
	}
	idle {
		local_ts = 192.0.2.1
		remote_ts = 198.51.100.1
		esp_proposals = aes128gcm16
		inactivity = 12s
	}
	fixed {
		local_ts = 10.1.9.0/24
		remote_ts = 10.2.9.0/24
		esp_proposals = aes128gcm16
		reqid = 42
		if_id_out = 9
	}
	hard {
		local_ts = 10.1.8.0/24
		remote_ts = 10.2.8.0/24
		esp_proposals = aes128gcm16
		hw_offload = crypto
	}
	soft {
		local_ts = 10.1.7.0/24
		remote_ts = 10.2.7.0/24
		esp_proposals = aes128gcm16
		hw_offload = auto
	}' 'if_id_out = 0' | gw_configure gw-a
gw_pair_conf 198.51.100.1 192.0.2.1 '
	low {
		local_ts = 10.2.0.0/25
		remote_ts = 10.1.0.0/24
		esp_proposals = aes128gcm16
		if_id_out = 0
	}
	high {
		local_ts = 10.2.0.128/25
		remote_ts = 10.1.0.0/24
		esp_proposals = aes128gcm16
		if_id_out = 0
	}
	idle {
		local_ts = 198.51.100.1
		remote_ts = 192.0.2.1
		esp_proposals = aes128gcm16
		if_id_out = 0
	}
	fixed {
		local_ts = 10.2.9.0/24
		remote_ts = 10.1.9.0/24
		esp_proposals = aes128gcm16
	}
	eights {
		local_ts = 10.2.8.0/24
		remote_ts = 10.1.8.0/24
		esp_proposals = aes128gcm16
	}
	sevens {
		local_ts = 10.2.7.0/24
		remote_ts = 10.1.7.0/24
		esp_proposals = aes128gcm16
	}' 'if_id_out = 7' | gw_configure gw-b

up() {
	in_node gw-a "$postern" up "$1"
}

states() {
	in_node "$1" ip xfrm state | grep -c '^src.*'
}

states_are() {
	[ "$(states gw-a)" = "$1" ] && [ "$(states gw-b)" = "$1" ]
}

states_have() {
	in_node "$1" ip xfrm state | grep -- "$2"
}

installed() {
	in_node gw-a "$postern" list-sas | grep -c 'INSTALLED'
}

need "gw-a starts" gw_start gw-a
need "gw-b starts" gw_start gw-b
trapped() {
	in_node gw-a ip xfrm policy list dir out | grep 10.2.0.0/24
}
need "gw-a has its trap" wait_for 10 trapped

# -------- what the peer narrows --------

in_node host-a sh -c 'ping -c 1 -W 1 10.2.0.10 || :' >/dev/null
check "a packet to one half makes a Child SA for that" wait_for 20 states_are 2
check "which passes" in_node host-a ping -c 2 -W 5 10.2.0.10
in_node host-a sh -c 'ping -c 1 -W 1 10.2.0.200 || :' >/dev/null
check "a packet to the other makes another" wait_for 40 states_are 4
check "which passes, too" in_node host-a ping -c 2 -W 5 10.2.0.200
check "and so does the first" in_node host-a ping -c 2 -W 5 10.2.0.10
check "back as well" in_node host-b ping -c 2 -W 5 -I 10.2.0.10 10.1.0.10
check "from both" in_node host-b ping -c 2 -W 5 -I 10.2.0.200 10.1.0.10

# -------- no traffic --------

check "a Child SA comes up that is closed without traffic" up idle
there() {
	[ "$(installed)" = "$1" ]
}
check "it is there" there 3
for _ in 1 2 3 4 5; do
	in_node gw-a ping -c 1 -W 5 198.51.100.1 >/dev/null
	sleep 4
done
check "it is there as long as it is used" there 3
check "and is closed when it isn't" wait_for 40 there 2
check "on both sides" states_are 4

# -------- fixed reqids --------

check "a Child SA of a fixed reqid comes up" up fixed
check "its SAs have that" states_have gw-a 'reqid 42'
check "its own interface number comes before the connection's" states_have gw-a 'if_id 0x9'
check "what has none has the connection's" states_have gw-b 'if_id 0x7'

# -------- offloading, which a veth does not do --------

fails() {
	! up hard
}
check "what has to be offloaded does not come up" fails
check "and the log says why" grep 'wan does not offload ESP, which hw_offload demands' "$(gw_log gw-a)"
check "nothing of it is left" wait_for 20 states_are 6
check "what may be offloaded comes up without" up soft

# -------- after kill -9 --------

in_node gw-a ip xfrm state add src 192.0.2.1 dst 203.0.113.1 proto esp spi 0x999 reqid 42 mode tunnel \
	aead 'rfc4106(gcm(aes))' 0x000102030405060708090a0b0c0d0e0f10111213 128
killed() {
	node_stop gw-a posternd KILL
	node_gone gw-a posternd
}
check "gw-a is killed" killed
check "it leaves its SAs behind" states_have gw-a 'spi 0x0[01]'
need "it starts again" gw_start gw-a
only_foreign() {
	[ "$(states gw-a)" = 1 ] && states_have gw-a 'spi 0x00000999'
}
check "and takes what was its own, and nothing else" wait_for 10 only_foreign
in_node gw-a ip xfrm state del src 192.0.2.1 dst 203.0.113.1 proto esp spi 0x999

for node in gw-a gw-b; do
	check "$node ends in order" gw_stop $node
	check "nothing is left in its kernel" kernel_has_none $node
done

[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
