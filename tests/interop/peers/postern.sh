# SPDX-License-Identifier: MIT
#
# posternd as one side of a cell (matrix.sh), and as a gateway of other tests (gateways.sh), which name a CONNECTION of theirs.
. "$top/tests/interop/peers/vici.sh"

vici_driver postern /run/postern.vici

postern_require() {
	[ -x "$posternd" ] && [ -x "$postern" ] || ktap_skip_all "no posternd in $build"
}

postern_version() {
	"$postern" --version
}

# postern_write NODE <CONFIGURATION
postern_write() {
	in_node "$1" sh -c 'cat >/etc/postern/postern.conf'
}

# postern_launch NODE: with the configuration that is there, and the options of POSTERND_OPTIONS.
postern_launch() {
	node_start "$1" posternd "$posternd" ${POSTERND_OPTIONS:-} && wait_for 30 in_node "$1" "$postern" version
}

postern_start() {
	swanctl_pki "$1" /etc/postern && postern_write "$1" </dev/null && postern_launch "$1"
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

postern_log() {
	node_log "$1" posternd
}
