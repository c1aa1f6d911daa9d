#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a --- wan --- gw-b --- host-b
#	         posternd         posternd
#
# New keys under traffic (RFC 7296 2.8): Child SAs are rekeyed a thousand times and IKE SAs a hundred, from either side, while
# hosts behind both gateways ping each other a hundred times a second: not one packet is lost, and no SA is left over.
# CHILD_REKEYS and IKE_REKEYS override the numbers.
#
# The kernel's table of SAs doubles when it is full, and a look-up meanwhile may find nothing and drop its packet
# (XfrmOutNoStates). That is not what is tested here, so the tables get room for all SAs beforehand.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/interop/gateways.sh"

ktap_require root esp
gw_kind=([gw-a]=postern [gw-b]=postern)
gw_require postern
children=${CHILD_REKEYS:-1000} ikes=${IKE_REKEYS:-100}

need "the lab comes up" lab_up two-gateways
at_exit lab_down

room=1024

# Puts as many SAs into a node's table as it is to have room for, and takes them out: it never shrinks again.
make_room() {
	local spi
	for ((spi = 0x1000; spi < 0x1000 + room; spi++)); do
		echo "xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi $spi mode tunnel" \
			"aead rfc4106(gcm(aes)) 0x0102030405060708090a0b0c0d0e0f1011121314 128"
	done | in_node "$1" ip -batch - && in_node "$1" ip xfrm state flush
}

has_room() {
	local buckets
	buckets=$(in_node "$1" ip -s xfrm state count | sed -n 's/.*buckets count \([0-9]*\).*/\1/p')
	[ "$buckets" -ge "$room" ]
}

for node in gw-a gw-b; do
	check "$node's table of SAs is filled once" make_room $node
	check "it has room then" wait_for 10 has_room $node
done
need "gw-a starts" gw_start gw-a
need "gw-b starts" gw_start gw-b
need "the tunnel comes up" gw_up gw-a site-b

drive() {
	in_node "$1" "$top/tests/interop/drive.py" /run/postern.vici "${@:2}"
}

# Pings until told to stop; every answer stands in the log.
ping_start() {
	node_start "$1" ping ping -n -i 0.01 "$2"
}

# gaps NODE: "N of M", how many answers are missing before the last one that came, and which. (Behind it may be one that was
# still on its way when the ping was told to stop.)
gaps() {
	sed -n 's/.*icmp_seq=\([0-9]*\) ttl.*/\1/p' "$(node_log "$1" ping)" |
		awk '!seen[$1]++ { n++ } $1 > last { last = $1 }
			END { printf "%d of %d lost", last - n, last; for (i = 1; i <= last; i++) if (!seen[i]) printf " %d", i }'
}

# What the kernel counted of packets that it could not do anything with.
xfrm_errors() {
	in_node "$1" awk '$2 { printf " %s=%s", $1, $2 }' /proc/net/xfrm_stat
}

ping_lost_none() {
	local lost
	lost=$(gaps "$1")
	echo "$1: $lost"
	[[ $lost =~ ^0\ of\ ([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -gt 1000 ]
}

esp_sas() {
	in_node "$1" ip xfrm state | grep -c 'proto esp'
}

only_one_pair() {
	[ "$(esp_sas gw-a)" = 2 ] && [ "$(esp_sas gw-b)" = 2 ]
}

check "host-b answers host-a" wait_for 20 in_node host-a ping -q -c 1 -W 1 10.2.0.10
need "host-a pings host-b all the time" ping_start host-a 10.2.0.10
need "host-b pings host-a all the time" ping_start host-b 10.1.0.10
check "gw-a rekeys the Child SA $((children / 2)) times" drive gw-a rekey-child net $((children / 2))
check "gw-b rekeys it $((children - children / 2)) times" drive gw-b rekey-child net $((children - children / 2))
check "gw-a rekeys the IKE SA $((ikes / 2)) times" drive gw-a rekey-ike site-b $((ikes / 2))
check "gw-b rekeys it $((ikes - ikes / 2)) times" drive gw-b rekey-ike site-a $((ikes - ikes / 2))
check "one pair of SAs is left in each kernel" wait_for 60 only_one_pair
check "host-a's ping ends" node_stop host-a ping INT
check "host-b's ping ends" node_stop host-b ping INT
for node in host-a host-b; do
	ktap_comment "$node: $(gaps $node)"
done
for node in gw-a gw-b; do
	ktap_comment "$node:$(xfrm_errors $node)"
done
check "host-a lost nothing" ping_lost_none host-a
check "host-b lost nothing" ping_lost_none host-b
check "gw-a ends in order" gw_stop gw-a
check "gw-b ends in order" gw_stop gw-b
for node in gw-a gw-b; do
	check "nothing is left in $node's kernel" kernel_has_none $node
done

[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
