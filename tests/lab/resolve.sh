#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	gw-a --- wan --- gw-b
#	client           gateway, lends addresses and tells of its DNS servers
#
# What a client's resolver is told: by resolvconf, which stands in for the real one here, or in a file; what goes when the
# IKE SA does, and what is left after kill -9. None of it needs ESP.
. "$(dirname "$0")/../lib/ktap.sh"
. "$top/netns-lab/lab.sh"

ktap_require root io_uring
posternd=$build/userspace/ikev2/daemon/posternd
postern=$build/userspace/tools/postern

need "the lab comes up" lab_up two-gateways
at_exit lab_down

# A record is a file in $scratch/records; every call is noted. While $scratch/slow is there it takes its time.
mkdir "$scratch/bin" "$scratch/records"
cat >"$scratch/bin/resolvconf" <<EOF
#!/bin/sh
echo "\$*" >>$scratch/calls
[ ! -e $scratch/slow ] || sleep 5
case \$1 in
-a)	cat >$scratch/records/\$2 ;;
-d)	rm -f $scratch/records/\$2 ;;
*)	exit 1 ;;
esac
EOF
chmod +x "$scratch/bin/resolvconf"
touch "$scratch/calls"
printf '# made by hand\nnameserver 192.0.2.53\n' >"$scratch/resolv.conf"
cp "$scratch/resolv.conf" "$scratch/original"

# client SETTINGS
client() {
	cat >"$scratch/client.conf" <<-EOF
		settings {
		  $1
		}
		connections {
		  gw {
		    local_addrs = 192.0.2.1
		    remote_addrs = 198.51.100.1
		    vips = 0.0.0.0, ::
		    local {
		      auth = psk
		      id = client.test
		    }
		    remote {
		      auth = psk
		      id = gateway.test
		    }
		    children {
		      net {
		        remote_ts = 10.2.0.0/24, 2001:db8:2::/64
		      }
		    }
		  }
		}
		secrets {
		  ike-1 {
		    secret = "of the lab only"
		  }
		}
	EOF
}
cat >"$scratch/gateway.conf" <<-EOF
	connections {
	  clients {
	    pools = four, six
	    local {
	      auth = psk
	      id = gateway.test
	    }
	    remote {
	      auth = psk
	      id = client.test
	    }
	    children {
	      net {
	        local_ts = 10.2.0.0/24, 2001:db8:2::/64
	      }
	    }
	  }
	}
	pools {
	  four {
	    addrs = 10.9.0.0/24
	    dns = 10.2.0.53
	  }
	  six {
	    addrs = 2001:db8:9::/64
	    dns = 2001:db8:2::53
	  }
	}
	secrets {
	  ike-1 {
	    secret = "of the lab only"
	  }
	}
EOF

ready() {
	in_node "$1" "$postern" stats >/dev/null 2>&1
}

# start NODE CONFIG
start() {
	node_start "$1" posternd env "PATH=$scratch/bin:$PATH" "$posternd" --config "$2" --no-bpf
	wait_for 30 ready "$1"
}

# The Child SA comes up only where the kernel has ESP; the IKE SA, with addresses and servers, everywhere.
up() {
	in_node gw-a "$postern" up net >/dev/null 2>&1 || :
}

down() {
	in_node gw-a "$postern" down gw >/dev/null
}

kill_hard() {
	node_stop gw-a posternd KILL
	true
}

record=$scratch/records/lo.postern
recorded() {
	printf 'nameserver 10.2.0.53\nnameserver 2001:db8:2::53\n' | cmp -s - "$record"
}
no_record() {
	test ! -e "$record"
}
called() {
	grep -qx -- "$1" "$scratch/calls"
}
written() {
	{ printf 'nameserver %s # by postern\n' 10.2.0.53 2001:db8:2::53; cat "$scratch/original"; } |
		cmp -s - "$scratch/resolv.conf"
}
original() {
	cmp -s "$scratch/original" "$scratch/resolv.conf"
}

# -------- resolvconf --------

client "resolv_conf = $scratch/resolv.conf"
echo 'nameserver 203.0.113.53' >"$record"
need "the gateway starts" start gw-b "$scratch/gateway.conf"
need "the client starts" start gw-a "$scratch/client.conf"
check "what an earlier process has left is removed" wait_for 10 no_record
up
check "resolvconf is told of both servers" wait_for 20 recorded
check "the file is left alone" original
check "the IKE SA goes" down
check "and with it the servers" wait_for 10 no_record

touch "$scratch/slow"
up
check "resolvconf runs" wait_for 20 called '-a lo.postern'
quick() {
	in_node gw-a timeout 3 "$postern" stats >/dev/null
}
check "and however long it takes, nobody waits for it" quick
check "in the end it has been told" wait_for 20 recorded
rm "$scratch/slow"

check "the client is killed" kill_hard
check "the servers are still there" recorded
need "the client starts again" start gw-a "$scratch/client.conf"
check "now they are gone" wait_for 10 no_record
up
check "the servers are there again" wait_for 20 recorded
check "the client ends in order" node_stop gw-a posternd
check "it leaves none behind" no_record

# -------- a file --------

client "resolvconf = no-such-program
  resolv_conf = $scratch/resolv.conf"
need "the client starts without such a program" start gw-a "$scratch/client.conf"
up
check "the servers are in the file, before the others" wait_for 20 written
check "the IKE SA goes" down
check "the file is as it was" wait_for 10 original
up
check "the servers are in the file again" wait_for 20 written
check "the client is killed" kill_hard
check "they are still there" written
need "the client starts again" start gw-a "$scratch/client.conf"
check "the file is as it was before" wait_for 10 original
up
check "once more" wait_for 20 written
check "the client ends in order" node_stop gw-a posternd
check "the file is as it was in the beginning" original

# -------- neither --------

client "resolvconf = no-such-program"
need "the client starts with neither" start gw-a "$scratch/client.conf"
up
told() {
	grep -q 'DNS servers of peers are not installed' "$(node_log gw-a posternd)"
}
check "it says so" wait_for 20 told
check "the client ends in order" node_stop gw-a posternd
check "the gateway ends in order" node_stop gw-b posternd
check "the file was not touched" original

ktap_done
