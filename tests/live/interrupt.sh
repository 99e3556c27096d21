#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Ctrl-C while `up` works: once, and everything that it began is undone in order; twice, and at once.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# A guest that never gets ready, and does not like to stop either.
hanging_project() {
        variant stubborn
        unit "$VARIANT" hangs.service <<-'UNIT'
		[Service]
		Type=oneshot
		TimeoutStartSec=infinity
		ExecStart=/bin/sh -c 'trap "" TERM HUP; echo >/hangs; while :; do sleep infinity; done'
		SendSIGKILL=no
		KillMode=process
		TimeoutStopSec=infinity
	UNIT
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ", \"ready\": {\"timeout\": 100}, \"stop\": {\"timeout\": $1}, \"ports\": [\"8080:80\"]")"
}

# Its PID 1 listens to signals long since, and nothing else happens any more.
hangs() { try_until "$WAIT" test -e "$PROJECT/.containers/web/root/hangs"; }

testcase_once() {
        hanging_project 1
        project_snapshot >"$TMP/before"
        fc_background "$TMP/up" up
        hangs
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130 "the status ($(<"$TMP/up"))"
        equal "$(state_of web)" stopped
        project_snapshot >"$TMP/after"
        same_files "$TMP/before" "$TMP/after" "the project changed"
}

testcase_twice() {
        local started

        hanging_project 60
        fc_background "$TMP/up" up
        hangs
        kill -INT "$FC_PID"
        # It says that it stops, and how to be quicker.
        line_in "$TMP/up" 'stopping in order; Ctrl-C again kills' >/dev/null
        started=$SECONDS
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130 "the status ($(<"$TMP/up"))"
        ((SECONDS - started < 10)) || flunk "the second Ctrl-C took $((SECONDS - started)) s"
        equal "$(state_of web)" stopped
}

testcase_sigterm() {
        hanging_project 1
        fc_background "$TMP/up" up
        hangs
        kill -TERM "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130 "the status of the terminated up"
        equal "$(state_of web)" stopped
}

# The terminal goes away.
testcase_hangup() {
        hanging_project 1
        fc_background "$TMP/up" up
        hangs
        kill -HUP "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130 "the status of the hung-up up"
        ok fc down
        equal "$(state_of web)" stopped
}

# At moments all over a start that would succeed: either it was too late, or nothing is left.
testcase_at_any_moment() {
        local delay started took

        project shop
        spec "$(web web ', "ports": ["8080:80"], "stop": {"timeout": 60}')"
        for delay in $(moments 4 0 5 10 20 40 80 120 200 300 500 700 900); do
                fc_background "$TMP/up" up
                after "$delay"
                kill -INT "$FC_PID" 2>/dev/null || :
                started=${EPOCHREALTIME/[.,]/}
                finished "$FC_PID"
                took=$(((${EPOCHREALTIME/[.,]/} - started) / 1000))
                note "after $delay ms: status $STATUS, $took ms"
                ((took < 30000)) || flunk "it took $took ms to stop what had started $delay ms ago"
                case $STATUS in
                130) equal "$(state_of web)" stopped "after an interrupt at $delay ms the state" ;;
                0) ok page 8080 ;;
                *) flunk "up ended with $STATUS after an interrupt at $delay ms: $(<"$TMP/up")" ;;
                esac
                ok fc down
                [[ ! -e $CGROUP2/flake-containers ]] || flunk "after $delay ms there is $(find "$CGROUP2/flake-containers" -type d)"
        done
        ok fc up
        ok page 8080
        ok fc down
}

# A half copy of the image must not be taken for a root file system later.
testcase_during_the_copy() {
        local delay

        project shop
        spec "$(web web ', "ports": ["8080:80"]')"
        for delay in $(moments 2 50 150 300); do
                rm -rf "$PROJECT/.containers"
                fc_background "$TMP/up" up
                try_until "$WAIT" something_copied
                after "$delay"
                kill -9 "$FC_PID" 2>/dev/null || :
                finished "$FC_PID"
                ok fc up
                ok page 8080
                equal "$(fc exec web -- sh -c 'find / -xdev -type f \( -path "/usr/*" \) | wc -l')" \
                        "$(find "$SLIM_IMAGE/usr" -xdev -type f | wc -l)" "files in /usr"
                ok fc down
        done
}

something_copied() { [[ -n $(find "$PROJECT/.containers/web" -mindepth 2 -print -quit 2>/dev/null) ]]; }

testcase_others_keep_running() {
        hanging_project 1
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"timeout": 100}, "stop": {"timeout": 1}'), $(tiny one)"
        ok fc up one
        fc_background "$TMP/up" up
        hangs
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130 "the status"
        equal "$(state_of one)" running "the state of the one that ran before"
        ok fc down
}

live_main "$@"
