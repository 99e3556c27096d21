#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Limits of what a container may use: they hold where the host's cgroup2 has the controllers, and are refused where it
# has not.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

has_controller() { grep -qw "$1" "$CGROUP2/cgroup.controllers"; }

testcase_memory_and_tasks() {
        local cgroup

        project shop
        spec "$(tiny one '' ', "resources": {"MemoryMax": "64M", "TasksMax": 30}')"
        if ! has_controller memory || ! has_controller pids; then
                run_status 6 fc up
                expect_err "containers\.one\.resources\.(MemoryMax|TasksMax): the cgroup2 tree at '$CGROUP2' has no controller"
                expect_err 'cgroup_no_v1'
                equal "$(state_of one)" stopped
                [[ ! -e $CGROUP2/flake-containers ]] || flunk "a cgroup was made"
                return
        fi
        ok fc up
        cgroup=$(machine_cgroup one)
        equal "$(<"$cgroup/nspawn/memory.max")" 67108864
        equal "$(<"$cgroup/nspawn/pids.max")" 30
        ok fc down
}

# What runs is left alone when the new limits cannot be had.
testcase_refusal_changes_nothing() {
        local cgroup supervisor

        if has_controller memory && has_controller cpu; then
                note "this host has all controllers"
                return
        fi
        project shop
        spec "$(tiny one)"
        ok fc up
        cgroup=$(machine_cgroup one)
        supervisor=$(supervisor_pid_of "$cgroup")
        spec "$(tiny one '' ', "resources": {"MemoryMax": "64M", "CPUQuota": "50%"}')"
        run_status 6 fc up
        equal "$(supervisor_pid_of "$cgroup")" "$supervisor" "the supervisor of what runs"
        ok fc down
}

live_main "$@"
