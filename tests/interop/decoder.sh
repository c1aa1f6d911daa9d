#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a --- wan --- gw-b --- host-b
#	         posternd    |    posternd
#	                  tcpdump
#
# An independent decoder, given the keys that a debug option writes, reads a whole exchange and finds nothing wrong in
# it. No SA is installed, so it runs on every kernel.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/interop/gateways.sh"

ktap_require root
gw_kind=([gw-a]=postern [gw-b]=postern)
gw_require postern
[ -n "$(command -v tshark)" ] || ktap_skip_all "no tshark"

keys=$scratch/wireshark/ikev2_decryption_table
mkdir "$scratch/wireshark"

# decoded FILE ARGUMENT...: tshark with the keys.
decoded() {
	local file=$1
	shift
	WIRESHARK_CONFIG_DIR=$scratch/wireshark HOME=$scratch tshark -n -r "$file" "$@" 2>"$scratch/tshark.log"
}

# saw FILE FILTER: at least one packet matches.
saw() {
	decoded "$1" -Y "$2" | grep .
}

suite_config() {
	sed "s/^\([[:space:]]*proposals =\).*/\1 $2/; s/start_action = trap/start_action = none/" \
		"$top/netns-lab/nodes/$1/postern.conf"
}

# exchange NAME IKE-PROPOSAL: one tunnel from its beginning to its end, captured.
exchange() {
	local pcap=$scratch/$1.pcap node
	for node in gw-a gw-b; do
		suite_config $node "$2" | gw_configure $node
	done
	node_start wan dump tcpdump -Z root -i site-b -U -w "$pcap" udp || return 1
	wait_for 10 grep 'listening on' "$(node_log wan dump)" || return 1
	POSTERND_OPTIONS="--ipsec null --no-bpf --debug-keys $keys" gw_start gw-a || return 1
	POSTERND_OPTIONS="--ipsec null --no-bpf" gw_start gw-b || return 1
	gw_up gw-a site-b || return 1
	gw_down gw-a site-b || return 1
	gw_stop gw-a && gw_stop gw-b || return 1
	wait_for 10 saw "$pcap" 'isakmp.exchangetype == 37 && isakmp.flag_r == 1' || return 1
	node_stop wan dump
	rm -f "$(node_log wan dump)"
	return 0
}

need "the lab comes up" lab_up two-gateways
at_exit lab_down

for suite in aes128gcm16-prfsha256-x25519 aes256-sha512-modp2048 aes256ccm12-prfaesxcbc-ecp256 aes128ctr-aescmac-ecp256bp \
	3des-sha1-modp1024; do
	need "$suite: a tunnel comes and goes" exchange $suite $suite
	pcap=$scratch/$suite.pcap
	check "$suite: the keys were written for the owner only" test "$(stat -c %a "$keys")" = 600
	check "$suite: IKE_SA_INIT is seen" saw "$pcap" 'isakmp.exchangetype == 34'
	# Payload types 35 and 36, IDi and IDr, are inside what was encrypted.
	mv "$keys" "$keys.away"
	check "$suite: without the keys it sees no identity" refuted saw "$pcap" 'isakmp.typepayload == 35'
	mv "$keys.away" "$keys"
	check "$suite: IKE_AUTH requests are decrypted" saw "$pcap" 'isakmp.typepayload == 35'
	check "$suite: IKE_AUTH responses are decrypted" saw "$pcap" 'isakmp.exchangetype == 35 && isakmp.typepayload == 36'
	check "$suite: the decoder takes the keys as they are" refuted grep 'Error loading' "$scratch/tshark.log"
	check "$suite: so is the Delete" saw "$pcap" 'isakmp.exchangetype == 37 && isakmp.typepayload == 42'
	check "$suite: nothing is malformed" refuted saw "$pcap" '_ws.malformed'
	check "$suite: nothing is suspicious" refuted saw "$pcap" 'isakmp && _ws.expert.severity >= warn'
done

[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
