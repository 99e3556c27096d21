#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Limits of what a container may use. Most hosts of the tests cannot have them: either they have no controllers, since they
# belong to cgroup version 1, or processes in their root, since that is one of a cgroup namespace. Then they are refused.
# On a machine of its own the kernel keeps them.

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

have_controllers() { echo '+memory +pids' >"$CGROUP2/cgroup.subtree_control"; } 2>/dev/null

# They are set, changed while it runs, kept by the kernel, and the end tells of them.
testcase_kept() {
        local cgroup keeper

        if ! have_controllers; then
                note "there are none here"
                return
        fi
        project shop
        spec "$(tiny one '' ", $LIMITS")"
        ok fc up
        cgroup=$(machine_cgroup one)
        keeper=$(keeper_pid_of "$cgroup")
        spec "$(tiny one '' ', "resources": {"MemoryMax": "32M", "TasksMax": 8}')"
        ok fc up
        equal "$(keeper_pid_of "$cgroup")" "$keeper" "what keeps the container that runs"
        cgroup=$(nspawn_cgroup "$cgroup")
        equal "$(cat "$cgroup"/{memory,pids}.max | paste -sd ' ')" "$((32 << 20)) 8" "the limits"
        run_status 2 fc exec one -- sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 9 & done'
        expect_err 'Cannot fork'
        ok fc down
        # shellcheck disable=SC2016 # the shell inside expands it
        spec '"one": {"system": {"rootfs": "'"$TINY_IMAGE"'"}, "resources": {"MemoryMax": "32M", "MemorySwapMax": 0},
                "command": ["/bin/bash", "-c", "x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done"]}'
        run fc up
        try_until "$WAIT" grep -q crashed "$PROJECT/.containers/events.jsonl"
        ok fc status
        expect_out 'crashed .*, had run out of memory'
        ok fc down
}

testcase_refused() {
        if have_controllers; then
                note "nothing is refused here"
                return
        fi
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
                note "here it is only known when it is tried, if at all"
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
