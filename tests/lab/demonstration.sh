#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What scripts/demo shows is what it says: the scenario checks each of its steps.
. "$(dirname "$0")/../lib/ktap.sh"

ktap_require root esp fentry
[ -x "$build/userspace/ikev2/daemon/posternd" ] || ktap_skip_all "no posternd in $build"
check "two gateways protect what lies between their sites" "$top/netns-lab/scenarios/two-gateways" "$build"
ktap_done
