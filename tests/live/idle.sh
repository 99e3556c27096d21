#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A container that has nothing to do costs nothing.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# wakes PID: how many system calls it finishes within 2 s. One that it was in before and is in afterwards is none.
wakes() {
        # The 2 s are what is measured, not waited for.
        timeout --signal=INT 2 strace -f -o "$TMP/trace" -p "$1" 2>/dev/null || :
        grep -cvE '<(detached|unfinished) \.\.\.>|^[0-9]+ +restart_syscall\(<\.\.\. resuming|\+\+\+ |--- ' "$TMP/trace" || :
}

testcase_no_wakeups() {
        local name pid count

        command -v strace >/dev/null || skip "strace is not installed"
        project shop
        spec "$(web web ', "ports": ["8080:80"]'), $(tiny one)"
        ok fc up
        ok page 8080
        for name in web one; do
                pid=$(supervisor_pid_of "$(machine_cgroup "$name")")
                count=$(wakes "$pid")
                # The guest may have been busy with the end of its boot; but that ends.
                ((count == 0)) || count=$(wakes "$pid")
                equal "$count" 0 "system calls of $name's supervisor in 2 s ($(head -n 5 "$TMP/trace"))"
                note "$name: $(sed -n 's/^VmRSS:[[:space:]]*//p' "/proc/$pid/status") resident"
        done
        # Who follows what happens listens to the guest as well.
        fc_background "$TMP/followed" events -f
        line_in "$TMP/followed" 'web: ready' >/dev/null
        count=$(wakes "$FC_PID")
        ((count == 0)) || count=$(wakes "$FC_PID")
        equal "$count" 0 "system calls of events -f in 2 s ($(head -n 5 "$TMP/trace"))"
        ok fc exec web -- systemd-run --quiet --unit=boom false
        line_in "$TMP/followed" 'web: degraded  boom\.service' >/dev/null
        kill -INT "$FC_PID"
        finished "$FC_PID"
        ok fc down
}

# Nothing serves a port before a client connects, and then one process serves all of them.
testcase_no_proxy_before_the_first_connection() {
        project shop
        spec "$(web web ', "ports": ["8080:80", "8081:80"]')"
        ok fc up
        equal "$(proxy_of web)" "" "proxies before a client connected"
        ok page 8080
        ok page 8081
        equal "$(proxy_of web | wc -l)" 1 "proxies"
        ok fc down
}

# One program per container stays, and nothing of the commands.
testcase_processes() {
        local cgroup

        project shop
        spec "$(tiny one)"
        ok fc up
        cgroup=$(machine_cgroup one)
        equal "$(wc -l <"$cgroup/runner/cgroup.procs")" 1 "processes of ours"
        equal "$(wc -l <"$cgroup/nspawn/supervisor/cgroup.procs")" 1 "processes of nspawn"
        if pgrep -x flake-container >/dev/null; then flunk "a command still runs: $(pgrep -xa flake-container)"; fi
        # It keeps nothing of the terminal it was started from: neither files nor the folder.
        for fd in 0 1 2; do
                case $(readlink "/proc/$(supervisor_pid_of "$cgroup")/fd/$fd") in
                /dev/null | */console.log | /dev/pts/* | 'socket:'* | 'pipe:'* | '') ;;
                *) flunk "descriptor $fd of the supervisor is $(readlink "/proc/$(supervisor_pid_of "$cgroup")/fd/$fd")" ;;
                esac
        done
        equal "$(readlink "/proc/$(supervisor_pid_of "$cgroup")/cwd")" / "the supervisor's folder"
        ok fc down
}

# Who waits for the end of our output gets it: nothing that stays behind holds a descriptor of ours.
testcase_output_ends() {
        project shop
        spec "$(tiny one)"
        asker
        timeout "$WAIT" bash -c '"$@" 2>&1 | cat >/dev/null' bash "${ASKER[@]}" "$FC" up ||
                flunk "the pipe from up stays open"
        ok fc down
}

live_main "$@"
