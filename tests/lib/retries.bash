# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A test that passes only when it is tried again is a finding: either the test is wrong about what it waits for, or the
# program is. ctest's --repeat until-pass alone would hide them. To be sourced after setup.bash and ctest-output.bash.

# How many more times each of them runs, and for how long at most.
readonly RETRIES_AGAIN=5 RETRIES_SECONDS=150
# In so many of the last runs, of which the history knows, it is one too often.
readonly RETRIES_MAX=3 RETRIES_RUNS=10

# retries_list FILE: of ctest's output, the tests that failed at first and passed later.
retries_list() {
        ctest_output_results "$1" | awk '
                $2 == "failed" { failed[$1] = 1 }
                $2 == "passed" && failed[$1] { print $1; delete failed[$1] }' | sort -u
}

# retries_often HISTORY: the tests that needed it in too many of the last runs. A line "run" begins each run.
retries_often() {
        tac "$1" | awk -v runs="$RETRIES_RUNS" -v max="$RETRIES_MAX" '
                n >= runs { exit }
                $0 == "run" { n++; next }
                { times[$0]++ }
                END { for (name in times) if (times[name] >= max) print name }' | sort
}

# retries_report OUTPUT HISTORY FOLDER: lists them and runs each some more times, alone. Fails when one fails again, or
# when one has needed it often in the runs that HISTORY knows.
retries_report() {
        local output=$1 history=$2 folder=$3 names=() name status failed=0

        mapfile -t names < <(retries_list "$output")
        printf '%s\n' run "${names[@]}" >>"$history"
        ((${#names[@]})) || return 0

        step "tests that passed only when they were tried again: ${names[*]}"
        for name in "${names[@]}"; do
                status=0
                timeout "$RETRIES_SECONDS" ctest --test-dir "$folder" --output-on-failure --no-label-summary \
                        --tests-regex "^${name//[+.]/\\&}\$" --repeat "until-fail:$RETRIES_AGAIN" >"$output.again" 2>&1 ||
                        status=$?
                case $status in
                0) detail "$name: passed $RETRIES_AGAIN times more" ;;
                124) detail "$name: still passed after $RETRIES_SECONDS s more" ;;
                *)
                        sed 's/^/    /' "$output.again"
                        detail "$name: FAILED again"
                        failed=1
                        ;;
                esac
        done
        rm -f "$output.again"
        mapfile -t names < <(retries_often "$history")
        for name in "${names[@]}"; do
                detail "$name: FAILED at first in at least $RETRIES_MAX of the last $RETRIES_RUNS runs"
                failed=1
        done
        return "$failed"
}
