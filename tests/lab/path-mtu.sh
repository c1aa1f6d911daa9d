#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	gw-a --- wan --- gw-b
#	            1000 octets, and no fragments of IP
#
# Long IKE messages over a path that takes less than the fragment size (RFC 7383 2.5.2): where the router says so, the
# kernel knows and posternd asks it; where nobody says so, smaller sizes are tried. The kernel's IPsec isn't needed.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"

ktap_require root io_uring
posternd=$build/userspace/ikev2/daemon/posternd
postern=$build/userspace/tools/postern

# Identities so long that IKE_AUTH exceeds the size of a fragment.
label=$(printf 'x%.0s' {1..60})
long=$label.$label.$label.$label.$label.$label.$label.$label

# configuration LOCAL REMOTE ME OTHER
configuration() {
	cat <<-EOF
	connections {
	  path {
	    local_addrs = $1
	    remote_addrs = $2
	    proposals = aes128gcm16-prfsha256-x25519
	    local {
	      auth = psk
	      id = $3.$long.test
	    }
	    remote {
	      auth = psk
	      id = $4.$long.test
	    }
	    children {
	      net {
	        esp_proposals = aes128gcm16, aes256gcm16, chacha20poly1305, aes128-sha256, aes256-sha256
	      }
	    }
	  }
	}
	secrets {
	  ike-all {
	    secret = "what both know"
	  }
	}
	EOF
}

start() {
	node_start "$1" posternd "$posternd" --config "$2" --ipsec null --workers 1 --no-bpf &&
		wait_for 30 in_node "$1" "$postern" version
}

# figure NODE PATH: of "postern stats"
figure() {
	in_node "$1" "$postern" --json stats | python3 -c '
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1].split("."):
    value = value[name]
print(value)' "$2"
}

figure_is() {
	test "$(figure "$1" "$2")" "$3" "$4"
}

narrow() {
	in_node wan ip link set site-b mtu 1000 && in_node gw-b ip link set wan mtu 1000 || return 1
	in_node wan nft -f - <<-EOF
	table ip lab_path {
		chain whole {
			type filter hook prerouting priority -450;
			ip frag-off & 0x3fff != 0 drop
		}
	}
	EOF
}

# The router drops what is too long, and says nothing.
mute() {
	in_node wan nft add rule ip lab_path whole meta length gt 1000 drop
}

# try WHAT LOCAL REMOTE MESSAGE: comes up, and says which size it took.
try() {
	configuration "$2" "$3" a b >"$scratch/a.conf"
	configuration "$3" "$2" b a >"$scratch/b.conf"
	need "$1: gw-b starts" start gw-b "$scratch/b.conf"
	need "$1: gw-a starts" start gw-a "$scratch/a.conf"
	check "$1: the connection comes up" in_node gw-a "$postern" up path
	check "$1: gw-a has found the size" grep -E "request 1 does not get through: it is sent in [0-9]+ parts of $4 octets" \
		"$(node_log gw-a posternd)"
	check "$1: gw-b got IKE_AUTH in fragments" figure_is gw-b counters.reassembled -eq 1
	check "$1: gw-b repeated no answer in vain" figure_is gw-b counters.repeated -le 1
	check "$1: gw-a stops" node_stop gw-a posternd
	check "$1: gw-b stops" node_stop gw-b posternd
}

need "the lab comes up" lab_up two-gateways
at_exit lab_down
need "the path is narrow" narrow
try "the router says so" 192.0.2.1 198.51.100.1 1000
need "the router falls silent" mute
in_node gw-a ip route flush cache
try "nobody says so" 192.0.2.1 198.51.100.1 576

[ "$ktap_failed" = 0 ] || for node in gw-a gw-b; do
	ktap_comment "$node:"
	ktap_show <"$(node_log $node posternd)"
done
ktap_done
