# SPDX-License-Identifier: MIT
#
# posternd as one side of a cell (see matrix.sh).
. "$top/tests/interop/peers/swanctl-conf.sh"

posternd=$build/userspace/ikev2/daemon/posternd
postern=$build/userspace/tools/postern

postern_title=Postern

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
		echo "settings {"
		echo "	fragment_size = 576"
		# Dead after four seconds of silence.
		[ -z "$cell_dpd" ] || printf '	%s\n' "retransmit_timeout = 1s" "retransmit_base = 1" "retransmit_tries = 2"
		echo "}"
		swanctl_conf
	} | in_node "$1" sh -c 'cat >/etc/postern/postern.conf; exec "$@"' configure "$postern" load
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
