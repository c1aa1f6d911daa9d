# SPDX-License-Identifier: MIT
#
# OpenIKED as one side of a cell (see matrix.sh). On Linux it talks PF_KEY to the kernel, where there is no AEAD, and where
# HMAC-SHA2-256 is truncated to 96 bits, so that it leaves it out.
#
# It has no commands to rekey anything or to delete a Child SA. What it does by itself is called for by what makes it do so: the end
# of a lifetime in the kernel, of which expire.py tells, and for the IKE SA a lifetime of seconds.
#
# It is passive but while it begins: else it would begin anew within a minute whenever a tunnel ended.
esp_integrity=sha512

openiked_require() {
	[ -x /usr/sbin/iked ] && id _iked >/dev/null 2>&1 || ktap_skip_all "no OpenIKED"
	modprobe -q af_key || ktap_skip_all "this kernel has no PF_KEY"
}

openiked_version() {
	/usr/sbin/iked -V 2>&1
}

# openiked_load NODE COMMAND: the configuration, from standard input, and what makes the daemon take it; returns when all its
# processes have.
openiked_load() {
	in_node "$1" sh -c 'umask 077; cat >/etc/iked.conf'
	: >"$(openiked_log "$1")"
	"${@:2}" && wait_for 30 openiked_took "$(openiked_log "$1")"
}

openiked_took() {
	local log
	log=$(cat "$1") && [[ $log =~ config_getstatic:\ [^$'\n']*stickyaddress && $log == *"updated local CERTREQ"* ]]
}

# There has to be a policy. This one is of no use to anyone.
openiked_start() {
	in_node "$1" sh -c 'cd /etc/iked && cp "$0/ca.pem" ca/ca.crt && for method in rsa ecdsa ed25519; do
		cp "$0/$method.$1.pem" certs/$method.crt; done' "$pki" "$1"
	openiked_load "$1" node_start "$1" iked /usr/sbin/iked -d -vv <<-EOT
		set passive
		ikev2 passive esp from 192.0.2.128 to 192.0.2.129 local 192.0.2.128 peer 192.0.2.129 psk "none"
	EOT
}

openiked_stop() {
	node_stop "$1" iked
}

openiked_kill() {
	in_node "$1" sh -c 'kill -KILL $(pidof iked)'
	node_stop "$1" iked KILL
	:
}

openiked_conf() {
	local from=$my_ts to=$other_ts begins=passive fragmentation=nofragmentation
	[ $cell_mode = tunnel ] || from=$my_address to=$other_address
	# "dynamic" would be offered as 0.0.0.0, no other.
	[ "$cell_vip-$my_role" != yes-initiator ] || from=$vip_wish/0
	[ $my_role = responder ] || begins=active
	[ -z "$cell_fragmentation" ] || fragmentation=fragmentation
	cat <<-EOT
		set passive
		set nomobike
		set $fragmentation
		ikev2 "gw" $begins $cell_mode esp from $from to $to local $my_address peer $other_address \\
			ikesa enc aes-128 prf hmac-sha2-256 auth hmac-sha2-256 group modp2048 \\
			childsa enc aes-128 auth hmac-sha2-512 ${cell_pfs:+group modp2048} noesn \\
			srcid "$my_id" dstid "$other_id" \\
	EOT
	[[ " $cell_what " != *" rekey-ike-by-peer "* ]] || echo "ikelifetime 30 \\"
	[ "$cell_auth" != psk ] || echo "psk \"$cell_secret\" \\"
	case ${cell_vip:-no}-$my_role in
	yes-initiator)	echo "request address $vip_wish iface wan" ;;
	yes-responder)	echo "config address $vip_pool" ;;
	esac
	echo
}

openiked_configure() {
	[ "$cell_auth" = psk ] || in_node "$1" sh -c 'umask 077; cp "$0" /etc/iked/private/local.key' "$my_key"
	openiked_conf | openiked_load "$1" in_node "$1" ikectl reload
}

openiked_up() {
	in_node "$1" ikectl active && wait_for 20 grep 'established peer' "$(openiked_log "$1")" && in_node "$1" ikectl passive || return 1
	[ "$cell_vip-$cell_family" != yes-ipv4 ] || wait_for 10 openiked_route "$1"
}

# It gets itself the internal address, but over IPv4 nothing would be sent from that: its user has to add a route, which goes when the
# address does.
openiked_route() {
	side "$1"
	in_node "$1" sh -c 'address=$(ip -o addr show to "$0") && address=${address#*inet} && address=${address#* } &&
		ip route add "$1" dev wan src "${address%%[/ ]*}"' "$vip_pool" "$other_ts"
}

openiked_down_ike() {
	in_node "$1" ikectl reset sa
}

# openiked_expire NODE soft|hard: the lifetime of the SA that comes in.
openiked_expire() {
	side "$1"
	in_node "$1" "$matrix/expire.py" "$2" "$my_address"
}

openiked_down_child() {
	openiked_expire "$1" hard
}

openiked_rekey_child() {
	openiked_expire "$1" soft
}

openiked_rekeyings() {
	grep -c 'rekeyed as new IKESA' "$(openiked_log "$1")"
}

# openiked_rekeyed NODE NUMBER: more often than that.
openiked_rekeyed() {
	[ "$(openiked_rekeyings "$1")" -gt "$2" ]
}

# It does that by itself, soon.
openiked_rekey_ike() {
	wait_for 40 openiked_rekeyed "$1" "$(openiked_rekeyings "$1")"
}

openiked_has() {
	local sas
	sas=$(in_node "$1" ikectl show sa) &&
		[[ $sas =~ iked_sas:\ [^$'\n']*\ ESTABLISHED\  && $sas =~ sa_childsas:\ [^$'\n']*\ \(L ]]
}

openiked_has_none() {
	local sas
	sas=$(in_node "$1" ikectl show sa) && [[ $sas != *iked_sas:* ]]
}

openiked_log() {
	node_log "$1" iked
}
