#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The VM runner passes on output, exit code and results, and doesn't hide a broken kernel, a hang or silence.
. "$(dirname "$0")/../lib/ktap.sh"

[ -n "$(command -v qemu-system-x86_64)" ] || ktap_skip_all "no qemu-system-x86_64"
[ -n "$(ls /boot/vmlinuz-* 2>/dev/null)" ] || ktap_skip_all "no kernel in /boot"

run=$top/netns-lab/vm/run
out=$scratch/out

# boots CODE [OPTION]... -- COMMAND...: the runner ends with that code; what it printed is in $scratch/stdout and stderr.
boots() {
	local expected=$1 code=0
	shift
	"$run" --out "$out" --timeout 120 "$@" >"$scratch/stdout" 2>"$scratch/stderr" || code=$?
	tail -n 20 "$scratch/stdout" "$scratch/stderr"
	[ "$code" = "$expected" ]
}

script='pwd; echo complaint >&2; uname -r; echo kept >"$0/result"; echo lost >/etc/postern-was-here; exit 7'
check "the command's exit code is passed on" boots 7 --env X=1 -- sh -c "$script" "$out"
check "it runs in the same folder" test "$(sed -n 1p "$scratch/stdout")" = "$PWD"
check "it runs in another kernel" test "$(sed -n 2p "$scratch/stdout")" != "$(uname -r)"
check "standard error comes out by itself" test "$(cat "$scratch/stderr")" = complaint
check "what it writes into the folder for results stays" test "$(cat "$out/result")" = kept
check "what it writes elsewhere is gone" refuted test -e /etc/postern-was-here
check "a kernel fault is a failure even if the command succeeds" \
	boots 121 -- sh -c 'echo "<0>BUG: made up by a test" >/dev/kmsg; exit 0'
check "the kernel's console is shown then" grep -q 'console: .*BUG: made up by a test' "$scratch/stderr"
check "silence ends the run" boots 124 --silence 15 -- sleep 1000
check "the reason is said" grep -q 'nothing was printed for 15 s' "$scratch/stderr"
ktap_done
