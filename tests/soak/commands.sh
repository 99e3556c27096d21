#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Commands that meet: pairs of any two verbs with any delay, and twelve at once. In the end everything is as if they had
# come one after the other, in some order. FC_SOAK_ROUNDS: pairs; a fifth as many twelves.

# shellcheck source=tests/soak/lib.bash
. "$(dirname "$0")/lib.bash"

readonly VERBS=(
        'up' 'up' 'up one' 'up two' 'down' 'down' 'down one' 'down two' 'restart' 'restart' 'restart one' 'restart two'
        'status' '--json status' 'logs -n 2' 'events' 'exec one -- /bin/true' 'exec two -- /bin/true' 'port one' 'config'
        'up --dry-run' 'down --dry-run' 'wait one' 'doctor' 'gc' 'with --fresh one -- /bin/true' 'with one -- /bin/true'
        'cp one:/etc/passwd passwd' 'cp flake-containers.json two:/etc/copied' 'publish one auto:80'
)

# start NAME VERB..: in the background; sets FC_PID.
start() {
        local output=$1

        shift
        # shellcheck disable=SC2048,SC2086 # words
        fc_background "$TMP/$output" $*
}

# ended NAME PID VERB: its status says something about it.
ended() {
        finished "$2"
        case $STATUS in
        0) ;;
        # What it wanted to look at or to change was going away, or was not there; an up whose containers another stops.
        3 | 5 | 7) [[ -s $TMP/$1 ]] || soak_flunk "'$3' says $STATUS without a word" ;;
        # What it starts another command stops, or starts anew.
        130) [[ $(<"$TMP/$1") == *'gave up '*" wants "* ]] || soak_flunk "'$3' says $STATUS: $(<"$TMP/$1")" ;;
        # Of exec: that of what it ran, which was killed with its container.
        137) [[ $3 == exec* ]] || soak_flunk "'$3' was killed" ;;
        # Of wait: not ready, stopped.
        1 | 4) [[ $3 == wait* || $3 == exec* || $3 == doctor ]] || soak_flunk "'$3' says $STATUS: $(<"$TMP/$1")" ;;
        6) [[ $3 == doctor ]] || soak_flunk "'$3' says $STATUS: $(<"$TMP/$1")" ;;
        *) soak_flunk "'$3' says $STATUS: $(<"$TMP/$1")" ;;
        esac
        # Whatever it says is for people, and whole.
        [[ ! $(<"$TMP/$1") =~ \(null\) ]] || soak_flunk "'$3' says: $(<"$TMP/$1")"
}

testcase_pairs() {
        local first second pid delay

        soak_begin 25
        project_with_two
        soak_recovers
        soak_mark
        while soak_round "a pair"; do
                pick up down && first=$PICKED
                bounded "$first"
                pick "${VERBS[@]}" && first=$PICKED
                pick "${VERBS[@]}" && second=$PICKED
                pick 0 0 2 5 10 20 50 100 && delay=$PICKED
                SOAK_NOW="'$first' and $delay ms later '$second'"
                start first "$first"
                pid=$FC_PID
                after "$delay"
                start second "$second"
                ended second "$FC_PID" "$second"
                ended first "$pid" "$first"
                soak_agree
                soak_marked same
                if ((SOAK_DONE % 5 == 0)); then
                        soak_recovers
                        soak_marked same
                        soak_stops
                fi
        done
        soak_recovers
        soak_stops
        note "$SOAK_DONE pairs"
}

testcase_twelve() {
        local pids verbs i

        soak_begin 10
        project_with_two
        soak_recovers
        soak_mark
        ROUNDS=$(((ROUNDS + 4) / 5))
        while soak_round "twelve"; do
                pids=() verbs=()
                for i in 0 1 2 3 4 5 6 7 8 9 10 11; do
                        pick "${VERBS[@]}"
                        verbs[i]=$PICKED
                done
                SOAK_NOW="${verbs[*]/%/,}"
                for i in "${!verbs[@]}"; do
                        start "$i" "${verbs[i]}"
                        pids[i]=$FC_PID
                done
                for i in "${!verbs[@]}"; do ended "$i" "${pids[i]}" "${verbs[i]}"; done
                soak_agree
                soak_marked same
                soak_recovers
                soak_marked same
                soak_stops
        done
        note "$SOAK_DONE times twelve"
}

# Two projects share the host, and nothing else: neither sees what happens in the other.
testcase_two_projects() {
        local pid first second delay

        soak_begin 10
        project other
        spec "$(tiny one '' ', "ports": ["8081:80"]')"
        bounded up
        soak_agree
        project_with_two
        soak_recovers
        while soak_round "two projects"; do
                pick up down restart && first=$PICKED
                pick up down restart && second=$PICKED
                pick 0 0 5 20 50 && delay=$PICKED
                SOAK_NOW="'$first' and $delay ms later '$second' in the other project"
                PROJECT=$SCRATCH/projects/shop
                start first "$first"
                pid=$FC_PID
                after "$delay"
                PROJECT=$SCRATCH/projects/other
                start second "$second"
                finished "$FC_PID"
                ((STATUS == 0)) || soak_flunk "'$second' says $STATUS: $(<"$TMP/second")"
                finished "$pid"
                ((STATUS == 0)) || soak_flunk "'$first' says $STATUS: $(<"$TMP/first")"
                soak_agree
                PROJECT=$SCRATCH/projects/shop
                soak_agree
        done
        PROJECT=$SCRATCH/projects/other
        bounded down
        PROJECT=$SCRATCH/projects/shop
        soak_stops
        note "$SOAK_DONE times two projects"
}

live_main "$@"
