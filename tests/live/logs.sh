#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What the services said: chosen by number, unit, priority and time, followed, and as JSON.
# shellcheck disable=SC2016 # the other shells expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# A guest that says a lot at its start and at its end, the times when a line is lost most easily.
chatty_up() {
        variant chatty
        printf '%s\n' '#!/bin/sh' 'boot=$(cat /var/lib/boots 2>/dev/null || echo 0)' 'i=0' \
                'while [ $i -lt 200 ]; do i=$((i + 1)); echo "$1 $boot line $i"; done' >"$VARIANT/usr/local/bin/chat"
        chmod +x "$VARIANT/usr/local/bin/chat"
        unit "$VARIANT" chatty.service <<-'UNIT'
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=/bin/sh -c 'echo $$(( $$(cat /var/lib/boots 2>/dev/null || echo 0) + 1 )) >/var/lib/boots'
		ExecStart=/usr/local/bin/chat hello
		ExecStop=/usr/local/bin/chat bye
		LogRateLimitIntervalSec=0
	UNIT
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web), $(tiny one '["/bin/bash", "-c", "echo to the console; exec sleep infinity"]')"
        ok fc up
}

testcase_choosing() {
        chatty_up
        ok fc logs web
        expect_out 'hello 1 line 200'
        # What systemd and its parts say is for those who ask, or no trifle.
        refute_out '(^|'$'\n'')[0-9:]+ systemd(-[a-z]+)?\['
        ok fc logs --all web
        expect_out 'systemd\[1\]: Starting chatty\.service'
        expect_out 'systemd-journald\['
        # Nothing is wrong.
        ok fc logs -p err web
        equal "$OUT" "" "errors of a system that is well"
        # Nor is it of interest that a command of ours ran.
        run_status 7 fc exec web -- sh -c 'exit 7'
        ok fc logs web
        refute_out 'flake-containers-exec-'
        ok fc logs --all web
        expect_out 'flake-containers-exec-.*Deactivated'
        ok fc logs -n 3 web
        equal "$(wc -l <<<"$OUT")" 3 "lines with -n 3"
        ok fc logs -u chatty.service -n 1000 web
        equal "$(grep -c 'hello 1 line' <<<"$OUT")" 200 "lines of the unit"
        refute_out 'apache2\.service'
        # Without the ".service", as people write it. What the service wrote last may reach the journal after systemd's line.
        ok fc logs -u chatty -n 1000 web
        expect_out 'Finished chatty\.service'

        ok fc exec web -- systemd-cat -p err -t marked echo 'something bad'
        ok fc exec web -- systemd-cat -p info -t marked echo 'something fine'
        ok fc logs -p err web
        expect_out 'something bad'
        refute_out 'something fine'
        ok fc logs --since 1h web
        expect_out 'something fine'
        ok fc logs --since "$(date -d '+1 hour' '+%Y-%m-%d %H:%M:%S')" web
        equal "$OUT" "" "lines of the future"
        run_status 2 fc logs -n many web
        run_status 2 fc logs -p loud web
        run_status 2 fc logs --since yesteryear web
        ok fc down
}

testcase_json() {
        chatty_up
        ok fc logs --json -n 50 web
        equal "$(jq -es length <<<"$OUT")" 50 "lines that parse"
        jq -es 'all(.message and .container == "web" and .ts)' <<<"$OUT" >/dev/null || flunk "a line lacks message, container or ts"
        # What a service says cannot break the line.
        ok fc exec web -- sh -c 'printf "quote\" back\\\\slash \033[31mred\n" | systemd-cat -t odd'
        ok fc logs --json -n 20 web
        equal "$(jq -rs 'map(select(.message | startswith("quote")))[0].message' <<<"$OUT")" $'quote" back\\slash \e[31mred'
        ok fc down
}

testcase_several_containers() {
        chatty_up
        ok fc logs -n 1000
        expect_out '(^|'$'\n'')web +\| .*hello 1 line 1'
        expect_out '(^|'$'\n'')one +\| .*to the console'
        # As for compose, which has times only with -t.
        ok fc logs -n 1000 -t --no-color --no-log-prefix
        expect_out '(^|'$'\n'')[0-9:]+ .*hello 1 line 1'
        expect_out '(^|'$'\n'')[0-9:]+ to the console'
        refute_out '\|'
        ok fc down
}

# A console's log that is put aside meanwhile, twice: who follows misses nothing, and the end of it is in two files.
testcase_long_console() {
        local follower

        # A unit's log is not put aside: systemd.sh.
        supervisor_only
        project shop
        spec "$(tiny one '["/bin/bash", "-c", "echo begin; read -r < /srv/fifo; seq 1000001 2200000; echo end; exec sleep infinity"]' \
                ', "volumes": ["src:/srv"]')"
        mkfifo -m 666 "$PROJECT/src/fifo"
        ok fc up
        fc_background "$TMP/followed" logs -f -o cat one
        follower=$FC_PID
        line_in "$TMP/followed" '^begin$' >/dev/null
        echo go >"$PROJECT/src/fifo"
        line_in "$TMP/followed" '^end$' >/dev/null
        kill -INT "$follower"
        finished "$follower"
        equal "$(grep -E '^[0-9]{7}$' "$TMP/followed" | md5sum)" "$(seq 1000001 2200000 | md5sum)" "the lines that were followed"
        fc logs -o cat --tail 600001 one >"$TMP/tail"
        equal "$(sed -n '1p;$p' "$TMP/tail" | xargs)" "1600001 end" "first and last line of the tail"
        equal "$(wc -l <"$TMP/tail")" 600001 "lines of the tail"
        ok fc down
}

# The folder is the developer's. What is no file there is refused, and nothing waits for its other end.
# A log of gigabytes of which next to nothing is there: neither time nor output.
testcase_sparse_console() {
        local folder log

        project shop
        spec "$(tiny one '["/bin/bash", "-c", "for i in 1 2 3 4 5; do echo line $i; done; exec sleep infinity"]')"
        ok fc up
        folder=$PROJECT/.containers/one log=$PROJECT/.containers/one/console.log
        try_until "$WAIT" grep -q 'line 5' "$log"
        ok fc down

        # It ends with a hole, it begins with one, it has one in the midst; now and before.
        truncate -s 2G "$log"
        takes_at_most 10 begin_of_logs
        shows_little
        rm "$log"
        truncate -s 2G "$log"
        printf 'line 6\nline 7\n' >>"$log"
        takes_at_most 10 begin_of_logs
        shows_little
        expect_out $'line 6\n[^\n]*line 7$'
        printf 'line 1\n' >"$log"
        truncate -s 2G "$log"
        printf 'line 6\nline 7\n' >>"$log"
        takes_at_most 10 begin_of_logs
        shows_little
        expect_out 'line 7$'
        mv "$log" "$folder/console.log.1"
        printf 'line 8\n' >"$log"
        takes_at_most 10 begin_of_logs
        shows_little
        expect_out 'line 8$'
        truncate -s 2G "$folder/console.log.1"
        takes_at_most 10 begin_of_logs
        shows_little
        expect_out 'line 8$'
}

begin_of_logs() { fc logs -n 3 one | head -c 1000000; }

# The size of what a line without an end is cut to, and what a byte that is none becomes.
shows_little() {
        equal "$STATUS" 0
        note "${#OUT} characters"
        ((${#OUT} < 4 * 65536)) || flunk "logs prints ${#OUT} characters"
}

testcase_no_files() {
        local file

        project shop
        spec "$(tiny one)"
        ok fc up
        ok fc down
        for file in one/console.log events.jsonl one/state.json state.json; do
                mv "$PROJECT/.containers/$file" "$TMP/kept"
                mkfifo "$PROJECT/.containers/$file"
                chmod 666 "$PROJECT/.containers/$file"
                case $file in
                events.jsonl) run_status 5 fc events ;;
                *state.json) run_status 5 fc status ;;
                *) run_status 5 fc logs one ;;
                esac
                expect_err "^error: [^"$'\n'"]*${file##*/}' is not a regular file"
                if [[ $file == *.log ]]; then
                        run_status 5 fc logs -f one
                        expect_err "console.log' is not a regular file"
                        run_status 5 fc up
                        expect_err "console.log' is not a regular file"
                fi
                rm "$PROJECT/.containers/$file"
                mv "$TMP/kept" "$PROJECT/.containers/$file"
        done
        # What a guest can put among its journals.
        mkdir -p "$PROJECT/.containers/one/journal/0123456789abcdef0123456789abcdef"
        mkfifo "$PROJECT/.containers/one/journal/0123456789abcdef0123456789abcdef/system.journal"
        run_status 6 fc logs one
        expect_err 'no journal file of .one. can be read'
}

# A plain command has no journal; what it writes is kept all the same, and when it was written.
testcase_console() {
        local began ts

        began=$(date +%s)
        chatty_up
        ok fc logs one
        expect_out '^[0-9:]+ to the console$'
        ok fc logs --since 1h --until "$(date -d '+1 hour' '+%Y-%m-%d %H:%M:%S')" one
        expect_out 'to the console'
        ok fc logs --until 1h one
        equal "$OUT" "" "lines of before"
        ok fc down
        ok fc logs --json one
        ts=$(date -d "$(jq -r .ts <<<"$OUT")" +%s)
        ((began <= ts && ts <= $(date +%s))) || flunk "the line is of $ts, and began $began"
        equal "$(<"$PROJECT/.containers/one/console.log")" 'to the console' "the log"
        # Of both, in the order in which it came.
        ok fc logs --json
        equal "$(jq -r '.ts // "unknown"' <<<"$OUT" | sort -c 2>&1)" '' "what is out of order"
}

testcase_after_down() {
        chatty_up
        ok fc down
        ok fc logs -n 1000 web
        expect_out 'hello 1 line 200'
        expect_out 'bye 1 line 200'
}

testcase_follow_across_restart() {
        local follower boot

        chatty_up
        fc_background "$TMP/followed" logs -f -n 1000 web
        follower=$FC_PID
        line_in "$TMP/followed" 'hello 1 line 200' >/dev/null
        ok fc restart web
        line_in "$TMP/followed" 'hello 2 line 200' >/dev/null
        ok fc exec web -- systemd-cat -t mark echo 'last words'
        line_in "$TMP/followed" 'last words' >/dev/null
        kill -INT "$follower"
        finished "$follower"
        for boot in 'hello 1' 'bye 1' 'hello 2'; do
                equal "$(grep -o "$boot line [0-9]*" "$TMP/followed" | sort | uniq -c | awk '$1 == 1' | wc -l)" 200 \
                        "lines of '$boot', each once,"
        done
        ok fc down
}

# A line is on the screen when the service has said it: not when journald announces it, which is 250 ms later at best.
testcase_follow_is_prompt() {
        local round i reader line middle began took

        chatty_up
        fc_background "$TMP/followed" logs -f -n 0 -o cat web
        # Nothing old with -n 0, so the first line is a new one. It may be said before the follower listens, then it is
        # not there, hence several.
        try_until "$WAIT" followed_says 'are you there'
        mkfifo "$TMP/lines"
        exec {reader}<>"$TMP/lines"
        kill -INT "$FC_PID"
        finished "$FC_PID"
        fc_background "$TMP/lines" logs -f -n 0 -o cat web
        # Also after a reboot, when it is another journald.
        for round in 1 2; do
                : >"$TMP/late"
                : >"$TMP/took"
                for ((i = 1; i <= 12; i++)); do
                        began=${EPOCHREALTIME/[.,]/}
                        # shellcheck disable=SC2016 # expanded inside
                        ok fc exec web -- bash -c 'echo "said at ${EPOCHREALTIME/[.,]/}" | systemd-cat -t mark'
                        echo $((${EPOCHREALTIME/[.,]/} - began)) >>"$TMP/took"
                        while read -r -t "$WAIT" line <&"$reader"; do
                                [[ $line != "said at "* ]] || break
                        done
                        echo $((${EPOCHREALTIME/[.,]/} - ${line#said at })) >>"$TMP/late"
                done
                middle=$(sort -n "$TMP/late" | sed -n 6p)
                # It takes a program, a journald and us to be scheduled, as the command does that says it.
                took=$(sort -n "$TMP/took" | sed -n 6p)
                note "round $round, from the service to the screen: $((middle / 1000)) ms in the middle, of the command $((took / 1000))"
                ((middle < 100000 + took)) || flunk "lines come late: $(xargs <"$TMP/late") us"
                # It ends while it is being told so.
                run fc exec web -- systemctl --no-block reboot
                [[ $round == 2 ]] || try_until "$WAIT" is_active web chatty
        done
        kill -INT "$FC_PID"
        finished "$FC_PID"
        exec {reader}<&-
        ok fc down
}

is_crashed() { [[ $(state_of "$1") == crashed ]]; }
is_active() { fc exec "$1" -- systemctl is-active --quiet "$2" 2>/dev/null; }

followed_says() {
        fc exec web -- systemd-cat -t mark echo "$1" && after 100 && grep -q "$1" "$TMP/followed"
}

# Restarted by us, by itself and after a crash; the numbers that the services count are there once each.
testcase_follow_loses_nothing() {
        local follower boot

        chatty_up
        fc_background "$TMP/followed" logs -f -n 1000 -u chatty web
        follower=$FC_PID
        line_in "$TMP/followed" 'hello 1 line 200' >/dev/null
        run fc exec web -- systemctl --no-block reboot
        line_in "$TMP/followed" 'hello 2 line 200' >/dev/null
        ok fc down
        ok fc up
        line_in "$TMP/followed" 'hello 3 line 200' >/dev/null
        # What a killed guest's journald has not been told is nowhere.
        kill -9 "$(nspawn_pid_of "$(machine_cgroup web)")"
        try_until "$WAIT" is_crashed web
        ok fc up
        line_in "$TMP/followed" 'hello 4 line 200' >/dev/null
        kill -INT "$follower"
        finished "$follower"
        for boot in 'hello 1' 'bye 1' 'hello 2' 'bye 2' 'hello 3' 'hello 4'; do
                equal "$(grep -o "$boot line [0-9]*" "$TMP/followed" | sort | uniq -c | awk '$1 == 1' | wc -l)" 200 \
                        "lines of '$boot', each once,"
        done
        ok fc down
}

testcase_boots() {
        chatty_up
        ok fc restart web
        ok fc logs -b -u chatty web
        expect_out 'hello 2 line 200'
        refute_out 'hello 1'
        ok fc logs -b -1 -u chatty web
        expect_out 'hello 1 line 200'
        expect_out 'bye 1 line 200'
        refute_out 'hello 2'
        ok fc logs --boot=1 -n 1 -u chatty web
        refute_out 'hello 2'
        run_status 2 fc logs -b -2 web
        expect_err 'no boot -2'
        run_status 2 fc logs -byesterday web
        run_status 2 fc logs -f -b -1 web
        # Others may have fewer of them.
        ok fc logs -b -1
        ok fc down
}

testcase_grep() {
        chatty_up
        ok fc logs -g 'line 1[0-9]{2}$' web
        equal "$(wc -l <<<"$OUT")" 100 "lines that match"
        ok fc logs -g 'LINE 1' web
        equal "$OUT" ""
        ok fc logs -n 2 -g 'line 7.$' web
        equal "$(grep -c 'line 7[89]' <<<"$OUT")" 2
        ok fc logs -g 'to the CONSOLE|to the console' one
        expect_out 'to the console'
        ok fc logs --case-sensitive=no -g 'LINE 1\d\d$' web
        equal "$(wc -l <<<"$OUT")" 100 "lines that match whatever the case"
        ok fc logs --case-sensitive -g 'to the console' one
        expect_out 'to the console'
        run_status 2 fc logs -g 'hello (' web
        expect_err "^error: 'hello \(' is not a regular expression: [^"$'\n'"]*, at offset 7\$"
        run_status 2 fc logs --case-sensitive web
        expect_err 'is about --grep'
        run_status 2 fc logs --case-sensitive=perhaps -g x web
        expect_err "^error: --case-sensitive: 'perhaps': must be yes or no\$"
        ok fc down
}

# The reader of a pipe goes away.
testcase_broken_pipe() {
        chatty_up
        fc logs -n 1000 web 2>"$TMP/err" | head -n 1 >"$TMP/out" || :
        equal "$(wc -l <"$TMP/out")" 1
        equal "$(<"$TMP/err")" "" "complaints"
        ok fc down
}

# A container that was a system and is a command now writes to its console, whatever its journal still has.
testcase_becomes_a_command() {
        local command='["/bin/bash", "-c", "echo said by the command $((6 * 7)); exec sleep infinity"]'

        project shop
        spec "$(web web)"
        ok fc up
        ok fc exec web -- systemd-cat -t system echo 'said by the system'
        ok fc down
        spec "\"web\": {\"system\": {\"rootfs\": \"$SLIM_IMAGE\"}, \"command\": $command}"
        fc_background "$TMP/attached" up --attach
        line_in "$TMP/attached" 'said by the command 42' >/dev/null
        ok fc logs -n 100 web
        # In the order in which it came.
        [[ $OUT == *'said by the system'*'said by the command 42'* ]] || flunk "the log has not both, in order"
        ok fc logs --since 1h web
        expect_out 'said by the system'
        expect_out 'said by the command 42'
        kill -INT "$FC_PID"
        finished "$FC_PID"
        # And back.
        spec "$(web web)"
        ok fc up
        ok fc logs web
        refute_out 'said by the command'
        ok fc down
}

live_main "$@"
