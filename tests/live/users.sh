#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Other users of the host: what they can do to a project that is not theirs, and what its owner can do without root.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

readonly RUNTIME=/run/flake-containers

# as_other COMMAND..: as a user that is neither root nor the developer.
as_other() { setpriv --reuid 54399 --regid 54399 --clear-groups --no-new-privs -- "$@"; }

# A gate that another user opens would be taken for one that has executed its command.
testcase_gate_has_no_name() {
        local cgroup

        project shop
        spec "$(tiny one)"
        ok fc up
        equal "$(find "$RUNTIME" -type p)" "" "FIFOs of the host"
        if ! is_booted; then
                cgroup=$(machine_cgroup one)
                run as_other ls "/proc/$(supervisor_pid_of "$cgroup")/root/"
                expect_err 'Permission denied'
        fi
        ok fc down
}

live_main "$@"
