#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# exec, shell and up at a real terminal: tmux plays the user.
# shellcheck disable=SC2016 # the other shells expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# terminal COMMAND..: runs it in a new window of 80 by 24, or $WIDTH by 24; what appears is in $SCREEN as bytes.
terminal() {
        # A name of its own each time: the server of the one before may still be about to end.
        SOCKET=$(mktemp -u "$TMP/tmux.XXXXXX")
        SCREEN=$SOCKET.screen
        : >"$SCREEN"
        # The window waits until the test listens, or the first words would be lost.
        asker
        tmux -S "$SOCKET" -f /dev/null new-session -d -x "${WIDTH:-80}" -y 24 -s t -- bash -c \
                'read -r; "$@"; echo "[status $?]"; read -r' bash "${ASKER[@]}" "$@"
        tmux -S "$SOCKET" pipe-pane -t t "cat >>$(printf %q "$SCREEN")"
        keys Enter
}

keys() { tmux -S "$SOCKET" send-keys -t t "$@"; }

# A prompt is no whole line, so line_in cannot wait for it.
prompt() { try_until "$WAIT" grep -aqE '[#$] ([^ ]*)$' "$SCREEN"; }

# Of the window's output the writer ends a moment after tmux.
end_terminal() {
        tmux -S "$SOCKET" kill-server
        try_until "$WAIT" screen_is_left
}

screen_is_left() { ! pgrep -f -- "cat >>$SCREEN" >/dev/null; }

# What a person sees now, without empty lines at the end. Spinner and times masked.
seen() {
        tmux -S "$SOCKET" capture-pane -p -t t | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' |
                sed -E 's/^  [⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] /  * /; s/[0-9]+(\.[0-9]+)?(s|min)/#\2/g; s/  +#s/  #s/g'
}

# Waits until it is on the screen; says what is there instead.
see() {
        local end=$((SECONDS + WAIT)) screen

        until screen=$(seen) && grep -qE "$1" <<<"$screen"; do
                ((SECONDS < end)) || flunk "not on the screen: $1"$'\n'"$screen"
                after 20
        done
}

lines_in_history() { tmux -S "$SOCKET" display-message -p -t t '#{history_size}'; }

need_tmux() { command -v tmux >/dev/null || skip "tmux is not installed"; }

# A shell of the developer's beside a fresh instance; what their own aliases say does not hide its commands.
testcase_session() {
        need_tmux
        project shop
        spec "$(tiny one '' ', "environment": {"AS": "first"}')"
        printf "alias c='echo alias' h=true\n" >"$SCRATCH/home/.bashrc"
        chown "$DEV:" "$SCRATCH/home/.bashrc"
        HOME=$SCRATCH/home terminal "$FC" -q shell --fresh one
        see "A shell beside 'one'"
        keys 'c sh -c "echo \$AS \$HOSTNAME \$(test -t 0 && tty)"; echo "at $ip"' Enter
        see '^first .*/dev/pts/'
        see '^at 1[0-9.]+$'
        keys h Enter
        see '^A shell inside: c$'
        keys c Enter
        see '^#$'
        keys hostname Enter
        see '^one$'
        keys exit Enter
        ok fc --json status
        equal "$(jq -c '[.instances[].running]' <<<"$OUT")" '[["one"]]'
        spec "$(tiny one '' ', "environment": {"AS": "second"}')"
        keys "$FC -q shell --fresh one; c sh -c 'echo now \$AS'" Enter
        see '^now second$'
        # Ctrl-C is the shell's.
        keys 'sleep 1000' Enter
        keys C-c
        keys 'exit 9' Enter
        see '^.status 9.$'
        end_terminal
        rm "$SCRATCH/home/.bashrc"
        ok fc --json status
        equal "$(jq -c .instances <<<"$OUT")" '[]'
}

testcase_exec_has_a_terminal() {
        need_tmux
        project shop
        spec "$(web web), $(tiny one)"
        ok fc up
        for name in web one; do
                terminal "$FC" exec "$name" -- bash -c 'tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo "all three"; exit 9'
                line_in "$SCREEN" '/dev/' >/dev/null
                line_in "$SCREEN" '24 80' >/dev/null
                line_in "$SCREEN" 'all three' >/dev/null
                line_in "$SCREEN" '\[status 9\]' >/dev/null
                end_terminal
        done
        ok fc down
}

testcase_no_terminal_when_told_or_not_there() {
        need_tmux
        project shop
        spec "$(web web)"
        ok fc up
        terminal "$FC" exec -T web -- sh -c 'test -t 1 && echo "is one" || echo "is none"'
        line_in "$SCREEN" 'is none' >/dev/null
        end_terminal
        # In a pipe there is none without being told.
        ok fc exec web -- sh -c 'test -t 0 || test -t 1 || test -t 2 || echo "is none"'
        equal "$OUT" "is none"
        ok fc down
}

testcase_window_resize() {
        need_tmux
        project shop
        spec "$(web web), $(tiny one)"
        ok fc up
        for name in web one; do
                terminal "$FC" exec "$name" -- bash -c 'trap "stty size" WINCH; sleep 5432 & echo started; while kill -0 $!; do wait; done'
                line_in "$SCREEN" '^started' >/dev/null
                tmux -S "$SOCKET" resize-window -t t -x 101 -y 31
                line_in "$SCREEN" '31 101' >/dev/null
                end_terminal
        done
        ok fc down
}

testcase_shell() {
        need_tmux
        project shop
        spec "$(web web), $(tiny one)"
        ok fc up
        for name in web one; do
                terminal "$FC" shell "$name"
                prompt
                # Typed, and so echoed: the answer is what only the shell can make of it.
                keys 'echo "$((6 * 7)) at $(hostname)"' Enter
                line_in "$SCREEN" "42 at $name" >/dev/null
                # Job control: the shell is the leader of the terminal's session.
                keys 'sleep 4321' Enter
                try_until "$WAIT" grep -zqs 4321 /proc/[0-9]*/cmdline
                keys C-c
                keys 'echo "after $((7 * 8))"' Enter
                line_in "$SCREEN" 'after 56' >/dev/null
                refute_no_job_control
                keys 'exit 5' Enter
                line_in "$SCREEN" '\[status 5\]' >/dev/null
                end_terminal
        done
        ok fc down
}

refute_no_job_control() {
        if grep -qa 'no job control' "$SCREEN"; then flunk "the shell has no job control"; fi
}

testcase_terminal_is_left_as_it_was() {
        need_tmux
        project shop
        spec "$(web web)"
        ok fc up
        terminal bash -c 'stty -g >"$1"; "${@:3}"; stty -g >"$2"' bash "$TMP/stty-before" "$TMP/stty-after" \
                "$FC" exec web -- bash -c 'stty raw -echo; kill -9 $$'
        line_in "$SCREEN" '\[status' >/dev/null
        equal "$(<"$TMP/stty-after")" "$(<"$TMP/stty-before")" "the terminal's settings"
        end_terminal
        ok fc down
}

# Ctrl-C typed at a terminal goes to the command of `with`, not to what keeps the containers up.
testcase_with() {
        need_tmux
        project shop
        spec "$(tiny one)"
        terminal "$FC" -q with --fresh -- sh -c 'trap "echo got it; exit 5" INT; tty; [ -t 0 ] && echo begun; while :; do sleep 0.1; done'
        see '^begun'
        keys C-c
        see 'got it'
        see '^\[status 5\]'
        equal "$(find "$PROJECT/.containers/.fresh" -mindepth 1)" "" "what is in .fresh"
        end_terminal
        # The terminal goes away.
        terminal "$FC" -q with --fresh -- sh -c 'echo begun; while :; do sleep 0.1; done'
        see '^begun'
        end_terminal
        try_until "$WAIT" no_instance
}

no_instance() { [[ -z $(find "$PROJECT/.containers/.fresh" -mindepth 1) && ! -e $PROJECT/.containers/.trash ]]; }

# Ctrl-C typed at a terminal goes to the command inside, not to us.
testcase_control_c_goes_inside() {
        need_tmux
        project shop
        spec "$(web web), $(tiny one)"
        ok fc up
        for name in web one; do
                terminal "$FC" exec "$name" -- bash -c 'trap "echo caught; exit 3" INT; echo ready; sleep 5432 & wait'
                line_in "$SCREEN" '^ready' >/dev/null
                keys C-c
                line_in "$SCREEN" 'caught' >/dev/null
                line_in "$SCREEN" '\[status 3\]' >/dev/null
                end_terminal
        done
        ok fc down
}

testcase_control_c_stops_up() {
        need_tmux
        variant hangs
        unit "$VARIANT" hangs.service <<-'UNIT'
		[Service]
		Type=oneshot
		TimeoutStartSec=infinity
		ExecStart=/bin/sleep infinity
	UNIT
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"timeout": 100}')"
        terminal "$FC" up
        # Its progress names what it waits for.
        line_in "$SCREEN" 'hangs' >/dev/null
        keys C-c
        line_in "$SCREEN" '\[status 130\]' >/dev/null
        end_terminal
        equal "$(state_of web)" stopped
}

# One line for each, and none that the terminal would wrap: that is how it is redrawn.
testcase_progress_on_the_screen() {
        local width want

        need_tmux
        variant hangs
        unit "$VARIANT" hangs.service <<-'UNIT'
		[Service]
		Type=oneshot
		TimeoutStartSec=120
		ExecStart=/bin/sleep infinity
	UNIT
        project shop
        # Without a network there is no address, whose length differs.
        spec "$(WEB_IMAGE=$VARIANT web frontend ', "ready": {"timeout": 100}'), \
                $(tiny one '' ', "network": {"mode": "none"}')"
        for width in 80 40; do
                WIDTH=$width terminal "$FC" up
                see 'hangs.*(running|…)'
                see '✔ one'
                # Drawn from the top of the screen on, and again ten times a second.
                equal "$(lines_in_history)" 0 "lines in the history"
                seen | sed -n '/^  [^ ]/,$p' >"$TMP/seen-$width"
                note "$(<"$TMP/seen-$width")"
                # The first up also copies the images, which is gone from the screen when that is done.
                [[ $(<"$TMP/seen-$width") == "$(expected_progress "$width")" ]] || flunk "the screen at $width columns"
                keys C-c
                line_in "$SCREEN" '\[status 130\]' >/dev/null
                seen >"$TMP/seen-$width"
                grep -q '✔ frontend  stopped  #s' "$TMP/seen-$width" || flunk "after Ctrl-C: $(<"$TMP/seen-$width")"
                end_terminal
                ok fc down
        done
        # Without colours, without redrawing.
        WIDTH=80 terminal env NO_COLOR=1 "$FC" up one
        line_in "$SCREEN" '\[status 0\]' >/dev/null
        if grep -qa $'\e\[' "$SCREEN"; then flunk "escape codes with NO_COLOR: $(cat -v "$SCREEN")"; fi
        end_terminal
        ok fc down
}

expected_progress() {
        case $1 in
        80) printf '  ✔ one       ready  #s\n  * frontend  booting  #s  hangs.service/start running (#s / #min)' ;;
        40) printf '  ✔ one       ready  #s\n  * frontend  #s  hangs.service/start…' ;;
        esac
}

# Shortened where it does not fit, and never wrapped.
testcase_status_on_the_screen() {
        local width

        need_tmux
        project shop
        spec "$(tiny a-container-with-a-long-name '' ', "ports": ["8080:80", "8081-8084:81-84"]'), $(tiny one)"
        ok fc up a-container-with-a-long-name
        for width in 100 80 40; do
                WIDTH=$width terminal "$FC" status
                line_in "$SCREEN" '\[status 0\]' >/dev/null
                seen >"$TMP/seen"
                # Headers, two containers and the status: nothing was wrapped.
                equal "$(grep -c . "$TMP/seen")" 4 "lines at $width columns: $(<"$TMP/seen")"
                end_terminal
        done

        # A failure has a colour.
        ok fc up one
        kill -9 "$(fc --json status one | jq .containers[0].leader)"
        try_until "$WAIT" has_failed one
        terminal "$FC" status one
        line_in "$SCREEN" '\[status 0\]' >/dev/null
        grep -qaE $'\e\\[31m(crashed|failed)' "$SCREEN" || flunk "a crash has no colour: $(cat -v "$SCREEN")"
        end_terminal
        ok fc down
}

has_failed() { [[ $(state_of "$1") =~ ^(crashed|failed)$ ]]; }

# Drawn again in its place when something happens, and when the window becomes another one.
testcase_status_goes_on() {
        local before history

        need_tmux
        project shop
        spec "$(tiny a-container-with-a-long-name '' ', "ports": ["8080:80"]'), $(tiny one)"
        terminal "$FC" status --watch
        see '^one +stopped'
        ok fc up
        see '^one +running +yes'
        see '^a-container-with-a-long-… +running +yes'
        equal "$(lines_in_history)" 0 "lines in the history"
        # A window that is narrower has wrapped the lines. (That alone can put some into tmux's history.)
        tmux -S "$SOCKET" resize-window -t t -x 60 -y 24
        see '^a-container… +runni… +yes'
        tmux -S "$SOCKET" resize-window -t t -x 100 -y 24
        see '^a-container-with-a-long-name +running +yes .*8080->80'
        ok fc pause one
        see '^one +paused'
        ok fc unpause one
        see '^one +running'
        kill -9 "$(fc --json status one | jq .containers[0].leader)"
        see '^one +(crashed|failed)'
        grep -qaE $'\e\\[31m(crashed|failed)' "$SCREEN" || flunk "a crash has no colour"
        # One that the specification has only now; uptimes go on by themselves.
        spec "$(tiny a-container-with-a-long-name '' ', "ports": ["8080:80"]'), $(tiny one), $(tiny two)"
        see '^two +stopped'
        before=$(wc -c <"$SCREEN") history=$(lines_in_history)
        try_until "$WAIT" has_grown "$SCREEN" "$before"
        equal "$(seen | grep -c .)" 4 "lines on the screen: $(seen)"
        equal "$(lines_in_history)" "$history" "lines in the history"
        # More containers than the window has lines.
        tmux -S "$SOCKET" resize-window -t t -x 100 -y 3
        try_until "$WAIT" screen_has_lines 2
        tmux -S "$SOCKET" resize-window -t t -x 100 -y 24
        see '^two +stopped'
        keys C-c
        line_in "$SCREEN" '\[status 0\]' >/dev/null
        end_terminal
        ok fc down
}

screen_has_lines() { (($(seen | grep -c .) == $1)); }

has_grown() { (($(wc -c <"$1") > $2)); }

# Not on a terminal each change is a table, or a line of JSON.
testcase_status_goes_on_elsewhere() {
        local lines tables

        project shop
        spec "$(tiny one)"
        run_status 2 fc status --watch --size
        run_status 2 fc status --watch --check
        # In the words of compose.
        ok fc status --format json
        equal "$(jq -r '.containers[0].state' <<<"$OUT")" stopped
        ok fc rm -f
        fc_background "$TMP/lines" --json status --watch one
        lines=$FC_PID
        fc_background "$TMP/tables" status --watch
        tables=$FC_PID
        line_in "$TMP/lines" '"stopped"' >/dev/null
        line_in "$TMP/tables" '^one +stopped' >/dev/null
        ok fc up
        line_in "$TMP/lines" '"state":"running".*"ready":true' >/dev/null
        line_in "$TMP/tables" '^one +running +yes' >/dev/null
        # An edit of the specification is a change, too.
        spec "$(tiny one '' ', "environment": {"A": "b"}')"
        line_in "$TMP/lines" 'definition changed' >/dev/null
        ok fc down
        try_until "$WAIT" last_line_has "$TMP/lines" '"state":"stopped"'
        try_until "$WAIT" last_line_has "$TMP/tables" '^one +stopped'
        # None is told twice.
        equal "$(uniq -d "$TMP/lines")" ""
        jq -e '.containers[0].name == "one"' "$TMP/lines" >/dev/null || flunk "not a document a line"
        kill -INT "$lines"
        finished "$lines"
        equal "$STATUS" 0
        kill -TERM "$tables"
        finished "$tables"
        equal "$STATUS" 0
        # The reader goes, and nothing happens any more.
        fc status --watch | head -n 2 >/dev/null
}

last_line_has() { tail -n 1 "$1" | grep -qE "$2"; }

# A container keeps its colour whatever else is shown.
testcase_colours_of_logs() {
        local arguments

        need_tmux
        project shop
        spec "$(tiny one '["/bin/bash", "-c", "echo said; exec sleep infinity"]'), $(tiny two '["/bin/bash", "-c", "echo said; exec sleep infinity"]'), $(tiny three)"
        ok fc up
        for arguments in '' 'two three' 'three two' 'two one'; do
                # shellcheck disable=SC2086 # several words
                terminal "$FC" logs $arguments
                line_in "$SCREEN" '\[status 0\]' >/dev/null
                grep -qaF $'\e[35mtwo' "$SCREEN" || flunk "two has another colour: $(cat -v "$SCREEN")"
                end_terminal
        done
        terminal env NO_COLOR=1 "$FC" logs one two
        line_in "$SCREEN" '\[status 0\]' >/dev/null
        if grep -qaF $'\e[3' "$SCREEN"; then flunk "colours with NO_COLOR"; fi
        end_terminal
        ok fc down
}

testcase_attached() {
        local stubborn='["/bin/bash", "-c", "trap \"echo no\" TERM; echo hello; while :; do sleep 9999 & wait; done"]'

        need_tmux
        project shop
        spec "$(web web), $(tiny one)"
        terminal "$FC" up -a
        line_in "$SCREEN" 'web.*apache2' >/dev/null
        keys C-c
        line_in "$SCREEN" '\[status 0\]' >/dev/null
        end_terminal
        equal "$(state_of web) $(state_of one)" "stopped stopped"

        spec "$(tiny one "$stubborn" ', "stop": {"timeout": 100}')"
        terminal "$FC" up -a
        line_in "$SCREEN" 'hello' >/dev/null
        keys C-c
        line_in "$SCREEN" '^no' >/dev/null
        keys C-c
        line_in "$SCREEN" '\[status 130\]' >/dev/null
        end_terminal
        equal "$(state_of one)" stopped
}

# Drawn again in its place, until Ctrl-C.
testcase_stats() {
        need_tmux
        project shop
        spec "$(tiny one '["/bin/bash", "-c", "while :; do :; done"]')"
        ok fc up
        terminal "$FC" stats --interval 0.1
        see '^one +[1-9][0-9.]+%'
        # Headers stand there once.
        equal "$(seen | grep -c '^NAME')" 1
        keys C-c
        line_in "$SCREEN" '\[status 0\]' >/dev/null
        end_terminal
        terminal "$FC" stats --no-stream
        line_in "$SCREEN" '\[status 0\]' >/dev/null
        end_terminal
        ok fc down
}

testcase_question() {
        need_tmux
        project shop
        spec "$(tiny one)"
        ok fc up
        ok fc down
        terminal "$FC" rm one
        see '^one +[0-9]+(\.[0-9]+)? [KM]B +its root, state and logs'
        see 'remove this for good\? \[y/N\]'
        keys n Enter
        line_in "$SCREEN" 'nothing was removed' >/dev/null
        line_in "$SCREEN" '\[status 130\]' >/dev/null
        end_terminal
        exists "$PROJECT/.containers/one/root"
        terminal "$FC" rm one
        see 'remove this for good\? \[y/N\]'
        keys C-d
        line_in "$SCREEN" 'nothing was removed' >/dev/null
        end_terminal
        exists "$PROJECT/.containers/one/root"
        terminal "$FC" rm one
        see 'remove this for good\? \[y/N\]'
        keys y Enter
        line_in "$SCREEN" '\[status 0\]' >/dev/null
        end_terminal
        absent "$PROJECT/.containers/one"
}

# With NO_COLOR, or where it cannot move the cursor, not even at a terminal.
testcase_dumb_terminal() {
        need_tmux
        project shop
        spec "$(web web)"
        terminal env TERM=dumb "$FC" up
        line_in "$SCREEN" '\[status 0\]' >/dev/null
        if grep -qa $'\e' "$SCREEN"; then flunk "escape codes on a dumb terminal: $(cat -v "$SCREEN")"; fi
        end_terminal
        ok fc down
}

live_main "$@"
