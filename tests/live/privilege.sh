#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Our own processes have the privileges that SECURITY.md lists, as the kernel tells.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

status_of() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }

# capabilities HEX: their names, without "cap_", in alphabetical order; "all" when they are those of this shell.
capabilities() {
        local names

        if [[ $1 == "$(status_of $$ CapBnd)" ]]; then
                echo all
                return
        fi
        names=$(capsh --decode="$1" | sed 's/^[^=]*=//; s/cap_//g' | tr , '\n' | sort | paste -sd ' ')
        echo "${names:-none}"
}

# as_far_as_there NAMES: without those that this host, which may be a container, has not.
as_far_as_there() {
        local name have names=()

        have=" $(capsh --decode="$(status_of $$ CapBnd)" | sed 's/^[^=]*=//; s/cap_//g; s/,/ /g') "
        for name in $1; do
                if [[ $name == @(all|none) || $have == *" $name "* ]]; then names+=("$name"); fi
        done
        printf '%s\n' "${names[*]}"
}

# row PROCESS: its cells in SECURITY.md's table, one a line, without the first.
row() {
        awk -F '|' -v name="$1" '{ gsub(/[`,]/, "") } $2 ~ "^ *" name " *$" {
                for (i = 3; i < NF; i++) { gsub(/^ +| +$/, "", $i); print $i } }' "$LIVE_TOP/SECURITY.md"
}

# check_privileges PROCESS PID: the table's row, but for the user.
check_privileges() {
        local name=$1 pid=$2 cells=() groups

        mapfile -t cells < <(row "$name")
        equal "${#cells[@]}" 6 "cells of '$name' in SECURITY.md"
        for groups in CapPrm CapEff; do
                equal "$(capabilities "$(status_of "$pid" $groups)")" "${cells[1]}" "$groups of the $name"
        done
        equal "$(status_of "$pid" CapInh)$(status_of "$pid" CapAmb)" 00000000000000000000000000000000 "what the $name hands on"
        equal "$(capabilities "$(status_of "$pid" CapBnd)")" "$(as_far_as_there "${cells[2]}")" "CapBnd of the $name"
        equal "$(status_of "$pid" NoNewPrivs)" "${cells[3]}" "NoNewPrivs of the $name"
        equal "$(status_of "$pid" Seccomp)" "${cells[4]}" "Seccomp of the $name"
        equal "$(limits_of "$pid")" "${cells[5]}" "limits of the $name"
}

# limits_of PID: those of the table that are 0.
limits_of() {
        local names

        names=$(sed -nE 's/^Max (core file size|file size|locked memory|msgqueue size) +0 +0 .*/\1/p' "/proc/$1/limits" |
                sed 's/ .*//' | sort | paste -sd ' ')
        echo "${names:-none}"
}

testcase_what_serves_ports() {
        local cgroup pid uids=() name

        project shop
        spec "$(web web ', "ports": ["8080:80"]'), $(web other ', "ports": ["8081:80"]')"
        ok fc up
        for name in web other; do
                cgroup=$(machine_cgroup "$name")
                if is_booted; then
                        check_privileges relay "$(head -n 1 "$cgroup/proxies/cgroup.procs")"
                else
                        check_privileges supervisor "$(supervisor_pid_of "$cgroup")"
                fi
        done
        ok page 8080
        ok page 8081
        for pid in $(proxy_of web) $(proxy_of other); do
                check_privileges proxy "$pid"
                # The effective, the saved, that for files: all are the same.
                equal "$(status_of "$pid" Uid | tr '\t' '\n' | sort -u | wc -l)" 1 "uids of a proxy"
                equal "$(status_of "$pid" Gid)" "$(status_of "$pid" Uid)" "gids of a proxy"
                equal "$(status_of "$pid" Groups)" "" "groups of a proxy"
                uids+=("$(status_of "$pid" Uid | cut -f 1)")
        done
        equal "${#uids[@]}" 2 "proxies"
        differ "${uids[0]}" "${uids[1]}" "two containers' uid of proxies"
        for name in "${uids[@]}"; do
                true_that "$name is beyond all that is allotted" test "$name" -ge 2013265920 -a "$name" -lt 2080374784
                equal "$(getent passwd "$name" || :)$(getent group "$name" || :)" "" "user $name of this host"
        done
        ok fc down
}

serves() { page "$1" >/dev/null 2>&1; }

# The privileges that were given up are not missed when the guest reboots or a container ends by itself: what it leaves
# belongs to other users, and is removed.
testcase_nothing_is_missing() {
        local leave='mkdir -p /deep/er && touch /deep/er/file && chmod 0 /deep && chmod 1777 /tmp && touch /tmp/file'

        project shop
        spec "$(web web ', "ports": ["8080:80"]'), $(tiny one "[\"/bin/sh\", \"-c\", \"$leave; while ! test -e /go; do sleep 0.1; done; exit 3\"]" \
                ', "ephemeral": true')"
        ok fc up
        exists "$PROJECT/.containers/one/ephemeral"
        ok fc exec one -- touch /go
        ok fc wait --for stopped one
        absent "$PROJECT/.containers/one/ephemeral"
        equal "$(state_of one)" crashed "the state"
        ok fc events one
        expect_out 'crashed +exited 3'
        equal "$(machines_left | grep -e '-one\b' || :)" "" "what is left of it in cgroups"
        ok page 8080
        # It takes the connection with it.
        run fc exec web -- systemctl reboot
        try_until "$WAIT" serves 8080
        ok fc down
}

live_main "$@"
