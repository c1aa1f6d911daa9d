#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	gw-a --- wan --- gw-b, whose private keys lie in SoftHSM
#
# gw-b reaches them by the PKCS#11 provider of OpenSSL that others have written: by URI, by handle, and by swanctl's
# load-token. It signs with RSA and with ECDSA, as responder and as initiator, while the files of its keys are gone.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"

ktap_require root io_uring
posternd=$build/userspace/ikev2/daemon/posternd
postern=$build/userspace/tools/postern
softhsm=/usr/lib/softhsm/libsofthsm2.so
[ -e "$softhsm" ] || ktap_skip_all "no softhsm2"
provider=
for file in "$top/.cache/pkcs11/pkcs11.so" /usr/lib/*/ossl-modules/pkcs11.so; do
	[ -n "$provider" ] || [ ! -e "$file" ] || provider=$file
done
[ -n "$provider" ] || ktap_skip_all "no pkcs11-provider"

export SOFTHSM2_CONF=$scratch/softhsm.conf
token_env=(env OPENSSL_CONF="$scratch/openssl.cnf")

# make_files: a CA, a key and a certificate for each gateway, one more for gw-b; and its token with both keys.
make_files() {
	local name
	mkdir "$scratch/tokens" || return
	printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$scratch/tokens" >"$SOFTHSM2_CONF"
	# SoftHSM uses OpenSSL itself: it must not be told to clean up while that goes.
	cat >"$scratch/openssl.cnf" <<-EOF
		openssl_conf = init
		[init]
		providers = providers
		[providers]
		default = default_provider
		pkcs11 = pkcs11_provider
		[default_provider]
		activate = 1
		[pkcs11_provider]
		module = $provider
		pkcs11-module-path = $softhsm
		pkcs11-module-quirks = no-deinit
		activate = 1
	EOF
	cd "$scratch" || return
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca || return
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out a-ec.key || return
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out b-ec.key || return
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out b-rsa.key || return
	for name in a-ec b-ec b-rsa; do
		printf 'subjectAltName = DNS:%s.test\n' "${name%-*}" >san
		openssl req -new -key $name.key -subj "/CN=${name%-*}.test" -out csr &&
			openssl x509 -req -in csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out $name.pem || return
	done
	softhsm2-util --init-token --free --label gw --so-pin 12345678 --pin 1234 || return
	softhsm2-util --import b-ec.key --token gw --label ec --id 0e --pin 1234 || return
	softhsm2-util --import b-rsa.key --token gw --label rsa --id 0f --pin 1234 || return
	rm b-ec.key b-rsa.key
}

# config FILE LOCAL-ADDRESS REMOTE-ADDRESS LOCAL-ID REMOTE-ID CERTIFICATE SECRETS
config() {
	cat >"$scratch/$1" <<-EOF
		connections {
		  c {
		    local_addrs = $2
		    remote_addrs = $3
		    local {
		      certs = $scratch/$6.pem
		      id = $4.test
		    }
		    remote {
		      id = $5.test
		      cacerts = $scratch/ca.pem
		    }
		    children {
		      n {
		      }
		    }
		  }
		}
		secrets {
		$7
		}
	EOF
}

config_a() {
	config a.conf 192.0.2.1 198.51.100.1 a b a-ec "  private1 {
    file = $scratch/a-ec.key
  }"
}

# config_b CERTIFICATE SECRETS
config_b() {
	config b.conf 198.51.100.1 192.0.2.1 b a "$@"
}

by_uri() {
	printf '  token1 {\n    uri = "pkcs11:token=gw;object=%s;type=private"\n    pin = %s\n  }\n' "$1" "$2"
}

ready() {
	in_node "$1" "$postern" stats >/dev/null 2>&1
}

# start NODE CONFIG [ENV...]
start() {
	local node=$1 conf=$2
	shift 2
	node_start "$node" posternd "$@" "$posternd" --config "$scratch/$conf" --ipsec null --workers 1 --no-bpf
	wait_for 30 ready "$node"
}

# One after the other, and each brings its own down: up NODE
up() {
	in_node "$1" "$postern" up n >/dev/null && in_node "$1" "$postern" down c >/dev/null
}

both_up() {
	up gw-a && up gw-b
}

# The daemon ends at once, and says why.
refused() {
	! in_node gw-b "${token_env[@]}" timeout 20 "$posternd" --config "$scratch/b.conf" --ipsec null --workers 1 --no-bpf \
		--control "$scratch/refused.vici" >"$scratch/refused" 2>&1 && grep -q "$1" "$scratch/refused"
}

# Debian's client sends the handle, and the PIN.
load_token() {
	mkdir -p "$scratch/swanctl" &&
		printf 'secrets {\n  token1 {\n    handle = 0f\n    pin = 1234\n  }\n}\n' >"$scratch/swanctl/swanctl.conf" &&
		in_node gw-b env SWANCTL_DIR="$scratch/swanctl" /usr/sbin/swanctl --load-creds --uri unix:///run/postern.vici
}

need "there are certificates, and a token with keys" eval 'make_files >"$scratch/made" 2>&1 || { ktap_show <"$scratch/made"; false; }'
need "the lab comes up" lab_up two-gateways
at_exit lab_down
config_a
need "gw-a starts" start gw-a a.conf

config_b b-ec "$(by_uri ec 1234)"
need "gw-b starts with an ECDSA key on the token, by URI" start gw-b b.conf "${token_env[@]}"
check "it signs as responder and as initiator" both_up
check "gw-b ends cleanly" node_stop gw-b posternd

config_b b-rsa "  token1 {
    handle = 0f
    pin = 1234
  }"
need "gw-b starts with an RSA key, by its handle" start gw-b b.conf "${token_env[@]}"
check "it signs as responder and as initiator with that" both_up
check "gw-b ends cleanly with that" node_stop gw-b posternd

config_b b-rsa ""
need "gw-b starts without a key" start gw-b b.conf "${token_env[@]}"
if [ -x /usr/sbin/swanctl ]; then
	check "swanctl loads the key from the token" load_token
	check "it signs with what swanctl has loaded" both_up
else
	ktap_skip "swanctl loads the key from the token" "no swanctl"
fi
check "gw-b ends cleanly after that" node_stop gw-b posternd

config_b b-ec "$(by_uri ec 4321)"
check "a wrong PIN is told" refused 'secrets.token1: there is no such private key, or the PIN is wrong'
config_b b-ec "$(by_uri nonesuch 1234)"
check "a key that is not there is told" refused 'secrets.token1: there is no such private key, or the PIN is wrong'
check "gw-a ends cleanly" node_stop gw-a posternd
ktap_done
