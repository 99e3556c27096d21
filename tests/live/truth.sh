#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `up`, `status` and `events` tell the same story, and it is what has happened: also of what ends while others still
# start, while it is being stopped, and when anything is killed at any moment.
# shellcheck disable=SC2016 # the other shells expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# of NAME KEY: what `status --json` says.
of() { fc --json status | jq -r --arg name "$1" ".containers[] | select(.name == \$name) | .$2"; }

last_event_of() { fc --json events "$1" | jq -r .event | tail -n 1; }

leader_of() { of "$1" 'leader // 0'; }

# One container is ready at once, the other waits for a file.
two_containers() {
        project shop
        spec "$(tiny one "$1" ", \"volumes\": [\"src:/srv/src\"]${2:-}"),
                $(tiny two '' ', "volumes": ["src:/srv/src"], "ready": {"exec": [["/bin/cat", "/srv/src/go"]]}')"
        as_dev mkfifo "$PROJECT/src/fifo"
        fc_background "$TMP/up" up
        line_in "$TMP/up" '^one: ready' >/dev/null
        line_in "$TMP/up" '^two: waiting' >/dev/null
}

up_ends() {
        touch "$PROJECT/src/go"
        finished "$FC_PID"
        equal "$STATUS" "$1" "the status of up"
}

testcase_ends_while_others_start() {
        two_containers '["/bin/sh", "-c", "read -r line </srv/src/fifo; echo last words; exit 7"]'
        echo go >"$PROJECT/src/fifo"
        line_in "$TMP/up" '^one: failed' >/dev/null
        up_ends 3
        grep -q '^error: one: ended after it was ready: exit status 7' "$TMP/up" || flunk "up says: $(<"$TMP/up")"
        grep -q 'last words' "$TMP/up" || flunk "up does not show its console: $(<"$TMP/up")"
        grep -q '^two: ready' "$TMP/up" || flunk "the other one is not ready"
        ok fc status
        expect_out 'one +failed .*ended after it was ready: exit status 7'
        expect_out 'two +running +yes'
        equal "$(last_event_of one)" failed
        ok fc down
}

testcase_killed_while_others_start() {
        two_containers '["/bin/sleep", "infinity"]'
        kill -9 "$(leader_of one)"
        line_in "$TMP/up" '^one: failed' >/dev/null
        up_ends 3
        grep -Eq '^error: one: ended after it was ready: (killed by SIGKILL|exit status [0-9]+)' "$TMP/up" || flunk "up says: $(<"$TMP/up")"
        equal "$(of one state)" failed
        ok fc down
}

# One that had been running already is started anew, which is what `up` is for.
testcase_running_one_ends_meanwhile() {
        local leader

        project shop
        spec "$(tiny one), $(tiny two '' ', "volumes": ["src:/srv/src"], "ready": {"exec": [["/bin/cat", "/srv/src/go"]]}')"
        ok fc up one
        leader=$(leader_of one)
        fc_background "$TMP/up" up
        line_in "$TMP/up" '^two: waiting' >/dev/null
        kill -9 "$leader"
        line_in "$TMP/up" '^one: ready' >/dev/null
        up_ends 0
        equal "$(of one state)" running
        differ "$(leader_of one)" "$leader" "the leader"
        ok fc down
}

# With `restart` it has to be ready once more.
testcase_restarts_while_others_start() {
        two_containers '["/bin/sleep", "infinity"]' ', "restart": "on-failure"'
        kill -9 "$(leader_of one)"
        line_in "$TMP/up" '^one: restarting' >/dev/null
        up_ends 0
        equal "$(grep -c '^one: ready' "$TMP/up")" 2
        equal "$(of one ready)" true
        equal "$(of one restarts)" 1
        ok fc down
}

# From the moment that it is asked to end until it has: never "running", never "ready".
testcase_stopping_command() {
        local down word

        project shop
        spec "$(tiny one '["/bin/bash", "-c", "trap : TERM; read -r line </srv/src/fifo; exit 0"]' \
                ', "volumes": ["src:/srv/src"], "stop": {"timeout": 60}')"
        as_dev mkfifo "$PROJECT/src/fifo"
        ok fc up
        fc_background "$TMP/down" down
        down=$FC_PID
        line_in "$TMP/down" '^one: stopping' >/dev/null
        equal "$(of one state) $(of one ready)" "stopping false"
        run_status 7 fc status --check
        # Also when the command that asked is gone.
        kill -9 "$down"
        finished "$down"
        equal "$(of one state) $(of one ready)" "stopping false"
        echo go >"$PROJECT/src/fifo"
        ok fc wait --for stopped one
        word=$(of one state)
        equal "$word" stopped
        ok fc up
        equal "$(of one state) $(of one ready)" "running true"
        echo go >"$PROJECT/src/fifo"
        ok fc wait --for stopped one
        ok fc down
}

# A guest, however its end came about: once it is on its way down it is not ready again before it has ended.
testcase_stopping_guest() {
        local how seen words=''

        project shop
        spec "$(web web)"
        for how in down poweroff; do
                ok fc up
                words=''
                if [[ $how == down ]]; then
                        fc_background "$TMP/down" down
                else
                        run fc exec web -- systemctl --no-block poweroff
                fi
                until seen=$(fc --json status | jq -r '.containers[0] | "\(.state)/\(.ready)"') && [[ $seen == stopped/* ]]; do
                        [[ ${words##* } == "$seen" ]] || words+=" $seen"
                done
                note "$how:$words $seen"
                [[ $words =~ ^(\ running/true)?(\ stopping/false)*$ ]] || flunk "states while it went down ($how):$words"
                [[ $how != down ]] || finished "$FC_PID"
        done
        ok fc down
}

# One that reboots at once, for ever: later and later, and one is told.
testcase_reboots_at_once() {
        project shop
        spec "$(fake one '"FAKE_REBOOT_MS": "30"' '')"
        ok fc up --no-wait
        # From then on it waits most of the time.
        try_until "$WAIT" has_reboots one 8
        try_until "$WAIT" tells_reboots
        expect_out 'one +[a-z]+ +no .*rebooted [0-9]+ times, not ready since'
        ok fc --json events one
        expect_out 'for the 4\. time at once, in 0\.1 s'
        expect_out 'for the 8\. time at once, in 1\.6 s'
        equal "$(jq -s '[.[] | select(.event == "crashed")] | length' <<<"$OUT")" 0
        # One that waits need not be waited for, and leaves nothing.
        takes_at_most 10 fc down
        equal "$STATUS" 0
        equal "$(of one state) $(last_event_of one)" "stopped stopped"
        no_machine_left "after down"
        # A person's start is not late.
        takes_at_most 10 fc up --no-wait
        equal "$STATUS" 0
        ok fc down
}

tells_reboots() {
        run fc status
        [[ $OUT == *'not ready since'* ]]
}

has_reboots() { (($(fc --json events "$1" | jq -s '[.[] | select(.event == "rebooting")] | length') >= $2)); }

# The supervisor or relay that writes to a full log begins a new one, also where no command runs.
testcase_supervisor_begins_a_new_log() {
        local leader size

        project shop
        spec "$(web web)"
        ok fc up
        jq -nc 'range(3000) | {time: "2026-01-01T00:00:00.000Z", container: "old", event: ("number \(.)"), detail: null}' \
                >>"$PROJECT/.containers/events.jsonl"
        size=$(stat -c %s "$PROJECT/.containers/events.jsonl")
        run fc exec web -- systemctl --no-block reboot
        try_until "$WAIT" test -e "$PROJECT/.containers/events.1.jsonl"
        try_until "$WAIT" grep -qs booted "$PROJECT/.containers/events.jsonl"
        (($(stat -c %s "$PROJECT/.containers/events.1.jsonl") >= size)) || flunk "the old log is shorter than it was"
        equal "$(stat -c %U "$PROJECT/.containers/events.jsonl")" "$DEV"
        equal "$(tail -n 1 "$PROJECT/.containers/events.1.jsonl" | jq -r .event)" rebooting
        ok fc down
}

### Kills at any moment

# The story of one container after something was killed: STATUS of up, whether up was still there at the kill.
consistent() {
        local status=$1 word ready event

        word=$(of one state) ready=$(of one ready) event=$(last_event_of one)
        note "up $status, status $word/$ready, events $event"
        case $status/$word/$ready/$event in
                # up was content, and so it is.
                0/running/true/ready) ;;
                # It was killed when up had looked the last time.
                0/crashed/false/crashed) [[ $KILLED_LATE == 1 ]] || flunk "up called ready what was dead before it ended" ;;
                3/failed/false/failed) ;;
                *) flunk "up, status and events do not tell the same; up: $(<"$TMP/up")" ;;
        esac
}

# Nothing is under way any more.
settled() { [[ ! $(of "$1" state) =~ ^(starting|stopping)$ ]]; }

# kill_what CGROUP WHAT; the cgroup is the machine's
kill_what() {
        local pids=() pid

        # A process that does not exist yet is not killed.
        case $2 in
                supervisor) mapfile -t pids < <(supervisor_pid_of "$1" 2>/dev/null || :) ;;
                nspawn) mapfile -t pids < <(nspawn_pid_of "$1" 2>/dev/null || :) ;;
                leader) mapfile -t pids < <(payload_pids_of "$1" | sort -n | head -n 1 || :) ;;
                relay) mapfile -t pids < <(cat "$1/proxies/cgroup.procs" 2>/dev/null || :) ;;
                all) mapfile -t pids < <(find "$1" -name cgroup.procs -exec cat {} + 2>/dev/null || :) ;;
        esac
        ((${#pids[@]} > 0)) || return 0
        kill -9 "${pids[@]}" 2>/dev/null || :
        for pid in "${pids[@]}"; do gone "$pid"; done
        "$FC_HELPERS/wait-for" "$WAIT" empty "$(nspawn_cgroup "$1")/payload" || :
}

# It says READY=1 and ends soon, before the last look of `up` or after it: the story is the same in each case.
testcase_ends_soon() {
        local ms status

        project shop
        # What up has called ready in the end was so when it looked.
        KILLED_LATE=1
        for ms in 1 2 5 10 20 30 50 100; do
                spec "$(fake one "\"FAKE_LIVE_MS\": \"$ms\"" '')"
                run fc up
                status=$STATUS
                printf '%s\n' "$ERR" >"$TMP/up"
                try_until "$WAIT" has_ended one
                note "$ms ms"
                consistent "$status"
                ok fc down
        done
}

has_ended() { [[ $(of "$1" running) == false ]]; }

testcase_kills() {
        local what delay cgroup victims=(leader supervisor nspawn all) delays=(0 20 60 120 200 300) some=2

        # A unit is there later, and each round takes longer.
        if is_booted; then
                victims=(leader relay nspawn all)
                delays=(0 100 250) some=1
        fi
        project shop
        spec "$(tiny one '' ', "ports": ["8080:80"]'), $(tiny two '' ', "ready": {"exec": [["/bin/sleep", "0.15"]]}')"
        ok fc up
        cgroup=$(machine_cgroup one)
        ok fc down
        for what in "${victims[@]}"; do
                for delay in $(moments "$some" "${delays[@]}"); do
                        fc_background "$TMP/up" up
                        after "$delay"
                        kill_what "$cgroup" "$what"
                        # A process that is a zombie has looked before, and its files are closed.
                        KILLED_LATE=0
                        [[ -e /proc/$FC_PID/fd/2 ]] || KILLED_LATE=1
                        finished "$FC_PID"
                        try_until "$WAIT" settled one
                        consistent "$STATUS"
                        ok fc up
                        equal "$(of one state) $(of one ready)" "running true"
                        ok fc down
                        equal "$(of one state) $(last_event_of one)" "stopped stopped"
                done
        done
}

# traced OPTION..: up, and strace(1) beside it.
traced() {
        (by_asker strace -qq -o "$TMP/calls" "$@" "$FC" up)
}

# Killed when it has just written that a container is ready: then it is itself again, by setgroups(2).
testcase_killed_when_ready() {
        local n

        project shop
        spec "$(tiny one)"
        ok fc up
        ok fc down
        ok traced -e trace=renameat,setgroups
        n=$(awk '/^setgroups/ { n++; if (written) last = n; written = 0 } /^renameat/ { written = 1 } END { print last }' "$TMP/calls")
        ok fc down
        run traced -e trace=setgroups -e inject=setgroups:signal=KILL:when="$n"
        equal "$STATUS" 137
        equal "$(jq -r .phase "$PROJECT/.containers/one/state.json")" ready "the state when up was killed"
        ok fc up
        expect_err 'already up'
        equal "$(fc --json events one | jq -rs 'last.event')" ready "the last event"
        ok fc down
}

live_main "$@"
