# SPDX-License-Identifier: MIT
#
# For shell tests, to be sourced: prints KTAP, ends with kselftest's exit codes, waits for conditions, cleans up.
#
#	. "$(dirname "$0")/../lib/ktap.sh"
#	ktap_require esp			# skips the whole test, with the reason, where the kernel has none
#	at_exit ip netns del "$ns"
#	check "a name that states the property" command arguments...
#	ktap_done

ktap_lib=$(cd "$(dirname "${BASH_SOURCE:-$0}")" && pwd -P)
top=$(cd "$ktap_lib/../.." && pwd -P)
# The folder with the programs just built.
build=${POSTERN_BUILD:-$top/build}
. "$ktap_lib/wait.sh"

ksft_pass=0
ksft_fail=1
ksft_skip=4

ktap_count=0
ktap_failed=0
ktap_skipped=0
ktap_at_exit=
ktap_scratch=

# at_exit COMMAND [ARGUMENT]...: to be run when the test ends however it ends; the last one given runs first.
at_exit() {
	ktap_at_exit="$(printf '%q ' "$@") || :
$ktap_at_exit"
}

ktap_on_exit() {
	ktap_code=$?
	trap - EXIT
	trap '' INT TERM HUP
	set +e
	eval "$ktap_at_exit"
	[ -z "$ktap_scratch" ] || rm -rf "$ktap_scratch"
	exit "$ktap_code"
}
trap ktap_on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# A folder for this test's own files, in $scratch, removed at the end.
ktap_scratch=$(mktemp -d "${TMPDIR:-/tmp}/postern-test.XXXXXX")
scratch=$ktap_scratch

KSFT_FEATURES=${KSFT_FEATURES:-$(python3 "$ktap_lib/features.py")}
export KSFT_FEATURES
echo "KTAP version 1"
echo "$KSFT_FEATURES"

# ktap_comment TEXT...: diagnostics.
ktap_comment() {
	printf '# %s\n' "$*"
}

# Standard input as diagnostics, its last 40 lines.
ktap_show() {
	tail -n 40 | sed 's/^/#   /'
}

ktap_ok() {
	ktap_count=$((ktap_count + 1))
	printf 'ok %d %s\n' "$ktap_count" "$*"
}

ktap_not_ok() {
	ktap_count=$((ktap_count + 1))
	ktap_failed=$((ktap_failed + 1))
	printf 'not ok %d %s\n' "$ktap_count" "$*"
}

# ktap_skip NAME REASON: one test left out.
ktap_skip() {
	ktap_count=$((ktap_count + 1))
	ktap_skipped=$((ktap_skipped + 1))
	printf 'ok %d %s # SKIP %s\n' "$ktap_count" "$1" "$2"
}

# ktap_skip_all REASON: nothing can be tested here; ends the script.
ktap_skip_all() {
	printf '1..0 # SKIP %s\n' "$*"
	exit $ksft_skip
}

# has FEATURE: true if the kernel has it, see features.py.
has() {
	case " $KSFT_FEATURES " in
	*" $1=yes "*)	return 0 ;;
	*)		return 1 ;;
	esac
}

# ktap_require FEATURE...: features of the kernel, or "root".
ktap_require() {
	local feature
	for feature in "$@"; do
		if [ "$feature" = root ]; then
			[ "$(id -u)" = 0 ] || ktap_skip_all "not root"
		else
			has "$feature" || ktap_skip_all "kernel has no $feature"
		fi
	done
}

# check NAME COMMAND [ARGUMENT]...: one test; what the command said is shown only if it failed.
check() {
	local name=$1 code=0
	shift
	"$@" >"$ktap_scratch/check.log" 2>&1 || code=$?
	if [ $code = 0 ]; then
		ktap_ok "$name"
	else
		ktap_not_ok "$name"
		ktap_comment "exit code $code: $*"
		ktap_show <"$ktap_scratch/check.log"
	fi
	return 0
}

# need NAME COMMAND [ARGUMENT]...: a test without which the ones after it mean nothing; its failure ends the script.
need() {
	local failed=$ktap_failed
	check "$@"
	[ "$ktap_failed" = "$failed" ] || ktap_done
}

# refuted COMMAND [ARGUMENT]...: true if the command fails.
refuted() {
	! "$@"
}

# Prints the plan and ends with the exit code that the results ask for.
ktap_done() {
	printf '1..%d\n' "$ktap_count"
	[ "$ktap_failed" = 0 ] || exit $ksft_fail
	[ "$ktap_count" != "$ktap_skipped" ] || exit $ksft_skip
	exit $ksft_pass
}
