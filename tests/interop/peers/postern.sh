# SPDX-License-Identifier: MIT
#
# posternd as one side of a cell (see matrix.sh).
. "$top/tests/interop/peers/swanctl-conf.sh"

posternd=$build/userspace/ikev2/daemon/posternd
postern=$build/userspace/tools/postern

postern_require() {
	[ -x "$posternd" ] && [ -x "$postern" ] || ktap_skip_all "no posternd in $build"
}

postern_start() {
	in_node "$1" sh -c 'cat >/etc/postern/postern.conf' </dev/null
	swanctl_pki "$1" /etc/postern
	node_start "$1" posternd "$posternd" && wait_for 30 in_node "$1" "$postern" version
}

postern_stop() {
	node_stop "$1" posternd
}

postern_kill() {
	node_stop "$1" posternd KILL
	:
}

postern_configure() {
	{
		swanctl_conf ${cell_dpd:+"dpd_delay = 1s"}
		echo "settings {"
		echo "	fragment_size = 576"
		echo "}"
	} | in_node "$1" sh -c 'cat >/etc/postern/postern.conf; exec "$0" load' "$postern"
}

# postern_hurry NODE: from now on, who doesn't answer is dead after three seconds. (Not before: the tunnel may take longer to come up.)
postern_hurry() {
	in_node "$1" sh -c 'sed -i "s/^settings {/& retransmit_timeout = 1s\n retransmit_base = 1\n retransmit_tries = 2\n/" \
		/etc/postern/postern.conf; exec "$0" load' "$postern"
}

postern_up() {
	in_node "$1" "$postern" --timeout 60 up gw/net
}

postern_down_ike() {
	in_node "$1" "$postern" --timeout 60 down --ike gw
}

postern_down_child() {
	in_node "$1" "$postern" --timeout 60 down --child net
}

postern_rekey_ike() {
	in_node "$1" "$postern" rekey --ike gw
}

postern_rekey_child() {
	in_node "$1" "$postern" rekey --child net
}

postern_list() {
	in_node "$1" "$postern" list-sas
}

postern_has() {
	local sas
	sas=$(postern_list "$1") && [[ $sas =~ gw:\ [^$'\n']*\ ESTABLISHED && $sas =~ net:\ [^$'\n']*\ INSTALLED ]]
}

postern_has_none() {
	local sas
	sas=$(postern_list "$1") && [ -z "$sas" ]
}

postern_log() {
	node_log "$1" posternd
}
