# SPDX-License-Identifier: MIT
#
# A NAT in the lab "two-gateways", to be sourced after lab.sh: gw-a is behind the router, which gives its UDP ports
# others and sends from its own address. It forgets what is idle for a second, and lets no fragments of IP through.
#
#	nat_up SHIFT		what gw-a sends from port P comes from 198.51.100.254, port P + SHIFT
#	nat_rebind SHIFT	from now on another one; what goes to the old ports is lost
#	nat_works		this kernel can do that

nat_address=198.51.100.254

nat_rules() {
	local port
	echo "table ip lab_nat"
	echo "delete table ip lab_nat"
	echo "table ip lab_nat {"
	echo "	chain defragmented { type filter hook prerouting priority -450; ip frag-off & 0x3fff != 0 drop; }"
	echo "	chain in { type nat hook prerouting priority -100;"
	for port in 500 4500; do
		echo "		iifname site-b udp dport $((port + $1)) dnat to 192.0.2.1:$port;"
	done
	echo "	}"
	echo "	chain out { type nat hook postrouting priority 100;"
	for port in 500 4500; do
		echo "		oifname site-b ip saddr 192.0.2.1 udp sport $port snat to $nat_address:$((port + $1));"
	done
	echo "	}"
	echo "}"
}

nat_up() {
	nat_rules "$1" | in_node wan nft -f - || return 1
	in_node wan sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1 net.netfilter.nf_conntrack_udp_timeout_stream=1
}

nat_rebind() {
	nat_rules "$1" | in_node wan nft -f - || return 1
	sleep 2
}

nat_works() {
	unshare --net sh -c 'nft add table ip t && nft "add chain ip t c { type nat hook postrouting priority 100; }" &&
		nft add rule ip t c ip saddr 192.0.2.1 udp sport 500 snat to 192.0.2.2:1500' >/dev/null 2>&1
}
