# SPDX-License-Identifier: MIT
#
# strongSwan as one side of a cell (matrix.sh), and as a gateway of other tests (gateways.sh), which name a CONNECTION of theirs.
. "$top/tests/interop/peers/vici.sh"

vici_driver strongswan /run/charon.vici

strongswan_require() {
	[ -x /usr/sbin/charon-systemd ] && [ -n "$(command -v swanctl)" ] || ktap_skip_all "no strongSwan"
}

strongswan_version() {
	swanctl --help | sed -n "s/ swanctl//p;q"
}

# strongswan_write NODE <CONFIGURATION
strongswan_write() {
	in_node "$1" sh -c 'cat >/etc/swanctl/swanctl.conf'
}

# strongswan_launch NODE: with the configuration that is there. The plugins are those that are needed, and what
# $strongswan_plugins adds: all that there are take four times as long to start.
strongswan_launch() {
	in_node "$1" sh -c 'cat >/etc/strongswan.conf' <<-EOT
		charon-systemd {
			fragment_size = 576
			load = random nonce ${strongswan_plugins:-} pem pkcs1 pkcs8 x509 revocation constraints pubkey openssl curve25519 chapoly kdf kernel-netlink socket-default vici
			filelog {
				out {
					path = $(strongswan_log "$1")
					default = 1
					flush_line = yes
				}
			}
		}
		swanctl {
			load = pem pkcs1 pkcs8 x509 openssl
		}
	EOT
	node_start "$1" charon /usr/sbin/charon-systemd && wait_for 30 in_node "$1" "$postern" --control /run/charon.vici version &&
		in_node "$1" swanctl --load-all
}

strongswan_start() {
	swanctl_pki "$1" /etc/swanctl && strongswan_write "$1" </dev/null && strongswan_launch "$1"
}

strongswan_stop() {
	node_stop "$1" charon
}

strongswan_kill() {
	node_stop "$1" charon KILL
	:
}

# Certificates and keys are there since the start.
strongswan_configure() {
	swanctl_conf | in_node "$1" sh -c 'cat >/etc/swanctl/swanctl.conf; exec swanctl --load-all'
}

strongswan_log() {
	echo "$lab_dir/$1.charon.log"
}
