#!/bin/bash
# SPDX-License-Identifier: MIT
#
# tests/ works as a target of the kernel's own selftests, in the sources that Debian ships.
. "$(dirname "$0")/ktap.sh"

archive=$(ls /usr/src/linux-source-*.tar.xz 2>/dev/null | sort -V | tail -n 1)
[ -n "$archive" ] || ktap_skip_all "no kernel source in /usr/src"
[ -d "$build/meson-info" ] || ktap_skip_all "no Meson tree in $build"

kernel=$scratch/$(basename "$archive" .tar.xz)
selftests=$kernel/tools/testing/selftests

extract() {
	local from
	from=$(basename "$archive" .tar.xz)
	tar -C "$scratch" -xJf "$archive" --occurrence=1 "$from/scripts/subarch.include" \
		"$from/tools/testing/selftests/Makefile" "$from/tools/testing/selftests/lib.mk" \
		"$from/tools/testing/selftests/kselftest/runner.sh" "$from/tools/testing/selftests/kselftest/prefix.pl"
}

# target RESULTS PREFIX: runs the target's tests with that prefix in the kernel's tree.
target() {
	make -C "$selftests" TARGETS=postern run_tests "POSTERN_BUILD=$build" "POSTERN_TESTS=$2" >"$1" 2>&1
	tail -n 30 "$1"
}

# Lines of the kernel's runner, one per test program.
results() {
	grep -E '^(not )?ok [0-9]+ selftests: postern: ' "$1"
}

passes() {
	target "$scratch/base" pdk/base &&
		results "$scratch/base" && [ -z "$(results "$scratch/base" | grep -v '^ok')" ]
}

need "the kernel's test runner can be had" extract
ln -s "$top/tests" "$selftests/postern"
check "the unit tests of pdk/base pass in a kernel tree" passes
check "each shows the kernel's features" \
	test "$(grep -Fc "# $KSFT_FEATURES" "$scratch/base")" = "$(results "$scratch/base" | wc -l)"
printf '#!/bin/sh\necho "limit $kselftest_timeout"\n' >"$scratch/probe.sh"
chmod +x "$scratch/probe.sh"
limit() {
	make -C "$selftests" TARGETS=postern run_tests "POSTERN_BUILD=$build" TEST_CUSTOM_PROGS="$scratch/probe.sh" |
		grep -x "# limit $(sed -n 's/^timeout=//p' "$top/tests/settings")"
}
check "the time limit comes from settings" limit
failing() {
	printf '#!/bin/sh\nexit 1\n' >"$scratch/probe.sh"
	make -C "$selftests" TARGETS=postern run_tests "POSTERN_BUILD=$build" TEST_CUSTOM_PROGS="$scratch/probe.sh" |
		grep '^not ok 1 selftests: postern: probe.sh'
}
check "a failure is reported as one" failing
check "without a build it says what is missing" refuted make -C "$selftests" TARGETS=postern run_tests \
	"POSTERN_BUILD=$scratch" FORCE_TARGETS=1
ktap_done
