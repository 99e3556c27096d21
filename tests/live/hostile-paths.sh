#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a guest, or a program that runs as the developer, puts in the way of root: nothing outside of the project is read
# or written for it.

# Containers on a real disk, as users have them.
export LIVE_SCRATCH=${LIVE_SCRATCH:-disk}
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# outside: a folder of root's that nobody else can enter, and what is in it.
outside() {
        OUTSIDE=$SCRATCH/projects/outside
        mkdir -m 700 "$OUTSIDE"
        (umask 077 && echo of-root >"$OUTSIDE/secret")
        OUTSIDE_BEFORE=$(outside_now)
}

outside_now() { (cd "$OUTSIDE" && find . -exec stat -c '%n %F %a %u:%g %s %Y' {} + | sort); }

outside_is_as_before() { equal "$(outside_now)" "$OUTSIDE_BEFORE" "what lies outside"; }

# race WHAT A B: a program of the developer's, until race_over.
race() {
        setpriv --reuid "$DEV_UID" --regid "$DEV_GID" --init-groups -- "$FC_HELPERS/racer" "$@" &
        RACER=$!
}

race_over() {
        kill -KILL "$RACER"
        wait "$RACER" 2>/dev/null || :
}

# Somebody puts a link where the image is going to be copied to.
testcase_link_for_a_copy() {
        local i

        project shop
        outside
        spec "$(tiny one)"
        ok fc up
        ok fc down
        for ((i = 0; i < 10; i++)); do
                rm -rf --one-file-system "$PROJECT/.containers/one/root"
                race link "$OUTSIDE" "$PROJECT/.containers/one/root.new"
                run fc up
                race_over
                outside_is_as_before
                ok fc down
                rm -f "$PROJECT/.containers/one/root.new"
        done
        ok fc up
        ok fc exec one -- true
        ok fc down
        outside_is_as_before
}

live_main "$@"
