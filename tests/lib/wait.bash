# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Waiting: always for an event, and never longer than WAIT. Part of live.bash.

# line_in FILE REGEX [SECONDS]: until a line of a growing file matches; prints that line.
line_in() {
        local file=$1 regex=$2 seconds=${3:-$WAIT} tail fd line='' found=0

        touch -- "$file"
        exec {fd}< <(exec timeout "$seconds" tail -n +1 -f -- "$file" 2>/dev/null)
        tail=$!
        # Not by the shell: some files have a million lines.
        if line=$(grep -aE -m 1 -- "$regex" <&"$fd"); then found=1; fi
        kill "$tail" 2>/dev/null || :
        # What it leaves is looked for at the end of the test.
        wait "$tail" 2>/dev/null || :
        exec {fd}<&-
        ((found)) || flunk "no line like '$regex' within $seconds s in: $(tail -n 20 -- "$file")"
        printf '%s\n' "$line"
}

gone() { "$FC_HELPERS/wait-for" "$WAIT" exit "$1" || flunk "process $1 still runs after $WAIT s"; }

# after MILLISECONDS: for tests whose subject is a moment ("killed 30 ms after the start"), never to wait for something.
after() {
        local nothing

        read -r -t "$(printf '%d.%03d' "$(($1 / 1000))" "$(($1 % 1000))")" nothing <&"$LIVE_NOTHING" || :
        : "${nothing:-}"
}

# try_until SECONDS COMMAND..: the last resort, where the only way to see the event is to look again.
try_until() {
        local end=$((SECONDS + $1))

        shift
        until "$@"; do
                ((SECONDS < end)) || flunk "not within the time: $*"
                after 20
        done
}

# lock_is TEXT FILE: is there such a line about its lock?
lock_is() { grep -q -- "$1 .*:$(stat -c %i "$2") " /proc/locks; }

# rm_waits CONTAINER: in the project "shop" `rm --all` has looked, and waits for that lock until rm_goes_on. What it says
# goes to $TMP/rm.
rm_waits() {
        local lock

        lock=$(echo /run/flake-containers/shop-????/"$1".lock)
        flock --no-fork "$lock" sleep infinity &
        HOLDER=$!
        try_until "$WAIT" lock_is ': FLOCK' "$lock"
        fc_background "$TMP/rm" rm --all --yes
        RM=$FC_PID
        try_until "$WAIT" lock_is '-> FLOCK' "$lock"
}

# Sets STATUS.
rm_goes_on() {
        kill "$HOLDER"
        gone "$HOLDER"
        finished "$RM"
}

# moments COUNT VALUE..: so many of the values, drawn by lot, in order: what one run does not try, another does. All of them
# with FC_MOMENTS=all.
moments() {
        local count=$1

        shift
        [[ ${FC_MOMENTS:-} != all ]] || count=$#
        shuf --head-count="$count" --echo -- "$@" | sort -n
}
