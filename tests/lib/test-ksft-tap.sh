#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The wrapper between kselftest programs and TAP readers, fed with made-up programs.
. "$(dirname "$0")/ktap.sh"

# verdict SCRIPT: what the wrapper makes of a shell script, its exit code on the last line.
verdict() {
	"$ktap_lib/ksft-tap" --timeout 3 sh -c "$1" 2>&1
	echo "exit $?"
}

# gives SCRIPT EXPECTED-LINE...: each expected line stands in the verdict by itself.
gives() {
	local said expected
	said=$(verdict "$1")
	shift
	printf '%s\n' "$said"
	for expected in "$@"; do
		if ! grep -Fxq -e "$expected" <<<"$said"; then
			echo "missing line: $expected"
			return 1
		fi
	done
}

# withholds SCRIPT LINE: the line isn't there as it was printed.
withholds() {
	local said
	said=$(verdict "$1")
	! grep -Fxq -e "$2" <<<"$said"
}

check "passing results go through" \
	gives 'echo TAP version 13; echo 1..1; echo ok 1 a' 'TAP version 13' '1..1' 'ok 1 a' 'exit 0'
check "the features of the kernel stand on the second line" \
	test "$(verdict 'echo TAP version 13; echo 1..1; echo ok 1' | sed -n 2p)" = "$KSFT_FEATURES"
check "the version comes first even if a comment came before" \
	test "$(verdict 'echo "# early"; echo KTAP version 1; echo ok 1; echo 1..1' | head -n 1)" = 'TAP version 13'
check "exit code 1 with a failed result leaves the verdict to the result" \
	gives 'echo 1..1; echo not ok 1 a; exit 1' 'not ok 1 a' 'exit 0'
check "exit code 1 without a failed result is an error" \
	gives 'echo 1..1; echo ok 1 a; exit 1' 'Bail out! exit code 1, which no result explains' 'exit 1'
check "exit code 1 and nothing else is an error" \
	gives 'exit 1' 'Bail out! printed no result (exit code 1)' 'exit 1'
check "exit code 4 is a skip with its reason" \
	gives 'echo TAP version 13; echo "1..0 # SKIP no esp"; exit 4' '1..0 # SKIP no esp' 'exit 0'
check "exit code 4 without a word is a skip that says so" \
	gives 'exit 4' '1..0 # SKIP no reason given' 'exit 0'
check "exit code 4 doesn't hide a failed result" \
	gives 'echo 1..1; echo not ok 1 a; exit 4' 'not ok 1 a' '1..1'
check "a single skipped test goes through" \
	gives 'echo 1..2; echo ok 1; echo "ok 2 b # SKIP no esp"' 'ok 2 b # SKIP no esp' 'exit 0'
check "empty output is an error" gives 'true' 'Bail out! printed no result (exit code 0)' 'exit 1'
check "an empty plan without a skip is an error" gives 'echo 1..0' 'Bail out! the plan has no test in it' 'exit 1'
check "nested results become comments" \
	gives 'echo KTAP version 1; echo 1..1; echo "  KTAP version 1"; echo "  not ok 1 x"; echo ok 1' \
	'# KTAP version 1' '# not ok 1 x' 'ok 1' 'exit 0'
check "other output becomes a comment" gives 'echo hello; echo ok 1; echo 1..1' '# hello' 'exit 0'
check "results on standard error don't count" \
	gives 'echo ok 1 >&2' '# ok 1' 'Bail out! printed no result (exit code 0)'
check "a kernel splat is an error whatever the results" \
	gives 'echo 1..1; echo "[   12.345678] BUG: unable to handle page fault"; echo ok 1' 'exit 1'
check "a kernel splat on standard error is one too" \
	gives 'echo 1..1; echo "[   12.345678][  T12] WARNING: CPU: 1 PID: 2 at net/x.c" >&2; echo ok 1' 'exit 1'
check "the word for a splat inside a sentence is none" \
	gives 'echo 1..1; echo "# never prints BUG: there"; echo ok 1' 'exit 0'
check "a run past its time limit is an error" gives 'echo ok 1; sleep 60' 'Bail out! time limit of 3 seconds passed' 'exit 1'
check "death by a signal is an error" gives 'echo 1..1; echo ok 1; kill -SEGV $$' 'Bail out! killed by SIGSEGV' 'exit 1'
check "a process left behind is an error" \
	gives 'echo 1..1; echo ok 1; sleep 60 >/dev/null 2>&1 &' 'Bail out! left processes behind' 'exit 1'
check "a program that isn't there is an error" \
	test "$("$ktap_lib/ksft-tap" /nonexistent | tail -n 1)" = 'Bail out! /nonexistent: No such file or directory'
check "only the first plan counts" withholds 'echo 1..1; echo ok 1; echo 1..7' '1..7'

# The shell library, by scripts that use it.
lib=". $ktap_lib/ktap.sh"
check "a shell test that fails one check exits with 1" \
	gives "exec bash -c '$lib; check good true; check bad false; ktap_done'" 'ok 1 good' 'not ok 2 bad' '1..2' 'exit 0'
check "a shell test that skips everything is a skip" \
	gives "exec bash -c '$lib; ktap_require magic'" '1..0 # SKIP kernel has no magic' 'exit 0'
check "a missing feature is named by has" gives "exec bash -c '$lib; check none refuted has magic; ktap_done'" 'ok 1 none'
check "clean-up runs backwards, also after a failure" \
	gives "exec bash -c '$lib; at_exit echo \"# two  words\"; at_exit echo \"# last\"; ktap_ok a; false; exit 1'" \
	'# two  words' '# last'
check "wait_for gives up" refuted wait_for 0 false
later() {
	(sleep 0.3; touch "$scratch/there") &
	wait_for 5 test -e "$scratch/there"
	wait
}
check "wait_for sees what comes later" later
ktap_done
