#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# up that stays attached: it shows the logs, and what it started ends with it.
# shellcheck disable=SC2016 # the other shells expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# Ends when told to, and says so.
POLITE='["/bin/bash", "-c", "trap \"echo goodbye; exit 0\" TERM; echo hello; while :; do sleep 9999 & wait; done"]'
# Does not end unless it is killed.
STUBBORN='["/bin/bash", "-c", "trap \"echo never\" TERM; echo hello; while :; do sleep 9999 & wait; done"]'

# attached ARGUMENT..: up -a in the background: FC_PID, its output in $TMP/out and $TMP/err.
attached() {
        (by_asker env --default-signal=INT,QUIT "$FC" up -a "$@") >"$TMP/out" 2>"$TMP/err" &
        FC_PID=$!
}

testcase_logs_then_stop() {
        project shop
        spec "$(web web), $(tiny one "$POLITE")"
        attached
        line_in "$TMP/out" '^web \| .*apache2\.service' >/dev/null
        line_in "$TMP/out" '^one \| hello' >/dev/null
        # Nothing is locked meanwhile, and what others do shows.
        ok fc exec web -- systemd-cat -t mark echo 'from inside'
        line_in "$TMP/out" '^web \| .*from inside' >/dev/null
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 0 "status after an orderly stop"
        # To the last word.
        line_in "$TMP/out" '^one \| goodbye' >/dev/null
        line_in "$TMP/out" '^web \| .*(Shutting down|Journal stopped)' >/dev/null
        equal "$(grep -c 'goodbye' "$TMP/out")" 1
        equal "$(state_of web) $(state_of one)" "stopped stopped"
}

# Logs of an earlier start are not what this one says.
testcase_only_this_start() {
        project shop
        spec "$(web web), $(tiny one "$POLITE")"
        ok fc up
        ok fc exec web -- systemd-cat -t mark echo 'of the first start'
        ok fc down one
        attached
        line_in "$TMP/out" '^one \| hello' >/dev/null
        # What runs already is shown from now on.
        ok fc exec web -- systemd-cat -t mark echo 'of the second up'
        line_in "$TMP/out" 'of the second up' >/dev/null
        kill -TERM "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 0
        equal "$(grep -c '^one | hello' "$TMP/out")" 1 "times that it said hello"
        if grep -q 'of the first start' "$TMP/out"; then flunk "old lines are shown"; fi
        equal "$(state_of web) $(state_of one)" "stopped stopped"
}

testcase_second_signal_kills() {
        project shop
        spec "$(tiny one "$STUBBORN" ', "stop": {"timeout": 100}')"
        attached
        line_in "$TMP/out" 'hello' >/dev/null
        kill -INT "$FC_PID"
        # It has been asked, and does not.
        line_in "$TMP/out" 'never' >/dev/null
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130 "status after two signals"
        # Not that it did not shut down in time: of its 100 seconds it had one.
        grep -q '^one: stopped  killed' "$TMP/err" || flunk "it says: $(<"$TMP/err")"
        equal "$(state_of one)" stopped
}

# Before all are ready: what this one has started goes, in order, and what ran before stays. `never` waits for a port
# that no process opens.
testcase_interrupted_before_ready() {
        project shop
        spec "$(tiny before), $(tiny one "$POLITE"), $(tiny job '["/bin/true"]' ', "oneShot": true'),
                $(tiny never '["/bin/sleep", "infinity"]' ', "ready": {"tcp": [9]}, "dependsOn": {"one": "ready", "job": "completed"}')"
        ok fc up before
        attached
        line_in "$TMP/err" 'never: waiting  tcp 9' >/dev/null
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130 "status after an interrupt"
        equal "$(state_of before) $(state_of one) $(state_of never) $(state_of job)" "running stopped stopped completed"
        # A container that depends on another goes first, and only once.
        equal "$(grep -E ': (stopping|stopped)' "$TMP/err" | sed 's/  .*//')" \
                $'never: stopping\nnever: stopped\none: stopping\none: stopped'
        # Without --attach what is ready stays.
        fc_background "$TMP/err" up
        line_in "$TMP/err" 'never: waiting  tcp 9' >/dev/null
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130
        equal "$(state_of before) $(state_of one) $(state_of never)" "running running stopped"
        ok fc down
}

testcase_second_signal_before_ready() {
        project shop
        spec "$(tiny one "$STUBBORN" ', "stop": {"timeout": 100}'),
                $(tiny never '["/bin/sleep", "infinity"]' ', "ready": {"tcp": [9]}, "dependsOn": {"one": "ready"}')"
        attached
        line_in "$TMP/err" 'never: waiting  tcp 9' >/dev/null
        line_in "$PROJECT/.containers/one/console.log" 'hello' >/dev/null
        kill -INT "$FC_PID"
        line_in "$PROJECT/.containers/one/console.log" 'never' >/dev/null
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130 "status after two signals"
        equal "$(state_of one) $(state_of never)" "stopped stopped"
}

testcase_ends_with_the_last() {
        project shop
        spec "$(tiny one '["/bin/bash", "-c", "echo hello; read -r < /srv/fifo; echo done"]' ', "volumes": ["src:/srv"]'),
                $(tiny two '["/bin/bash", "-c", "read -r < /srv/other; exit 7"]' ', "volumes": ["src:/srv"]')"
        mkdir -p "$PROJECT/src"
        # One for each: of two readers, the one that gets nothing is told the end.
        mkfifo -m 666 "$PROJECT"/src/{fifo,other}
        chown -R "$DEV_UID:$DEV_GID" "$PROJECT/src"
        attached one
        line_in "$TMP/out" 'hello' >/dev/null
        echo go >"$PROJECT/src/fifo"
        finished "$FC_PID"
        equal "$STATUS" 0 "status when it ended with 0"
        # One container needs no prefix; nspawn may have said something before.
        equal "$(tail -n 2 "$TMP/out")" $'hello\ndone'
        attached two
        line_in "$TMP/err" 'two: ready' >/dev/null
        echo go >"$PROJECT/src/other"
        finished "$FC_PID"
        equal "$STATUS" 3 "status when it ended with 7"
        grep -q 'two: crashed: exited 7' "$TMP/err" || flunk "how it ended is not said: $(<"$TMP/err")"
        # With another that goes on, the end is said when it comes.
        attached
        line_in "$TMP/err" 'two: ready' >/dev/null
        line_in "$TMP/out" '^one.*hello' >/dev/null
        echo go >"$PROJECT/src/fifo"
        line_in "$TMP/err" 'one: ended' >/dev/null
        kill -0 "$FC_PID" || flunk "it did not stay for the other"
        kill -INT "$FC_PID"
        finished "$FC_PID"
        ok fc down
}

# A restart by another command is not an end.
testcase_restart_beside() {
        project shop
        spec "$(web web)"
        attached
        line_in "$TMP/out" 'apache2\.service' >/dev/null
        ok fc restart web
        ok fc exec web -- systemd-cat -t mark echo 'still there'
        line_in "$TMP/out" 'still there' >/dev/null
        ok fc down
        finished "$FC_PID"
        equal "$STATUS" 0 "status after another command's down"
}

# The reader is gone: what only ran to be looked at ends.
testcase_reader_goes() {
        project shop
        spec "$(tiny one '["/bin/bash", "-c", "while echo line; do sleep 0.1; done"]')"
        (fc up -a 2>"$TMP/err" | head -n 1 >"$TMP/out") || :
        try_until "$WAIT" test ! -e "$CGROUP2/flake-containers"
        equal "$(state_of one)" stopped
        differ "$(<"$TMP/out")" "" "what was read"
}

testcase_json() {
        project shop
        spec "$(web web), $(tiny one "$POLITE")"
        (by_asker env --default-signal=INT,QUIT "$FC" --json --progress json up -a) >"$TMP/out" 2>"$TMP/err" &
        FC_PID=$!
        line_in "$TMP/out" '"hello"' >/dev/null
        kill -INT "$FC_PID"
        finished "$FC_PID"
        jq -es 'map(.container) | unique == ["one", "web"]' "$TMP/out" >/dev/null || flunk "stdout: $(<"$TMP/out")"
        jq -es 'map(select(.phase == "stopped")) | length == 2' "$TMP/err" >/dev/null || flunk "stderr: $(<"$TMP/err")"
}

# A start that fails is no reason to stay.
testcase_failed_start() {
        variant fails
        job_unit "$VARIANT" fails.service /bin/false
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web)"
        run_status 3 fc up -a
        ok fc down
}

live_main "$@"
