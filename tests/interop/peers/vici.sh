# SPDX-License-Identifier: MIT
#
# What posternd and strongSwan have in common: the language of swanctl.conf, in which a cell is connection "gw" with child "net",
# and the control protocol. Both are driven by postern(8), which starts much faster than swanctl does.

posternd=$build/userspace/ikev2/daemon/posternd
postern=$build/userspace/tools/postern

# swanctl_pki NODE FOLDER: the certificates and keys of all methods, where the daemon looks for them.
swanctl_pki() {
	in_node "$1" sh -c 'cd "$1" && mkdir -p x509ca x509 private && cp "$0/ca.pem" x509ca/ && cp "$0/"*".$2.pem" x509/ &&
		cp "$0/"*".$2.key" private/' "$pki" "$2" "$1"
}

# swanctl_end local|remote ID [CERTIFICATE]
swanctl_end() {
	echo "		$1 {"
	echo "			id = $2"
	if [ "$cell_auth" = psk ]; then
		echo "			auth = psk"
	else
		echo "			auth = pubkey"
		[ -z "${3:-}" ] || echo "			certs = $(basename "$3")"
	fi
	echo "		}"
}

# What the cell's cipher stands for.
swanctl_ike_proposal() {
	case $cell_cipher in
	gcm)	echo aes128gcm16-prfsha256-x25519 ;;
	cbc)	echo aes128-sha256-modp2048 ;;
	chacha)	echo chacha20poly1305-prfsha256-x25519 ;;
	esac
}

swanctl_esp_proposal() {
	case $cell_cipher in
	gcm)	echo "aes128gcm16${cell_pfs:+-x25519}" ;;
	cbc)	echo "aes128-$esp_integrity${cell_pfs:+-modp2048}" ;;
	chacha)	echo "chacha20poly1305${cell_pfs:+-x25519}" ;;
	esac
}

# swanctl_conf [OPTION-OF-THE-CONNECTION]...
swanctl_conf() {
	cat <<-EOT
	connections {
		gw {
			version = 2
			mobike = no
			local_addrs = $my_address
			remote_addrs = $other_address
			proposals = $(swanctl_ike_proposal)
			fragmentation = ${cell_fragmentation:-no}
	EOT
	printf '		%s\n' "$@"
	if [ -n "$cell_vip" ]; then
		[ "$my_role" = initiator ] && echo "		vips = $vip_wish" || echo "		pools = vip"
	fi
	swanctl_end local "$my_id" "$my_certificate"
	swanctl_end remote "$other_id"
	cat <<-EOT
			children {
				net {
					mode = $cell_mode
					local_ts = $my_ts
					remote_ts = $other_ts
					esp_proposals = $(swanctl_esp_proposal)
				}
			}
		}
	}
	EOT
	[ -z "$cell_vip" ] || [ "$my_role" = initiator ] || printf 'pools {\n\tvip {\n\t\taddrs = %s\n\t}\n}\n' "$vip_pool"
	[ "$cell_auth" != psk ] || printf 'secrets {\n\tike-gw {\n\t\tsecret = "%s"\n\t}\n}\n' "$cell_secret"
}

# vici_driver KIND SOCKET: makes KIND_up and so on of the functions below.
vici_driver() {
	local verb
	for verb in up down_ike down_child rekey_ike rekey_child list has has_none; do
		eval "$1_$verb() { vici_$verb $2 \"\$@\"; }"
	done
}

# vici_VERB SOCKET NODE [CONNECTION], vici_up ... [CONNECTION [CHILD]], vici_down_child ... [CHILD]
vici_up() {
	in_node "$2" "$postern" --control "$1" --timeout 60 up --ike "${3:-gw}" --child "${4:-net}"
}

vici_down_ike() {
	in_node "$2" "$postern" --control "$1" --timeout 60 down --ike "${3:-gw}"
}

vici_down_child() {
	in_node "$2" "$postern" --control "$1" --timeout 60 down --child "${3:-net}"
}

vici_rekey_ike() {
	in_node "$2" "$postern" --control "$1" rekey --ike "${3:-gw}"
}

vici_rekey_child() {
	in_node "$2" "$postern" --control "$1" rekey --child net
}

vici_list() {
	in_node "$2" "$postern" --control "$1" list-sas
}

vici_has() {
	local sas
	sas=$(vici_list "$@") && [[ $'\n'$sas =~ $'\n'"${3:-gw}":\ [^$'\n']*ESTABLISHED && $sas =~ net:\ [^$'\n']*INSTALLED ]]
}

vici_has_none() {
	local sas
	sas=$(vici_list "$@") && [[ $'\n'$sas != *$'\n'"${3:-gw}: "* ]]
}
