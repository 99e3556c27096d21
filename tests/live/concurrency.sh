#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Commands that meet each other.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

project_with_web() {
        project shop
        spec "$(web web ', "ports": ["8080:80"]')"
}

testcase_two_ups() {
        local first i

        project_with_web
        for i in 1 2 3 4; do
                fc_background "$TMP/first" up
                first=$FC_PID
                run fc up
                # It waited for the other one, and found it done; or it came first.
                equal "$STATUS" 0 "the second up's status in round $i"
                finished "$first"
                equal "$STATUS" 0 "the first up's status in round $i ($(<"$TMP/first"))"
                equal "$(payloads_on web)" 1 "guests on the tree"
                ok page 8080
                ok fc down
        done
}

testcase_up_during_down() {
        local first delay

        project_with_web
        for delay in $(moments 2 0 20 50 100 200); do
                ok fc up
                fc_background "$TMP/first" down
                first=$FC_PID
                # Where `up` is quicker at the lock, `down` makes it give up.
                line_in "$TMP/first" '^web: stopping' >/dev/null
                after "$delay"
                ok fc up
                finished "$first"
                equal "$STATUS" 0 "the status of down ($(<"$TMP/first"))"
                equal "$(payloads_on web)" 1 "guests on the tree"
                ok page 8080
                ok fc down
        done
}

testcase_down_during_up() {
        local first delay

        project_with_web
        ok fc up
        ok fc down
        for delay in $(moments 3 0 20 50 100 200 300); do
                fc_background "$TMP/first" up
                first=$FC_PID
                after "$delay"
                ok fc down
                finished "$first"
                [[ $STATUS == [035] || $STATUS == 130 ]] || flunk "up ended with $STATUS: $(<"$TMP/first")"
                ok fc down
                equal "$(state_of web)" stopped
                equal "$(payloads_on web)" 0 "guests on the tree"
        done
}

testcase_restarts_at_once() {
        local pids=() i

        project_with_web
        ok fc up
        for i in 1 2 3; do
                fc_background "$TMP/$i" restart
                pids+=("$FC_PID")
        done
        for i in 1 2 3; do
                finished "${pids[i - 1]}"
                equal "$STATUS" 0 "the status of restart $i ($(<"$TMP/$i"))"
        done
        equal "$(payloads_on web)" 1 "guests on the tree"
        ok page 8080
        ok fc down
}

# A command that only looks does not wait for one that acts.
testcase_status_meanwhile() {
        local up

        project_that_waits web
        fc_background "$TMP/up" up
        up=$FC_PID
        line_in "$TMP/up" '^web: booting' >/dev/null
        ok fc status
        expect_out 'web +starting'
        kill -0 "$up" || flunk "up ended: $(<"$TMP/up")"
        ok fc down
        finished "$up"
        equal "$STATUS" 130 "the status of up"
}

# Two projects share the machine, and nothing else.
testcase_two_projects_at_once() {
        local first

        project blog
        spec "$(web web ', "ports": ["8081:80"]')"
        fc_background "$TMP/first" up
        first=$FC_PID
        project_with_web
        ok fc up
        finished "$first"
        equal "$STATUS" 0 "the first project's status ($(<"$TMP/first"))"
        ok page 8080
        ok page 8081
        ok fc down
        PROJECT=$SCRATCH/projects/blog
        ok fc down
}

# Who waits for a lock is told for whom.
testcase_lock_holder_is_named() {
        local holder

        variant hangs
        unit "$VARIANT" hangs.service <<-'UNIT'
		[Service]
		Type=oneshot
		TimeoutStartSec=infinity
		ExecStart=/bin/sleep infinity
	UNIT
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"timeout": 100}')"
        fc_background "$TMP/holder" up
        holder=$FC_PID
        line_in "$TMP/holder" 'hangs' >/dev/null
        fc_background "$TMP/waiter" up
        line_in "$TMP/waiter" "$holder" >/dev/null
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130 "the interrupted waiter's status"
        kill -INT "$holder"
        finished "$holder"
        equal "$STATUS" 130 "the interrupted holder's status"
        equal "$(state_of web)" stopped
}

# A project of guests that never get ready: NAME..
project_that_waits() {
        local name containers=()

        for name; do containers+=("$(fake "$name" '"FAKE_STATE": "starting"' ', "ready": {"timeout": 300}')"); done
        project shop
        spec "$(IFS=, && printf '%s' "${containers[*]}")"
}

# given_up PID OUTPUT REGEX: that `up` has ended, with one line about it.
given_up() {
        finished "$1"
        equal "$STATUS" 130 "the status of up ($(<"$2"))"
        equal "$(grep -c '^error: ' "$2")" 1 "the errors of up ($(<"$2"))"
        grep -qE -- "^error: $3\$" "$2" || flunk "up does not say '$3': $(<"$2")"
}

testcase_up_gives_up_for_down() {
        local up

        project_that_waits web
        fc_background "$TMP/up" up
        up=$FC_PID
        line_in "$TMP/up" '^web: starting' >/dev/null
        fc_background "$TMP/down" down
        given_up "$up" "$TMP/up" "gave up 'web': 'down' \\(pid $FC_PID\\) wants it"
        finished "$FC_PID"
        equal "$STATUS" 0 "the status of down ($(<"$TMP/down"))"
        equal "$(state_of web)" stopped
}

# What is not asked for goes on, and a restart gives up for `down` only.
testcase_up_gives_up_what_is_asked_for() {
        local up restart

        project_that_waits one two
        fc_background "$TMP/up" up
        up=$FC_PID
        line_in "$TMP/up" '^one: .*starting' >/dev/null
        line_in "$TMP/up" '^two: .*starting' >/dev/null
        ok fc down one
        line_in "$TMP/up" '^one: .*given up for' >/dev/null
        equal "$(state_of one)" stopped
        equal "$(state_of two)" starting
        kill -0 "$up" || flunk "up ended: $(<"$TMP/up")"
        fc_background "$TMP/restart" restart two
        restart=$FC_PID
        given_up "$up" "$TMP/up" "gave up 'one', 'two': 'restart' \\(pid $restart\\) wants them"
        line_in "$TMP/restart" '^two: .*(booting|waiting).*' >/dev/null
        fc_background "$TMP/down" down
        given_up "$restart" "$TMP/restart" "gave up 'two': 'down' \\(pid $FC_PID\\) wants it"
        finished "$FC_PID"
        equal "$STATUS" 0 "the status of down ($(<"$TMP/down"))"
        equal "$(state_of two)" stopped

        # reset is a restart.
        fc_background "$TMP/up" up two
        up=$FC_PID
        line_in "$TMP/up" '^two: .*starting' >/dev/null
        fc_background "$TMP/reset" reset --yes two
        restart=$FC_PID
        given_up "$up" "$TMP/up" "gave up 'two': 'reset' \\(pid $restart\\) wants it"
        line_in "$TMP/reset" '^two: (booting|waiting).*' >/dev/null
        ok fc down
        given_up "$restart" "$TMP/reset" "gave up 'two': 'down' \\(pid [0-9]+\\) wants it"
        equal "$(state_of two)" stopped
}

live_main "$@"
