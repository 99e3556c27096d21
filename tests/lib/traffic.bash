# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Clients of published ports, see tests/live/traffic.c. Sourced after live.bash.

readonly TRAFFIC=$FC_HELPERS/traffic

traffic() { timeout "$FC_TIMEOUT" "$TRAFFIC" "$@"; }

# keep VERB PORT N: connections that stay until let_go.
keep() {
        rm -f "$TMP/kept"
        mkfifo "$TMP/kept"
        "$TRAFFIC" "$@" <"$TMP/kept" >"$TMP/said" 2>&1 &
        KEPT=$!
        exec {KEPT_INPUT}>"$TMP/kept"
        line_in "$TMP/said" '^open$' >/dev/null
}

let_go() {
        exec {KEPT_INPUT}>&-
        finished "$KEPT"
        equal "$STATUS" 0 "the status of those that were kept ($(<"$TMP/said"))"
}
