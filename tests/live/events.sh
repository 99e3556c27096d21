#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What happened to the containers, also when no command was there to see it.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# "starting ready ..": the events of a container since the last call.
SEEN=0
events_of() {
        local all

        mapfile -t all < <(fc --json events "$1" | jq -r .event)
        printf '%s\n' "${all[*]:SEEN}"
}

testcase_life() {
        project shop
        spec "$(web web)"
        ok fc events
        equal "$OUT$ERR" "" "events of nothing"
        nothing_made
        ok fc up
        equal "$(events_of web)" "image starting rung ready"
        # It runs as it should: nothing happens.
        ok fc up
        ok fc status
        equal "$(events_of web)" "image starting rung ready"
        SEEN=4
        ok fc restart web
        equal "$(events_of web)" "stopping ended stopped starting rung ready"
        SEEN=10
        run fc exec web -- systemctl --no-block reboot
        try_until "$WAIT" says web booted
        equal "$(events_of web)" "rebooting booted"
        SEEN=12
        run fc exec web -- systemctl --no-block poweroff
        try_until "$WAIT" says web 'ended +exited 0'
        equal "$(events_of web)" "ended"
        SEEN=13
        # A unit has something to do after it.
        ok fc wait --for stopped web
        ok fc down
        equal "$(events_of web)" "" "events of a down of nothing"
        # The file's owner stays, no matter which user writes to it.
        equal "$(stat -c %U "$PROJECT/.containers/events.jsonl")" "$DEV"
        # shellcheck disable=SC2016 # expanded inside
        ok as_dev bash -c 'cd "$1" && "$2" events -n 1' bash "$PROJECT" "$FC"
        expect_out 'web: ended +exited 0'
}

says() { fc events "$1" | tail -n 1 | grep -qE "$1: $2"; }

testcase_crash() {
        project shop
        spec "$(tiny one), $(tiny two '["/bin/bash", "-c", "exit 3"]')"
        run_status 0 fc up one
        kill -9 "$(nspawn_pid_of "$(machine_cgroup one)")"
        try_until "$WAIT" says one 'crashed +killed 9'
        run fc up two
        try_until "$WAIT" says two '(crashed|failed) .*3'
        ok fc events
        expect_out '[0-9]{2}:[0-9]{2}:[0-9]{2} one: crashed  killed 9'
        ok fc down
}

testcase_rungs() {
        project shop
        spec "$(web web ', "ready": {"tcp": [80], "exec": [["test", "-d", "/"]]}'),
                $(tiny job '["/bin/true"]' ', "oneShot": true, "dependsOn": {"web": "ready"}')"
        ok fc up
        ok fc --json events web
        jq -es '[.[] | select(.event == "rung") | .detail] | .[0] == "boot" and any(. == "tcp 80")' <<<"$OUT" >/dev/null ||
                flunk "the rungs are not there"
        jq -es 'all(.event != "waiting")' <<<"$OUT" >/dev/null || flunk "a rung that is called something else"
        ok fc --json events job
        jq -es '[.[].event] == ["image", "waiting", "starting", "ended", "completed"]' <<<"$OUT" >/dev/null ||
                flunk "not what a job does"
        ok fc down
}

testcase_failure_says_why() {
        variant fails
        job_unit "$VARIANT" fails.service /bin/false
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web)"
        run_status 3 fc up
        ok fc --json events -n 1 web
        jq -e '.event == "failed" and (.detail | test("fails.service failed: exit status 1"))' <<<"$OUT" >/dev/null ||
                flunk "the event does not say what failed"
        ok fc --json events web
        jq -es 'any(.event == "degraded")' <<<"$OUT" >/dev/null || flunk "no event says that it runs degraded"
        ok fc down
}

# A container that was not ready in time is ready at last: the first command that sees it writes the event.
testcase_ready_later() {
        project shop
        spec "$(tiny one '' ', "ready": {"exec": [["/bin/sh", "-c", "[ -e /go ]"]], "timeout": 1}')"
        run_status 4 fc up
        equal "$(events_of one | sed 's/.* //')" failed "the last event"
        : >"$PROJECT/.containers/one/root/go"
        ok fc up
        refute_err 'already up'
        equal "$(events_of one | sed 's/.* //')" ready "the last event"
        SEEN=$(fc events one | wc -l)
        ok fc up
        expect_err 'already up'
        equal "$(events_of one)" "" "events of what is ready already"
        ok fc down
}

testcase_follow() {
        local follower

        project shop
        spec "$(tiny one)"
        # Before there is anything to follow.
        fc_background "$TMP/followed" events -f --json
        follower=$FC_PID
        try_until "$WAIT" test -d "$PROJECT/.containers"
        ok fc up
        line_in "$TMP/followed" '"ready"' >/dev/null
        kill -9 "$(nspawn_pid_of "$(machine_cgroup one)")"
        line_in "$TMP/followed" '"crashed"' >/dev/null
        # A full log is put aside, and the next one followed.
        jq -nc 'range(3000) | {time: "2026-01-01T00:00:00.000Z", container: "old", event: ("number \(.)"), detail: null}' \
                >>"$PROJECT/.containers/events.jsonl"
        # What is still ending would be stopped first.
        ok fc wait --for stopped one
        ok fc up
        line_in "$TMP/followed" '"number 2999"' >/dev/null
        ok fc down
        line_in "$TMP/followed" '"stopped"' >/dev/null
        # A process had the old one open still.
        jq -nc '{time: "2026-01-01T00:00:00.000Z", container: "old", event: "late", detail: null}' \
                >>"$PROJECT/.containers/events.1.jsonl"
        line_in "$TMP/followed" '"late"' >/dev/null
        kill -INT "$follower"
        finished "$follower"
        equal "$STATUS" 0
        equal "$(jq -r 'select(.container == "old") | .event' "$TMP/followed" | sort -u | wc -l)" 3001 "old ones followed"
        equal "$(jq -r 'select(.container == "one") | .event' "$TMP/followed" | xargs)" \
                "image starting rung ready crashed starting rung ready stopping ended stopped"
        # Both files are read.
        ok fc --json events
        equal "$(jq -r 'select(.container == "one") | .event' <<<"$OUT" | xargs)" \
                "image starting rung ready crashed starting rung ready stopping ended stopped"
}

# fail_inside UNIT, repair_inside UNIT: in the guest that runs.
fail_inside() { ok fc exec web -- systemd-run --quiet --unit="$1" sh -c 'exit 7'; }
repair_inside() { ok fc exec web -- systemctl reset-failed "$1"; }

health_of_web() { fc --json events web | jq -r 'select(.event | IN("degraded", "recovered")) | "\(.event) \(.detail)"'; }

# A unit that fails while no command starts anything: a follower hears it from the guest, and writes it down for others.
testcase_degraded_later() {
        local follower want=$'degraded boom.service failed: exit status 7\ndegraded bang.service failed: exit status 7\nrecovered null'

        project shop
        spec "$(web web)"
        fc_background "$TMP/followed" events -f --json
        follower=$FC_PID
        ok fc up
        fail_inside boom
        line_in "$TMP/followed" '"degraded","detail":"boom.service failed: exit status 7"' >/dev/null
        fail_inside bang
        line_in "$TMP/followed" '"degraded","detail":"bang.service' >/dev/null
        # What is known already is not written down again.
        ok fc status
        run_status 3 fc wait web
        repair_inside boom.service
        repair_inside bang.service
        line_in "$TMP/followed" '"recovered"' >/dev/null
        ok fc status
        ok fc wait web
        equal "$(health_of_web)" "$want"
        # It goes on over a systemd that executes itself anew, a reboot, and another start.
        run fc exec web -- systemctl daemon-reexec
        fail_inside again
        line_in "$TMP/followed" 'again.service failed' >/dev/null
        run fc exec web -- systemctl --no-block reboot
        line_in "$TMP/followed" '"booted"' >/dev/null
        ok fc wait web
        fail_inside anew
        line_in "$TMP/followed" 'anew.service failed' >/dev/null
        ok fc restart
        fail_inside last
        line_in "$TMP/followed" 'last.service failed' >/dev/null
        ok fc down
        line_in "$TMP/followed" '"stopped"' >/dev/null
        kill -INT "$follower"
        finished "$follower"
        equal "$STATUS" 0
        equal "$(health_of_web)" "$want"$'\ndegraded again.service failed: exit status 7\ndegraded anew.service failed: exit status 7\ndegraded last.service failed: exit status 7'
}

# No command follows: the first one that asks learns of it.
testcase_degraded_unseen() {
        project shop
        spec "$(web web)"
        ok fc up
        fail_inside boom
        ok fc status
        ok fc status
        equal "$(health_of_web)" "degraded boom.service failed: exit status 7"
        run_status 3 fc up
        equal "$(health_of_web)" "degraded boom.service failed: exit status 7"
        repair_inside boom.service
        ok fc up
        ok fc up
        equal "$(health_of_web)" $'degraded boom.service failed: exit status 7\nrecovered null'
        ok fc down
}

# Lines that are not ours, and things that are not files.
testcase_damaged() {
        project shop
        spec "$(tiny one)"
        ok fc up
        printf 'no json\n{"time":"x"}\n[]\n{"time":"2026-01-01T00:00:00Z","container":"a\\u001b[2J","event":"b\\u0007","detail":"\\u001b]0;t\\u0007c"}\ntorn' \
                >>"$PROJECT/.containers/events.jsonl"
        ok fc events
        refute_out $'[\e\a]'
        expect_out 'a.*: b'
        ok fc down
        # Root is not led to write elsewhere.
        rm "$PROJECT/.containers/events.jsonl"
        echo precious >"$PROJECT/precious"
        ln -s ../precious "$PROJECT/.containers/events.jsonl"
        ok fc up
        ok fc down
        equal "$(<"$PROJECT/precious")" precious
        rm "$PROJECT/.containers/events.jsonl"
        ln "$PROJECT/precious" "$PROJECT/.containers/events.jsonl"
        ok fc up
        ok fc down
        equal "$(<"$PROJECT/precious")" precious
        rm "$PROJECT/.containers/events.jsonl"
        mkfifo "$PROJECT/.containers/events.jsonl"
        ok fc up
        ok fc down
}

live_main "$@"
