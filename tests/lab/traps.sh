#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	host-a --- gw-a --- wan --- gw-b
#	         posternd        posternd
#
# Policies of traps and of what is dropped, in gw-a's kernel, which needs no ESP for them: a reload takes none away for a
# moment, IKE gets through what drops everything and takes no route of a tunnel, and what the kernel refuses is not called
# installed.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"

ktap_require root io_uring
[ -n "$(command -v swanctl)" ] || ktap_skip_all "no swanctl"
posternd=$build/userspace/ikev2/daemon/posternd
postern=$build/userspace/tools/postern
conf=$scratch/gw-a.conf
monitor=$scratch/monitor

# site LOCAL REMOTE CHILD: a connection between them.
site() {
	cat <<-EOF
	connections {
	  site {
	    remote_addrs = $2
	    proposals = aes128gcm16-prfsha256-x25519
	    local {
	      auth = psk
	      id = $1
	    }
	    remote {
	      auth = psk
	      id = $2
	    }
	    children {
	      $3
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

# configuration REMOTE-TS SITE STOP LATER: selector and options of a trap, of what drops, and of what is only installed by hand.
configuration() {
	site 192.0.2.1 198.51.100.1 "net {
	  remote_ts = $1
	  start_action = trap
	  $2
	}"
	cat <<-EOF
	connections {
	  others {
	    remote_addrs = 192.0.2.99
	    local {
	      auth = psk
	    }
	    remote {
	      auth = psk
	    }
	    children {
	      stop {
	        mode = drop
	        local_ts = 0.0.0.0/0
	        remote_ts = 0.0.0.0/0
	        start_action = trap
	        $3
	      }
	      later {
	        mode = drop
	        local_ts = 10.3.0.0/24
	        remote_ts = 10.4.0.0/24
	        $4
	      }
	    }
	  }
	}
	EOF
}

start() {
	node_start "$1" posternd "$posternd" --config "$2" --workers 1 --no-bpf "${@:3}" &&
		wait_for 30 in_node "$1" "$postern" version
}

ctl() {
	in_node gw-a swanctl "$@" --uri unix:///run/postern.vici
}

# says PATTERN ARGUMENT...: what swanctl prints matches.
says() {
	local said
	said=$(ctl "${@:2}" 2>&1)
	printf '%s\n' "$said"
	grep -E "$1" <<<"$said"
}

# has_policy ARGUMENT...: the kernel has it going out.
has_policy() {
	in_node gw-a ip xfrm policy list dir out "$@" | grep ^src
}

# What is installed by hand comes behind all that was asked before: when the kernel has told of it, it has told of all.
told() {
	ctl --install --ike others --child later && wait_for 10 grep 'src 10.3.0.0/24 dst 10.4.0.0/24' "$monitor" &&
		ctl --uninstall --ike others --child later &&
		wait_for 10 grep '^Deleted src 10.3.0.0/24 dst 10.4.0.0/24' "$monitor"
}

# reload REMOTE-TS SITE STOP: what the kernel tells of its policies meanwhile is in $monitor.
reload() {
	configuration "$@" >"$conf"
	wait_for 10 kept_quiet
	: >"$monitor"
	in_node gw-a "$postern" load && told
}

# Nothing of before is still to come.
kept_quiet() {
	local size
	size=$(stat -c %s "$monitor")
	sleep 0.2
	[ "$(stat -c %s "$monitor")" = "$size" ]
}

# What the monitor saw, one policy a line, but for those of told().
seen() {
	grep 'src .* dst ' "$monitor" | grep -v 10.3.0.0/24
}

nothing_gone() {
	refuted grep -E '^Deleted .*(10.2.0.0/24|0.0.0.0/0 dst 0.0.0.0/0)' "$monitor"
}

# The new selector is there before the old one goes.
new_first() {
	seen
	[[ $(seen | grep -e 10.5.0.0/24 -e 10.2.0.0/24 | head -n 1) != Deleted* ]] && refuted has_policy dst 10.2.0.0/24 &&
		has_policy dst 10.5.0.0/24
}

# Messages that gw-b got.
received() {
	in_node gw-b "$postern" --json stats |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["counters"]["received"])'
}

more_than() {
	[ "$(received)" -gt "$1" ]
}

# gw-b hears of it. What becomes of that is not of interest here: this kernel may have no ESP.
call() {
	local before
	before=$(received)
	in_node gw-a "$postern" --timeout 3 up site >/dev/null 2>&1
	wait_for 10 more_than "$before"
}

# As a tunnel for all traffic leaves it, with an internal address (daemon/addresses.c).
tunnel_for_all() {
	in_node gw-a ip -batch - <<-EOF
	addr add 10.6.0.5/32 dev lan
	rule add pref 220 not fwmark 220 table 220
	route add default via 10.1.0.10 dev lan src 10.6.0.5 table 220
	EOF
}

from_outside() {
	in_node gw-a ip xfrm policy list dir out dst 10.7.0.0/24 | grep 'tmpl src 192.0.2.1 dst 198.51.100.1'
}

foreign() {
	in_node gw-a ip xfrm policy "$1" src 10.3.0.0/24 dst 10.4.0.0/24 dir out ${2:+action $2}
}

need "the lab comes up" lab_up two-gateways
at_exit lab_down
configuration 10.2.0.0/24 >"$conf"
site 198.51.100.1 192.0.2.1 "net { }" >"$scratch/gw-b.conf"
need "gw-b starts" start gw-b "$scratch/gw-b.conf" --ipsec null
need "gw-a starts" start gw-a "$conf"
need "it has a trap" wait_for 10 has_policy dst 10.2.0.0/24
need "it drops the rest" wait_for 10 has_policy src 0.0.0.0/0 dst 0.0.0.0/0
node_start gw-a monitor ip xfrm monitor policy
monitor=$(node_log gw-a monitor)

check "IKE gets through what drops everything" call

check "a reload that changes no policy is taken over" reload 10.2.0.0/24 "dpd_action = restart" "close_action = trap"
check "it takes none away" nothing_gone
check "a reload that changes templates is taken over" reload 10.2.0.0/24 "priority = 1000" "priority = 2000"
check "it takes no policy away, either" nothing_gone
check "the trap is the new one" wait_for 10 has_policy dst 10.2.0.0/24 priority 1000
check "so is what drops" wait_for 10 has_policy src 0.0.0.0/0 dst 0.0.0.0/0 priority 2000
check "a reload that changes a selector is taken over" reload 10.5.0.0/24 "priority = 1000" "priority = 2000"
check "the new trap is there before the old one goes" new_first

need "a tunnel takes all traffic" tunnel_for_all
check "a reload that makes a trap is taken over" reload 10.7.0.0/24 "priority = 1000" "priority = 2000"
check "our address is the one that IKE is sent from" from_outside
check "IKE doesn't go where the tunnel would have it" call

foreign add block
check "what somebody else has can't be installed" says 'File exists' --install --ike others --child later
check "it isn't listed" refuted says '^others/later' --list-pols
check "nor can it be the next time" says 'File exists' --install --ike others --child later
check "there is nothing to take away" says "no trap of 'later' is installed" --uninstall --ike others --child later
check "the policy of somebody else is there still" foreign get
foreign delete
check "when that has gone it is installed" ctl --install --ike others --child later
check "and listed" says '^others/later' --list-pols
check "the kernel has it" has_policy dst 10.4.0.0/24
check "installing it twice is fine" ctl --install --ike others --child later
check "it is taken away" ctl --uninstall --ike others --child later
check "two clients may install it at once" in_node gw-a "$top/tests/interop/drive.py" /run/postern.vici install others later 50

configuration 10.7.0.0/24 "priority = 1000" "priority = 2000" "interface = nowhere0" >"$conf"
check "a reload with an interface that isn't there is taken over" in_node gw-a "$postern" load
check "what names it can't be installed" says 'No such device' --install --ike others --child later

check "gw-a ends in order" node_stop gw-a posternd
check "nothing is left in its kernel" refuted has_policy
check "gw-b ends in order" node_stop gw-b posternd

[ "$ktap_failed" = 0 ] || for node in gw-a gw-b; do
	ktap_comment "$node:"
	ktap_show <"$(node_log $node posternd)"
done
ktap_done
