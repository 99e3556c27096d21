#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A specification that has not all containers of the project, as the one in NAME-up: the others are left alone.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# only NAME CONTAINER: its specification is $TMP/NAME.json.
only() { spec_text "$2" >"$TMP/$1.json"; }

# On its own: what the others have does not change, and all know each other.
testcase_names_and_addresses_stay() {
        local address

        project shop
        only web "$(tiny web)"
        only db "$(tiny db)"
        only lone "$(tiny lone '' ', "network": {"mode": "host"}')"
        ok fc --spec "$TMP/web.json" up web
        ok fc --spec "$TMP/web.json" exec web -- getent hosts web
        address=${OUT%% *}
        ok fc --spec "$TMP/db.json" up db
        refute_err 'web'
        ok fc --spec "$TMP/db.json" exec db -- getent hosts web
        equal "${OUT%% *}" "$address" "web's address as db knows it"
        ok fc --spec "$TMP/web.json" exec web -- getent hosts db
        address=${OUT%% *}
        # Also by one that has no address itself.
        ok fc --spec "$TMP/lone.json" up
        ok fc --spec "$TMP/web.json" exec web -- getent hosts db
        equal "${OUT%% *}" "$address" "db's address as web knows it"

        # What is not in it is a container of the project nevertheless.
        ok fc --spec "$TMP/db.json" status
        expect_out 'web +running'
        expect_out 'db +running'
        ok fc --spec "$TMP/db.json" exec web -- true
        ok fc --spec "$TMP/db.json" down db
        equal "$(fc --spec "$TMP/db.json" --json status web | jq -r '.containers[0].state')" running "web's state"
        ok fc --spec "$TMP/db.json" down
        equal "$(fc --spec "$TMP/db.json" --json status | jq -r '[.containers[].state] | unique[]')" stopped "all states"
}

testcase_port_of_another() {
        project shop
        only web "$(tiny web '' ', "ports": ["8080:80"]')"
        only db "$(tiny db '' ', "ports": ["8080:5432"]')"
        ok fc --spec "$TMP/web.json" up
        run_status 5 fc --spec "$TMP/db.json" up
        expect_err "8080.*container 'web'"
        ok fc --spec "$TMP/web.json" up
        expect_err 'unchanged'
        ok fc --spec "$TMP/web.json" down
}

said() { grep -c -- "$2" "$1" || :; }
has_said() { [[ $(said "$1" "$2") == "$3" ]]; }

# respec CONTAINERS: another specification, in one step, as an editor saves it.
respec() {
        spec_text "$1" >"$PROJECT/new"
        mv "$PROJECT/new" "$PROJECT/flake-containers.json"
}

# Another specification is applied when it is there, a broken one when it is mended.
testcase_watch() {
        project shop
        spec "$(tiny one)"
        fc_background "$TMP/watch" watch
        line_in "$TMP/watch" 'waiting for a change; Ctrl-C ends this and leaves containers as they are' >/dev/null
        equal "$(state_of one)" running
        echo >"$PROJECT/beside"
        respec "$(tiny one '' ', "ports": ["8080:80"]')"
        line_in "$TMP/watch" 'one: unchanged +ports changed while it runs' >/dev/null
        try_until "$WAIT" has_said "$TMP/watch" 'waiting for a change; ' 2
        echo '{' >"$PROJECT/flake-containers.json"
        line_in "$TMP/watch" "'up' has failed with exit status 2, waiting for a change" >/dev/null
        equal "$(state_of one)" running
        respec "$(tiny one '' ', "ports": ["8080:80"]'), $(tiny two)"
        line_in "$TMP/watch" 'two: ready' >/dev/null
        try_until "$WAIT" has_said "$TMP/watch" 'waiting for a change; ' 3
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 0 'the status of a watch that was ended'
        equal "$(state_of one) $(state_of two)" 'running running'
        ok fc watch --dry-run --help
        ok fc down
        # One that is ended while it starts something ends that, as `up` does.
        spec "$(tiny one '' ', "ready": {"exec": [["/bin/false"]]}')"
        fc_background "$TMP/watch" watch one
        line_in "$TMP/watch" 'one: waiting' >/dev/null
        kill -TERM "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130 'the status of a watch that was ended while something started'
        equal "$(state_of one)" stopped
}

live_main "$@"
