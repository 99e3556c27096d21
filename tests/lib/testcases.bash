# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Runs the test cases of a script: its functions testcase_NAME. To be sourced by what defines
#
#     run_testcase FUNCTION   runs one, in a subshell with set -e
#     after_testcase STATUS   puts away what it left; fails where no more are to be run

# testcases_all: their functions, in the order in which they are written: sorted as a shell does it, by index.
testcases_all() (
        shopt -s extdebug
        mapfile -t names < <(compgen -A function testcase_)
        lines=()
        while read -r name line _; do lines[line]=$name; done < <(for name in "${names[@]}"; do declare -F "$name"; done)
        ((${#lines[@]} == 0)) || printf '%s\n' "${lines[@]}"
)

# testcases_run SCRIPT [NAME..]: those named, or all. Prints how each went; exits 1 when one failed, 77 when none could run.
testcases_run() {
        local script=$1 name names=() all=() failed=0 skipped=0 passed=0 status started

        shift
        mapfile -t all < <(testcases_all)
        if (($#)); then names=("${@/#/testcase_}"); else names=("${all[@]}"); fi
        for name in "${names[@]}"; do
                declare -F "$name" >/dev/null || {
                        echo "$script: there is no ${name#testcase_}, only: ${all[*]#testcase_}" >&2
                        exit 2
                }
        done

        for name in "${names[@]}"; do
                printf -- '--- %s %s\n' "$script" "${name#testcase_}"
                started=${EPOCHREALTIME/[.,]/}
                # In neither a condition nor an || list: there bash would ignore set -e in all of it.
                set +e
                (
                        set -e
                        run_testcase "$name"
                )
                status=$?
                set -e
                case $status in
                0) passed=$((passed + 1)) && printf '    ok' ;;
                77) skipped=$((skipped + 1)) && printf '    not run' ;;
                *) failed=$((failed + 1)) && printf '    not ok' ;;
                esac
                printf ', %s ms\n' "$(((${EPOCHREALTIME/[.,]/} - started) / 1000))"
                after_testcase "$status" || break
        done

        printf '%s: %s passed, %s failed, %s skipped\n' "$script" "$passed" "$failed" "$skipped"
        ((failed == 0)) || exit 1
        ((passed > 0)) || exit 77
}

# thorough: are test cases to run that take long? Begins one of those: thorough || return 0
thorough() {
        [[ ${FC_THOROUGH:-} != OFF ]] || { note "only with FC_THOROUGH=ON" && return 1; }
}
