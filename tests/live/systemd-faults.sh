#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Containers on a host that systemd manages, when other parts of the host fail or are changed.

# shellcheck source=tests/lib/live.bash
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib/live.bash"

machine_of() { fc --json status | jq -er --arg name "$1" '.containers[] | select(.name == $name) | .machine'; }
unit_of() { printf 'flake-containers-%s.service\n' "$(machine_of "$1")"; }
unit_gone() { [[ ! -e /run/systemd/transient/$1 ]]; }
milliseconds() { printf '%s\n' "$((${EPOCHREALTIME/[.,]/} / 1000))"; }

# within MILLISECONDS COMMAND..: it takes no longer.
within() {
        local limit=$1 began

        shift
        began=$(milliseconds)
        "$@"
        began=$(($(milliseconds) - began))
        ((began < limit)) || flunk "$* took $began ms"
}

# nspawn's last call is for machined, and activates it.
testcase_machined_is_gone() {
        project shop
        spec "$(web web), $(tiny one)"
        ok fc up
        systemctl kill --signal=KILL systemd-machined
        try_until "$WAIT" eval '! systemctl --quiet is-active systemd-machined'
        within 10000 ok fc down
        refute_err killed
        ok fc up
        systemctl stop systemd-machined
        within 10000 ok systemctl stop "$(unit_of web)"
        within 10000 ok fc down
}

testcase_isolate() {
        project shop
        spec "$(tiny one)"
        ok fc up
        # An empty target: units go on, but for those that nothing wants.
        systemd-run --quiet --unit=fc-unwanted --property=DefaultDependencies=no sleep infinity
        printf '[Unit]\nAllowIsolate=yes\nRequires=multi-user.target\nAfter=multi-user.target\n' \
                >/run/systemd/system/fc-other.target
        systemctl daemon-reload
        ok systemctl isolate fc-other.target
        try_until "$WAIT" eval '! systemctl --quiet is-active fc-unwanted'
        ok systemctl is-active "$(unit_of one)"
        equal "$(state_of one)" running
        ok fc exec one -- /bin/echo alive
        rm /run/systemd/system/fc-other.target
        systemctl daemon-reload
        ok fc down
}

testcase_unit_says_what_it_is() {
        local odd

        project shop
        spec "$(tiny one)"
        ok fc up
        ok systemctl show -P Description "$(unit_of one)"
        equal "$OUT" "Container one of $PROJECT (flake-containers)"
        ok systemctl show -P Documentation "$(unit_of one)"
        expect_out "man:flake-containers\\(1\\)"
        ok fc down
        # It stands in a unit file, of which it is a line.
        odd=$'odd\nExecStopPost=/bin/false\n%n$x'
        project "$odd"
        spec "$(tiny one)"
        ok fc up
        systemctl daemon-reload
        ok systemctl show -P Description "$(unit_of one)"
        equal "$OUT" "Container one of $SCRATCH/projects/odd\\nExecStopPost=/bin/false\\n%n\$x (flake-containers)"
        ok fc down
}

relay_of() { cat "$(machine_cgroup "$1")/proxies/cgroup.procs"; }
nobody_listens() { [[ -z $(ss -Hlnt "sport = :$1") ]]; }
has_restarted() { [[ $(systemctl show -P NRestarts "$1") == 1 ]]; }
note_of() { fc --json status | jq -er --arg name "$1" '.containers[] | select(.name == $name) | .notes[]'; }

testcase_relay_is_killed() {
        local unit

        project shop
        spec "$(web web ', "ports": ["8080:80"]')"
        unit=$(unit_of web)
        ok fc up
        equal "$(wc -w <<<"$(relay_of web)")" 1 "the relay"
        kill -9 "$(relay_of web)"
        try_until "$WAIT" unit_gone "$unit"
        no_machine_left "the relay was killed"
        try_until "$WAIT" nobody_listens 8080
        equal "$(state_of web)" crashed
        equal "$(note_of web)" "its relay was killed"
        ok fc up
        expect_err 'web: ready'
        ok curl --silent --show-error --fail --max-time 10 http://127.0.0.1:8080/
        ok fc down

        spec "$(web web ', "ports": ["8080:80"], "restart": "on-failure"')"
        ok fc up
        kill -9 "$(relay_of web)"
        try_until "$WAIT" has_restarted "$unit"
        ok curl --silent --show-error --fail --max-time 10 http://127.0.0.1:8080/
        ok fc up
        expect_err unchanged
        ok fc status
        expect_out 'its relay was killed\), restarted 1 time'
        ok fc down
}

# Never ready by itself, and the deadline is a minute.
testcase_relay_is_killed_during_boot() {
        local began

        project shop
        spec "$(tiny one '["/bin/sleep", "infinity"]' ', "ready": {"notify": true}')"
        fc_background "$TMP/out" up
        line_in "$TMP/out" 'booting' >/dev/null
        began=$SECONDS
        kill -9 "$(relay_of one)"
        finished "$FC_PID"
        equal "$STATUS" 3 "the status of up ($(<"$TMP/out"))"
        ((SECONDS - began < 20)) || flunk "up took $((SECONDS - began)) s to see it"
        line_in "$TMP/out" 'one: ended before it was ready: its relay was killed' >/dev/null
        try_until "$WAIT" unit_gone "$(unit_of one)"
        no_machine_left "the relay was killed"
}

# One that has nothing to do any more has gone, and nothing depends on it.
testcase_relay_ends_in_order() {
        local relay

        project shop
        spec "$(tiny one), $(web web ', "ports": ["8080:80"]')"
        ok fc up
        equal "$(relay_of one)" ""
        relay=$(relay_of web)
        run cat "/proc/$relay/cmdline"
        [[ $(tr '\0' ' ' <"/proc/$relay/cmdline") =~ ^/[^\ ]*/service\ relay\ --machine=$(machine_of web)\  ]] ||
                flunk "its command line is $(tr '\0' ' ' <"/proc/$relay/cmdline")"
        ok curl --silent --show-error --fail --max-time 10 http://127.0.0.1:8080/
        # What systemd has to kill it tells.
        journalctl --cursor-file="$TMP/cursor" -n 1 >/dev/null
        ok fc down
        ok journalctl --cursor-file="$TMP/cursor" -u 'flake-containers-*' -o cat
        refute_out 'Killing process'
        expect_out 'Stopped'
}

# To all of the unit, the relay included: the guest halts in order.
testcase_unit_gets_a_signal() {
        local unit

        project shop
        spec "$(web web ', "ports": ["8080:80"]')"
        ok fc up
        unit=$(unit_of web)
        ok systemctl kill "$unit"
        try_until "$WAIT" unit_gone "$unit"
        equal "$(state_of web)" stopped
        equal "$(note_of web)" "shut down by itself"
        ok fc down
}

testcase_unit_is_restarted() {
        local unit relay

        project shop
        spec "$(web web ', "ports": ["8080:80"], "ephemeral": true'), $(tiny one)"
        ok fc up
        # Of a command, which its unit has asked to end.
        ok systemctl restart "$(unit_of one)"
        equal "$(state_of one)" running
        ok fc --dry-run up one
        refute_out restart
        unit=$(unit_of web)
        relay=$(relay_of web)
        ok fc exec web -- /bin/sh -c 'echo kept >/root/file'
        ok systemctl restart "$unit"
        differ "$(relay_of web)" "$relay" "the relay"
        ok curl --silent --show-error --fail --max-time 10 http://127.0.0.1:8080/
        equal "$(state_of web)" running
        ok fc events
        expect_out $'ended[^\n]*\n[^\n]*restarting[^\n]*\n[^\n]*booted'
        refute_out crashed
        # As at a reboot from inside, it is still the same start.
        ok fc exec web -- cat /root/file
        equal "$OUT" kept
        ok fc down
}

# The guest never says that it is ready.
testcase_bus_is_lost() {
        project shop
        spec "$(tiny one '["/bin/sleep", "infinity"]' ', "ready": {"notify": true}')"
        fc_background "$TMP/out" up
        line_in "$TMP/out" 'booting' >/dev/null
        ok systemctl restart dbus.service
        finished "$FC_PID"
        equal "$STATUS" 6 "the status of up ($(<"$TMP/out"))"
        line_in "$TMP/out" "error: one: the host's message bus closed the connection" >/dev/null
        line_in "$TMP/out" "run up" >/dev/null
        # The state of the container counts, not that of the bus.
        equal "$(state_of one)" starting
        equal "$(fc --json status | jq -c '.containers[].notes')" '[]'
        ok fc down

        # One that has booted meanwhile, and is ready for the next up.
        spec "$(web web ', "volumes": ["src:/srv/src"], "ready": {"exec": [["/bin/cat", "/srv/src/go"]]}')"
        fc_background "$TMP/out" up
        line_in "$TMP/out" '^web: waiting' >/dev/null
        ok systemctl restart dbus.service
        finished "$FC_PID"
        equal "$STATUS" 6 "the status of up ($(<"$TMP/out"))"
        touch "$PROJECT/src/go"
        equal "$(fc --json status | jq -c '.containers[] | select(.name == "web") | [.state, .ready, .notes]')" '["running",false,[]]'
        ok fc up
        expect_err 'web: ready'
        equal "$(fc --json status | jq -c '.containers[] | select(.name == "web") | [.state, .ready, .notes]')" '["running",true,[]]'
        ok fc down
}

testcase_doctor() {
        local status out

        project shop
        spec "$(tiny one)"
        ok fc doctor
        expect_out 'ok +message bus +answers'
        expect_out 'ok +machined +answers'
        expect_out 'ok +machine names +resolve'
        sed '/^hosts:/s/mymachines//' /etc/nsswitch.conf >"$TMP/nsswitch"
        mount --bind "$TMP/nsswitch" /etc/nsswitch.conf
        ok fc doctor
        expect_out '\? +machine names'
        expect_out 'libnss-mymachines'
        umount /etc/nsswitch.conf
        systemctl --quiet mask --runtime --now systemd-machined.service
        run fc doctor
        status=$STATUS out=$OUT
        systemctl --quiet unmask --runtime systemd-machined.service
        ok systemctl start systemd-machined.service
        equal "$status" 6
        [[ $out =~ BAD\ +machined ]] || flunk "doctor does not miss machined: $out"
        DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere run_status 6 fc doctor
        expect_out "BAD +message bus +connect to the host's message bus"
}

# A process that has been killed takes some milliseconds to end, in which its guest answers still.
testcase_up_just_after_a_kill() {
        local round

        project shop
        spec "$(web web)"
        ok fc up
        for round in {1..10}; do
                kill -9 "$(nspawn_pid_of "$(machine_cgroup web)")"
                ok fc up
                [[ $ERR == *'web: ready'* ]] || flunk "round $round: up did not start it"
                ok fc exec web -- true
        done
        ok fc down
}

is_frozen() { grep -q 'frozen 1' "$(machine_cgroup one)/cgroup.events"; }

# systemd stops none that is frozen; when its processes were killed, it would wait for ever for what it starts there.
testcase_frozen() {
        local unit

        project shop
        spec "$(tiny one)"
        unit=$(unit_of one)
        ok fc up
        ok systemctl freeze "$unit"
        try_until "$WAIT" is_frozen
        equal "$(state_of one)" paused
        run_status 5 fc up
        expect_err "one: it is paused"
        expect_err "go on: flake-containers unpause one"
        run_status 5 fc exec one -- true
        expect_err "one: it is paused"
        within 10000 ok fc down
        refute_err killed
        within 10000 ok systemctl list-units

        # While it boots systemd freezes nothing, but others can.
        spec "$(tiny one '["/bin/sleep", "infinity"]' ', "ready": {"notify": true}')"
        fc_background "$TMP/out" up
        line_in "$TMP/out" 'booting' >/dev/null
        echo 1 >"$(machine_cgroup one)/cgroup.freeze"
        try_until "$WAIT" is_frozen
        kill -INT "$FC_PID"
        kill -INT "$FC_PID"
        finished "$FC_PID"
        no_machine_left "up was interrupted ($(<"$TMP/out"))"
        within 10000 ok systemctl list-units

        # With all machines: that is not for one project to undo.
        spec "$(tiny one)"
        ok fc up
        echo 1 >"$CGROUP2/machine.slice/cgroup.freeze"
        try_until "$WAIT" is_frozen
        within 10000 run_status 5 fc down
        expect_err "it is paused, and so is 'machine.slice'"
        equal "$(state_of one)" paused
        echo 0 >"$CGROUP2/machine.slice/cgroup.freeze"
        within 10000 ok fc down
}

is_booted || skip "this machine was not booted for it, see tests/host"
live_main "$@"
