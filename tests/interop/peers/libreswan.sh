# SPDX-License-Identifier: MIT
#
# libreswan as one side of a cell (see matrix.sh).
. "$top/tests/interop/pluto.sh"

libreswan_require() {
	pluto_require
}

libreswan_version() {
	LC_ALL=C "$libreswan$pluto_programs/whack" --version
}

libreswan_start() {
	in_node "$1" test -d /run/nss || { pluto_prepare "$1" && pluto_import "$1" rsa ecdsa; } || return 1
	in_node "$1" sh -c ': >/etc/ipsec.conf; rm -f /run/pluto/pluto.*'
	# Else it begins anew when the other side deletes what it had begun.
	pluto_start "$1" && whack "$1" --impair revival
}

libreswan_stop() {
	pluto_stop "$1"
}

libreswan_kill() {
	pluto_stop "$1" KILL
	:
}

# libreswan_end left|right ADDRESS ID SELECTORS
libreswan_end() {
	echo "	$1=$2"
	echo "	$1id=@$3"
	[ "$4" = dynamic ] || echo "	$1subnet=$4"
	[ $cell_auth = psk ] || echo "	$1rsasigkey=%cert"
}

libreswan_algorithms() {
	case $cell_cipher in
	gcm)	printf '	%s\n' ike=aes_gcm128-sha2_256-dh31 "esp=aes_gcm128${cell_pfs:+;dh31}" ;;
	cbc)	printf '	%s\n' ike=aes128-sha2_256-dh14 "esp=aes128-sha2_256${cell_pfs:+;dh14}" ;;
	chacha)	printf '	%s\n' ike=chacha20_poly1305-sha2_256-dh31 "esp=chacha20_poly1305${cell_pfs:+;dh31}" ;;
	esac
}

libreswan_conf() {
	local method=$cell_auth fragmentation=no
	[ -z "$cell_fragmentation" ] || fragmentation=force
	case $cell_auth in
	psk)	method=secret ;;
	rsa)	method=rsasig ;;
	esac
	echo "conn gw"
	libreswan_algorithms
	printf '	%s\n' ikev2=insist auto=ignore esn=no "authby=$method" "type=$cell_mode" "pfs=${cell_pfs:-no}" \
		"fragmentation=$fragmentation" ikelifetime=24h salifetime=24h
	libreswan_end left "$my_address" "$my_id" "$my_ts"
	libreswan_end right "$other_address" "$other_id" "$other_ts"
	[ $cell_auth = psk ] || printf '	%s\n' leftcert=$cell_auth 'rightca="CN=interop CA"'
	case ${cell_vip:-no}-$my_role in
	no-*)
		echo "	leftupdown=%disabled"
		;;
	yes-initiator)
		printf '	%s\n' leftmodecfgclient=yes rightmodecfgserver=yes narrowing=yes leftsubnet=${vip_wish}/0 \
			leftupdown=$pluto_programs/_updown
		;;
	yes-responder)
		case $cell_family in
		ipv4)	echo "	rightaddresspool=${vip_pool%.*}.1-${vip_pool%.*}.254" ;;
		ipv6)	echo "	rightaddresspool=$vip_pool" ;;
		esac
		printf '	%s\n' leftmodecfgserver=yes rightmodecfgclient=yes leftupdown=%disabled
		;;
	esac
}

libreswan_configure() {
	libreswan_conf | in_node "$1" sh -c '
		echo "@$1 @$2 : PSK \"$3\"" >/etc/ipsec.secrets
		cat >/etc/ipsec.conf && cd '$pluto_programs' &&
		./whack --rundir /run/pluto --rereadsecrets &&
		./addconn --config /etc/ipsec.conf --ctlsocket /run/pluto/pluto.ctl gw' configure "$my_id" "$other_id" "$cell_secret"
}

libreswan_up() {
	whack "$1" --name gw --initiate
}

libreswan_down_ike() {
	whack "$1" --name gw --terminate
}

# The number of its newest state that matches.
libreswan_state() {
	local states
	states=$(whack "$1" --showstates) && sed -n "s/^000 #\([0-9]*\): .*$2.*newest.*/\1/p" <<<"$states" | tail -n 1
}

libreswan_down_child() {
	whack "$1" --deletestate "$(libreswan_state "$1" ESTABLISHED_CHILD_SA)"
}

libreswan_rekey_ike() {
	whack "$1" --name gw --rekey-ike
}

libreswan_rekey_child() {
	whack "$1" --name gw --rekey-ipsec
}

libreswan_has() {
	local states
	states=$(whack "$1" --showstates) && [[ $states == *ESTABLISHED_IKE_SA* && $states == *ESTABLISHED_CHILD_SA* ]]
}

libreswan_has_none() {
	local states
	states=$(whack "$1" --showstates) && [[ $states != *STATE_* ]]
}

libreswan_log() {
	pluto_log "$1"
}
