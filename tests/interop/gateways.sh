# SPDX-License-Identifier: MIT
#
# For tests that let two gateways talk: the same few verbs for posternd and for strongSwan, which read the same
# configuration language. To be sourced after ktap.sh and lab.sh, with a lab up. The drivers are those of the matrix (matrix.sh).
#
#	gw_kind[NODE]=KIND			postern or strongswan
#	gw_require KIND...
#	gw_configure NODE <config
#	gw_pair_conf LOCAL REMOTE CHILDREN [OPTIONS]	prints one: connection "gw" of two that share a secret
#	gw_start NODE				its log: $(gw_log NODE)
#	gw_up NODE CONNECTION [CHILD]		an IKE SA with that child, or "net"; fails if it can't be had
#	gw_rekey NODE CONNECTION		rekeys its IKE SA
#	gw_list NODE				its IKE SAs
#	gw_down NODE CONNECTION			deletes it
#	gw_down_child NODE CHILD
#	gw_has NODE CONNECTION			it is established there, with an installed child
#	gw_has_none NODE CONNECTION
#	gw_stop NODE
. "$top/tests/interop/peers/postern.sh"
. "$top/tests/interop/peers/strongswan.sh"

declare -A gw_kind

gw_require() {
	local kind
	for kind in "$@"; do
		"${kind}_require"
	done
}

gw_configure() {
	"${gw_kind[$1]}_write" "$1"
}

gw_pair_conf() {
	cat <<-EOF
		connections {
			gw {
				local_addrs = $1
				remote_addrs = $2
				proposals = aes128gcm16-prfsha256-x25519
				${4:-}
				local {
					auth = psk
				}
				remote {
					auth = psk
				}
				children {
					$3
				}
			}
		}
		secrets {
			ike-1 {
				secret = "of the lab only"
			}
		}
	EOF
}

gw_log() {
	"${gw_kind[$1]}_log" "$1"
}

gw_start() {
	"${gw_kind[$1]}_launch" "$1"
}

gw_stop() {
	"${gw_kind[$1]}_stop" "$1"
}

gw_up() {
	"${gw_kind[$1]}_up" "$@"
}

gw_down() {
	"${gw_kind[$1]}_down_ike" "$1" "$2"
}

gw_down_child() {
	"${gw_kind[$1]}_down_child" "$@"
}

gw_rekey() {
	"${gw_kind[$1]}_rekey_ike" "$@"
}

gw_list() {
	"${gw_kind[$1]}_list" "$1"
}

gw_has() {
	"${gw_kind[$1]}_has" "$1" "$2"
}

gw_has_none() {
	"${gw_kind[$1]}_has_none" "$1" "$2"
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
