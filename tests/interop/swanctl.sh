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
	in_node "$node" swanctl "$@" --uri unix:///run/postern.vici
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

# Certificates and keys, loaded by swanctl alone: a CA, and a certificate for each gateway.
pki=$(mktemp -d) && at_exit rm -r "$pki"
openssl_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=test CA" \
		-addext keyUsage=critical,keyCertSign,cRLSign -keyout "$pki/ca.key" -out "$pki/ca.pem" 2>/dev/null
	for node in gw-a gw-b; do
		openssl req -newkey rsa:2048 -nodes -subj "/C=CH/CN=$node" -keyout "$pki/$node.key" -out "$pki/$node.csr"
		printf 'subjectAltName=DNS:%s.test\n' $node >"$pki/ext"
		openssl x509 -req -days 2 -in "$pki/$node.csr" -CA "$pki/ca.pem" -CAkey "$pki/ca.key" -extfile "$pki/ext" \
			-out "$pki/$node.pem"
	done 2>/dev/null
}
# by_certificate NODE OWN-ADDRESS PEER PEER-ADDRESS LOCAL REMOTE: files below /etc/swanctl for it.
by_certificate() {
	local node=$1
	in_node $node sh -c 'mkdir -p /etc/swanctl/x509 /etc/swanctl/x509ca /etc/swanctl/private'
	in_node $node sh -c 'cat >/etc/swanctl/x509ca/ca.pem' <"$pki/ca.pem"
	in_node $node sh -c 'cat >/etc/swanctl/x509/own.pem' <"$pki/$node.pem"
	in_node $node sh -c 'cat >/etc/swanctl/private/own.key' <"$pki/$node.key"
	in_node $node sh -c 'cat >/etc/swanctl/swanctl.conf' <<-END
	connections { certs {
		local_addrs = $2
		remote_addrs = $4
		proposals = aes128gcm16-prfsha256-x25519
		local { auth = pubkey
			id = $node.test
			certs = own.pem }
		remote { auth = pubkey
			id = $3.test
			cacerts = ca.pem }
		children { net { local_ts = $5
			remote_ts = $6
			esp_proposals = aes128gcm16 } } } }
	END
}
need "a CA and two certificates are made" openssl_ca
by_certificate gw-a 192.0.2.1 gw-b 198.51.100.1 10.1.0.0/24 10.2.0.0/24
by_certificate gw-b 198.51.100.1 gw-a 192.0.2.1 10.2.0.0/24 10.1.0.0/24
for node in gw-a gw-b; do
	check "$node: swanctl loads certificates" says "loaded certificate from '/etc/swanctl/x509ca/ca.pem'" $node --load-creds
	check "$node: and connections by certificates" says 'successfully loaded 1 connections' $node --load-conns
	check "$node: its certificates are listed, with their key" says "subject: +\"C=CH, CN=$node\"" $node --list-certs
done
check "a tunnel comes up by certificates" says 'initiate completed successfully' gw-a --initiate --child net --timeout 30
check "the peer is the one of the certificate" says 'gw-b.test' gw-a --list-sas
in_node gw-b sh -c 'rm /etc/swanctl/private/own.key'
check "a key that is gone is unloaded" ctl gw-b --load-creds
check "the tunnel is taken down" says 'terminate completed successfully' gw-a --terminate --ike certs --timeout 30
check "without its key the peer can't show who it is" refuted ctl gw-a --initiate --child net --timeout 10

check "gw-a ends in order" gw_stop gw-a
check "gw-b ends in order" gw_stop gw-b

[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
