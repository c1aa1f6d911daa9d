#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	gw-a: one posternd that runs, and others that would like to
#
# The kernel's tables and the UDP ports are of one posternd in a network namespace, whatever its control socket is called.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"

ktap_require root io_uring
posternd=$build/userspace/ikev2/daemon/posternd

# config PORT PORT-NAT-T
config() {
	cat <<-EOF2
	settings {
	  port = $1
	  port_nat_t = $2
	}
	connections {
	  walls {
	    local {
	      auth = psk
	      id = 1.test
	    }
	    remote {
	      auth = psk
	      id = 2.test
	    }
	    children {
	      wall {
	        mode = drop
	        local_ts = 10.1.0.0/16
	        remote_ts = 10.2.0.0/16
	        start_action = trap
	      }
	    }
	  }
	}
	secrets {
	  ike-all {
	    secret = "of the lab only"
	  }
	}
	EOF2
}
config 500 4500 >"$scratch/usual.conf"
config 1500 14500 >"$scratch/other.conf"
config 1501 4500 >"$scratch/half.conf"

# start NODE NAME CONFIG [OPTION]...
start() {
	local node=$1 name=$2 config=$3
	shift 3
	node_start "$node" "$name" "$posternd" --config "$scratch/$config" --control "/run/$name.vici" --workers 1 --no-bpf "$@"
	wait_for 30 grep -q ready: "$(node_log "$node" "$name")"
}

# refused CONFIG [OPTION]...: a second one on gw-a, whatever it is asked.
refused() {
	local code=0 config=$1
	shift
	in_node gw-a timeout 20 "$posternd" --config "$scratch/$config" --control /run/second.vici --workers 1 --no-bpf "$@" \
		>"$scratch/refused.log" 2>&1 || code=$?
	cat "$scratch/refused.log"
	test $code = 71 && grep -q 'another posternd runs in this network namespace' "$scratch/refused.log"
}

# policies NUMBER: so many are in gw-a's kernel.
policies() {
	test "$(in_node gw-a ip xfrm policy | grep -c '^src 10\.')" = "$1"
}

need "the lab comes up" lab_up two-gateways
at_exit lab_down

need "one starts" start gw-a first usual.conf
check "its policies are in the kernel" wait_for 10 policies 3
check "a second one does not start" refused usual.conf
check "nor with other ports" refused other.conf
check "nor without IPsec, when it wants the same ports" refused usual.conf --ipsec null
check "nor when it wants one of them" refused half.conf --ipsec null
check "the first one's policies are where they were" policies 3
check "without IPsec and with other ports it starts" start gw-a null other.conf --ipsec null
check "and ends, cleanly" node_stop gw-a null
check "which the first one doesn't notice, either" policies 3
check "in another network namespace one starts" start gw-b first usual.conf
node_stop gw-a first KILL || :
check "after kill -9 one starts at once" start gw-a third usual.conf
check "and has its policies" wait_for 10 policies 3
check "it ends, cleanly" node_stop gw-a third
check "so does the one in the other namespace" node_stop gw-b first
check "no policy is left" policies 0
ktap_done
