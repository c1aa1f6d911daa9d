# SPDX-License-Identifier: MIT

# wait_for SECONDS COMMAND [ARGUMENT]...: until the command succeeds; fails when the time is over,
# which lasts KSFT_SLOW times as long on a machine that says it is that much slower.
wait_for() {
	local end=$((SECONDS + $1 * ${KSFT_SLOW:-1} + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ "$SECONDS" -ge "$end" ]; then
			echo "waited in vain for: $*" >&2
			return 1
		fi
		sleep 0.05
	done
}
