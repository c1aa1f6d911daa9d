#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a --- wan --- gw-b --- host-b
#	         posternd         libreswan
#
# libreswan misbehaves on purpose (whack --impair), posternd does what the RFCs ask for: the rows of "impairments". After each the
# next tunnel comes up as if nothing had been, and what the row left behind goes away.
#
# On kernels without ESP all rows run, and no SAs are installed. With ESP those do that leave something to look at there.
#
# Usage: impair.sh [PATTERN]		only the rows that match the extended regular expression
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"
. "$top/tests/interop/gateways.sh"
. "$top/tests/interop/pluto.sh"

ktap_require root
gw_kind=([gw-a]=postern)
gw_require postern
pluto_require
pattern=${1:-.}
slow=${KSFT_SLOW:-1}
# revival: else libreswan begins anew by itself.
always=(--impair none --ddos-auto --impair revival)
POSTERND_OPTIONS="--debug ike=debug"
if has esp; then
	where=esp debug=none
else
	where=any debug=base
	POSTERND_OPTIONS+=" --ipsec null --no-bpf"
	pluto_preload=$build/tests/interop/libpluto_no_esp.so
	[ -e "$pluto_preload" ] || ktap_skip_all "no $pluto_preload"
	[ -e "$pki/made" ] || ktap_skip_all "no certificates: no openssl when this was built"
fi

# -------- the two gateways --------

# connection NAME NET AUTHENTICATION: of posternd.
connection() {
	cat <<-EOT
		$1 {
			local_addrs = 192.0.2.1
			remote_addrs = 198.51.100.1
			proposals = aes128gcm16-prfsha256-x25519
			local {
				$3
				id = $1.gw-a.test
			}
			remote {
				${3%certs*}
				id = $1.gw-b.test
			}
			children {
				net {
					local_ts = 10.$2.0.0/24
					remote_ts = 10.2.0.0/24
					esp_proposals = aes128gcm16
				}
			}
		}
	EOT
}

postern_conf() {
	echo "connections {"
	connection psk 1 "auth = psk"
	[ $where = esp ] || connection rsa 3 "auth = pubkey
		certs = rsa.gw-a.pem"
	cat <<-EOT
		}
		secrets {
			ike-lab {
				secret = "of the lab only"
			}
		}
		settings {
			retransmit_timeout = $((200 * slow))ms
			retransmit_base = 1
			retransmit_tries = 5
			half_open_timeout = $((2 * slow))s
		}
	EOT
}

pluto_conf() {
	echo "conn %default"
	printf '	%s\n' left=198.51.100.1 leftsubnet=10.2.0.0/24 leftupdown=%disabled right=192.0.2.1 rightsubnet=10.1.0.0/24 \
		ikev2=insist ike=aes_gcm128-sha2_256-dh31 esp=aes_gcm128 pfs=no esn=no initial-contact=yes \
		retransmit-interval=$((500 * slow)) retransmit-timeout=$((3 * slow))s auto=add
	echo "conn psk"
	printf '	%s\n' leftid=@psk.gw-b.test rightid=@psk.gw-a.test authby=secret
	[ $where = esp ] || {
		echo "conn rsa"
		printf '	%s\n' leftid=@rsa.gw-b.test leftcert=rsa rightid=@rsa.gw-a.test rightrsasigkey=%cert \
			rightca="\"CN=interop CA\"" rightsubnet=10.3.0.0/24 authby=rsasig
	}
}

import_certificates() {
	in_node gw-a sh -c 'cd /etc/postern && mkdir x509 x509ca private && cp "$0/ca.pem" x509ca/ && cp "$0/rsa.gw-a.pem" x509/ &&
		cp "$0/rsa.gw-a.key" private/' "$pki" && pluto_import gw-b rsa
}

start_pluto() {
	pluto_conf | in_node gw-b sh -c 'cat >/etc/ipsec.conf; echo ": PSK \"of the lab only\"" >/etc/ipsec.secrets'
	pluto_start gw-b && wait_for 10 pluto_has_connection && whack gw-b --debug $debug "${always[@]}"
}

pluto_has_connection() {
	whack gw-b --status | grep '"psk"'
}

ctl() {
	in_node gw-a "$postern" --timeout 60 "$@"
}

# -------- what can be seen --------

# What posternd has established: ikes (SPIs of both sides), childs (our SPIs), and how many.
read_sas() {
	local line installed= sas
	ikes= childs= n_ikes=0 n_childs=0
	sas=$(ctl list-sas) || return 1
	while read -r line; do
		case $line in
		*"ESTABLISHED, IKEv2, "*)
			line=${line#*IKEv2, } line=${line//[^0-9a-f ]/}
			ikes+="${ikes:+ }${line/ /-}" n_ikes=$((n_ikes + 1))
			;;
		"net: "*)
			installed=
			[[ $line != *INSTALLED* ]] || installed=yes
			;;
		"in "*)
			[ -z "$installed" ] || childs+="${childs:+ }${line:4:8}" n_childs=$((n_childs + 1))
			;;
		esac
	done <<<"$sas"
	echo "posternd has IKE SA $ikes, Child SA $childs"
}

# one IKE SA on both sides, and as many Child SAs.
has_pair() {
	local states
	read_sas && states=$(whack gw-b --showstates) || return 1
	echo "$states"
	[ $n_ikes = 1 ] && [ $n_childs = $1 ] && [[ $states == *ESTABLISHED_IKE_SA* ]]
}

established() {
	has_pair 1
}

none_established() {
	read_sas && [ -z "$ikes" ]
}

# Nothing, not even half open, and nothing in the kernel.
nothing_left() {
	[ -z "$(ctl list-sas)" ] && { [ $where = any ] || kernel_has_none gw-a; }
}

# said LOG FROM PATTERN
said() {
	[ "$3" = - ] || tail -c +$(($2 + 1)) "$1" | grep -E -e "$3"
}

size() {
	stat -c %s "$1"
}

# -------- what is done --------

# The number of pluto's newest state that matches.
pluto_state() {
	whack gw-b --showstates | sed -n "s/^000 #\([0-9]*\): .*$1.*/\1/p" | tail -n 1
}

# act WHO WHAT CONNECTION: may fail.
act() {
	case "$1 $2" in
	"pluto up")		whack gw-b --name "$3" --initiate --asynchronous ;;
	"postern up")		ctl up "$3/net" ;;
	"pluto down")		whack gw-b --name "$3" --terminate ;;
	"postern down")		ctl down --ike "$3" ;;
	"pluto liveness")	whack gw-b --impair "initiate-v2-liveness:$(pluto_state ESTABLISHED_IKE_SA)" & # until it is answered
				;;
	"pluto rekey-ike")	whack gw-b --name "$3" --rekey-ike --asynchronous ;;
	"pluto rekey-child")	whack gw-b --name "$3" --rekey-ipsec --asynchronous ;;
	"postern rekey-ike")	ctl rekey --ike "$3" ;;
	"postern rekey-child")	ctl rekey --child net ;;
	"pluto+postern "*)	act pluto "$2" "$3"; act postern "$2" "$3" ;;
	"postern+pluto "*)	act postern "$2" "$3"; act pluto "$2" "$3" ;;
	*)			echo "nobody can do this: $1 $2"; return 1 ;;
	esac
}

pluto_has_none() {
	[ -z "$(pluto_state ESTABLISHED)" ]
}

tear_down() {
	whack gw-b --name "$1" --terminate
	nothing_left || ctl down --ike "$1"
	wait_for 10 nothing_left && pluto_has_none
}

bring_up() {
	act pluto up "$1" && wait_for 10 established
}

alive() {
	local from
	from=$(size "$ours")
	act pluto liveness && wait_for 5 said "$ours" "$from" 'received INFORMATIONAL request'
}

# outcome WORD: in the words of the file.
outcome() {
	case $1 in
	up)		wait_for 10 established ;;
	childless)	wait_for 10 has_pair 0 ;;
	refused)	none_established ;;
	gone)		wait_for 10 none_established ;;
	alone)		wait_for 10 is_alone ;;
	kept)		wait_for 10 keeps ;;
	new-ike)	wait_for 10 has_other_ike ;;
	new-child)	wait_for 15 has_other_child ;;
	*)		echo "no such outcome: $1"; return 1 ;;
	esac
}

is_alone() {
	pluto_has_none && read_sas && [ $n_ikes = 1 ] && [ $n_childs = 1 ] &&
		[ "$ikes $childs" = "${ikes_before:-$ikes} ${childs_before:-$childs}" ]
}

keeps() {
	established && [ "$ikes $childs" = "$ikes_before $childs_before" ]
}

has_other_ike() {
	established && [ "${ikes%-*}" != "${ikes_before%-*}" ] && [ "${ikes#*-}" != "${ikes_before#*-}" ]
}

has_other_child() {
	established && [ "$childs" != "$childs_before" ]
}

# row WHO WHAT IMPAIRMENTS OUTCOME OUR-LOG PLUTO'S-LOG
row() {
	local impairment name=psk from pluto_from args=()
	for impairment in $3; do
		case $impairment in
		rsa)	name=rsa ;;
		--*)	args+=("$impairment") ;;
		*)	args+=(--impair "$impairment") ;;
		esac
	done
	# It never begins to count anew.
	[[ $3 != *drop-* ]] || { tear_down psk; pluto_stop gw-b && start_pluto; } || { echo "libreswan does not start anew"; return 1; }
	ikes_before= childs_before=
	if [ "$2" = up ]; then
		nothing_left || tear_down psk || { echo "what was there before does not go"; return 1; }
	else
		established || bring_up psk || { echo "there is nothing to begin with"; return 1; }
		ikes_before=$ikes childs_before=$childs
	fi
	from=$(size "$ours") pluto_from=$(size "$theirs")
	whack gw-b "${args[@]}"
	act $1 $2 $name
	wait_for 10 said "$theirs" "$pluto_from" "$6" || { echo "libreswan never did it: $6"; return 1; }
	wait_for 10 said "$ours" "$from" "$5" || { echo "posternd does not say: $5"; return 1; }
	outcome "$4" || { echo "it is not $4"; return 1; }
	whack gw-b "${always[@]}"
	[ "$4" != kept ] || alive || { echo "the IKE SA does not answer"; return 1; }
	# What it left goes, and the next one comes.
	[ "$4" = alone ] || tear_down $name || { echo "something is left"; return 1; }
	bring_up psk || { echo "the next one does not come up"; return 1; }
}

# After a failure: all logs of the row, and new daemons.
afresh() {
	ktap_comment "posternd:"
	ktap_show < <(tail -c +$((ours_from + 1)) "$ours")
	ktap_comment "libreswan:"
	ktap_show < <(tail -c +$((theirs_from + 1)) "$theirs" | grep -v '^|')
	pluto_stop gw-b KILL
	gw_stop gw-a
	in_node gw-b sh -c 'rm -f /run/pluto/pluto.*; ip xfrm state flush; ip xfrm policy flush'
	need "new daemons start" start_both
}

start_both() {
	gw_start gw-a && start_pluto
}

need "the lab comes up" lab_up two-gateways
at_exit lab_down
lab_forget_routes wan
ours=$(gw_log gw-a) theirs=$(pluto_log gw-b)
need "libreswan has a place" pluto_prepare gw-b
[ $where = esp ] || need "the certificates are known" import_certificates
postern_conf | gw_configure gw-a
need "both start" start_both

rows=0
while IFS='|' read -r kernel who impairments expected ours_says theirs_says why; do
	line="$who|$impairments|$expected|$why"
	case $where-${kernel% } in
	any-any|any-esp|esp-esp)	[[ $line =~ $pattern ]] || continue ;;
	*)				continue ;;
	esac
	for field in who impairments expected ours_says theirs_says why; do
		read -r $field <<<"${!field}"
	done
	rows=$((rows + 1)) ours_from=$(size "$ours") theirs_from=$(size "$theirs") failed=$ktap_failed
	check "$who, $impairments: $expected: $why" row $who "$impairments" "$expected" "$ours_says" "$theirs_says"
	[ "$ktap_failed" = "$failed" ] || afresh
done <"$top/tests/interop/impairments"
check "there were rows" test $rows -gt 0
check "the last one goes" tear_down psk
check "posternd ends in order" gw_stop gw-a
check "nothing is left in its kernel" kernel_has_none gw-a
pluto_stop gw-b
[ "$ktap_failed" = 0 ] || gw_show_logs
ktap_done
