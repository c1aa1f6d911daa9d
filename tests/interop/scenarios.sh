# SPDX-License-Identifier: MIT
#
# What a cell of the matrix does, to be sourced by matrix.sh. The words of a line, in the order in which they stand there:
#
# The tunnel is made to be different from the plain one:
#	fragmentation	IKE_AUTH goes in fragments both ways (RFC 7383)
#	nat		the initiator is behind a NAT (RFC 7296 2.23)
#	pfs		rekeyed Child SAs have a key exchange of their own (RFC 7296 1.3.1)
#	transport	transport mode between the gateways (RFC 7296 1.3.1)
#	virtual-ip	the initiator gets an internal address (RFC 7296 2.19)
# Something is done to it, by posternd (-by-us) or by the peer (-by-peer):
#	rekey-child-by-us rekey-child-by-peer		RFC 7296 1.3.3, 2.8
#	rekey-ike-by-us rekey-ike-by-peer		RFC 7296 1.3.2, 2.8
#	delete-child-by-us delete-child-by-peer		the IKE SA stays (RFC 7296 1.4.1)
# It ends:
#	delete-ike-by-us delete-ike-by-peer		RFC 7296 1.4.1
#	dpd		the peer gets killed: posternd finds out by itself (RFC 7296 2.4)

# scenarios WORD...: the whole cell.
scenarios() {
	local word
	for word in "$@"; do
		case $word in
		fragmentation)	cell_fragmentation=yes ;;
		nat)		cell_nat=yes ;;
		pfs)		cell_pfs=yes ;;
		transport)	cell_mode=transport ;;
		virtual-ip)	cell_vip=yes ;;
		dpd)		cell_dpd=yes ;;
		esac
	done
	tunnel || return
	for word in "$@"; do
		case $word in
		rekey-child-by-us)	rekey_child "$ours" ;;
		rekey-child-by-peer)	rekey_child "$theirs" ;;
		rekey-ike-by-us)	rekey_ike "$ours" ;;
		rekey-ike-by-peer)	rekey_ike "$theirs" ;;
		delete-child-by-us)	delete_child "$ours" ;;
		delete-child-by-peer)	delete_child "$theirs" ;;
		delete-ike-by-us)	delete_ike "$ours" ;;
		delete-ike-by-peer)	delete_ike "$theirs" ;;
		dpd)			dead_peer ;;
		esac
	done
}

# soon SECONDS COMMAND...: wait_for that shows what the command said last.
soon() {
	wait_for "$@" || {
		shift
		"$@"
		return 1
	}
}

# ping_both NODE ADDRESS OTHER-NODE OTHER-ADDRESS: at the same time. But with a NAT, which has forgotten the flow by now, one opens
# it again: of two that come at once from its two sides it takes each for a new flow, finds that they clash, and drops one.
ping_both() {
	local code=0
	in_node "$1" ping -c 1 -W 10 "$2" &
	[ -z "$cell_nat" ] || wait $! || code=1
	in_node "$3" ping -c 1 -W 10 "$4" || code=1
	wait $! && [ $code = 0 ] && return
	xfrm_refused gw-a
	xfrm_refused gw-b
	return 1
}

# xfrm_refused NODE: what its kernel has dropped so far, and why.
xfrm_refused() {
	ktap_comment "$1: $(in_node "$1" awk '$2 { printf "%s=%s ", $1, $2 }' /proc/net/xfrm_stat)"
}

# The plain text goes all the way, in both directions, by its sender's choice of addresses.
traffic() {
	local from=host-a to=10.2.0.10 back=10.1.0.10
	[ $cell_family = ipv4 ] || to=2001:db8:2::10 back=2001:db8:1::10
	if [ $cell_mode = transport ]; then
		from=gw-a to=198.51.100.1 back=192.0.2.1
		[ $cell_family = ipv4 ] || to=2001:db8:b::1 back=2001:db8:a::1
		ping_both gw-a $to gw-b $back
		return
	fi
	if [ -n "$cell_vip" ]; then
		from=gw-a back=$(in_node gw-a ip -o addr show to "$vip_pool") || return 1
		back=${back#*inet* } back=${back%%[/ ]*}
		echo "virtual address: $back"
		[ -n "$back" ] || return 1
	fi
	ping_both $from $to host-b "$back"
}

# Both kernels' SAs: a pair, of the cell's cipher and mode, and with the NAT's ports.
kernel_has_pair() {
	local transform port
	case $cell_cipher in
	gcm)	transform='aead rfc4106(gcm(aes))' ;;
	cbc)	transform='enc cbc(aes)' ;;
	chacha)	transform='aead rfc7539esp(chacha20,poly1305)' ;;
	esac
	sas_read "$1"
	echo "$sas"
	[ ${#spis[@]} = 2 ] && [[ $sas == *"$transform"*"$transform"* && $sas == *"mode $cell_mode"*"mode $cell_mode"* ]] || return 1
	[ $cell_cipher != cbc ] || [[ $sas == *"auth-trunc hmac($esp_integrity)"*" $((${esp_integrity#sha} / 2))"* ]] || return 1
	case ${cell_nat:-no}-$1 in
	no-*)		[[ $sas != *encap* ]] ;;
	yes-gw-a)	[[ $sas == *"encap type espinudp sport 4500 dport 4500"*"encap type espinudp sport 4500 dport 4500"* ]] ;;
	yes-gw-b)	port=$((4500 + nat_shift))
			[[ $sas == *"sport $port dport 4500"* && $sas == *"sport 4500 dport $port"* ]] ;;
	esac
}

# What crossed the network since the tunnel began: pings protected, nothing in clear, nothing cut by IP.
protected() {
	local way carried_by=esp other=udp
	[ -z "$cell_nat" ] || carried_by=udp other=esp
	watch_read
	for way in a b; do
		[ "${seen[$carried_by-$way]}" -ge 2 ] && [ "${seen[$other-$way]}" = 0 ] && [ "${seen[clear-$way]}" = 0 ] &&
			[ "${seen[cut-$way]}" = 0 ] || return 1
		if [ -n "$cell_fragmentation" ]; then
			[ "${seen[skf-$way]}" -ge 2 ] || return 1
		else
			[ "${seen[skf-$way]}" = 0 ] || return 1
		fi
	done
}

# tunnel: it comes up and carries what it should; fails if there is nothing to go on with.
tunnel() {
	local failed=$ktap_failed node
	[ -z "$cell_nat" ] || check "$cell: a NAT is between" nat_up $nat_shift
	for node in gw-a gw-b; do
		check "$cell: ${kind_of[$node]} is configured" configure $node
	done
	watch_read >/dev/null
	check "$cell: the tunnel comes up" at gw-a up
	[ "$ktap_failed" = "$failed" ] || return 1
	for node in gw-a gw-b; do
		check "$cell: ${kind_of[$node]} has it" soon 5 at $node has
		check "$cell: ${kind_of[$node]}'s kernel has what was agreed" soon 5 kernel_has_pair $node
	done
	check "$cell: traffic passes both ways" traffic
	check "$cell: protected, and in pieces only where it should be" protected
	[ "$ktap_failed" = "$failed" ]
}

# Two SAs on each side that weren't there before, in new_NODE.
declare -A old_spis new_spis
has_new_pair() {
	local spi new=()
	sas_read "$1"
	for spi in "${spis[@]}"; do
		[[ " ${old_spis[$1]} " == *" $spi "* ]] || new+=("$spi")
	done
	new_spis[$1]=${new[*]}
	echo "old ${old_spis[$1]}, new ${new_spis[$1]}"
	[ ${#new[@]} = 2 ]
}

# The new ones have carried traffic.
new_pair_carries() {
	local spi
	sas_read "$1"
	for spi in ${new_spis[$1]}; do
		echo "$spi: ${carried[$spi]:-gone}"
		[ "${carried[$spi]:-0}" -gt 0 ] || return 1
	done
}

child_has_key_exchange() {
	local group=CURVE_25519
	[ $cell_cipher != cbc ] || group=MODP_2048
	postern_list "$ours" | grep "net: .*INSTALLED.*ESP:.*/$group"
}

rekey_child() {
	local node what="$cell: Child SA rekeyed by ${kind_of[$1]}"
	for node in gw-a gw-b; do
		sas_read $node
		old_spis[$node]="${spis[*]}"
	done
	check "$what" at "$1" rekey_child
	for node in gw-a gw-b; do
		check "$what: $node's kernel has a new pair" soon 10 has_new_pair $node
	done
	check "$what: traffic passes both ways" traffic
	for node in gw-a gw-b; do
		check "$what: $node's new pair carries it" new_pair_carries $node
	done
	[ -z "$cell_pfs" ] || check "$what: with a key exchange" child_has_key_exchange
}

# The SPIs of posternd's IKE SAs, into ike_spis.
ike_spis_read() {
	local line
	ike_spis=()
	while read -r line; do
		[[ ! $line =~ ESTABLISHED,\ IKEv2,\ ([0-9a-f]+)_i\*?\ ([0-9a-f]+)_r ]] ||
			ike_spis+=("${BASH_REMATCH[1]}-${BASH_REMATCH[2]}")
	done < <(postern_list "$ours")
	echo "IKE SAs: ${ike_spis[*]}"
}

has_other_ike_sa() {
	ike_spis_read
	[ ${#ike_spis[@]} = 1 ] && [ "${ike_spis[0]%-*}" != "${1%-*}" ] && [ "${ike_spis[0]#*-}" != "${1#*-}" ]
}

rekey_ike() {
	local node what="$cell: IKE SA rekeyed by ${kind_of[$1]}" before
	ike_spis_read >/dev/null
	before=${ike_spis[0]}
	check "$what" at "$1" rekey_ike
	check "$what: posternd has the new one and no other" soon 10 has_other_ike_sa "$before"
	for node in gw-a gw-b; do
		check "$what: ${kind_of[$node]} has it with the child" soon 5 at $node has
	done
	check "$what: traffic passes both ways" traffic
}

delete_child() {
	local node what="$cell: Child SA deleted by ${kind_of[$1]}"
	check "$what" at "$1" down_child
	for node in gw-a gw-b; do
		check "$what: none is in $node's kernel" soon 10 has_no_sas $node
	done
	ike_spis_read >/dev/null
	check "$what: the IKE SA stays" test ${#ike_spis[@]} = 1
}

delete_ike() {
	local node what="$cell: IKE SA deleted by ${kind_of[$1]}"
	check "$what" at "$1" down_ike
	for node in gw-a gw-b; do
		check "$what: ${kind_of[$node]} has none" soon 10 at $node has_none
	done
	check "$what: posternd's kernel is clean" soon 5 kernel_is_clean "$ours"
	check "$what: no SA is in $peer's kernel" soon 10 has_no_sas "$theirs"
}

dead_peer() {
	local what="$cell: ${kind_of[$theirs]} dies"
	check "$what: posternd gets impatient" at "$ours" hurry
	check "$what" at "$theirs" kill
	check "$what: posternd finds out" soon 20 at "$ours" has_none
	check "$what: posternd's kernel is clean" soon 5 kernel_is_clean "$ours"
	check "$what: it gets up again" revive "$theirs"
}

revive() {
	flush_kernel "$1" && at "$1" start
}
