#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a --- wan --- gw-b --- host-b
#	         posternd        posternd
#
# What a Child SA can be, in the kernel: transport mode, bound to an XFRM interface, bound to marks, passed by. Nothing
# but ESP crosses the wide-area network between the sites.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/interop/gateways.sh"

ktap_require root esp
gw_kind=([gw-a]=postern [gw-b]=postern)
gw_require postern

need "the lab comes up" lab_up two-gateways
at_exit lab_down
lab_forget_routes wan

gw_pair_conf 192.0.2.1 198.51.100.1 '
	host {
		mode = transport
		local_ts = dynamic[icmp]
		remote_ts = dynamic[icmp]
		esp_proposals = aes128gcm16
	}
	routed {
		local_ts = 0.0.0.0/0
		remote_ts = 0.0.0.0/0
		esp_proposals = aes128gcm16-esn
		if_id_in = 7
		if_id_out = 7
		replay_window = 4096
		copy_df = no
		copy_ecn = no
	}
	marked {
		local_ts = 10.1.0.0/24
		remote_ts = 10.2.0.0/24
		esp_proposals = aes128-sha256
		mark_in = 6/0xff
		set_mark_in = %same/0xff
		mark_out = 5/0xff
		tfc_padding = 600
	}
	open {
		mode = pass
		start_action = trap
		local_ts = 10.1.0.0/24
		remote_ts = 198.51.100.0/24
		priority = 100
	}' | gw_configure gw-a
gw_pair_conf 198.51.100.1 192.0.2.1 '
	host {
		mode = transport
		local_ts = dynamic[icmp]
		remote_ts = dynamic[icmp]
		esp_proposals = aes128gcm16
	}
	marked {
		local_ts = 10.2.0.0/24
		remote_ts = 10.1.0.0/24
		esp_proposals = aes128-sha256
		policies_fwd_out = yes
	}
	routed {
		local_ts = 0.0.0.0/0
		remote_ts = 0.0.0.0/0
		esp_proposals = aes128gcm16-esn
		if_id_in = %unique
		if_id_out = %unique
	}' | gw_configure gw-b

up() {
	in_node gw-a "$postern" up "$1"
}

# down NODE: all, and wait until the other side has seen it.
down() {
	in_node gw-a "$postern" down gw && wait_for 10 gw_has_none gw-b gw
}

states_have() {
	in_node "$1" ip xfrm state | grep -- "$2"
}

# esp_packets NODE: what all its SAs have carried.
esp_packets() {
	in_node "$1" ip -s xfrm state | sed -n '/lifetime current/{n;s/.*, \([0-9]*\)(packets).*/\1/p}' |
		{ sum=0; while read -r n; do sum=$((sum + n)); done; echo $sum; }
}

# of NODE FIELD CHILD: a field of list-sas in JSON.
if_id_of() {
	in_node gw-b "$postern" --json list-sas | grep -o '"if-id-in": *"[0-9a-f]*"' | grep -o '[0-9a-f]\{8\}' | head -n 1
}

need "gw-a starts" gw_start gw-a
need "gw-b starts" gw_start gw-b

# -------- mode = pass --------

passes() {
	in_node gw-a ip xfrm policy | grep -A 1 'src 10.1.0.0/24 dst 198.51.100.0/24' | grep 'priority 100'
}
check "what is to pass has a policy from the start" wait_for 10 passes

# -------- transport mode --------

check "transport mode comes up" up host
check "gw-a's SAs are of transport mode" states_have gw-a 'mode transport'
check "gw-b's SAs are of transport mode" states_have gw-b 'mode transport'
none_forwards() {
	! in_node gw-b ip xfrm policy | grep 'dir fwd priority [1-9]'
}
check "there is nothing to forward" none_forwards
check "the gateways reach each other" in_node gw-a ping -c 2 -W 5 198.51.100.1
carried() {
	[ "$(esp_packets gw-a)" = 4 ] && [ "$(esp_packets gw-b)" = 4 ]
}
check "by ESP, two packets each way" carried
check "transport mode goes down" down

# -------- XFRM interface --------

check "a child for an XFRM interface comes up" up routed
check "its SAs are bound to it" states_have gw-a 'if_id 0x7'
check "a window of 4096 packets is the kernel's" states_have gw-a 'replay_window 4096'
check "the DF bit and ECN stay inside" states_have gw-a 'flag.*noecn.*nopmtudisc'
check "gw-a has the interface" in_node gw-a ip link add tun7 type xfrm dev wan if_id 7
in_node gw-a ip link set tun7 up
in_node gw-a ip route add 10.2.0.0/24 dev tun7
number=$(if_id_of)
ktap_comment "gw-b's number is $number"
check "gw-b has an interface of the number that it drew" in_node gw-b ip link add tunx type xfrm dev wan if_id "$((16#$number))"
in_node gw-b ip link set tunx up
in_node gw-b ip route add 10.1.0.0/24 dev tunx
check "a host reaches the other through the interfaces" in_node host-a ping -c 2 -W 5 10.2.0.10
fwd_out() {
	in_node gw-b ip xfrm policy | grep -A 1 'src 10.2.0.0/24 dst 10.1.0.0/24' | grep 'dir fwd'
}
unprotected() {
	! in_node gw-a ping -c 1 -W 2 -I 10.1.0.1 10.2.0.10
}
in_node gw-a ip route del 10.2.0.0/24 dev tun7
check "what is not routed into it goes its own way" unprotected
check "the child goes down" down

# -------- marks --------

in_node gw-b ip route del 10.1.0.0/24 dev tunx
check "a child bound to marks comes up" up marked
check "the SAs have the marks" states_have gw-a 'mark 0x5/0xff'
check "what has the mark passes" in_node gw-a ping -c 2 -W 5 -m 5 -I 10.1.0.1 10.2.0.10
check "what has none does not" unprotected
check "forwarded packets may pass on gw-b, too" fwd_out
padded() {
	tcpdump -n -r "$lab_dir/padding.pcap" 'src 192.0.2.1 and ip proto 50 and greater 600'
}
need "a capture of what crosses the network" node_start wan padding tcpdump -Z root -i site-b -U -w "$lab_dir/padding.pcap"
wait_for 10 grep -q 'listening on' "$(node_log wan padding)"
in_node gw-a ping -c 1 -W 5 -m 5 -I 10.1.0.1 10.2.0.10 >/dev/null
check "small packets are padded" wait_for 10 padded
node_stop wan padding
check "the child goes down again" down

for node in gw-a gw-b; do
	check "$node ends in order" gw_stop $node
	check "nothing is left in its kernel" kernel_has_none $node
done

[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
