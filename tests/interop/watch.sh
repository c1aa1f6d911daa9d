# SPDX-License-Identifier: MIT
#
# What the matrix sees for itself, whatever daemons say: packets in the middle of the network, and the kernels' SAs. To be sourced.

# Counters in the router, for each direction: ESP, ESP in UDP (RFC 3948), fragments of IKE messages (SKF: next payload 53, RFC
# 7383 2.5), fragments of IP, and pings in clear.
watch_rules() {
	local site
	echo "table inet watch {"
	for site in a b; do
		printf "	counter %s-$site { }\n" esp udp skf cut clear
	done
	echo "	chain packets { type filter hook prerouting priority -450;"
	for site in a b; do
		cat <<-EOT
			iifname site-$site ip frag-off & 0x3fff != 0 counter name cut-$site
			iifname site-$site exthdr frag exists counter name cut-$site
			iifname site-$site meta l4proto esp counter name esp-$site
			iifname site-$site udp dport 500 @th,192,8 53 counter name skf-$site
			iifname site-$site udp sport 4500 @th,64,32 0 @th,224,8 53 counter name skf-$site
			iifname site-$site udp sport 4500 @th,64,32 != 0 counter name udp-$site
			iifname site-$site icmp type { echo-request, echo-reply } counter name clear-$site
			iifname site-$site icmpv6 type { echo-request, echo-reply } counter name clear-$site
		EOT
	done
	echo "	}"
	echo "}"
}

watch_start() {
	watch_rules | in_node wan nft -f -
}

# watch_read: packets since the last time, into seen[esp-a] and so on.
declare -A seen
watch_read() {
	local word name rest
	seen=()
	while read -r word name rest; do
		case $word in
		counter)	counter=$name ;;
		packets)	seen[$counter]=$name ;;
		esac
	done < <(in_node wan nft reset counters table inet watch)
	echo "packets in the middle: $(for counter in "${!seen[@]}"; do echo -n " $counter=${seen[$counter]}"; done)"
}

# sas_read NODE: its kernel's SAs: the SPIs into spis, the packets of each into carried[SPI], all of it as text into sas.
declare -A carried
sas_read() {
	local line spi= counting=
	spis=() carried=()
	sas=$(in_node "$1" ip -s xfrm state) || return 1
	while read -r line; do
		case $line in
		"proto esp spi "*)
			spi=${line#proto esp spi } spi=${spi%%[( ]*}
			spis+=("$spi")
			;;
		"lifetime current:"*)
			counting=yes
			;;
		*"(packets)")
			[ -z "$counting" ] || { carried[$spi]=${line#*, } && carried[$spi]=${carried[$spi]%%(*}; }
			counting=
			;;
		esac
	done <<<"$sas"
}

# Neither SAs nor policies.
kernel_is_clean() {
	in_node "$1" sh -c '! ip xfrm state | grep "proto esp" && ! ip xfrm policy | grep tmpl'
}

has_no_sas() {
	in_node "$1" sh -c '! ip xfrm state | grep "proto esp"'
}
