# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests that failed have said, once more at the end, where a reader looks first: it would otherwise stand
# somewhere in thousands of lines. To be sourced after setup.bash and ctest-output.bash.

# How many lines of each, the last ones of the last try.
readonly FAILURES_LINES=60

# failures_list FILE: of ctest's output, the tests that never passed.
failures_list() {
        ctest_output_results "$1" | awk '
                $2 == "failed" { failed[$1] = 1 }
                $2 == "passed" { delete failed[$1] }
                END { for (name in failed) print name }' | sort
}

# failures_report OUTPUT
failures_report() {
        local output=$1 names=() name

        mapfile -t names < <(failures_list "$output")
        for name in "${names[@]}"; do
                step "failed: $name"
                ctest_output_of "$output" "$name" | tail -n "$FAILURES_LINES" | sed 's/^/    /'
        done
}
