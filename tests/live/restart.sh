#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# "restart": "on-failure": a container that fails is started again by its supervisor, and one sees that it was.
# shellcheck disable=SC2016 # the other shells expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

readonly RESTART='"restart": "on-failure"'

# of NAME KEY: what `status --json` says.
of() { fc --json status | jq -er --arg name "$1" ".containers[] | select(.name == \$name) | .$2"; }

kill_nspawn() { kill -9 "$(nspawn_pid_of "$1")"; }
kill_guest() { kill -9 "$(sort -n "$(nspawn_cgroup "$1")/payload/init.scope/cgroup.procs" | head -n 1)"; }

testcase_killed() {
        local cgroup supervisor

        project shop
        spec "$(web web ", $RESTART, \"ports\": [\"8080:80\"], \"volumes\": [\"src:/var/www/html\"]")"
        ok fc up
        cgroup=$(machine_cgroup web)
        is_booted || supervisor=$(supervisor_pid_of "$cgroup")
        ok fc exec web -- sh -c 'echo kept >/var/lib/kept'

        kill_nspawn "$cgroup"
        try_until "$WAIT" came_back web 1
        equal "$(page 8080)" "$(<"$PROJECT/src/index.html")"
        kill_guest "$cgroup"
        try_until "$WAIT" came_back web 2
        equal "$(page 8080)" "$(<"$PROJECT/src/index.html")"

        # The same supervisor on the same root, and it says so.
        is_booted || equal "$(supervisor_pid_of "$cgroup")" "$supervisor" "the supervisor"
        equal "$(payloads_on web)" 1
        ok fc exec web -- cat /var/lib/kept
        equal "$OUT" kept
        ok fc status
        expect_out 'web +running +yes .*crashed [0-9.]+m?s ago \(killed 9|exited [0-9]+\), restarted 2 times'
        equal "$(of web lastCrashReason | grep -Ec '^(killed|exited) [0-9]+$')" 1
        ok fc up
        expect_err 'already up'
        grep -q 'started again' "$PROJECT/.containers/web/console.log" || flunk "the console's log does not say so"

        # What a command starts has no past.
        ok fc restart
        run of web restarts
        equal "$STATUS" 1 "there is a count of restarts after 'restart'"
        ok fc down
        equal "$(state_of web)" stopped
}

# Neither in order, nor a reboot, nor without being asked to.
testcase_what_is_no_failure() {
        local cgroup leader

        project shop
        spec "$(web web ", $RESTART"), $(tiny one '["/bin/sh", "-c", "read -r line </srv/src/fifo; exit $line"]' \
                ", $RESTART, \"volumes\": [\"src:/srv/src\"]"), $(tiny two)"
        as_dev mkfifo "$PROJECT/src/fifo"
        ok fc up
        cgroup=$(machine_cgroup web)
        leader=$(leader_of web)
        run fc exec web -- systemctl reboot
        try_until "$WAIT" booted_again web "$leader"
        run of web restarts
        equal "$STATUS" 1 "a reboot counts as a restart"
        run fc exec web -- systemctl poweroff
        "$FC_HELPERS/wait-for" "$WAIT" empty "$cgroup" || flunk "it goes on after poweroff"
        try_until "$WAIT" is_state web stopped

        cgroup=$(machine_cgroup one)
        echo 0 >"$PROJECT/src/fifo"
        "$FC_HELPERS/wait-for" "$WAIT" empty "$cgroup" || flunk "it goes on after exit 0"
        try_until "$WAIT" is_state one stopped
        # Not wanted: as always.
        cgroup=$(machine_cgroup two)
        kill_nspawn "$cgroup"
        "$FC_HELPERS/wait-for" "$WAIT" empty "$cgroup" || flunk "it was restarted without 'restart'"
        try_until "$WAIT" is_state two crashed
        ok fc down
}

is_state() { [[ $(state_of "$1") == "$2" ]]; }
# booted_again NAME LEADER
booted_again() { [[ $(leader_of "$1") != "$2" ]] && fc exec "$1" -- systemctl is-system-running >/dev/null 2>&1; }
leader_of() { of "$1" 'leader // 0'; }

# A guest that reboots is not ready until it is again, also as long as it has no systemd that could be asked.
testcase_a_reboot_shows() {
        local leader

        variant waits
        cat >"$VARIANT/usr/sbin/waiting-init" <<-'INIT'
		#!/bin/sh
		read -r line </srv/src/fifo
		exec /sbin/init
	INIT
        chmod +x "$VARIANT/usr/sbin/waiting-init"
        project shop
        as_dev mkfifo "$PROJECT/src/fifo"
        spec "\"web\": {\"system\": {\"rootfs\": \"$VARIANT\", \"init\": \"/usr/sbin/waiting-init\"}, \"volumes\": [\"src:/srv/src\"]}"
        fc_background "$TMP/up" up
        echo go >"$PROJECT/src/fifo"
        finished "$FC_PID"
        equal "$STATUS" 0
        leader=$(leader_of web)
        run fc exec web -- systemctl reboot
        try_until "$WAIT" has_other_leader web "$leader"
        equal "$(state_of web)" starting
        run_status 7 fc status --check
        echo go >"$PROJECT/src/fifo"
        try_until "$WAIT" is_state web running
        ok fc status --check
        refute_out 'restarted'
        ok fc down
}

has_other_leader() { ! [[ $(leader_of "$1") =~ ^(0|$2)$ ]]; }

# One that cannot work is given up, `up` says why, and it does not take long.
testcase_given_up() {
        project shop
        spec "$(tiny one '["/bin/sh", "-c", "echo no such table; exit 4"]' ", $RESTART, \"ready\": {\"notify\": true}")"
        run_status 3 fc up
        expect_err 'exit(ed| status) 4, given up after 5 restarts'
        expect_err 'no such table'
        equal "$(grep -c 'no such table' "$PROJECT/.containers/one/console.log")" 6 "the starts"
        ok fc status
        expect_out 'one +failed'
        expect_out 'given up after 5 restarts'
        run_status 3 fc status --check
        no_machine_left "after the end"
        ok fc down
        equal "$(state_of one)" stopped
}

# The same when no command waits.
testcase_given_up_alone() {
        project shop
        spec "$(tiny one '["/bin/sh", "-c", "exit 4"]' ", $RESTART")"
        ok fc up --no-wait
        try_until "$WAIT" is_state one failed
        expect_given_up
        # 0.1 s, 0.2 s, and so on: after the fifth time 1.6 s.
        # shellcheck disable=SC2016 # jq's
        fc --json events | jq -es '[.[] | select(.event == "crashed") | .time |
                (sub("\\.[0-9]+"; "") | fromdate) * 1000 + (capture("\\.(?<ms>[0-9]+)").ms | tonumber)] |
                .[-1] - .[-2] >= 1600' >/dev/null || flunk "it was started again too soon"
        ok fc down
}

expect_given_up() {
        ok fc status
        expect_out 'exit(ed| status) 4, given up after 5 restarts'
}

# Failures before it is ready: `up` waits on, as long as there is time.
testcase_while_up_waits() {
        variant flaky
        cat >"$VARIANT/usr/sbin/flaky-init" <<-'INIT'
		#!/bin/sh
		echo x >>/var/starts
		[ "$(wc -l </var/starts)" -ge 3 ] || exit 7
		exec /sbin/init
	INIT
        chmod +x "$VARIANT/usr/sbin/flaky-init"
        project shop
        spec "\"web\": {\"system\": {\"rootfs\": \"$VARIANT\", \"init\": \"/usr/sbin/flaky-init\"}, $RESTART, \"ports\": [\"8080:80\"]}"
        ok fc up
        expect_err 'web: restarting +exited 7'
        ok page 8080
        equal "$(of web restarts)" 2
        # Each is told once, by what starts it again.
        equal "$(fc --json events | jq -s '[.[] | select(.event == "restarting")] | length')" 2 "events 'restarting'"
        equal "$(wc -l <"$PROJECT/.containers/web/root/var/starts")" 3
        ok fc status --check
        ok fc down

        # And no longer. Five restarts take more than three seconds, however fast it boots.
        cat >"$PROJECT/.containers/web/root/usr/sbin/flaky-init" <<-'INIT'
		#!/bin/sh
		exit 7
	INIT
        run_status 4 fc up --timeout 3
        expect_err 'not ready after'
        expect_err 'exited 7'
        ok fc down
}

# Between two starts there is nothing to halt, and no reason to wait.
testcase_down_while_it_waits() {
        project shop
        spec "$(tiny one '["/bin/sh", "-c", "exit 4"]' ", $RESTART")"
        ok fc up --no-wait
        try_until "$WAIT" has_restarts one 4
        ok fc down
        equal "$(state_of one)" stopped
        no_machine_left "after the end"
}

has_restarts() { (($(of "$1" 'restarts // 0') >= $2)); }

testcase_check() {
        project shop
        spec "$(tiny one), $(tiny two)"
        run_status 7 fc status --check
        ok fc up one
        ok fc status --check one
        run_status 7 fc status --check
        expect_out 'two +stopped'
        ok fc up
        ok fc status --check
        kill_nspawn "$(machine_cgroup two)"
        try_until "$WAIT" is_state two crashed
        run_status 3 fc status --check
        ok fc status --check one
        ok fc status
        ok fc down
        run_status 7 fc status --check one
}

# A unit that fails later, long after `up` was content.
testcase_degraded_later() {
        project shop
        spec "$(web web)"
        ok fc up
        ok fc status --check
        ok fc exec web -- sh -c 'systemd-run --unit=late false; until systemctl is-failed late; do :; done'
        run_status 3 fc status --check
        expect_out 'web +degraded +no .*late\.service failed'
        ok fc down
}

live_main "$@"
