# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Running a program and keeping what it said, as root, as the developer, or in the background. Part of live.bash.

# shellcheck disable=SC2034 # STATUS, OUT and ERR are for assert.bash and the test cases

# run COMMAND..: sets STATUS, OUT and ERR, never fails by itself.
run() {
        local files=$SCRATCH/run.$BASHPID

        RAN=$*
        STATUS=0
        "$@" >"$files.out" 2>"$files.err" || STATUS=$?
        # NUL bytes cannot be kept, about which bash complains; no test needs them.
        {
                OUT=$(<"$files.out")
                ERR=$(<"$files.err")
        } 2>/dev/null
}

# run_status STATUS COMMAND..: run, and that must be its status.
run_status() {
        local want=$1

        shift
        run "$@"
        [[ $STATUS == "$want" ]] || flunk "status $STATUS, not $want"
}

ok() { run_status 0 "$@"; }

# takes_at_most SECONDS COMMAND..: run, measured. What hangs takes longer than three times that, too, and what runs on a busy
# machine does not.
takes_at_most() {
        local limit=$((3 * $1)) started=${EPOCHREALTIME/[.,]/} ms

        shift
        run "$@"
        ms=$(((${EPOCHREALTIME/[.,]/} - started) / 1000))
        note "$ms ms, status $STATUS: $*"
        ((ms <= limit * 1000)) || flunk "it took $ms ms, not at most $limit s"
}

# Whether the program was built with the sanitizers: these need much memory, and LeakSanitizer fails in a process that is
# traced.
has_sanitizers() { grep -q __asan_init -- "$FC"; }

# asker: sets ASKER, the words before a command that is started as a developer's sudo would do it, in the project's folder; or
# where there is no root, as the developer.
asker() {
        ASKER=(env -C "$PROJECT" SUDO_UID="$DEV_UID" SUDO_GID="$DEV_GID" SUDO_USER="$DEV")
        if is_rootless; then
                dev_words
                ASKER=("${AS_DEV[@]}" env -C "$PROJECT")
        fi
}

# by_asker COMMAND..: such a command in this shell's place. With root not by env(1), which is one more program each time.
by_asker() {
        if is_rootless; then
                asker
                exec "${ASKER[@]}" "$@"
        fi
        # Where `run` or a condition calls this, set -e has no effect.
        cd -- "$PROJECT" || exit 125
        SUDO_UID=$DEV_UID SUDO_GID=$DEV_GID SUDO_USER=$DEV exec "$@"
}

# fc ARGUMENT..: the program, in the project's folder, as a developer's sudo would start it.
fc() { (by_asker timeout --kill-after=10 "$FC_TIMEOUT" "$FC" "$@"); }

# fc_background OUTPUT ARGUMENT..: the same without waiting for it; FC_PID is the program itself, so that signals reach it. Like a
# command typed at a terminal it does not ignore SIGINT, which bash would make it do otherwise.
fc_background() {
        local output=$1

        shift
        (by_asker env --default-signal=INT,QUIT "$FC" "$@") >"$output" 2>&1 &
        FC_PID=$!
}

# finished PID: waits for a background command; sets STATUS.
finished() {
        STATUS=0
        # bash reports on stderr what was killed, as soon as it hears of it; that is the tests' daily bread.
        {
                "$FC_HELPERS/wait-for" "$FC_TIMEOUT" exit "$1" || flunk "process $1 still runs after $FC_TIMEOUT s"
                wait "$1" || STATUS=$?
        } 2>/dev/null
}

# dev_words: sets AS_DEV, the words before a command, or an option of env(1), of the developer without any privilege.
dev_words() {
        AS_DEV=(setpriv --reuid "$DEV_UID" --regid "$DEV_GID" --init-groups -- env HOME="$SCRATCH/home" USER="$DEV" LOGNAME="$DEV")
        ! is_rootless || in_session
}

# as_dev COMMAND..
as_dev() {
        dev_words
        "${AS_DEV[@]}" "$@"
}

# page PORT [ADDRESS] [CURL OPTION..]
page() {
        local port=$1 address=${2:-127.0.0.1}

        shift "$(($# < 2 ? $# : 2))"
        curl --silent --show-error --fail --globoff --noproxy '*' --max-time 20 "$@" "http://$address:$port/"
}

# hold_port ADDRESS:PORT: something that listens there until release_port; HOLDER is its process. Of what a Debian has, perl
# can listen.
hold_port() {
        local line

        # shellcheck disable=SC2016 # perl's
        exec {HOLDER_OUT}< <(exec perl -MIO::Socket::INET -e '
                $s = IO::Socket::INET->new(LocalAddr => $ARGV[0], Listen => 1) or die "$!";
                $| = 1; print "listening\n"; sleep' "$1" 2>&1)
        HOLDER=$!
        read -r -t "$WAIT" line <&"$HOLDER_OUT"
        equal "$line" listening "the holder of $1"
}

release_port() {
        kill "$HOLDER"
        gone "$HOLDER"
        exec {HOLDER_OUT}<&-
}
