#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Limits of what a container may use, where they cannot be had: the script's host has either no controllers, since they
# belong to cgroup version 1, or processes in its root, since that is one of a cgroup namespace. Where they can be had
# they are the kernel's affair; what is written is tested by test-limits.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

readonly LIMITS='"resources": {"MemoryMax": "64M", "TasksMax": 30}'

refused() {
        if grep -qw memory "$CGROUP2/cgroup.controllers"; then
                expect_err "one: limit resources: turn on cgroup controller 'memory' in '$CGROUP2'"
                expect_err 'move them to one below'
        else
                expect_err "containers\.one\.resources\.MemoryMax: the cgroup2 tree at '$CGROUP2' has no controller 'memory'"
                expect_err 'cgroup_no_v1'
        fi
}

testcase_refused() {
        project shop
        spec "$(tiny one '' ", $LIMITS")"
        run_status 6 fc up
        refused
        [[ ! -e $CGROUP2/flake-containers ]] || flunk "a cgroup is left"
        ok fc down
}

# What runs goes on when that is known beforehand.
testcase_refusal_changes_nothing() {
        local cgroup keeper

        if grep -qw memory "$CGROUP2/cgroup.controllers"; then
                note "here it is only known when it is tried"
                return
        fi
        project shop
        spec "$(tiny one)"
        ok fc up
        cgroup=$(machine_cgroup one)
        keeper=$(keeper_pid_of "$cgroup")
        spec "$(tiny one '' ", $LIMITS")"
        run_status 6 fc up
        refused
        equal "$(keeper_pid_of "$cgroup")" "$keeper" "what keeps the container that runs"
        ok fc down
}

live_main "$@"
