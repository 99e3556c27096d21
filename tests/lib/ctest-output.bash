# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What `ctest --output-on-failure --repeat` has printed, read again: to be sourced by what looks for more in it than ctest
# says in its last lines.

# ctest_output_results FILE: each try of each test, in their order: its name, and "failed" or "passed". Others (skipped) are
# left out.
ctest_output_results() {
        awk '
                { for (i = 1; i < NF - 1; i++) if ($i == "Test" && $(i + 1) ~ /^#[0-9]+:$/) break }
                i >= NF - 1 { next }
                / \.*\*\*\*(Failed|Timeout|Exception)/ { print $(i + 2), "failed"; next }
                / \.+ +Passed / { print $(i + 2), "passed" }' "$1"
}

# ctest_output_of FILE NAME: what the test has said in its last try. It stands behind its result, up to the next line of
# ctest's own.
ctest_output_of() {
        awk -v name="$2" '
                { own = 0; for (i = 1; i < NF; i++) if ($i == "Test" && $(i + 1) ~ /^#[0-9]+:$/) { own = 1; break } }
                own { here = $(i + 2) == name; if (here) text = ""; next }
                /^ +Start +[0-9]+: / || /^[0-9]+% tests passed/ { here = 0 }
                here { text = text $0 "\n" }
                END { printf "%s", text }' "$1"
}

# ctest_output_end FILE: its last lines, from how many tests have passed on. Nothing where no test was run.
ctest_output_end() {
        awk '
                /^[0-9]+% tests passed/ { text = ""; here = 1 }
                here { text = text $0 "\n" }
                END { printf "%s", text }' "$1"
}
