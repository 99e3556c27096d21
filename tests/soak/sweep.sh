#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every verb that changes something, killed at one of its system calls, or with one of them failing: at points that are
# spread over all that it makes. FC_SOAK_ROUNDS: points for each row of the table.

# shellcheck source=tests/soak/lib.bash
. "$(dirname "$0")/lib.bash"

# The state before | the command. A new verb is a row.
readonly VERBS=(
        'new up'
        'stopped up'
        'running up'
        'running down'
        'running restart'
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
        running)
                bounded up
                ((STATUS == 0)) || soak_flunk "cannot begin: up says $STATUS"
                ;;
        esac
}

# faulted ARGUMENT..: what fault does, to the program in the project's folder. Sets STATUS, ERR and CALLS or HIT.
faulted() {
        local options=()

        while [[ $1 != -- ]]; do
                options+=("$1")
                shift
        done
        shift
        # Containers have 10 s to be ready.
        run soak_run 30 "$FC_HELPERS/fault" "${options[@]}" "$FC" "$@"
        ((STATUS != 124)) || soak_flunk "'$*' hangs"
        [[ $ERR == *fault:* ]] || soak_flunk "no fault"
        HIT=$(sed -n '$s/^fault: //p' <<<"$ERR")
        ERR=$(sed '$d' <<<"$ERR")
}

# explained: it has failed, and says why in words.
explained() {
        # What fails before the program begins the loader says.
        [[ $STATUS != 127 || $ERR != *'error while loading shared libraries'* ]] || return 0
        [[ $STATUS == [13456] || $STATUS == 130 ]] || soak_flunk "status $STATUS"
        [[ -n ${ERR//[[:space:]]/} ]] || soak_flunk "failed without a word"
        [[ ! $ERR =~ \(null\)|Success$ ]] || soak_flunk "failed without a reason: $ERR"
}

# judge MODE VERB: what must be true right now, and afterwards.
judge() {
        case $1 in
        kill) [[ $STATUS == 137 || $STATUS == 0 ]] || explained ;;
        error) ((STATUS == 0)) || explained ;;
        esac
        soak_agree
        # A command that exits with 0 has done its work.
        if ((STATUS_OF_VERB == 0)); then
                case $2 in
                down) soak_states stopped false stopped ended crashed failed ;;
                *) soak_states running true ready recovered ;;
                esac
        fi
        soak_marked
        soak_recovers
        soak_marked
        ((SOAK_DONE % 3 != 0)) || soak_mark
        soak_stops
}

# sweep MODE [IN]: each row of the table.
sweep() {
        local mode=$1 in=(${2:+--in "$2"}) row before verb total i n died=0 missed=0

        project_with_two
        for row in "${VERBS[@]}"; do
                read -r before verb <<<"$row"
                SOAK_NOW="count $row"
                prepare "$before"
                faulted "${in[@]}" count -- "$verb"
                ((STATUS == 0)) || soak_flunk "$verb says $STATUS"
                total=${HIT%% calls*}
                [[ $mode == kill ]] || { total=${HIT##*, } && total=${total%% *}; }
                soak_recovers
                soak_stops
                ((total > 0)) || continue
                for ((i = 0; i < ROUNDS; i++)); do
                        # Anywhere in the i-th part of it.
                        n=$((i * total / ROUNDS + RANDOM % (total / ROUNDS + 1) + 1))
                        pick "${ERRORS[@]}"
                        soak_next "$row: $mode ${2:-} at call $n of $total${2:+ of $2}$([[ $mode == kill ]] || echo ", $PICKED")" || break 2
                        prepare "$before"
                        if [[ $mode == kill ]]; then
                                faulted "${in[@]}" kill "$n" -- "$verb"
                        else
                                faulted "${in[@]}" error "$n" "$PICKED" -- "$verb"
                        fi
                        SOAK_NOW+=" ($HIT): status $STATUS"
                        ((STATUS != 137)) || died=$((died + 1))
                        [[ $HIT != nothing* ]] || missed=$((missed + 1))
                        STATUS_OF_VERB=$STATUS
                        judge "$mode" "$verb"
                done
        done
        note "$SOAK_DONE points, $died died, $missed not reached"
}

testcase_killed() {
        soak_begin 8
        sweep kill
}

testcase_failing() {
        soak_begin 8
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

live_main "$@"
