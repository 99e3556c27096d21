#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Other users of the host can do nothing to a project; its owner can do some things without root.

# shellcheck disable=SC2016 # other shells expand these
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
        # Those of requests are beside the locks, and root's alone.
        equal "$(find "$RUNTIME" -type p -not \( -uid 0 -perm 600 \( -name '*.ask' -o -name '*.stop' \) \))" "" "FIFOs of the host"
        if ! is_booted; then
                cgroup=$(machine_cgroup one)
                run as_other ls "/proc/$(supervisor_pid_of "$cgroup")/root/"
                expect_err 'Permission denied'
        fi
        ok fc down
}

# seen_by COMMAND..: what `status` tells them, without what changes by itself.
seen_by() {
        "$@" --json status | jq -S '[.containers[] | {name, state, restarts, ports, machine, notes: [.notes[] | sub(" [^ ]+ ago"; "")]}]'
}

without_root() { as_dev env -C "$PROJECT" "$FC" "$@"; }

# A user who can open a lock's file can hold it, and then nothing of the project can be stopped.
testcase_locks() {
        local files=() file opened

        project shop
        spec "$(tiny one '' ', "ports": ["8080:80"]')"
        ok fc up
        mapfile -t files < <(find "$RUNTIME" -name '*lock')
        true_that "there are locks" test "${#files[@]}" -ge 2
        for file in "${files[@]}"; do
                equal "$(stat -c '%a %U' "$file")" "600 root" "the mode of $file"
                opened=$(as_other sh -c 'exec 3<"$1" && echo opened' sh "$file" 2>/dev/null || :)
                equal "$opened" "" "what another user did with $file"
                opened=$(as_dev sh -c 'exec 3<"$1" && echo opened' sh "$file" 2>/dev/null || :)
                equal "$opened" "" "what the developer did with $file"
        done
        equal "$(find "$RUNTIME" -mindepth 1 -type d -perm /007)" "" "directories that others may enter"
        equal "$(as_other ls "$RUNTIME" 2>/dev/null || :)" "" "what another user sees"
        ok fc down
}

is_running() { [[ $(state_of "$1") == running ]]; }

# The developer sees without root what root sees, how a container has ended and how often it was started again included.
testcase_owner_looks() {
        project shop
        spec "$(tiny runs '' ', "ports": ["8080:80"]'), $(tiny again '["/bin/sh", "-c", "test -e /second || { touch /second; exit 4; }; exec sleep infinity"]' ', "restart": "on-failure"'),
                $(tiny ends '["/bin/sh", "-c", "while ! test -e /go; do sleep 0.1; done; exit 3"]')"
        ok fc up
        ok fc exec ends -- touch /go
        ok fc wait --for stopped ends
        try_until "$WAIT" is_running again
        equal "$(seen_by without_root)" "$(seen_by fc)" "what the developer sees"
        true_that "the end is told" grep -q 'exited 3' <<<"$(seen_by without_root)"
        true_that "the restart is told" grep -q 'exited 4' <<<"$(seen_by without_root)"
        without_root logs -n 1 runs >/dev/null
        equal "$(without_root port runs 80 | head -n 1)" 127.0.0.1:8080 "the port"
        without_root events >"$TMP/events"
        true_that "events are told" grep -q 'exited 3' "$TMP/events"
        ok fc down
}

live_main "$@"
