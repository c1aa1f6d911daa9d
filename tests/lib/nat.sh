# SPDX-License-Identifier: MIT
#
# A NAT in the lab "two-gateways", to be sourced after lab.sh: gw-a is behind the router, which gives its UDP ports
# others and sends from its own address. It forgets what is idle for a second, and lets no fragments of IP through.
#
#	nat_up SHIFT		what gw-a sends from port P comes from $nat_address or $nat_address6, port P + SHIFT
#	nat_rebind SHIFT	from now on another one; what goes to the old ports is lost
#	nat_down		from now on there is none
#	nat_works		this kernel can do that

nat_address=198.51.100.254
nat_address6=2001:db8:b::ffff

nat_rules() {
	local port
	echo "table inet lab_nat"
	echo "delete table inet lab_nat"
	echo "table inet lab_nat {"
	echo "	chain defragmented { type filter hook prerouting priority -450;"
	echo "		ip frag-off & 0x3fff != 0 drop;"
	echo "		exthdr frag exists drop;"
	echo "	}"
	echo "	chain in { type nat hook prerouting priority -100;"
	for port in 500 4500; do
		echo "		iifname site-b ip daddr $nat_address udp dport $((port + $1)) dnat ip to 192.0.2.1:$port;"
		echo "		iifname site-b ip6 daddr $nat_address6 udp dport $((port + $1)) dnat ip6 to [2001:db8:a::1]:$port;"
	done
	echo "	}"
	echo "	chain out { type nat hook postrouting priority 100;"
	for port in 500 4500; do
		echo "		oifname site-b ip saddr 192.0.2.1 udp sport $port snat ip to $nat_address:$((port + $1));"
		echo "		oifname site-b ip6 saddr 2001:db8:a::1 udp sport $port snat ip6 to [$nat_address6]:$((port + $1));"
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

nat_down() {
	in_node wan nft delete table inet lab_nat || return 1
	sleep 2
}

nat_works() {
	nat_rules 1000 | unshare --net nft -f - >/dev/null 2>&1
}
