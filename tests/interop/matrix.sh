#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a ---------- wan ---------- gw-b --- host-b
#	         initiator    watches, NAT     responder
#
# posternd against another implementation, over the cells of the file cells/PEER: whoever begins runs on gw-a, the other one on
# gw-b. One line there is one tunnel with all that is done to it. The lab and the daemons stay up from cell to cell.
#
# Usage: matrix.sh PEER [PATTERN]	only the cells whose lines match the extended regular expression
#
# An implementation is a driver, peers/KIND.sh, and so is posternd itself: functions that do one thing to the daemon in a NODE.
# Each prints what may help and fails if it couldn't do it.
#
#	KIND_version		prints what the table calls it (from the programs, without a daemon)
#	KIND_require		skips the test (ktap_skip_all) where it isn't installed
#	KIND_start NODE		starts the daemon, with no connection; certificates are in $pki (below). After a KIND_kill, too:
#				the kernel is clean by then. Returns when the daemon answers
#	KIND_stop NODE		ends it in order: its SAs and policies are gone then
#	KIND_kill NODE		kill -9 (all its processes)
#	KIND_configure NODE	replaces the configuration of the running daemon, which has no SA, by that of the cell
#	KIND_up NODE		begins; returns when IKE and Child SA are up
#	KIND_down_ike NODE	deletes the IKE SA with its Child SA
#	KIND_down_child NODE	deletes the Child SA; the IKE SA stays
#	KIND_rekey_ike NODE	begins to rekey (2.18); need not wait for the end. So does
#	KIND_rekey_child NODE
#	KIND_has NODE		an IKE SA is established and a Child SA installed
#	KIND_has_none NODE	there is no IKE SA
#	KIND_log NODE		prints the path of its log, shown when something went wrong
#
# Programs are started by node_start NODE PROGRAM COMMAND... (netns-lab/lab.sh), best in the foreground. /etc and /run are the
# node's own, all else is shared: files go there, or into a folder of $scratch of the node's name. Under emulation each program that
# is started costs a tenth of a second and more, so one "in_node NODE sh -c ..." is better than three commands.
#
# A new peer is peers/PEER.sh and cells/PEER, which begins with a title and with what can't be had, and why (no command to rekey,
# say: such functions are left out of the driver); cells.py --fill PEER then prints cells that cover the rest.
#
# What KIND_configure has to do stands in these variables:
#
#	cell_auth		psk, rsa, ecdsa, ed25519: the same method on both sides
#	cell_family		ipv4, ipv6: of the outer and of the inner addresses
#	cell_cipher		gcm	IKE: AES-GCM-16 128, PRF SHA2-256, Curve25519;		ESP: AES-GCM-16 128
#				cbc	IKE: AES-CBC 128, SHA2-256 (PRF and integrity), MODP-2048;	ESP: AES-CBC 128, $esp_integrity
#				chacha	IKE: ChaCha20-Poly1305, PRF SHA2-256, Curve25519;	ESP: ChaCha20-Poly1305
#				and nothing else is offered or accepted. No ESN in ESP
#	cell_mode		tunnel, transport
#	cell_pfs		yes or empty: ESP with the key exchange of the IKE SA
#	cell_fragmentation	yes or empty: IKE messages may be sent in fragments, of datagrams of up to 576 octets; else not at all
#	cell_nat		yes or empty: gw-a is behind a NAT (the addresses below say so where it matters)
#	cell_vip		yes or empty: the initiator asks for $vip_wish (0.0.0.0 or ::) and the responder lends from $vip_pool
#	cell_dpd		yes or empty: the peer gets killed and posternd asks for signs of life; nothing to be configured in a peer
#	cell_what		all that is done in the cell (scenarios.sh)
#	cell_secret		of PSK
#	my_role			initiator, responder
#	my_address other_address	of the gateways
#	my_ts other_ts		what the tunnel protects: networks; "dynamic" for the addresses of the gateways themselves in
#				transport mode, and for the virtual IP address
#	my_id other_id		identities, of type FQDN; in the certificates they are the subjectAltName
#	my_certificate my_key	PEM files, $pki/METHOD.NODE.pem and .key (PKCS#8), for METHOD of rsa, ecdsa, ed25519
#	other_certificate	likewise (it is sent in CERT anyway)
#	ca_certificate		$pki/ca.pem, which all were issued by (ECDSA on P-256)
#
# Lifetimes are to be so long that nothing is rekeyed by itself. MOBIKE is off.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/lib/nat.sh"

matrix=$top/tests/interop
peer=${1:-strongswan}
pattern=${2:-.}

# HMAC in ESP; a driver whose daemon can't do that has another.
esp_integrity=sha256
. "$matrix/peers/postern.sh"
. "$matrix/peers/$peer.sh"
. "$matrix/watch.sh"
. "$matrix/scenarios.sh"

declare -A kind_of

# ours, theirs: the nodes of posternd and of the peer.
# at NODE VERB: the driver of what runs there.
at() {
	"${kind_of[$1]}_$2" "$1"
}

# identity NODE: it tells of the method, and is long where a shared secret wouldn't make a message that needs fragments.
identity() {
	local long=
	[ "$cell_auth-$cell_fragmentation" != psk-yes ] || long=.$(printf '%060d.%060d.%060d.%060d.%060d.%060d' 1 2 3 4 5 6)
	echo "$cell_auth$long.$1.test"
}

# side NODE: the variables of that side, from those of the cell.
side() {
	local a b other
	case $cell_family in
	ipv4)	a=(192.0.2.1 10.1.0.0/24) b=(198.51.100.1 10.2.0.0/24) vip_wish=0.0.0.0 vip_pool=10.3.0.0/24 ;;
	ipv6)	a=(2001:db8:a::1 2001:db8:1::/64) b=(2001:db8:b::1 2001:db8:2::/64) vip_wish=:: vip_pool=2001:db8:3::/64 ;;
	esac
	[ -z "$cell_vip" ] || a[1]=dynamic
	[ "$cell_mode" = tunnel ] || a[1]=dynamic b[1]=dynamic
	case $1 in
	gw-a)
		other=gw-b my_role=initiator my_address=${a[0]} my_ts=${a[1]} other_address=${b[0]} other_ts=${b[1]}
		;;
	gw-b)
		other=gw-a my_role=responder my_address=${b[0]} my_ts=${b[1]} other_address=${a[0]} other_ts=${a[1]}
		case ${cell_nat:-no}-$cell_family in
		yes-ipv4)	other_address=$nat_address ;;
		yes-ipv6)	other_address=$nat_address6 ;;
		esac
		;;
	esac
	my_id=$(identity $1) other_id=$(identity $other)
	my_certificate=$pki/$cell_auth.$1.pem my_key=$pki/$cell_auth.$1.key other_certificate=$pki/$cell_auth.$other.pem
	ca_certificate=$pki/ca.pem
}

configure() {
	side "$1" && at "$1" configure
}

# place ROLE: posternd gets that role; daemons move only if they have to.
place() {
	[ "$placed" != "$1" ] || return 0
	[ -z "$placed" ] || {
		check "$peer stops" at "$theirs" stop
		check "posternd stops" at "$ours" stop
	}
	placed=$1
	case $1 in
	initiator)	ours=gw-a theirs=gw-b ;;
	responder)	ours=gw-b theirs=gw-a ;;
	esac
	kind_of[$ours]=postern kind_of[$theirs]=$peer
	need "posternd starts on $ours" at "$ours" start
	need "$peer starts on $theirs" at "$theirs" start
}

# After a cell that failed, the next one begins with new daemons.
afresh() {
	local node
	ktap_comment "new daemons"
	show_logs
	for node in gw-a gw-b; do
		at $node kill >/dev/null 2>&1
		flush_kernel $node
		: >"$(at $node log)"
		need "${kind_of[$node]} starts anew" at $node start
	done
}

show_logs() {
	local node
	for node in gw-a gw-b; do
		ktap_comment "$node (${kind_of[$node]}):"
		ktap_show <"$(at $node log)"
	done
}

flush_kernel() {
	in_node "$1" sh -c 'ip xfrm state flush; ip xfrm policy flush'
}

# A line of the file: ROLE AUTH FAMILY CIPHER SCENARIO...
run_cell() {
	local role=$1 failed=$ktap_failed began=$SECONDS verdict=ok
	cell_auth=$2 cell_family=$3 cell_cipher=$4
	shift 4
	cell="$role $cell_auth $cell_family $cell_cipher" cell_what=$*
	cell_mode=tunnel cell_pfs= cell_fragmentation= cell_nat= cell_vip= cell_dpd= cell_secret="of the lab only"
	place $role
	scenarios "$@"
	[ -z "$cell_nat" ] || check "$cell: the NAT goes" nat_down
	[ "$ktap_failed" = "$failed" ] || {
		verdict=FAILED
		afresh
	}
	table+=("| $version | $role | $cell_auth | $cell_family | $cell_cipher | ${cell_what// /, } | $verdict | $((SECONDS - began)) s |")
}

ktap_require root esp
nat_works || ktap_skip_all "this kernel has no NAT by nftables"
pki=$build/tests/interop/pki
[ -e "$pki/made" ] || ktap_skip_all "no certificates: no openssl when this was built"
postern_require
"${peer}_require"
version=$("${peer}_version")
placed= table=() nat_shift=10000

need "the lab comes up" lab_up two-gateways
at_exit lab_down
lab_forget_routes wan
need "the network in the middle is watched" watch_start

mapfile -t lines <"$matrix/cells/$peer"
for line in "${lines[@]}"; do
	case $line in
	initiator*|responder*)	[[ ! $line =~ $pattern ]] || run_cell $line ;;
	esac
done
check "there were cells" test ${#table[@]} -gt 0
[ -z "$placed" ] || {
	check "$peer stops" at "$theirs" stop
	check "posternd stops" at "$ours" stop
	check "nothing is left in posternd's kernel" wait_for 5 kernel_is_clean "$ours"
}
printf '# %s\n' '| peer | role | authentication | family | cipher | what | result | time |' '|---|---|---|---|---|---|---|---|' "${table[@]}"
ktap_done
