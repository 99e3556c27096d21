#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Commands inside of a running container: what goes in, what comes out, how they end. With a guest that has systemd,
# and with one that has not. Terminals are in terminal.sh.
# shellcheck disable=SC2016 # the other shells expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# Both kinds of guest, in turn.
both_up() {
        project shop
        spec "$(web web), $(tiny one)"
        ok fc up
}

testcase_status() {
        both_up
        asker
        for name in web one; do
                run_status 7 fc exec "$name" -- sh -c 'exit 7'
                ok fc exec "$name" -- true
                run_status 1 fc exec "$name" -- false
                run_status 203 fc exec "$name" -- sh -c 'exit 203'
                run_status 255 fc exec "$name" -- sh -c 'exit 255'
                run_status 137 fc exec "$name" -- sh -c 'kill -9 $$'
                run_status 143 fc exec "$name" -- sh -c 'kill -15 $$'
                # Where the caller has no use for the ends of its children, and says so to the kernel.
                run_status 7 "${ASKER[@]}" env --ignore-signal=CHLD "$FC" exec "$name" -- sh -c 'exit 7'
        done
        ok fc down
}

testcase_not_found() {
        both_up
        for name in web one; do
                run_status 127 fc exec "$name" -- no-such-command
                expect_err 'no-such-command'
                run_status 127 fc exec "$name" -- /no/such/command
                run_status 126 fc exec "$name" -- /etc/passwd
                run_status 126 fc exec "$name" -- /etc
        done
        ok fc down
}

testcase_streams() {
        both_up
        for name in web one; do
                ok fc exec "$name" -- sh -c 'echo to-stdout; echo to-stderr >&2'
                equal "$OUT" to-stdout "stdout"
                expect_err 'to-stderr'
                # A program may open what it has.
                ok fc exec "$name" -- sh -c 'echo a >/dev/stdout; echo b >/dev/stderr'
                equal "$OUT" a "what was written to /dev/stdout"
                expect_err 'b'
                # No line feed at the end, nothing added.
                fc exec "$name" -- printf 'x\0y' >"$TMP/out"
                equal "$(od -An -tx1 "$TMP/out")" " 78 00 79" "the bytes"
        done
        ok fc down
}

testcase_stdin_to_end_of_file() {
        both_up
        head -c 3000001 /dev/urandom >"$TMP/in"
        for name in web one; do
                fc exec "$name" -- md5sum <"$TMP/in" >"$TMP/sum"
                equal "$(cut -d ' ' -f 1 "$TMP/sum")" "$(md5sum <"$TMP/in" | cut -d ' ' -f 1)" "the sum of stdin"
                fc exec "$name" -- cat <"$TMP/in" >"$TMP/out"
                true_that "cat gives back what it got" cmp "$TMP/in" "$TMP/out"
                # Through a pipe that stays open on the other side for a while, and is closed by it.
                equal "$(seq 1000 | fc exec "$name" -- grep -c 7)" "$(seq 1000 | grep -c 7)" "lines counted"
                # No input at all.
                equal "$(fc exec "$name" -- cat </dev/null)" ""
        done
        ok fc down
}

# The reader goes away: the command gets to know, instead of writing for ever.
testcase_closed_stdout() {
        both_up
        for name in web one; do
                fc exec "$name" -- sh -c 'i=0; while echo $i; do i=$((i + 1)); done' 2>/dev/null | head -n 3 >"$TMP/out" || :
                equal "$(paste -sd ' ' "$TMP/out")" "0 1 2"
        done
        ok fc down
}

testcase_much_output() {
        both_up
        for name in web one; do
                equal "$(fc exec "$name" -- head -c 20000000 /dev/zero | wc -c)" 20000000 "bytes that came out"
        done
        ok fc down
}

# Nothing in a command is expanded, split or taken for an option on its way.
testcase_arguments_unchanged() {
        local words=('$HOME' '${x}' '$$' '%h' '%%' 'two words' '' '"' "'" "\\" '*' ';' $'line\nfeed' '-u' '--' 'ünïcode' '~' '`id`')

        both_up
        printf '<%s>\n' "${words[@]}" >"$TMP/want"
        for name in web one; do
                fc exec "$name" -- printf '<%s>\n' "${words[@]}" >"$TMP/got"
                same_files "$TMP/want" "$TMP/got" "the arguments changed on their way into $name"
        done
        ok fc down
}

testcase_user_folder_environment() {
        both_up
        ok fc exec -u www-data web -- sh -c 'id -un; id -gn'
        equal "$OUT" $'www-data\nwww-data'
        ok fc exec -u www-data web -- sh -c 'echo $HOME'
        equal "$OUT" /var/www "HOME of www-data"
        ok fc exec -u nobody one -- id -u
        equal "$OUT" 65534
        ok fc exec -u www-data:mail web -- sh -c 'id -un; id -gn'
        equal "$OUT" $'www-data\nmail'
        ok fc exec -u 1000:1001 one -- sh -c 'id -u; id -g'
        equal "$OUT" $'1000\n1001'
        for name in web one; do
                ok fc exec -w /etc "$name" -- pwd
                equal "$OUT" /etc
                ok fc exec -e GREETING='hello $USER %h' -e EMPTY= "$name" -- sh -c 'echo "$GREETING,${EMPTY-unset}"'
                equal "$OUT" 'hello $USER %h,'
                # The host's own variables stay outside.
                SECRET=1 ok fc exec "$name" -- env
                refute_out 'SECRET|SUDO_'
                expect_out '(^|'$'\n'')PATH='
                # What begins like a number, or is the kernel's "no uid", is not root either.
                for user in no-such-user 33x 0x21 4294967295 99999999999 -1 'a b' ..; do
                        run fc exec -u "$user" "$name" -- id -u
                        equal "$STATUS" 125 "the status with a user '$user', who does not exist,"
                        equal "$OUT" ''
                        expect_err "container '$name' has no user '$user'"
                done
                for user in root:absent root: root:a:b; do
                        run fc exec -u "$user" "$name" -- id -u
                        equal "$STATUS" 125 "the status with a group of '$user', which does not exist,"
                        expect_err "container '$name' has no group '${user#root:}'"
                done
        done
        ok fc down
}

testcase_stopped() {
        project shop
        spec "$(web web), $(tiny one)"
        run_status 7 fc exec web -- true
        # What to type, literally.
        expect_err 'up web'
        run_status 7 fc shell web
        expect_err 'up web'
        nothing_made
}

# What is started before the guest's systemd would be beside it, and would keep it from ever stopping.
testcase_after_a_reboot() {
        local before end=$((SECONDS + WAIT))

        both_up
        ok fc exec web -- cut -d ' ' -f 22 /proc/1/stat
        before=$OUT
        run fc exec web -- systemctl --no-block reboot
        # By a systemd, and by another than that. Between the two there is none.
        OUT=$before
        until [[ $STATUS == 0 && ${OUT##*$'\n'} != "$before" ]]; do
                ((SECONDS < end)) || flunk "it does not come back"
                run fc exec web -- sh -c "cat /proc/self/cgroup && exec cut -d ' ' -f 22 /proc/1/stat"
                [[ $STATUS != 0 ]] || expect_out '0::/system\.slice/'
        done
        ok fc down
}

# Sessions end with the container, and neither they nor what they left in the background hold its end up.
testcase_down_ends_sessions() {
        local started

        both_up
        for name in web one; do
                fc_background "$TMP/$name.out" exec "$name" -- sh -c 'trap "" TERM HUP INT; echo in; while :; do sleep 1000; done'
                line_in "$TMP/$name.out" '^in$' >/dev/null
                session=$FC_PID
                started=$SECONDS
                ok fc down "$name"
                ((SECONDS - started < 10)) || flunk "down took $((SECONDS - started)) s with a session open"
                finished "$session"
                equal "$STATUS" 137 "the status of the session"
        done
}

# Ctrl-C in a pipeline: what runs inside ends as well.
testcase_interrupted() {
        both_up
        for name in web one; do
                fc_background "$TMP/$name.out" exec "$name" -- sh -c 'echo in; exec sleep 4321'
                line_in "$TMP/$name.out" '^in$' >/dev/null
                kill -INT "$FC_PID"
                finished "$FC_PID"
                equal "$STATUS" 130 "the status of the interrupted exec"
                try_until "$WAIT" nothing_sleeps
        done
        ok fc down
}

nothing_sleeps() { ! grep -zqs 4321 /proc/[0-9]*/cmdline; }

testcase_many_at_once() {
        local i pids=()

        both_up
        for ((i = 0; i < 12; i++)); do
                fc_background "$TMP/$i.out" exec web -- sh -c "echo out-$i; exit $i"
                pids+=("$FC_PID")
        done
        for ((i = 0; i < 12; i++)); do
                finished "${pids[i]}"
                equal "$STATUS" "$i" "the status of the one that exits with $i"
                equal "$(<"$TMP/$i.out")" "out-$i"
        done
        ok fc down
}

testcase_usage() {
        project shop
        spec "$(tiny one)"
        ok fc up
        run_status 2 fc exec
        run_status 2 fc exec one
        run_status 2 fc exec --no-such-option one -- true
        run_status 2 fc exec -e 'NO-EQUALS-SIGN' one -- true
        ok fc down
}

live_main "$@"
