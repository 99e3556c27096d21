#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every verb that changes something, killed at one of its system calls, or with one of them failing: at points that are
# spread over all that it makes. FC_SOAK_ROUNDS: points for each row of the table.

# shellcheck source=tests/soak/lib.bash
. "$(dirname "$0")/lib.bash"

# The state before, what of the data is kept (soak_marked), the command. A new verb is a row.
readonly VERBS=(
        'new same up'
        'stopped same up'
        'running same up'
        'running same down'
        'running same restart'
        'stopped fresh rm --yes one'
        'running fresh reset --yes one two'
        'unsaved same snapshot save label'
        'saved either snapshot restore label'
        'running same gc'
        'running same status'
)
readonly ERRORS=(ENOSPC EIO EMFILE ENFILE ENOMEM EPERM EAGAIN ENOBUFS EROFS EADDRINUSE)

# prepare BEFORE
prepare() {
        case $1 in
        new)
                rm -rf -- "$PROJECT/.containers"
                MARK=''
                ;;
        stopped) ;;
        running) begin_with up ;;
        unsaved)
                begin_with up
                bounded snapshot rm --yes label
                ;;
        saved)
                begin_with up
                bounded snapshot rm --yes label
                soak_mark
                OLD_MARK=$MARK
                begin_with snapshot save label
                soak_mark
                ;;
        esac
}

# begin_with ARGUMENT..: what must succeed.
begin_with() {
        bounded "$@"
        ((STATUS == 0)) || soak_flunk "cannot begin: '$*' says $STATUS"
}

# faulted ARGUMENT..: what fault does, to the program in the project's folder. Sets STATUS, ERR and CALLS or HIT.
faulted() {
        local options=()

        while [[ $1 != -- ]]; do
                options+=("$1")
                shift
        done
        shift
        # Traced, it is slower.
        run soak_run "$((SOAK_HANG * 2))" "$FC_HELPERS/fault" "${options[@]}" "$FC" "$@"
        ((STATUS != 124)) || soak_flunk "'$*' hangs"
        [[ $ERR == *fault:* ]] || soak_flunk "no fault"
        HIT=$(sed -n '$s/^fault: //p' <<<"$ERR")
        ERR=$(sed '$d' <<<"$ERR")
}

# explained: it has failed, and says why in words.
explained() {
        # What fails before the program begins the loader says.
        [[ $STATUS != 127 || $ERR != *'error while loading shared libraries'* ]] || return 0
        # Never 4: what goes wrong ends the waiting, and is not found out by the deadline.
        [[ $STATUS == [1356] || $STATUS == 130 ]] || soak_flunk "status $STATUS"
        [[ -n ${ERR//[[:space:]]/} ]] || soak_flunk "failed without a word"
        [[ ! $ERR =~ \(null\)|Success$ ]] || soak_flunk "failed without a reason: $ERR"
}

# judge MODE KEPT VERB: what must be true right now, and afterwards.
judge() {
        case $1 in
        kill) [[ $STATUS == 137 || $STATUS == 0 ]] || explained ;;
        error) ((STATUS == 0)) || explained ;;
        esac
        soak_agree
        soak_told
        # A command that exits with 0 has done its work.
        if ((STATUS_OF_VERB == 0)); then
                case $3 in
                status) says_what_is ;;
                down | rm) soak_states stopped false stopped ended crashed failed removed ;;
                *) soak_states running true ready recovered ;;
                esac
        fi
        # What was cut off in putting back a snapshot the next `up` finishes.
        [[ $2 == either ]] || soak_marked "$2"
        soak_recovers
        soak_marked "$2"
        [[ $2 == same && $((SOAK_DONE % 3)) != 0 ]] || soak_mark
        soak_stops
}

# says_what_is: what `status` has said while a call failed is what it says now, or that a guest does not answer.
says_what_is() {
        local line

        for line in "${STATES[@]}"; do
                [[ $SAID =~ (^|$'\n')"${line%% *}"\ +(running\ +yes|degraded .*does\ not\ answer) ]] || soak_flunk "it runs, and status said: $SAID"
        done
}

# count_calls ROW: sets TOTAL[ROW], of those that MODE hits.
count_calls() {
        local before verb

        read -r before _ verb <<<"$1"
        SOAK_NOW="count $1"
        prepare "$before"
        # shellcheck disable=SC2086 # words
        faulted "${IN[@]}" count -- $verb
        ((STATUS == 0)) || soak_flunk "$verb says $STATUS"
        TOTAL[$1]=${HIT%% calls*}
        [[ $MODE == kill ]] || { TOTAL[$1]=${HIT##*, } && TOTAL[$1]=${TOTAL[$1]%% *}; }
        soak_recovers
        [[ -z $MARK ]] || soak_mark
        soak_stops
}

# point ROW: at any of its calls. Return: 1 the time is up.
point() {
        local before kept verb total=${TOTAL[$1]} n

        read -r before kept verb <<<"$1"
        n=$((RANDOM % total + 1))
        pick "${ERRORS[@]}"
        soak_next "$1: $MODE ${IN[1]:-} at call $n of $total$([[ $MODE == kill ]] || echo ", $PICKED")" || return 1
        prepare "$before"
        # shellcheck disable=SC2086 # words
        if [[ $MODE == kill ]]; then
                faulted "${IN[@]}" kill "$n" -- $verb
        else
                faulted "${IN[@]}" error "$n" "$PICKED" -- $verb
        fi
        SOAK_NOW+=" ($HIT): status $STATUS"
        ((STATUS != 137)) || DIED=$((DIED + 1))
        [[ $HIT != nothing* ]] || MISSED=$((MISSED + 1))
        STATUS_OF_VERB=$STATUS SAID=$OUT
        judge "$MODE" "$kept" "${verb%% *}"
}

# sweep MODE [IN]: each row of the table, in turns. With which it begins is drawn: the time may be up before the last.
sweep() {
        local row i first=$((RANDOM % ${#VERBS[@]}))

        MODE=$1 IN=(${2:+--in "$2"}) DIED=0 MISSED=0
        declare -gA TOTAL=()
        project_with_two
        for ((i = 0; i < ROUNDS; i++)); do
                for row in "${VERBS[@]:first}" "${VERBS[@]::first}"; do
                        [[ ${TOTAL[$row]+set} ]] || count_calls "$row"
                        ((TOTAL[$row] == 0)) || point "$row" || break 2
                done
        done
        note "$SOAK_DONE points, $DIED died, $MISSED not reached"
}

testcase_killed() {
        soak_begin 4
        sweep kill
}

testcase_failing() {
        soak_begin 4
        sweep error
}

# What `up` starts and waits for.
testcase_supervisor_killed() {
        supervisor_only
        soak_begin 3
        sweep kill supervisor
}

testcase_supervisor_failing() {
        supervisor_only
        soak_begin 3
        sweep error supervisor
}

testcase_nspawn_killed() {
        supervisor_only
        soak_begin 2
        sweep kill systemd-nspawn
}

# What sets a container's network, and puts it away.
testcase_network_helper_killed() {
        soak_begin 3
        sweep kill netns
}

testcase_network_helper_failing() {
        soak_begin 3
        sweep error netns
}

live_main "$@"
