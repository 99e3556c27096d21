#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Guests whose systemd does not answer, answers late, or says what cannot be: no command waits long for them, takes
# what they say for more than it is, or calls them ready.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# Beside the time that is asked for a command may take so long, on a machine that is busy.
readonly SLACK=8

# The environment of each of them.
declare -A BAD=(
        [deaf]='"FAKE_MODE": "deaf"'
        [no-auth]='"FAKE_MODE": "no-auth"'
        [mute]='"FAKE_MODE": "mute"'
        [stalled]='"FAKE_MODE": "stalled"'
        [garbage]='"FAKE_MODE": "garbage"'
        [wrong]='"FAKE_MODE": "wrong"'
        [closes]='"FAKE_MODE": "closes"'
        [big]='"FAKE_MODE": "big"'
        [flood]='"FAKE_MODE": "flood", "FAKE_STATE": "degraded", "FAKE_FAILED": "3"'
        [late]='"FAKE_DELAY_MS": "900", "FAKE_STATE": "degraded", "FAKE_FAILED": "1000"'
        [very-late]='"FAKE_DELAY_MS": "4500", "FAKE_STATE": "degraded", "FAKE_FAILED": "1000"'
        [boots]='"FAKE_DELAY_MS": "900", "FAKE_STATE": "starting", "FAKE_JOBS": "1000"'
        [offline]='"FAKE_STATE": "offline"'
)

bad_specs() {
        local name separator=''

        for name in "$@"; do
                printf '%s' "$separator"
                fake "$name" "${BAD[$name]}" ', "ready": {"timeout": 4}, "stop": {"timeout": 5}'
                separator=', '
        done
}

# One for itself: nothing of the others' time is counted for it.
testcase_alone() {
        local name

        project shop
        for name in deaf no-auth mute flood very-late; do
                spec "$(bad_specs "$name")"
                takes_at_most "$((4 + SLACK))" fc up
                [[ $STATUS =~ ^[34]$ ]] || flunk "up ended with $STATUS"
                takes_at_most 6 fc status
                refute_out "$name +[a-z]+ +yes"
                takes_at_most "$SLACK" fc down
                equal "$STATUS" 0
                equal "$(state_of "$name")" stopped
        done
}

# All at once: none keeps a command from the others.
testcase_together() {
        local name

        project shop
        spec "$(bad_specs "${!BAD[@]}"), $(fake good '')"
        takes_at_most "$((4 + SLACK + 3))" fc up
        [[ $STATUS =~ ^[34]$ ]] || flunk "up ended with $STATUS"
        [[ $ERR =~ (^|$'\n')good:\ ready ]] || flunk "the one that answers is not ready"
        takes_at_most 15 fc status
        equal "$STATUS" 0
        expect_out 'good +running +yes'
        for name in "${!BAD[@]}"; do refute_out "(^|"$'\n'")$name +[a-z]+ +yes"; done
        takes_at_most 15 fc events
        run fc status --check
        equal "$STATUS" 3
        takes_at_most "$((5 + SLACK))" fc down
        equal "$STATUS" 0
        no_machine_left "after down"
}

testcase_exec() {
        local name want began=$SECONDS
        local -A pids=()

        project shop
        spec "$(bad_specs deaf no-auth mute stalled garbage wrong closes)"
        ok fc up --no-wait
        for name in deaf no-auth mute stalled garbage wrong closes; do
                fc_background "$TMP/exec-$name" exec "$name" -- true
                pids[$name]=$FC_PID
        done
        for name in "${!pids[@]}"; do
                finished "${pids[$name]}"
                # One that takes no connection any more is taken for one that shuts down.
                if [[ $name == closes ]]; then want=7; else want=125; fi
                equal "$STATUS" "$want" "the status of a command that never ran in '$name'"
        done
        ((SECONDS - began <= 20)) || flunk "it took $((SECONDS - began)) s"
        ok fc down
}

# Each connection is lost after a while, and a new one does not begin all waiting again.
testcase_exec_lost_again_and_again() {
        local began closes garbage

        project shop
        spec "$(fake garbage '"FAKE_MODE": "garbage", "FAKE_DELAY_MS": "4500"'),
                $(fake closes '"FAKE_MODE": "closes", "FAKE_DELAY_MS": "4500"')"
        ok fc up --no-wait
        began=$SECONDS
        fc_background "$TMP/garbage" exec garbage -- true
        garbage=$FC_PID
        fc_background "$TMP/closes" exec closes -- true
        closes=$FC_PID
        finished "$garbage"
        equal "$STATUS" 125 "the status of a command whose manager answered nonsense"
        finished "$closes"
        equal "$STATUS" 7 "the status of a command whose manager did not listen"
        ((SECONDS - began <= 15)) || flunk "it took $((SECONDS - began)) s"
        ok fc down
}

# Of those that failed some are named, and the others counted.
testcase_many_failed() {
        project shop
        spec "$(fake web '"FAKE_STATE": "degraded", "FAKE_FAILED": "100000"')"
        takes_at_most "$SLACK" fc up
        equal "$STATUS" 3
        expect_err 'failed0\.service failed: exit status 9'
        expect_err 'also: 99980 more units'
        takes_at_most "$SLACK" fc status
        expect_out 'failed0\.service failed'
        expect_out '99980 more units failed'
        ((${#OUT} < 4000)) || flunk "status prints ${#OUT} bytes"
        ok fc --json events
        equal "$(jq -s '[.[] | select(.event == "degraded")] | length' <<<"$OUT")" 20 "the number of events"
        ok fc down
}

testcase_many_services() {
        project shop
        spec "$(fake web '"FAKE_SERVICES": "100000"')"
        takes_at_most "$SLACK" fc up
        equal "$STATUS" 0
        equal "$(state_of web)" running
        ok fc down
}

# A word that means nothing is not "ready".
testcase_unknown_state() {
        project shop
        spec "$(fake web '"FAKE_STATE": "confused"')"
        run_status 3 fc up
        expect_err 'web: .*state that is not known'
        ok fc status
        expect_out 'web +degraded +no .*state that is not known'
        run_status 3 fc status --check
        ok fc --json events web
        equal "$(jq -r .event <<<"$OUT" | tail -n 1)" failed
        ok fc down
}

# While a guest does not answer, a signal is heard.
testcase_interrupt() {
        local began

        project shop
        spec "$(fake a '"FAKE_MODE": "no-auth"'), $(fake b '"FAKE_MODE": "mute"'), $(fake c '"FAKE_MODE": "deaf"'), $(fake good '')"
        fc_background "$TMP/up" up
        line_in "$TMP/up" '^good: ready' "$SLACK" >/dev/null
        began=$SECONDS
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130
        ((SECONDS - began <= SLACK)) || flunk "it ended $((SECONDS - began)) s after SIGINT"
        ok fc down
}

live_main "$@"
