# SPDX-License-Identifier: MIT
#
# strongSwan as one side of a cell (see matrix.sh).
. "$top/tests/interop/peers/swanctl-conf.sh"

strongswan_require() {
	[ -x /usr/sbin/charon-systemd ] && [ -n "$(command -v swanctl)" ] || ktap_skip_all "no strongSwan"
}

strongswan_start() {
	in_node "$1" sh -c 'cat >/etc/strongswan.conf; : >/etc/swanctl/swanctl.conf' <<-EOT
		charon-systemd {
			fragment_size = 576
			load_modular = yes
			plugins {
				include strongswan.d/charon/*.conf
			}
			filelog {
				out {
					path = $(strongswan_log "$1")
					default = 1
					flush_line = yes
				}
			}
		}
	EOT
	swanctl_pki "$1" /etc/swanctl
	node_start "$1" charon /usr/sbin/charon-systemd && wait_for 30 in_node "$1" swanctl --version --daemon
}

strongswan_stop() {
	node_stop "$1" charon
}

strongswan_kill() {
	node_stop "$1" charon KILL
	:
}

strongswan_configure() {
	swanctl_conf | in_node "$1" sh -c 'cat >/etc/swanctl/swanctl.conf; exec swanctl --load-all --clear'
}

strongswan_up() {
	in_node "$1" swanctl --initiate --ike gw --child net --timeout 60
}

strongswan_down_ike() {
	in_node "$1" swanctl --terminate --ike gw --timeout 60
}

strongswan_down_child() {
	in_node "$1" swanctl --terminate --child net --timeout 60
}

strongswan_rekey_ike() {
	in_node "$1" swanctl --rekey --ike gw
}

strongswan_rekey_child() {
	in_node "$1" swanctl --rekey --child net
}

strongswan_has() {
	local sas
	sas=$(in_node "$1" swanctl --list-sas) &&
		[[ $sas =~ gw:\ [^$'\n']*\ ESTABLISHED && $sas =~ net:\ [^$'\n']*\ INSTALLED ]]
}

strongswan_has_none() {
	local sas
	sas=$(in_node "$1" swanctl --list-sas) && [ -z "$sas" ]
}

strongswan_log() {
	echo "$lab_dir/$1.charon.log"
}
