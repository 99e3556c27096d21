#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Ready means ready: `up` returns when what was asked for is there, soon after and not before; and what is in the way of
# that explains itself. The whole screen of each failure is in screens/.
# shellcheck disable=SC2016 # the shells inside expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# up_shows STATUS NAME: brings all up without a terminal and compares the screen.
up_shows() {
        run_status "$1" fc up
        screen "$2"
}

# active_since NAME UNIT: when the unit became active, in microseconds. Host and guest share the clock.
active_since() {
        ok fc exec "$1" -- systemctl show --timestamp=us+utc -P ActiveEnterTimestamp "$2"
        date -d "$OUT" +%s%6N
}

# project_with_slow_unit VARIANT: its web waits for a service that takes 300 ms and then says so.
project_with_slow_unit() {
        variant "$1"
        unit "$VARIANT" slow.service <<-'UNIT'
		[Service]
		Type=notify
		NotifyAccess=all
		ExecStart=/bin/sh -c 'sleep 0.3; systemd-notify --ready; exec sleep infinity'
	UNIT
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"units": ["slow.service"]}')"
}

# The clock is read when the program has ended, so a busy machine is late, too: as late as it is with a command that finds
# nothing to do. A look each second would come later than that.
testcase_slow_unit() {
        local late=0 nothing=0 i began end

        project_with_slow_unit slow
        for i in 1 2 3; do
                ok fc up --quiet
                end=${EPOCHREALTIME/[.,]/}
                late=$((late + end - $(active_since web slow.service)))
                began=${EPOCHREALTIME/[.,]/}
                ok fc up --quiet
                nothing=$((nothing + ${EPOCHREALTIME/[.,]/} - began))
                ok fc down --quiet
        done
        note "up returned $((late / 3000)) ms after the unit was active, and took $((nothing / 3000)) when it was, on average of 3"
        ((late >= 0)) || flunk "up returned before the unit was active"
        ((late < 8 * nothing)) || flunk "up returned $((late / 3000)) ms after the unit was active"
}

# As its systemd has noted it.
testcase_timings_of_units() {
        project_with_slow_unit noted
        ok fc --json up --timings
        jq -e '.timings.containers[0] | [.steps[].what][1] == "start" and (.units[] | select(.what == "slow.service").usec >= 300000)' \
                <<<"$OUT" >/dev/null || flunk "the unit is not there: $(jq -c .timings <<<"$OUT")"
        ok fc down
}

# What becomes active only after the guest has booted.
testcase_unit_after_boot() {
        variant later
        unit "$VARIANT" later.timer <<-'UNIT'
		[Timer]
		OnActiveSec=1
		AccuracySec=10ms
	UNIT
        cat >"$VARIANT/etc/systemd/system/later.service" <<-'UNIT'
		[Service]
		Type=oneshot
		ExecStart=/bin/touch /done
	UNIT
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"units": ["later.service", "later.timer"]}')"
        ok fc up
        expect_err 'web: waiting  units: later\.service'
        exists "$PROJECT/.containers/web/root/done"
        ok fc down
}

testcase_failing_unit() {
        variant broken
        job_unit "$VARIANT" migrate.service "/bin/sh -c 'echo \"relation ordrs does not exist\"; sleep 0.1; exit 3'"
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web)"
        up_shows 3 failing-unit
        # The lines of this start, not those of the last one as well.
        run_status 3 fc restart
        equal "$(grep -c 'relation ordrs' <<<"$ERR")" 1 "how often the unit's line is shown"
        ok fc down
}

# It is there to be asked, but not when the guest has booted.
testcase_unit_fails_later() {
        variant broken
        unit "$VARIANT" later.service <<-'UNIT'
		[Service]
		ExecStart=/bin/sh -c 'sleep 1; echo out of luck; sleep 0.1; exit 9'
	UNIT
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"tcp": [4444]}')"
        up_shows 3 unit-fails-later
        ok fc down
}

testcase_hanging_unit() {
        variant hangs
        unit "$VARIANT" hangs.service <<-'UNIT'
		[Service]
		Type=oneshot
		TimeoutStartSec=infinity
		ExecStart=/bin/sh -c 'echo "waiting for godot"; exec sleep infinity'
	UNIT
        project shop
        # In so short a time no guest gets to a STATUS= that names it.
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"timeout": 5}')"
        run_status 4 fc up
        ERR=$(grep -v '^web: booting' <<<"$ERR")
        screen hanging-unit
        ok fc down
}

# Active for a moment each time, and it says READY=1 when the guest does.
testcase_crash_loop() {
        variant loop
        unit "$VARIANT" loop.service <<-'UNIT'
		[Unit]
		StartLimitIntervalSec=0
		[Service]
		Restart=on-failure
		RestartSec=200ms
		ExecStartPre=/bin/sh -c 'test -e /run/once || { touch /run/once; exit 1; }'
		ExecStart=/bin/sh -c 'echo going down; sleep 0.1; exit 7'
	UNIT
        project shop
        # Listed or not.
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"timeout": 4}')"
        run_status 4 fc up
        expect_err 'web: not ready after [0-9.]+s: units: loop\.service keeps being restarted: [0-9]+ restarts?, '
        expect_err 'going down'
        # To its manager all is well most of the time.
        ok fc --json status
        equal "$(jq -c '.containers[0] | [.state, .ready, (.notes[0] | test("keeps being restarted"))]' <<<"$OUT")" '["degraded",false,true]'
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"timeout": 4, "units": ["loop.service"]}')"
        run_status 4 fc up
        expect_err 'loop\.service keeps being restarted'
        ok fc down
}

# Three times it does not work, then it does.
testcase_restarts_three_times() {
        variant thrice
        unit "$VARIANT" thrice.service <<-'UNIT'
		[Service]
		Type=notify
		NotifyAccess=all
		Restart=on-failure
		RestartSec=100ms
		ExecStart=/bin/sh -c 'echo x >>/run/tries; [ $(wc -l </run/tries) -gt 3 ] || exit 5; systemd-notify --ready; exec sleep infinity'
	UNIT
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"units": ["thrice.service"]}')"
        ok fc up
        ok fc exec web -- systemctl show -P NRestarts thrice.service
        equal "$OUT" 3 "restarts"
        ok fc exec web -- systemctl is-active thrice.service
        ok fc down
}

# And then it gives up.
testcase_start_limit() {
        variant limit
        unit "$VARIANT" limit.service <<-'UNIT'
		[Unit]
		StartLimitBurst=4
		[Service]
		Type=oneshot
		Restart=on-failure
		RestartSec=10ms
		ExecStart=/bin/sh -c 'echo "no such database"; sleep 0.1; exit 5'
	UNIT
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"units": ["limit.service"]}')"
        run_status 3 fc up
        ERR=$(grep -v '^web: waiting' <<<"$ERR")
        screen start-limit
        ok fc down
}

testcase_no_such_unit() {
        project shop
        spec "$(web web ', "ready": {"units": ["nothing.service"]}')"
        run_status 3 fc up
        expect_err "web: ready\.units: unit 'nothing\.service' cannot be loaded: not-found"
        ok fc down
}

# A unit that nothing starts is named when the time is over.
testcase_unit_never_started() {
        variant idle
        printf '[Service]\nExecStart=/bin/sleep infinity\n' >"$VARIANT/etc/systemd/system/idle.service"
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"units": ["idle.service"], "timeout": 3}')"
        up_shows 4 unit-never-started
        ok fc down
}

testcase_init_that_exits() {
        project shop
        spec "$(tiny one '["/bin/sh", "-c", "echo no such table; exit 4"]' ', "ready": {"tcp": [1]}')"
        run_status 3 fc up
        # That it was there, and executed, may be known before its end, or not.
        ERR=$(grep -v -e ': waiting' -e ': booting' <<<"$ERR")
        screen init-that-exits
        # As an init, PID 1.
        variant off
        printf '#!/bin/sh\necho "kernel panic, more or less"\nexit 6\n' >"$VARIANT/sbin/off"
        chmod 755 "$VARIANT/sbin/off"
        spec "\"two\": {\"system\": {\"rootfs\": \"$VARIANT\", \"init\": \"/sbin/off\"}}"
        run_status 3 fc up
        # Its network was about to be set, of which nothing is said.
        ERR=$(grep -v -e ': booting' <<<"$ERR")
        screen init-that-exits-as-pid-1
        ok fc down
}

testcase_never_says_ready() {
        project shop
        spec "$(tiny one '["/bin/sh", "-c", "echo thinking; exec sleep infinity"]' ', "ready": {"notify": true, "timeout": 2}')"
        run_status 4 fc up
        screen never-says-ready
        ok fc down
}

# says_ready SCRIPT KEYS: a container of which a script says when it is ready, by systemd-notify(1).
says_ready() {
        slim_image
        spec "\"one\": $(jq -nc --arg image "$SLIM_IMAGE" --arg script "$1" \
                "{system: {rootfs: \$image}, ephemeral: true, ready: {notify: true}, command: [\"/bin/bash\", \"-ec\", \$script]$2}")"
}

# Not as root inside. It waits for the answer, and so would have failed.
testcase_command_says_ready() {
        project shop
        says_ready 'as() { setpriv --reuid 65534 --clear-groups systemd-notify "$@"; }
                trap exit TERM
                mkfifo /go
                as --status=thinking
                read </go
                as --ready
                as --status=working
                touch /said
                read </go' ''
        fc_background "$TMP/out" --progress json up
        line_in "$TMP/out" '"booting","detail":"thinking"' >/dev/null
        equal "$(state_of one)" starting
        ok fc exec one -- bash -c 'echo >/go'
        finished "$FC_PID"
        equal "$STATUS" 0 "the status of up ($(<"$TMP/out"))"
        # What it says later has a listener as well.
        try_until "$WAIT" fc exec one -- test -e /said
        ok fc up
        expect_err 'already up'
        ok fc down
}

# The word of one start does not make the next one ready, even if it is heard when that begins.
testcase_command_is_ready_anew() {
        local cgroup

        supervisor_only
        project shop
        says_ready 'trap exit TERM
                if [[ ! -e /go ]]; then
                        mkfifo /go
                        systemd-notify --status=first
                        read </go
                        systemd-notify --ready --no-block
                        exit 3
                fi
                systemd-notify --status=second
                read </go
                systemd-notify --ready
                read </go' ', restart: "on-failure"'
        fc_background "$TMP/out" --progress json up
        line_in "$TMP/out" '"booting","detail":"first"' >/dev/null
        cgroup=$(machine_cgroup one)
        kill -STOP "$(supervisor_pid_of "$cgroup")"
        ok fc exec one -- bash -c 'echo >/go'
        try_until "$WAIT" grep -qx 'populated 0' "$cgroup/nspawn/cgroup.events"
        kill -CONT "$(supervisor_pid_of "$cgroup")"
        line_in "$TMP/out" '"booting","detail":"second"' >/dev/null
        ok fc exec one -- bash -c 'echo >/go'
        finished "$FC_PID"
        equal "$STATUS" 0 "the status of up ($(<"$TMP/out"))"
        ok fc down
}

testcase_port_opens_late() {
        variant late
        unit "$VARIANT" late.service <<-'UNIT'
		[Service]
		ExecStart=/usr/bin/perl -MIO::Socket::INET -e 'select undef, undef, undef, 1; my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 4444, ReuseAddr => 1) or die; open my $f, ">", "/open"; while (1) { $s->accept }'
	UNIT
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"tcp": [4444]}')"
        ok fc up --progress json
        exists "$PROJECT/.containers/web/root/open"
        expect_err '"waiting","detail":"tcp 4444: Connection refused"'
        ok fc up
        expect_err 'already up'
        ok fc down
}

testcase_port_never_opens() {
        project shop
        spec "$(tiny one '' ', "ready": {"tcp": [4444], "timeout": 1}')"
        up_shows 4 port-never-opens
        ok fc down
}

testcase_http() {
        # Not everything that listens speaks HTTP.
        variant mute
        unit "$VARIANT" mute.service <<-'UNIT'
		[Service]
		Type=notify
		ExecStart=/usr/bin/perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 4444, ReuseAddr => 1) or die; system "systemd-notify", "--ready"; while (my $c = $s->accept) { print $c "220 mail\r\n" }'
		NotifyAccess=all
	UNIT
        project shop
        checks '[{"port": 80}, {"port": 80, "path": "/none", "status": [404, 404]}], "timeout": 20'
        ok fc up
        checks '[{"port": 80}, {"port": 80, "path": "/none"}], "timeout": 1'
        run_status 4 fc up
        screen http-status
        checks '[{"port": 4444}], "timeout": 1'
        run_status 4 fc up
        expect_err 'http 4444 /: the answer is not HTTP'
        ok fc down
}

checks() { spec "$(WEB_IMAGE=$VARIANT web web ", \"volumes\": [\"src:/var/www/html\"], \"ready\": {\"http\": $1}")"; }

testcase_exec_fails_twice() {
        local try='n=$(cat /tries 2>/dev/null || echo 0); echo $((n + 1)) >/tries; [ $n -ge 2 ] || { echo "try $n"; exit 1; }'

        project shop
        spec "$(tiny one '' ", \"ready\": {\"exec\": [[\"sh\", \"-c\", $(jq -n --arg s "$try" '$s')]]}"), $(web web ", \"ready\": {\"exec\": [[\"sh\", \"-c\", $(jq -n --arg s "$try" '$s')]]}")"
        ok fc up
        equal "$(<"$PROJECT/.containers/one/root/tries")" 3 "tries in a container with a command"
        equal "$(<"$PROJECT/.containers/web/root/tries")" 3 "tries in a guest with systemd"
        # A try that failed is no failed unit.
        ok fc exec web -- systemctl is-system-running
        equal "$OUT" running
        spec "$(tiny one '' ', "ready": {"timeout": 1, "exec": [["sh", "-c", "echo no; exit 3"]]}')"
        run_status 4 fc up
        screen exec-never-succeeds
        # One that hangs ends with the deadline, and nothing of it is left.
        spec "$(tiny one '' ', "ready": {"timeout": 1, "exec": [["sleep", "4321"]]}')"
        run_status 4 fc up
        expect_err 'exec sleep 4321'
        try_until "$WAIT" nothing_runs 'sleep 4321'
        ok fc down
}

# One ends while another, which was started later, still runs.
testcase_exec_side_by_side() {
        project shop
        spec "$(tiny one '' ', "ready": {"timeout": 2, "exec": [["sh", "-c", "sleep 0.2; echo first; exit 1"], ["sleep", "4321"]]}')"
        run_status 4 fc up
        expect_err 'one: not ready after [0-9.]+s: exec sh .*: exit status 1: first'
        try_until "$WAIT" nothing_runs 'sleep 4321'
        ok fc down
}

nothing_runs() { ! grep -qz "^${1// /.}" /proc/[0-9]*/cmdline 2>/dev/null; }

testcase_unix_socket() {
        variant socket
        unit "$VARIANT" socket.service <<-'UNIT'
		[Service]
		ExecStart=/usr/bin/perl -MIO::Socket::UNIX -e 'select undef, undef, undef, 0.5; my $s = IO::Socket::UNIX->new(Listen => 5, Local => "/run/app.sock") or die; while (1) { $s->accept }'
	UNIT
        # The way to it leads through a link that is absolute inside.
        ln -s /run "$VARIANT/srv/link"
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"unix": ["/run/app.sock", "/srv/link/app.sock"]}')"
        ok fc up
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"unix": ["/run/none.sock"], "timeout": 1}')"
        run_status 4 fc up
        expect_err 'unix /run/none\.sock: No such file or directory'
        ok fc down
}

# A guest that dies while it is being waited for.
testcase_dies_while_waited_for() {
        project shop
        spec "$(tiny one '["/bin/sh", "-c", "echo bye; sleep 0.5; exit 2"]' ', "ready": {"tcp": [4444], "exec": [["sleep", "1000"]]}')"
        run_status 3 fc up
        expect_err 'one: ended before it was ready: exit status 2'
        ok fc down
}

live_main "$@"
