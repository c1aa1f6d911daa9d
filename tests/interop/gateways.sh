# SPDX-License-Identifier: MIT
#
# For tests that let two gateways talk: the same few verbs for posternd and for strongSwan, which read the same
# configuration language. To be sourced after ktap.sh and lab.sh, with a lab up.
#
#	gw_kind[NODE]=KIND			postern or strongswan
#	gw_configure NODE <config
#	gw_start NODE				its log: $(gw_log NODE)
#	gw_up NODE CONNECTION			an IKE SA with its child "net"; fails if it can't be had
#	gw_down NODE CONNECTION			deletes it
#	gw_has NODE CONNECTION			it is established there, with an installed child
#	gw_stop NODE

posternd=$build/userspace/ikev2/daemon/posternd
postern=$build/userspace/tools/postern

declare -A gw_kind

gw_require() {
	local kind
	for kind in "$@"; do
		case $kind in
		postern)
			[ -x "$posternd" ] && [ -x "$postern" ] || ktap_skip_all "no posternd in $build"
			;;
		strongswan)
			[ -x /usr/sbin/charon-systemd ] && [ -n "$(command -v swanctl)" ] || ktap_skip_all "no strongSwan"
			;;
		esac
	done
}

gw_configure() {
	local node=$1
	case ${gw_kind[$node]} in
	postern)
		in_node "$node" sh -c 'cat >/etc/postern/postern.conf'
		;;
	strongswan)
		in_node "$node" sh -c 'cat >/etc/swanctl/swanctl.conf'
		in_node "$node" sh -c 'cat >/etc/strongswan.conf' <<-EOF
			charon-systemd {
				load_modular = yes
				plugins {
					include strongswan.d/charon/*.conf
				}
				filelog {
					out {
						path = $lab_dir/$node.charon.log
						default = 1
						flush_line = yes
					}
				}
			}
		EOF
		;;
	esac
}

gw_log() {
	case ${gw_kind[$1]} in
	postern)	node_log "$1" posternd ;;
	strongswan)	echo "$lab_dir/$1.charon.log" ;;
	esac
}

gw_swanctl() {
	local node=$1
	shift
	in_node "$node" swanctl "$@"
}

gw_ready() {
	case ${gw_kind[$1]} in
	postern)	in_node "$1" "$postern" version ;;
	strongswan)	gw_swanctl "$1" --version --daemon ;;
	esac
}

gw_start() {
	local node=$1
	case ${gw_kind[$node]} in
	postern)
		node_start "$node" posternd "$posternd" ${POSTERND_OPTIONS:-} || return 1
		;;
	strongswan)
		node_start "$node" charon /usr/sbin/charon-systemd || return 1
		;;
	esac
	wait_for 30 gw_ready "$node" || return 1
	[ "${gw_kind[$node]}" = postern ] || gw_swanctl "$node" --load-all
}

gw_stop() {
	case ${gw_kind[$1]} in
	postern)	node_stop "$1" posternd ;;
	strongswan)	node_stop "$1" charon ;;
	esac
}

gw_up() {
	case ${gw_kind[$1]} in
	postern)	in_node "$1" "$postern" up "$2" ;;
	strongswan)	gw_swanctl "$1" --initiate --ike "$2" --child net --timeout 30 ;;
	esac
}

gw_down() {
	case ${gw_kind[$1]} in
	postern)	in_node "$1" "$postern" down "$2" ;;
	strongswan)	gw_swanctl "$1" --terminate --ike "$2" --timeout 30 ;;
	esac
}

gw_list() {
	case ${gw_kind[$1]} in
	postern)	in_node "$1" "$postern" list-sas ;;
	strongswan)	gw_swanctl "$1" --list-sas ;;
	esac
}

gw_has() {
	local sas
	sas=$(gw_list "$1") && grep "^$2:.*ESTABLISHED" <<<"$sas" && grep "net.*INSTALLED" <<<"$sas"
}

gw_has_none() {
	local sas
	sas=$(gw_list "$1") && ! grep "^$2:" <<<"$sas"
}

# kernel_has_none NODE: neither an SA nor a policy of ours.
kernel_has_none() {
	[ -z "$(in_node "$1" ip xfrm state; in_node "$1" ip xfrm policy | grep -v 'socket\|^[[:space:]]\|0.0.0.0/0\|::/0')" ]
}

# The ends of all logs, as diagnostics, when a test went wrong.
gw_show_logs() {
	local log
	for log in "$lab_dir"/*.log; do
		[ -s "$log" ] || continue
		ktap_comment "$(basename "$log"):"
		ktap_show <"$log"
	done
}
