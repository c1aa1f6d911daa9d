#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a --- wan --- gw-b --- host-b
#	         posternd         posternd
#
# Debian's own swanctl controls posternd: loads connections and secrets, brings a tunnel up, lists it, takes it down.
# No SA is installed, so it runs on every kernel.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/interop/gateways.sh"

ktap_require root
gw_kind=([gw-a]=postern [gw-b]=postern)
gw_require postern
[ -n "$(command -v swanctl)" ] || ktap_skip_all "no swanctl"
POSTERND_OPTIONS="--ipsec null --no-bpf"

# ctl NODE ARGUMENT...: swanctl against that node's posternd.
ctl() {
	local node=$1
	shift
	gw_swanctl "$node" "$@" --uri unix:///run/postern.vici
}

# says PATTERN NODE ARGUMENT...: what it prints matches.
says() {
	local pattern=$1 said
	shift
	said=$(ctl "$@")
	printf '%s\n' "$said"
	grep -E "$pattern" <<<"$said"
}

without() {
	! says "$@"
}

need "the lab comes up" lab_up two-gateways
at_exit lab_down
for node in gw-a gw-b; do
	sed 's/start_action = trap/start_action = none/' "$top/netns-lab/nodes/$node/postern.conf" |
		in_node $node sh -c 'cat >/etc/swanctl/swanctl.conf; : >/etc/postern/postern.conf'
	need "$node starts without a connection" gw_start $node
	check "$node: swanctl loads connections and secrets" says 'successfully loaded 1 connections' $node --load-all
done
check "the version is ours" says '[Pp]ostern' gw-a --version --daemon
check "connections are listed" says 'site-b: IKEv2' gw-a --list-conns
check "a tunnel comes up, and it shows how" says '\[IKE\] IKE_AUTH answered' gw-a --initiate --child net --timeout 30
check "it is up already" says 'initiate completed successfully' gw-a --initiate --child net --timeout 30
check "it is listed as established" says 'site-b: #.*ESTABLISHED, IKEv2' gw-a --list-sas
check "with its child" says 'net: #.*INSTALLED, TUNNEL, ESP:AES_GCM_16-128' gw-a --list-sas
check "and its selectors" says 'remote 10.2.0.0/24' gw-a --list-sas
check "the peer lists it too" says 'site-a: #.*ESTABLISHED, IKEv2' gw-b --list-sas
check "statistics can be had" says 'uptime' gw-a --stats
check "it is made anew" says 'rekey completed successfully' gw-a --rekey --ike site-b --reauth
check "and the new one takes over" wait_for 10 says 'site-b: #[3-9].*ESTABLISHED, IKEv2' gw-a --list-sas
check "the old one is gone" wait_for 10 without 'site-b: #1,' gw-a --list-sas
check "it gets new keys" says 'rekey completed successfully' gw-a --rekey --ike site-b
check "its child, too" wait_for 10 says 'rekey completed successfully' gw-a --rekey --child net
check "it is taken down" says 'terminate completed successfully' gw-a --terminate --ike site-b --timeout 30
check "and no longer listed" without ESTABLISHED gw-a --list-sas
check "nor by the peer" wait_for 5 without ESTABLISHED gw-b --list-sas
check "an IKE SA alone comes up" says 'initiate completed successfully' gw-a --initiate --ike site-b --timeout 30
check "it has no Child SA" without 'INSTALLED' gw-a --list-sas
check "it is taken down as well" says 'terminate completed successfully' gw-a --terminate --ike site-b --timeout 30
check "a tunnel of an unknown name is refused" refuted ctl gw-a --initiate --child nonesuch --timeout 10
in_node gw-a sh -c ': >/etc/swanctl/swanctl.conf'
check "an empty configuration unloads the connection" ctl gw-a --load-conns
check "it is no longer listed" without site-b gw-a --list-conns
check "gw-a ends in order" gw_stop gw-a
check "gw-b ends in order" gw_stop gw-b

[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
