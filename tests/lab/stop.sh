#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	gw-a --- wan --- gw-b
#
# gw-a stops, and takes its time for it, while gw-b calls again as soon as it is told. gw-a tells it once, answers nobody
# after that, and touches nothing that is gone already. So it does when it has begun to answer, but can't start to the end.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"

ktap_require root io_uring
posternd=$build/userspace/ikev2/daemon/posternd

# config LOCAL REMOTE LOCAL-ID REMOTE-ID CHILD-OPTIONS
config() {
	cat <<-EOF2
	settings {
	  retransmit_base = 1
	  retransmit_timeout = 200ms
	}
	connections {
	  gw {
	    local_addrs = $1
	    remote_addrs = $2
	    keyingtries = %forever
	    local {
	      auth = psk
	      id = $3.test
	    }
	    remote {
	      auth = psk
	      id = $4.test
	    }
	    children {
	      net {
	        local_ts = 10.$3.0.0/16
	        remote_ts = 10.$4.0.0/16
	        $5
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
# What a command takes to see a tunnel down; gw-b calls several times in it.
slow='updown = "test $PLUTO_VERB != down-client || sleep 4"'
config 192.0.2.1 198.51.100.1 1 2 "" >"$scratch/plain.conf"
config 192.0.2.1 198.51.100.1 1 2 "$slow" >"$scratch/slow.conf"
config 198.51.100.1 192.0.2.1 2 1 "start_action = start
	close_action = start" >"$scratch/b.conf"

# start NODE CONFIG [VARIABLE=VALUE]...: one worker, so that it has no other to ask.
start() {
	local node=$1 config=$2
	shift 2
	node_start "$node" posternd env "$@" "$posternd" --config "$scratch/$config" --ipsec null --workers 1 --no-bpf
}

# What is freed is made unusable, too; a sanitizer would see its use, but wants to come first.
slowly=(LD_PRELOAD="$build/tests/lab/slow_join.so" MALLOC_PERTURB_=165
	ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0")

# said NODE TEXT TIMES: its log has as many lines with it.
said() {
	test "$(grep -c -- "$2" "$(node_log "$1" posternd)")" = "$3"
}

called_while_it_stopped() {
	said gw-b 'closed, trying again' 1 && said gw-b 'initiating Child SA' 2
}

# stops NAME CONFIG [VARIABLE=VALUE]...: gw-a, with gw-b connected.
stops() {
	local name=$1
	shift
	start gw-a "$@"
	start gw-b b.conf
	check "$name: gw-b connects" wait_for 20 said gw-a ' up: ' 1
	check "$name: gw-a ends cleanly" node_stop gw-a posternd
	check "$name: gw-b has called meanwhile" called_while_it_stopped
	check "$name: and got no answer" said gw-a ' established: ' 1
	check "$name: gw-b ends cleanly" node_stop gw-b posternd
	rm "$(node_log gw-a posternd)" "$(node_log gw-b posternd)"
}

not_started() {
	local code=0
	in_node gw-a timeout 20 env "${slowly[@]}" "$posternd" --config "$scratch/plain.conf" --ipsec null --workers 1 \
		--no-bpf --control /no/such/folder/socket || code=$?
	test $code = 71 # EX_OSERR
}

need "the lab comes up" lab_up two-gateways
at_exit lab_down

stops "while commands run" slow.conf
stops "while jobs run" plain.conf "${slowly[@]}"
start gw-b b.conf
# Its sockets are open when it learns that there is no place for the control socket.
check "one that can't start to the end ends cleanly while it is called" not_started
check "gw-b ends cleanly" node_stop gw-b posternd
ktap_done
