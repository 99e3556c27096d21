#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# kill -9 of anything at any time: the next command sees it and puts it right, and there are never two guests on one
# tree.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

project_with_web() {
        project shop
        spec "$(web web ', "ports": ["8080:80"], "volumes": ["src:/var/www/html"]')"
}

# Whatever happened before, this is what must work.
comes_up_again() {
        ok fc up
        equal "$(payloads_on web)" 1 "guests on the tree"
        equal "$(page 8080)" "$(<"$PROJECT/src/index.html")"
        equal "$(state_of web)" running
}

# After a kill nothing of the container may stay: the cgroup empties by itself.
dead() {
        "$FC_HELPERS/wait-for" "$WAIT" empty "$1" || flunk "still there: $(find "$1" -name cgroup.procs -exec grep -H . {} +)"
        equal "$(payloads_on web)" 0 "guests on the tree"
        # A unit has something to do after its last process.
        ! is_booted || try_until "$WAIT" unit_gone "$1"
}

unit_gone() { [[ ! -e /run/systemd/transient/${1##*/} ]]; }

# nspawn's, which it does not remove when it is killed.
no_lock_left() {
        equal "$(find /run/systemd/nspawn/locks -type f)" '' "lock files that nothing holds"
}

# crash_and_recover WHAT: kills it in a container, which is up afterwards.
crash_and_recover() {
        local cgroup started

        ok fc up
        fc exec web -- sh -c 'echo kept >/var/lib/kept; sync'
        cgroup=$(machine_cgroup web)
        started=${EPOCHREALTIME/[.,]/}
        "$1" "$cgroup"
        dead "$cgroup"
        note "$1: gone after $(((${EPOCHREALTIME/[.,]/} - started) / 1000)) ms"

        ok fc status
        expect_out 'web +crashed'
        ok fc --json events web
        equal "$(jq -r .event <<<"$OUT" | tail -n 1)" crashed "the last event"
        run_status 7 fc exec web -- true
        comes_up_again
        ok fc exec web -- cat /var/lib/kept
        equal "$OUT" kept

        # And down, after the same again.
        cgroup=$(machine_cgroup web)
        "$1" "$cgroup"
        dead "$cgroup"
        ok fc down
        no_lock_left
        equal "$(state_of web)" stopped
        comes_up_again
}

kill_supervisor() { kill -9 "$(supervisor_pid_of "$1")"; }
kill_nspawn() { kill -9 "$(nspawn_pid_of "$1")"; }
kill_both() { kill -9 "$(supervisor_pid_of "$1")" "$(nspawn_pid_of "$1")"; }
kill_both_reversed() { kill -9 "$(nspawn_pid_of "$1")" "$(supervisor_pid_of "$1")"; }
# The guest's own PID 1, which no command asked to end.
kill_guest() { kill -9 "$(sort -n "$(nspawn_cgroup "$1")/payload/init.scope/cgroup.procs" | head -n 1)"; }

testcase_killed() {
        local what

        project_with_web
        for what in kill_supervisor kill_nspawn kill_both kill_both_reversed kill_guest; do
                # In a unit there is no supervisor.
                if is_booted && [[ $what != kill_nspawn && $what != kill_guest ]]; then continue; fi
                crash_and_recover "$what"
        done
        ok fc down
}

# What another container's nspawn holds stays.
testcase_locks_of_another() {
        local cgroup

        supervisor_only
        project shop
        spec "$(web web), $(tiny other)"
        ok fc up
        equal "$(find /run/systemd/nspawn/locks -type f | wc -l)" 2 "locks of two containers"
        cgroup=$(machine_cgroup web)
        kill_both "$cgroup"
        dead "$cgroup"
        # A look repairs nothing.
        ok fc status
        expect_out 'web +crashed'
        exists "$cgroup"
        equal "$(find /run/systemd/nspawn/locks -type f | wc -l)" 2 "locks after a look"
        ok fc down web
        absent "$cgroup"
        equal "$(find /run/systemd/nspawn/locks -type f | wc -l)" 1 "locks that are held"
        ok fc exec other -- true
        ok fc down
        no_lock_left
}

# What serves the ports is part of the container: without it there is no service, and that must show.
testcase_port_proxy() {
        project_with_web
        ok fc up
        ok page 8080
        kill -9 "$(proxy_of web)"
        # The next connection starts another.
        ok page 8080
        ok fc down
}

# up itself killed, and what it had started so far: at moments all over the time that a start takes. tests/soak/sweep.sh
# does so at calls.
testcase_during_up() {
        local delay

        project_with_web
        ok fc up
        ok fc down
        for delay in $(moments 3 0 10 20 40 80 150 300); do
                fc_background "$TMP/up" up
                after "$delay"
                kill -9 "$FC_PID" 2>/dev/null || note "had ended within $delay ms"
                finished "$FC_PID"
                # What it began may still be there, and may even become ready by itself; both are in order.
                ok fc status
                ok fc up
                equal "$(payloads_on web)" 1 "guests on the tree after a kill of up at $delay ms"
                ok page 8080
                ok fc down
                no_machine_left "after down"
        done
}

testcase_supervisor_during_up() {
        local delay cgroup

        supervisor_only
        project_with_web
        ok fc up
        cgroup=$(machine_cgroup web)
        ok fc down
        for delay in $(moments 3 0 5 20 40 80 150 300); do
                fc_background "$TMP/up" up
                try_until "$WAIT" supervisor_is_there "$cgroup"
                after "$delay"
                kill_supervisor "$cgroup" 2>/dev/null || note "no supervisor any more at $delay ms"
                finished "$FC_PID"
                # Later than the start takes, up had succeeded before the kill.
                [[ $STATUS == 3 || $STATUS == 0 ]] || flunk "up ended with $STATUS after its supervisor was killed at $delay ms: $(<"$TMP/up")"
                comes_up_again
                ok fc down
        done
}

testcase_nspawn_during_up() {
        local delay cgroup

        project_with_web
        ok fc up
        cgroup=$(machine_cgroup web)
        ok fc down
        for delay in $(moments 3 0 5 20 40 80 150 300); do
                fc_background "$TMP/up" up
                try_until "$WAIT" nspawn_is_there "$cgroup"
                after "$delay"
                kill_nspawn "$cgroup" 2>/dev/null || note "no nspawn any more at $delay ms"
                finished "$FC_PID"
                [[ $STATUS == 3 || $STATUS == 0 ]] || flunk "up ended with $STATUS after nspawn was killed at $delay ms: $(<"$TMP/up")"
                comes_up_again
                ok fc down
        done
}

supervisor_is_there() { grep -qs . "$1/runner/cgroup.procs"; }
nspawn_is_there() { grep -qs . "$(nspawn_cgroup "$1")/supervisor/cgroup.procs"; }

testcase_down_killed() {
        local delay

        project_with_web
        for delay in $(moments 2 0 20 50 100 150); do
                ok fc up
                fc_background "$TMP/down" down
                after "$delay"
                kill -9 "$FC_PID" 2>/dev/null || note "had ended within $delay ms"
                finished "$FC_PID"
                ok fc status
                ok fc down
                equal "$(state_of web)" stopped "after down was killed at $delay ms and repeated, the state"
                no_machine_left "after down"
        done
}

# Killed in the moment between saying that it is going to ask and asking: the container goes on, and that is what is said.
testcase_down_killed_before_it_asks() {
        local record

        project shop
        spec "$(tiny one)"
        ok fc up
        record=$(find /run/flake-containers -type d -name one)/stopping
        # A process that is gone.
        printf '%s\n' "$(bash -c 'echo $$')" >"$record"
        equal "$(state_of one)" running
        # Asked: it is on its way.
        : >"$record"
        equal "$(state_of one)" stopping
        printf '%s\n' "$(bash -c 'echo $$')" >"$record"
        ok fc up
        expect_err 'already up'
        absent "$record"
        ok fc down
}

# Killed at any call with which it tells that the container is stopping: by then that is true.
testcase_down_killed_as_it_tells() {
        local n

        project shop
        spec "$(tiny one)"
        for n in 1 6 12 24 40; do
                ok fc up
                run fc_faulty --from events.jsonl kill "$n" down
                equal "$STATUS" 137 "status of a down that is killed at call $n"
                try_until "$WAIT" has_stopped one
                equal "$(fc --json events | jq -rs 'last.event')" ended "the last event, after down was killed at call $n"
        done
        ok fc down
}

has_stopped() { [[ $(state_of "$1") == stopped ]]; }

# fc_faulty ARGUMENT.. VERB: the program in the project's folder, in which one call goes wrong.
fc_faulty() {
        # LeakSanitizer cannot be traced.
        (ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" by_asker "$FC_HELPERS/fault" "${@:1:$#-1}" "$FC" "${!#}")
}

# Killed as it writes down that it is going to ask: the container goes on, and that is what is said.
testcase_down_killed_as_it_notes() {
        local n

        project shop
        spec "$(tiny one)"
        ok fc up
        for n in 1 2 3 4 5; do
                run fc_faulty --from .stopping.new kill "$n" down
                equal "$STATUS" 137 "status of a down that is killed at call $n"
                equal "$(state_of one)" running
                equal "$(fc --json events | jq -rs 'last.event')" ready
        done
        ok fc down
}

# Killed as it tells that it starts a container, whose state says so by then.
testcase_up_killed_as_it_tells() {
        local n

        project shop
        spec "$(tiny one)"
        ok fc up
        ok fc down
        for n in 1 6; do
                run fc_faulty --from events.jsonl kill "$n" up
                equal "$STATUS" 137 "status of an up that is killed at call $n"
                equal "$(state_of one)" crashed
                equal "$(fc --json events | jq -rs 'last.event')" crashed "the last event, after up was killed at call $n"
                ok fc up
                ok fc down
        done
}

# A question that has no answer, as of what runs, is not a "no": nothing is done, and nothing is told.
testcase_cannot_look() {
        local machine leader path verb

        project shop
        spec "$(tiny one)"
        ok fc up
        ok fc --json status
        read -r machine leader < <(jq -r '.containers[] | "\(.machine) \(.leader)"' <<<"$OUT")
        path=/proc/$leader/status
        ! is_booted || path="/run/systemd/transient/flake-containers-$machine.service"
        for verb in status up restart down; do
                # The second call reads it.
                run fc_faulty --from "$path" error 2 ENOSPC "$verb"
                equal "$STATUS" 6 "status of $verb"
                expect_err "read '$path': No space left on device"
                equal "$(fc --json status | jq -r '.containers[] | "\(.state) \(.leader)"')" "running $leader"
                equal "$(fc --json events | jq -rs 'last.event')" ready "the last event, after $verb"
        done
        ok fc down
}

# Its keeper was killed between the record of its end and the event.
testcase_killed_before_it_tells() {
        supervisor_only
        project shop
        spec "$(tiny one)"
        ok fc up
        kill_supervisor "$(machine_cgroup one)"
        printf 'exited 3' >"$(find /run/flake-containers -type d -name one)/exit"
        try_until "$WAIT" has_crashed one
        equal "$(fc --json events | jq -rs 'last | "\(.event) \(.detail)"')" 'crashed exited 3'
        ok fc up
        ok fc down
        # A record that cannot be read says nothing about it.
        ok fc up
        kill_supervisor "$(machine_cgroup one)"
        mkdir "$(find /run/flake-containers -type d -name one)/exit"
        run_status 1 fc status
        expect_err "one: read 'exit': Is a directory"
        equal "$(fc --json events | jq -rs 'last.event')" ready
        rmdir "$(find /run/flake-containers -type d -name one)/exit"
        ok fc down
}

has_crashed() { [[ $(state_of "$1") == crashed ]]; }

# It fails before it has asked, as it looks for the cgroup once more: nothing has happened to the container.
testcase_down_cannot_ask() {
        project shop
        spec "$(tiny one)"
        ok fc up
        run fc_faulty --from .stopping.new error 5 EPERM down
        equal "$STATUS" 6
        expect_err "one'?: .*open .*: Operation not permitted"
        equal "$(state_of one)" running
        equal "$(fc --json events | jq -rs 'last.event')" ready
        ok fc up
        expect_err 'already up'
        ok fc down
}

# A state that cannot be read is not a reason to leave anything running, and its end is not called a crash afterwards.
testcase_down_without_its_state() {
        project shop
        spec "$(tiny one)"
        ok fc up
        mv "$PROJECT/.containers/one/state.json" "$TMP/state.json"
        printf '{' >"$PROJECT/.containers/one/state.json"
        ok fc down
        expect_err 'state\.json.*ignoring'
        cp -a "$TMP/state.json" "$PROJECT/.containers/one/state.json"
        equal "$(state_of one)" stopped
        ok fc up
        ok fc down
        equal "$(state_of one)" stopped
}

# As after a loss of power: the state says "running", on another boot.
testcase_state_of_another_boot() {
        supervisor_only
        project_with_web
        ok fc up
        cp "$PROJECT/.containers/web/state.json" "$TMP/state.json"
        cgroup=$(machine_cgroup web)
        echo 1 >"$CGROUP2/flake-containers/cgroup.kill"
        dead "$cgroup"
        find "$CGROUP2/flake-containers" -depth -type d -exec rmdir {} +
        umount "$(networks)"
        try_until "$WAIT" uplinks 0
        rm -rf /run/flake-containers /run/systemd/nspawn/propagate/*
        sed -E 's/[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/00000000000000000000000000000001/' "$TMP/state.json" \
                >"$PROJECT/.containers/web/state.json"
        differ "$(<"$PROJECT/.containers/web/state.json")" "$(<"$TMP/state.json")" "the state's boot id"
        ok fc status
        refute_out 'web +running'
        comes_up_again
        ok fc down
}

is_frozen() { grep -q 'frozen 1' "$(machine_cgroup web)/cgroup.events"; }

testcase_frozen() {
        project_with_web
        ok fc up
        echo 1 >"$(machine_cgroup web)/cgroup.freeze"
        try_until "$WAIT" is_frozen
        equal "$(state_of web)" paused
        run_status 5 fc up
        expect_err 'web: it is paused'
        expect_err 'go on: flake-containers unpause web'
        # It helps also where only the kernel knows of the freezing.
        ok fc unpause web
        ok fc up
        echo 1 >"$(machine_cgroup web)/cgroup.freeze"
        try_until "$WAIT" is_frozen
        ok fc down
        refute_err 'killed|terminated'
}

testcase_damaged_state() {
        project_with_web
        ok fc up
        ok fc down
        for text in '' '{' '{"version": 99}' '[]' 'x'; do
                printf '%s' "$text" >"$PROJECT/.containers/web/state.json"
                run fc up
                if ((STATUS == 0)); then
                        flunk "a damaged state was taken for a good one: '$text'"
                fi
                expect_err 'state\.json'
                no_machine_left "something was started with the damaged state '$text'"
        done
        rm "$PROJECT/.containers/web/state.json"
        comes_up_again
        ok fc down
}

live_main "$@"
