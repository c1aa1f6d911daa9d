# SPDX-License-Identifier: MIT
#
# libreswan's daemon in a node of the lab, from where scripts/setup unpacked it; to be sourced after ktap.sh and lab.sh.
#
#	pluto_require
#	pluto_prepare NODE		once for a node, whose /etc/ipsec.conf and /etc/ipsec.secrets may come later
#	pluto_import NODE METHOD...	the certificates and keys for these methods, called like them, and the CA's (make-pki.sh)
#	pluto_start NODE		with the connections of /etc/ipsec.conf; $pluto_preload: a library to be preloaded
#	pluto_stop NODE [SIGNAL]
#	whack NODE ARGUMENT...		speaks to it
#	pluto_log NODE			prints the path of its log

pki=$build/tests/interop/pki
libreswan=$top/.cache/libreswan
pluto_programs=/usr/libexec/ipsec # the daemon looks for its helpers there

pluto_require() {
	[ -x "$libreswan$pluto_programs/pluto" ] && [ -n "$(command -v certutil)" ] || ktap_skip_all "no libreswan (run scripts/setup)"
}

pluto_prepare() {
	in_node "$1" sh -c 'mount -t overlay -o "lowerdir=$0/usr/libexec:/usr/libexec" libexec /usr/libexec &&
		mkdir -p /etc/ipsec.d /run/pluto /run/nss && certutil -N -d sql:/run/nss --empty-password &&
		: >/etc/ipsec.conf && : >/etc/ipsec.secrets && chmod 600 /etc/ipsec.secrets' "$libreswan"
}

# By way of PKCS#12 into a database of NSS, which outlives the daemon.
pluto_import() {
	local node=$1 method files=()
	shift
	for method in "$@"; do
		openssl pkcs12 -export -name $method -in "$pki/$method.$node.pem" -inkey "$pki/$method.$node.key" -certfile "$pki/ca.pem" \
			-iter 1 -passout pass: -out "$scratch/$method.$node.p12" || return 1
		files+=("$scratch/$method.$node.p12")
	done
	in_node "$node" sh -ec 'for file; do pk12util -d sql:/run/nss -i "$file" -W ""; done
		exec certutil -M -d sql:/run/nss -n "interop CA" -t CT,,' import "${files[@]}"
}

pluto_log() {
	node_log "$1" pluto
}

whack() {
	local node=$1
	shift
	in_node "$node" $pluto_programs/whack --rundir /run/pluto "$@" </dev/null
}

# It has read its connections and listens.
pluto_listens() {
	whack "$1" --status | grep '^000 interface wan'
}

pluto_start() {
	node_start "$1" pluto env LD_PRELOAD="${pluto_preload:-}" $pluto_programs/pluto --nofork --stderrlog --log-no-time \
		--rundir /run/pluto --ipsecdir /etc/ipsec.d --secretsfile /etc/ipsec.secrets --nssdir /run/nss --no-dnssec --nhelpers 0 &&
		wait_for 30 pluto_listens "$1"
}

pluto_stop() {
	node_stop "$1" pluto "${2:-TERM}"
}
