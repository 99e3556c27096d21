# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Where a run of the tests leaves the processor's time, so that who wants it shorter knows where to look. To be sourced after
# setup.bash.

# How many of the tests that take most.
readonly PROCESSOR_TIME_TESTS=20

# processor_time_report FILE: of lines of tests/lib/measure, the sum of each group of tests, which is the name up to its last
# '/', and the greatest. A test that was tried again counts as often. Lines of another form are what bash has said of tests
# that were killed.
processor_time_report() {
        # shellcheck disable=SC2016 # awk's
        local others='NF != 3 || $2 $3 !~ /^[0-9.]+$/ { next }'

        step "seconds of processor time"
        awk "$others"'
                { group = $1; sub("/[^/]*$", "", group); time[group] += $2 + $3; count[group]++; sum += $2 + $3 }
                END {
                        for (group in time) printf "%8.0f %s, %d\n", time[group], group, count[group]
                        printf "%8.0f all\n", sum
                }' "$1" | sort -rn | sed 's/^/    /'
        # Not head, which would leave before sort is done.
        awk "$others"'{ printf "%8.1f %s\n", $2 + $3, $1 }' "$1" | sort -rn | sed -n "1,${PROCESSOR_TIME_TESTS}s/^/    /p"
}
