#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Containers without an init: a command in a small root file system. And the keys of the specification that both kinds
# have.
# shellcheck disable=SC2016 # the other shells expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

testcase_runs_and_stops() {
        project shop
        spec "$(tiny one '["/bin/bash", "-c", "trap \"echo caught TERM; exit 0\" TERM; echo started; sleep infinity & wait"]')"
        ok fc up
        # Without ports, by its own address.
        expect_err "one: ready +$(fc --json status | jq -er '.containers[0].address | gsub("[.]"; "[.]")')"
        equal "$(state_of one)" running
        ok fc up
        expect_err 'already up'
        equal "$(payloads_on one)" 1
        ok fc down
        equal "$(state_of one)" stopped
        # It was asked, before it was made to.
        ok fc logs one
        expect_out 'started'
        expect_out 'caught TERM'
}

# A payload says what asks it to end: a command, and an init, which nspawn or the supervisor asks.
testcase_own_signal() {
        local script

        tiny_image
        cp -a -- "$TINY_IMAGE" "$TMP/image"
        script='trap "echo caught TERM >>/caught" TERM; trap "echo caught INT >>/caught; exit 0" INT
trap "echo caught RTMIN+3 >>/caught" RTMIN+3; trap "echo caught RTMIN+4 >>/caught; exit 0" RTMIN+4
echo ready >/ready; while :; do sleep infinity & wait $!; done'
        printf '#!/bin/bash\n%s\n' "$script" >"$TMP/image/payload"
        chmod 755 "$TMP/image/payload"
        project shop
        spec "$(printf '"command": {"system": {"rootfs": "%s"}, "command": ["/payload"], "stop": {"signal": "SIGINT"}}' "$TMP/image"),
                $(printf '"init": {"system": {"rootfs": "%s", "init": "/payload"}, "ready": {"notify": false, "exec": [["/bin/bash", "-c", "[[ -e /ready ]]"]]},
                        "stop": {"signal": "SIGRTMIN+4"}}' "$TMP/image")"
        ok fc up
        try_until "$WAIT" test -e "$PROJECT/.containers/command/root/ready"
        ok fc down
        equal "$(cat "$PROJECT/.containers/command/root/caught")" 'caught INT' "what the command was sent"
        equal "$(cat "$PROJECT/.containers/init/root/caught")" 'caught RTMIN+4' "what the init was sent"

        spec "$(printf '"command": {"system": {"rootfs": "%s"}, "command": ["/payload"], "stop": {"signal": "INT"}}' "$TMP/image")"
        run fc up
        equal "$STATUS" 2
        expect_err "containers.command.stop.signal: 'INT' is not a signal, they are written like SIGINT or SIGRTMIN\+4"
}

# A PID 1 that has not set up its signals yet loses the first one. It is asked again, in its own way.
testcase_own_signal_is_lost() {
        project shop
        spec "$(fake one '"FAKE_HALT": "4"' ', "stop": {"signal": "SIGRTMIN+4", "timeout": 30}')"
        fc_background "$TMP/out" up
        try_until "$WAIT" test -e "$PROJECT/.containers/one/root/heard"
        kill -KILL "$FC_PID"
        finished "$FC_PID"
        ok fc down
        refute_err 'killed|did not'
        equal "$(cat "$PROJECT/.containers/one/root/heard")" '+4 +4 ' "what the init was sent"
}

testcase_arguments_unchanged() {
        local words='["/bin/sh", "-c", "for i; do echo \"<$i>\"; done; exec sleep infinity", "sh", "$HOME", "%h %%", "two words", "", "\"", "\\\\", "*", "-x"]'

        project shop
        spec "$(tiny one "$words")"
        ok fc up
        ok fc logs one
        expect_out '<\$HOME>'
        expect_out '<%h %%>'
        expect_out '<two words>'
        expect_out '<>'
        expect_out '<">'
        expect_out '<\\>'
        expect_out '<\*>'
        expect_out '<-x>'
        ok fc down
}

testcase_fails_at_once() {
        project shop
        spec "$(tiny one '["/bin/sh", "-c", "echo no such table; exit 4"]')"
        run fc up
        # A command that ends is no service that runs. Whether it ends before or after `up` has seen it start is chance.
        if ((STATUS == 0)); then
                try_until "$WAIT" not_running one
        else
                equal "$STATUS" 3
                expect_err 'no such table'
        fi
        ok fc logs one
        expect_out 'no such table'
        ok fc status
        refute_out 'one +running'
        ok fc down
}

not_running() { [[ $(state_of "$1") != running ]]; }

testcase_no_such_command() {
        project shop
        spec "$(tiny one '["/no/such/program"]')"
        run_status 3 fc up
        expect_err "cannot execute '/no/such/program': No such file or directory"
        equal "$(state_of one)" failed
        # The same on the host's network, where there is nothing else to wait for.
        spec "$(tiny one '["/etc/passwd"]' ', "network": {"mode": "host"}')"
        run_status 3 fc up
        expect_err "cannot execute '/etc/passwd': Permission denied"
        ok fc down
}

# A program of which the containers are denied something. denied WHAT CALL: sets DENIED.
denied() {
        local unit_dir=/run/systemd/system/flake-containers-.service.d

        DENIED=$SCRATCH/denied/flake-containers
        rm -rf -- "$SCRATCH/denied"
        mkdir "$SCRATCH/denied"
        cp -a -- "$(dirname "$FC")/libexec" "$FC" "$SCRATCH/denied"
        if is_booted; then
                mkdir -p "$unit_dir"
                printf '[Service]\nSystemCallFilter=~%s\nSystemCallErrorNumber=EMFILE\n' "$2" >"$unit_dir/denied.conf"
                systemctl daemon-reload
                return
        fi
        mv "$SCRATCH/denied/libexec/flake-containers/supervisor"{,-itself}
        printf '#!/bin/sh\nexec %s/deny %s "${0%%/*}"/supervisor-itself "$@"\n' "$FC_HELPERS" "$1" \
                >"$SCRATCH/denied/libexec/flake-containers/supervisor"
        chmod +x "$SCRATCH/denied/libexec/flake-containers/supervisor"
}

nothing_denied() {
        rm -rf -- "$SCRATCH/denied"
        is_booted || return 0
        rm -r /run/systemd/system/flake-containers-.service.d
        systemctl daemon-reload
}

# No inotify instance is left: a command that is ready is called so nevertheless, and one that is not ready is not.
testcase_no_inotify() {
        project shop
        denied inotify inotify_init1
        # The command itself, too.
        printf '#!/bin/sh\nexec %s/deny inotify %s "$@"\n' "$FC_HELPERS" "$DENIED" >"$SCRATCH/denied/all"
        chmod +x "$SCRATCH/denied/all"
        DENIED=$SCRATCH/denied/all
        spec "$(tiny one '' ', "ports": ["8080:80"], "ready": {"timeout": 10}')"
        FC=$DENIED ok fc up
        equal "$(state_of one)" running
        ok fc down
        spec "$(tiny one '["/no/such/program"]' ', "ready": {"timeout": 10}')"
        FC=$DENIED run_status 3 fc up
        expect_err "cannot execute '/no/such/program'"
        ok fc down
        nothing_denied
}

# A container whose PID 1 cannot be held is none: at once, and one hears why.
testcase_no_descriptor_of_a_process() {
        project shop
        denied pidfd pidfd_open
        spec "$(tiny one '' ', "ready": {"timeout": 60}')"
        FC=$DENIED takes_at_most 20 fc up
        equal "$STATUS" 3
        expect_err 'open (the container.s PID 1|this process): Too many open files'
        refute_err 'not ready'
        try_until "$WAIT" not_running one
        no_machine_left "up has failed"
        nothing_denied
        ok fc up
        equal "$(state_of one)" running
        ok fc down
}

# A program whose keeper cannot open its gate. faulty N ERRNO: its N-th call from there on fails. Sets FAULTY.
faulty() {
        local fault="$FC_HELPERS/fault --in NAME --from /run/flake-containers/machine/fifo error $1 $2"

        FAULTY=$SCRATCH/faulty/flake-containers
        rm -rf -- "$SCRATCH/faulty"
        mkdir "$SCRATCH/faulty"
        if ! is_booted; then
                printf '#!/bin/bash\nexec %s %s "$@"\n' "${fault/NAME/supervisor}" "$FC" >"$FAULTY"
                chmod +x "$FAULTY"
                return
        fi
        cp -a -- "$(dirname "$FC")/libexec" "$FC" "$SCRATCH/faulty"
        mv "$SCRATCH/faulty/libexec/flake-containers/service"{,-itself}
        # The relay is executed by the name that its start had.
        printf '#!/bin/bash\n[[ $1 == relay ]] || exec -a "$0" "$0"-itself "$@"\nexec %s "$0"-itself "$@"\n' \
                "${fault/NAME/service-itself}" >"$SCRATCH/faulty/libexec/flake-containers/service"
        chmod +x "$SCRATCH/faulty/libexec/flake-containers/service"
}

# A command that is never let go is none: at once, and one hears why. The open fails, and the write.
testcase_gate_cannot_be_opened() {
        local n

        if has_sanitizers; then
                note "not here: LeakSanitizer fails in a process that is traced"
                exit 77
        fi
        project shop
        spec "$(tiny one '' ', "ready": {"timeout": 60}')"
        for n in 1 2; do
                faulty "$n" EIO
                FC=$FAULTY takes_at_most 20 fc up
                equal "$STATUS" 3
                expect_err 'one: .*open the gate that the command waits at: Input/output error'
                refute_err 'not ready'
                try_until "$WAIT" not_running one
                no_machine_left "up has failed"
                ok fc status
                expect_out 'open the gate'
        done
        ok fc up
        equal "$(state_of one)" running
        ok fc down
}

testcase_ignores_the_signal() {
        local started

        project shop
        spec "$(tiny one '["/bin/bash", "-c", "trap \"\" TERM INT HUP; while :; do sleep infinity; done"]' ', "stop": {"timeout": 1}')"
        ok fc up
        started=$SECONDS
        ok fc down
        ((SECONDS - started < 10)) || flunk "down took $((SECONDS - started)) s with a timeout of 1 s"
        expect_err '[Kk]ill|forc|terminat'
        equal "$(payloads_on one)" 0
}

# It stands still with all that it has, and what is meant for it says so.
testcase_pause() {
        local unit

        project shop
        spec "$(tiny one), $(tiny two)"
        run_status 7 fc pause one
        ok fc pause
        expect_err 'nothing runs'
        ok fc up
        ok fc pause --dry-run two
        expect_out '^two: pause'
        ok fc pause one
        expect_err 'one: paused'
        grep -q 'frozen 1' "$(machine_cgroup one)/cgroup.events" || flunk "the kernel does not say that it stands still"
        equal "$(state_of one) $(state_of two)" 'paused running'
        if is_booted; then
                unit=$(fc --json status | jq -er '.containers[0].machine')
                equal "$(systemctl show -P FreezerState "flake-containers-$unit.service")" frozen
        fi
        run_status 5 fc exec one -- true
        expect_err 'one: it is paused'
        expect_err 'flake-containers unpause one'
        run_status 5 fc up
        run_status 5 fc kill -s HUP one
        ok fc pause one
        expect_err 'one: unchanged +already paused'
        ok fc pause
        expect_err 'two: paused'
        ok fc unpause one
        ok fc exec one -- true
        ok fc unpause
        expect_err 'two: unpaused'
        ok fc unpause one
        expect_err 'one: unchanged +not paused'
        equal "$(state_of one) $(state_of two)" 'running running'
        ok fc up
        equal "$(fc --json events two | jq -rs '[.[-2:][].event] | join(" ")')" 'paused unpaused'
        ok fc pause two
        ok fc down
        refute_err 'killed|terminated'
        equal "$(state_of two)" stopped
}

# At once, and for good; other signals are the container's own affair.
testcase_kill() {
        local started

        project shop
        spec "$(tiny one '["/bin/bash", "-c", "trap \"\" TERM; trap \"echo caught HUP\" HUP; echo started; while :; do sleep infinity & wait; done"]' \
                ', "restart": "on-failure", "stop": {"timeout": 100}')"
        run_status 7 fc kill -s HUP one
        run_status 2 fc kill
        ok fc up
        line_in "$PROJECT/.containers/one/console.log" started >/dev/null
        run_status 2 fc kill --signal NOPE one
        run_status 2 fc kill --signal STOP one
        expect_err "'pause'"
        ok fc kill --signal HUP one
        line_in "$PROJECT/.containers/one/console.log" 'caught HUP' >/dev/null
        equal "$(state_of one)" running
        # What runs counts, not what is specified by now.
        spec "$(tiny one '' ', "restart": "on-failure", "stop": {"timeout": 100}' | sed 's|"command": [^]]*\],||')"
        : >"$PROJECT/.containers/one/console.log"
        ok fc kill --signal HUP one
        line_in "$PROJECT/.containers/one/console.log" 'caught HUP' >/dev/null
        equal "$(state_of one)" running
        ok fc kill --dry-run one
        expect_out '^one: stop'
        started=$SECONDS
        ok fc kill one
        ((SECONDS - started < 10)) || flunk "kill took $((SECONDS - started)) s"
        expect_err 'one: stopped +killed'
        equal "$(state_of one)" stopped
        no_machine_left 'it was killed'
}

# What the kernel counts of them; what it does not count on this host is a dash.
testcase_stats() {
        local busy

        project shop
        spec "$(tiny one '["/bin/bash", "-c", "sleep infinity & while :; do :; done"]'), $(tiny two)"
        ok fc stats --json
        equal "$(jq -c '[.containers[].running]' <<<"$OUT")" '[false,false]'
        ok fc up
        ok fc pause two
        ok fc stats
        expect_out 'NAME +CPU +CPU TIME +MEMORY +LIMIT +TASKS'
        busy=$(sed -nE 's/^one +([0-9]+)\.[0-9]%.*/\1/p' <<<"$OUT")
        ((busy > 5)) || flunk "a loop has $busy % of a processor"
        # nspawn's init, the one that sleeps, and the loop.
        grep -qE '^one .* 3 ' <<<"$OUT" || flunk "its tasks are not 3"
        expect_out $'\ntwo +0\\.0%'
        ok fc stats --json one
        true_that "the time of its processors is there" jq -e '.containers[0] | .cpuUsec > 0 and .tasks == 3' <<<"$OUT" >/dev/null
        # Where the controller is not another version's.
        ! is_booted || ! grep -qw memory "$CGROUP2/cgroup.controllers" || true_that "systemd counts its memory" jq -e '.containers[0].memory > 0' <<<"$OUT" >/dev/null
        run_status 2 fc stats --interval 0
        ok fc down
        ok fc stats one
        refute_out '^one'
}

# On the host, as the developer, with what leads to the container.
testcase_hooks() {
        project shop
        cat >"$PROJECT/hook" <<-'SCRIPT'
		#!/bin/sh
		echo "$1 $(id -u) $PWD ${ONE_HOST:+host}" >>log
		[ ! -e fail ] || { echo "it is broken"; exit 7; }
	SCRIPT
        chmod 755 "$PROJECT/hook"
        spec "$(tiny one '' ', "hooks": {"afterReady": [["./hook", "after"]], "beforeDown": [["./hook", "before"]]}')"
        ok fc up
        expect_err "one: hooks.afterReady runs './hook'"
        equal "$(<"$PROJECT/log")" "after $DEV_UID $PROJECT host"
        # What it has not started has no event.
        ok fc up
        touch "$PROJECT/fail"
        run_status 3 fc restart
        expect_err "error: one: hooks.afterReady: './hook' has ended with exit status 7"
        expect_err 'it is broken'
        equal "$(state_of one)" running
        run_status 3 fc down
        expect_err "error: one: hooks.beforeDown: './hook' has ended with exit status 7"
        equal "$(state_of one)" stopped
        # It does not run.
        ok fc down
        equal "$(cut -d ' ' -f 1 "$PROJECT/log" | paste -sd ' ')" 'after after before'
        equal "$(stat -c %u "$PROJECT/log")" "$DEV_UID" "the owner of what a hook made"

        # Another one is not a change.
        rm "$PROJECT/fail"
        spec "$(tiny one '' ', "hooks": {"afterReady": [["true"]]}')"
        ok fc up
        spec "$(tiny one)"
        ok fc up --dry-run
        expect_out '^one: nothing'
        ok fc down
}

# Nothing is stopped.
testcase_hooks_interrupted() {
        project shop
        spec "$(tiny one '' ', "hooks": {"beforeDown": [["sh", "-c", "touch on; sleep 300"]]}')"
        ok fc up
        fc_background "$TMP/down" down
        try_until "$WAIT" test -e "$PROJECT/on"
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130
        grep -q "one: hooks.beforeDown: interrupted while 'sh' runs" "$TMP/down" || flunk "it says: $(<"$TMP/down")"
        equal "$(state_of one)" running
        ok fc kill one
}

testcase_hooks_of_root() {
        project shop
        # Root's own environment is not for the developer, and of an interrupt no hook makes anything.
        spec "$(tiny one '' ', "hooks": {"afterReady": [["sh", "-c", "env >environment"]]}')"
        ok env -C "$PROJECT" -u SUDO_UID -u SUDO_GID -u SUDO_USER SECRET_OF_ROOT=1 "$FC" --root "$PROJECT" up
        grep -q '^ONE_HOST=' "$PROJECT/environment" || flunk "a hook has no variables of 'env'"
        equal "$(grep -E 'SECRET_OF_ROOT|^HOME=/root$' "$PROJECT/environment" || :)" '' "what a hook has of root's"
        ok fc down

        project roots
        spec "$(tiny one '' ', "hooks": {"afterReady": [["touch", "made"]]}')"
        chown -R root: "$PROJECT"
        run_status 6 env -C "$PROJECT" "$FC" up
        expect_err 'hooks do not run as root'
        absent "$PROJECT/made"
        ok env -C "$PROJECT" "$FC" down
}

testcase_environment() {
        project shop
        spec "$(tiny one '["/bin/sh", "-c", "env >/seen; exec sleep infinity"]' ', "environment": {"GREETING": "hello $USER %h", "EMPTY": "", "MULTI": "a\nb"}')"
        SECRET_OF_HOST=1 ok fc up
        ok fc exec one -- cat /seen
        expect_out '(^|'$'\n'')GREETING=hello \$USER %h'
        expect_out 'EMPTY='$'\n'
        expect_out $'MULTI=a\nb'
        refute_out 'SECRET_OF_HOST|SUDO_'
        ok fc exec one -- env
        expect_out 'GREETING=hello \$USER %h'
        refute_out 'SYSTEMD_NSPAWN'
        ok fc down
}

testcase_environment_of_a_guest() {
        project shop
        spec "$(web web ', "environment": {"GREETING": "hello $USER %h"}')"
        ok fc up
        ok fc exec web -- sh -c 'tr "\0" "\n" </proc/1/environ'
        expect_out 'GREETING=hello \$USER %h'
        ok fc down
}

testcase_users() {
        project shop
        spec "$(tiny private), $(tiny host '' ', "users": "host"')"
        ok fc up
        ok fc exec private -- cat /proc/self/uid_map
        refute_out '^ *0 +0 '
        ok fc exec host -- cat /proc/self/uid_map
        expect_out '^ *0 +0 +4294967295'
        # Files are root's on the disk either way.
        ok fc exec private -- touch /made
        equal "$(stat -c %u "$PROJECT/.containers/private/root/made")" 0 "the owner on the disk"
        ok fc down
}

testcase_tmpfs_and_capabilities() {
        project shop
        spec "$(tiny one '' ', "tmpfs": ["/scratch"], "capabilities": {"drop": ["CAP_CHOWN"]}')"
        ok fc up
        ok fc exec one -- sh -c 'echo x >/scratch/file && grep " /scratch " /proc/mounts'
        expect_out 'tmpfs'
        absent "$PROJECT/.containers/one/root/scratch/file"
        run fc exec one -- sh -c 'touch /f && chown 1 /f'
        equal "$STATUS" 1 "the status of chown without CAP_CHOWN"
        ok fc down
        ok fc up
        run fc exec one -- cat /scratch/file
        equal "$STATUS" 1 "the status of reading what was in the tmpfs before"
        ok fc down
}

# The image is input: two containers of one image have nothing in common.
testcase_roots_are_separate() {
        project shop
        spec "$(tiny one), $(tiny two)"
        find "$TINY_IMAGE" -printf '%p %T@ %u %m\n' | sort >"$TMP/before"
        ok fc up
        ok fc exec one -- sh -c 'echo one >/etc/who'
        run fc exec two -- cat /etc/who
        equal "$STATUS" 1
        ok fc down
        find "$TINY_IMAGE" -printf '%p %T@ %u %m\n' | sort >"$TMP/after"
        same_files "$TMP/before" "$TMP/after" "the image was changed"
}

# A command that talks for ever fills no disk, and loses nothing of its last words; /dev/stdout can be opened again.
testcase_talks_a_lot() {
        local folder

        supervisor_only
        project shop
        spec "$(tiny one '["/bin/sh", "-c", "seq 2000000; echo through a path >/dev/stdout; echo the end >&2; sleep infinity"]')"
        ok fc up
        folder=$PROJECT/.containers/one
        try_until "$WAIT" grep -qs '^the end$' "$folder/console.log"
        equal "$(tail -n 3 "$folder/console.log")" $'2000000\nthrough a path\nthe end'
        equal "$(stat -c %U "$folder/console.log" "$folder/console.log.1")" "$DEV"$'\n'"$DEV" "the owners"
        (($(cat "$folder"/console.log* | wc -c) < 9000000)) || flunk "the log has $(wc -c "$folder"/console.log*)"
        # Over the border between the two no line is missing.
        equal "$(cat "$folder/console.log.1" "$folder/console.log" | grep -c '^[0-9]*$')" \
                "$((2000000 - $(head -n 1 "$folder/console.log.1") + 1))" "the lines"
        ok fc down
}

live_main "$@"
