#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	gw-a --- wan --- gw-b
#	         NAT
#
# Keepalives of a gateway behind a NAT (RFC 3948 4): the kernel sends them where it can, as of Linux 6.11, posternd where it
# can't; either way they are the same on the wire.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/lib/nat.sh"
. "$top/tests/interop/gateways.sh"

ktap_require root esp
nat_works || ktap_skip_all "this kernel has no NAT by nftables"
gw_kind=([gw-a]=postern [gw-b]=postern)
gw_require postern

need "the lab comes up" lab_up two-gateways
at_exit lab_down

# configure NODE LOCAL REMOTE LOCAL-NET REMOTE-NET
configure() {
	{
		echo "settings { nat_keepalive = 2s }"
		gw_pair_conf "$2" "$3" "net { local_ts = $4
			remote_ts = $5
			esp_proposals = aes128gcm16 }"
	} | gw_configure "$1"
}

need "the NAT is there" nat_up 10000
configure gw-a 192.0.2.1 198.51.100.1 10.1.0.0/24 10.2.0.0/24
configure gw-b 198.51.100.1 %any 10.2.0.0/24 10.1.0.0/24
need "gw-a starts" gw_start gw-a
need "gw-b starts" gw_start gw-b
features=$(grep -o 'nat_keepalive=[a-z]*' "$(gw_log gw-a)" | head -n 1)
ktap_comment "$features"

need "a capture of what leaves gw-a" node_start gw-a capture tcpdump -Z root -i wan -U -w "$lab_dir/keepalives.pcap" \
	'udp and port 4500'
wait_for 20 grep -q 'listening on' "$(node_log gw-a capture)"
check "the tunnel comes up" gw_up gw-a gw

# Datagrams of one octet, from gw-a.
keepalives() {
	tcpdump -n -r "$lab_dir/keepalives.pcap" 'src 192.0.2.1 and udp[4:2] = 9 and udp[8] = 0xff' 2>/dev/null | wc -l
}
some() {
	[ "$(keepalives)" -ge 3 ]
}
check "keepalives go out" wait_for 60 some
check "and the NAT still knows gw-a" in_node gw-b ping -c 2 -W 5 -I 10.2.0.1 10.1.0.1
check "without the Child SA, which goes" in_node gw-a "$postern" down --child net
sent=$(keepalives)
many() {
	[ "$(keepalives)" -ge $((sent + 3)) ]
}
check "they go on, as the IKE SA is there" wait_for 60 many
node_stop gw-a capture
for node in gw-a gw-b; do
	check "$node ends in order" gw_stop $node
done

[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
