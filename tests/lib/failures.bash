# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests that failed have said, once more at the end, where a reader looks first: it would otherwise stand
# somewhere in thousands of lines. To be sourced after setup.bash.

# How many lines of each, the last ones of the last try.
readonly FAILURES_LINES=60

# failures_list FILE: of ctest's output, the tests that never passed.
failures_list() {
        awk '
                { for (i = 1; i < NF - 1; i++) if ($i == "Test" && $(i + 1) ~ /^#[0-9]+:$/) break }
                i >= NF - 1 { next }
                { name = $(i + 2) }
                / \.*\*\*\*(Failed|Timeout|Exception)/ { failed[name] = 1; next }
                / \.+ +Passed / { delete failed[name] }
                END { for (name in failed) print name }' "$1" | sort
}

# failures_output FILE NAME: what the test has said in its last try, as `ctest --output-on-failure` shows it: behind its
# result, up to the next line of ctest's own.
failures_output() {
        awk -v name="$2" '
                { own = 0; for (i = 1; i < NF; i++) if ($i == "Test" && $(i + 1) ~ /^#[0-9]+:$/) { own = 1; break } }
                own { here = $(i + 2) == name; if (here) text = ""; next }
                /^ +Start +[0-9]+: / || /^[0-9]+% tests passed/ { here = 0 }
                here { text = text $0 "\n" }
                END { printf "%s", text }' "$1"
}

# failures_report OUTPUT
failures_report() {
        local output=$1 names=() name

        mapfile -t names < <(failures_list "$output")
        for name in "${names[@]}"; do
                step "failed: $name"
                failures_output "$output" "$name" | tail -n "$FAILURES_LINES" | sed 's/^/    /'
        done
}
