#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	gw-a --- wan --- gw-b
#	strongSwan     posternd
#
# ESP that no SA takes (RFC 7296 1.5): gw-b tells its peer of it, on the IKE SA with who sends it, in UDP or not, over IPv4 and
# IPv6; and finds out what its kernel has lost.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/interop/gateways.sh"

ktap_require root esp fentry
gw_kind=([gw-a]=strongswan [gw-b]=postern)
gw_require postern strongswan

need "the lab comes up" lab_up two-gateways
at_exit lab_down

# connection NAME LOCAL REMOTE LOCAL-NET REMOTE-NET ENCAP
connection() {
	cat <<-EOF
		$1 {
			version = 2
			local_addrs = $2
			remote_addrs = $3
			proposals = aes128gcm16-prfsha256-x25519
			encap = $6
			mobike = no
			local {
				auth = psk
			}
			remote {
				auth = psk
			}
			children {
				net {
					local_ts = $4
					remote_ts = $5
					esp_proposals = aes128gcm16
				}
			}
		}
	EOF
}
secret='secrets { ike-lab { secret = "of the lab only" } }'
{
	echo "connections {"
	connection four 192.0.2.1 198.51.100.1 10.1.0.0/24 10.2.0.0/24 yes
	connection six 2001:db8:a::1 2001:db8:b::1 2001:db8:1::/64 2001:db8:2::/64 no
	echo "} $secret"
} | gw_configure gw-a
{
	echo "connections {"
	connection four 198.51.100.1 192.0.2.1 10.2.0.0/24 10.1.0.0/24 yes
	connection six 2001:db8:b::1 2001:db8:a::1 2001:db8:2::/64 2001:db8:1::/64 no
	echo "} $secret"
} | gw_configure gw-b
need "gw-a starts" gw_start gw-a
need "gw-b starts" gw_start gw-b
need "a tunnel in UDP comes up" gw_up gw-a four
need "and one without, over IPv6" gw_up gw-a six

# sends NODE FROM TO SPI SECONDS [PORT]
sends() {
	in_node "$1" python3 "$top/tests/interop/send-esp.py" "${@:2}"
}
# How often gw-b has told its peers of an SPI.
told() {
	grep -c "ESP with SPI $1" "$(gw_log gw-b)"
}
tells_once() {
	[ "$(told "$1")" = 1 ]
}

# Both tunnels have been up for a while: what is sent from now on isn't late.
sleep 3
check "strange ESP comes over IPv6" sends gw-a 2001:db8:a::1 2001:db8:b::1 deadbeef 3
check "gw-b tells its peer, once" wait_for 10 tells_once deadbeef
check "on that IKE SA" grep 'six\[.*ESP with SPI deadbeef' "$(gw_log gw-b)"
understood() {
	[ "$(grep -c 'parsed INFORMATIONAL request.*N(INVAL_SPI)' "$(gw_log gw-a)")" = "$1" ]
}
check "which reads it" wait_for 10 understood 1

check "strange ESP in UDP from another client of the peer's address" sends gw-a 192.0.2.1 198.51.100.1 0badc0de 2 4600
check "is told nobody" test "$(told 0badc0de)" = 0
check "from the port of the IKE SA" sends gw-a 192.0.2.1 198.51.100.1 0badc0de 2 4500
check "it is told the peer" wait_for 10 tells_once 0badc0de
check "on that IKE SA" grep 'four\[.*ESP with SPI 0badc0de' "$(gw_log gw-b)"
check "which reads it, too" wait_for 10 understood 2
check "strange ESP from elsewhere" sends wan 198.51.100.254 198.51.100.1 0badf00d 2
check "is told nobody, either" test "$(told 0badf00d)" = 0

check "nothing has come of it: the tunnels carry packets" in_node gw-a ping -q -c 3 -i 0.2 -W 5 -I 10.1.0.1 10.2.0.1
check "both of them" in_node gw-a ping -q -c 3 -i 0.2 -W 5 -I 2001:db8:1::1 2001:db8:2::1

# What gw-b's kernel loses: its IKE SA knows it, so the peer isn't told that it doesn't exist, but that it ends.
spi=$(in_node gw-b ip xfrm state | awk '/dst 2001:db8:b::1/ { found = 1 } found && /spi/ { print $4; exit }')
need "an SA vanishes from gw-b's kernel" in_node gw-b ip xfrm state delete src 2001:db8:a::1 dst 2001:db8:b::1 proto esp \
	spi "$spi"
missed() {
	in_node gw-a ping -q -c 1 -W 1 -I 2001:db8:1::1 2001:db8:2::1
	grep "the kernel has lost Child SA net" "$(gw_log gw-b)"
}
check "the next packets show that" wait_for 30 missed
gone() {
	! in_node gw-a ip -6 xfrm state | grep -q "$spi"
}
check "and the peer's half goes, too" wait_for 10 gone
check "nobody was told that it is unknown" test "$(told "${spi#0x}")" = 0

for node in gw-a gw-b; do
	check "$node ends in order" gw_stop $node
done
[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
