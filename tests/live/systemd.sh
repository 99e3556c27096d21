#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What is so only on a host that systemd manages: containers are units and machines, and end without a command of ours.

# shellcheck source=tests/lib/live.bash
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib/live.bash"

machine_of() { fc --json status | jq -er --arg name "$1" '.containers[] | select(.name == $name) | .machine'; }
unit_of() { printf 'flake-containers-%s.service\n' "$(machine_of "$1")"; }
unit_gone() { [[ ! -e /run/systemd/transient/$1 ]]; }

testcase_unit_and_machine() {
        local machine memory unit pids pid word

        project shop
        # machinectl wants a message bus in the guest.
        spec "$(WEB_IMAGE=$FC_IMAGES/db web web ', "ports": ["8080:80"]')"
        ok fc up
        machine=$(machine_of web)
        unit=$(unit_of web)
        ok systemctl show -p Slice -p Delegate -p KillMode -p Type -p DevicePolicy "$unit"
        for word in Slice=machine.slice Delegate=yes KillMode=mixed Type=notify DevicePolicy=closed; do expect_out "$word"; done
        ok machinectl show -p Unit --value "$machine"
        equal "$OUT" "$unit"
        ok fc status -o wide
        # Where this host's kernel counts its memory.
        memory=-
        [[ ! -e /sys/fs/cgroup/machine.slice/$unit/memory.current ]] || memory='[0-9.]+ [KMG]B'
        expect_out "web +running +yes +[^ ]+ +0 +8080->80 +$memory +$machine +10\\."
        ok machinectl --quiet shell "$machine" /bin/echo hello
        expect_out hello
        ok systemctl -M "$machine" is-system-running
        equal "$OUT" running
        ok journalctl -M "$machine" --no-pager -n 1
        # Beside the guest there are nspawn and what serves the port, and nothing without a port.
        pids=$(cat "$(machine_cgroup web)"/{supervisor,proxies}/cgroup.procs)
        for pid in $pids; do
                case $(readlink "/proc/$pid/exe") in
                */systemd-nspawn | */libexec/flake-containers/service) ;;
                *) flunk "a process of ours is there: $(tr '\0' ' ' <"/proc/$pid/cmdline")" ;;
                esac
        done
        equal "$(wc -w <<<"$pids")" 2 "processes beside the guest's"
        ok fc down

        spec "$(tiny one)"
        ok fc up
        pids=$(find "$(machine_cgroup one)" -maxdepth 2 -not -path '*/payload*' -name cgroup.procs -exec cat {} +)
        equal "$(wc -w <<<"$pids")" 1 "processes beside the guest's"
        ok fc down
}

# systemd closes what it has kept for a unit when it has forgotten that.
nobody_listens() { [[ -z $(ss -Hlnt "sport = :$1") ]]; }

# ends NAME STATE COMMAND..: the container ends by the command, everything goes with it, and it can start at once.
ends() {
        local state=$1 unit

        shift
        unit=$(unit_of web)
        ok "$@"
        try_until "$WAIT" unit_gone "$unit"
        no_machine_left "after $*"
        try_until "$WAIT" nobody_listens 8080
        equal "$(networks)" '' "the network after $*"
        try_until "$WAIT" uplinks 0
        equal "$(state_of web)" "$state" "the state after $*"
        ok fc up
        ok page 8080
}

testcase_ends_without_us() {
        local machine

        project shop
        spec "$(web web ', "ports": ["8080:80"]')"
        ok fc up
        machine=$(machine_of web)
        ends stopped machinectl poweroff "$machine"
        ends stopped systemctl stop "$(unit_of web)"
        ends stopped machinectl terminate "$machine"
        ends crashed kill -9 "$(nspawn_pid_of "$(machine_cgroup web)")"
        ok fc down
}

restarted() { [[ $(systemctl show -P NRestarts "$1") == 1 ]]; }

testcase_reboot() {
        local before after unit

        project shop
        spec "$(web web ', "ports": ["8080:80"]')"
        ok fc up
        unit=$(unit_of web)
        before=$(fc --json status | jq -r '.containers[0].address')
        run fc exec web -- systemctl reboot
        try_until "$WAIT" restarted "$unit"
        # The socket has been open all the time: a connection waits until the guest is back.
        ok page 8080
        after=$(fc --json status | jq -r '.containers[0].address')
        equal "$after" "$before" "the address"
        ok fc exec web -- getent hosts web
        ok fc down
}

testcase_names_taken() {
        local unit machine

        project shop
        spec "$(tiny one)"
        unit=$(unit_of one)
        machine=$(machine_of one)
        systemd-run --quiet --unit="$unit" sleep infinity
        run_status 5 fc up
        expect_err "another unit '$unit'"
        systemctl stop "$unit"
        ok busctl call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager RegisterMachine \
                'sayssus' "$machine" 0 test container 0 /
        run_status 5 fc up
        expect_err "machine name '$machine' is taken by unit"
        refute_err "exists already"
        systemctl restart systemd-machined
        # Some releases have forgotten it by that.
        run busctl call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager \
                UnregisterMachine s "$machine"
}

testcase_manager_executed_anew() {
        project shop
        spec "$(web web ', "ports": ["8080:80"]')"
        ok fc up
        systemctl daemon-reload
        systemctl daemon-reexec
        systemctl restart systemd-machined
        ok page 8080
        equal "$(state_of web)" running
        # What the unit holds has survived, too.
        run fc exec web -- systemctl reboot
        try_until "$WAIT" restarted "$(unit_of web)"
        ok page 8080
        ok fc down
}

testcase_manager_executed_anew_during_up() {
        project shop
        spec "$(web web)"
        fc_background "$TMP/out" up
        line_in "$TMP/out" 'starting' >/dev/null
        systemctl daemon-reexec
        finished "$FC_PID"
        equal "$STATUS" 0 "the status of up ($(<"$TMP/out"))"
        ok fc down
}

# console_is path|service 0|1: how many there are.
console_is() { [[ $(systemctl list-units --plain --no-legend "fc-console-*.$1" | wc -l) == "$2" ]]; }
console_ends_with() { [[ $(fc logs -o cat --tail 1 one) == "$1" ]]; }
# On the disk; one block more than whole ones may be begun.
console_is_trimmed() { (($(du -k "$PROJECT/.containers/one/console.log" | cut -f 1) <= 4096 + 64)); }

# A guest that writes and writes does not fill the disk, and no process of ours is there for a silent one.
testcase_console_is_trimmed() {
        local round

        project shop
        # shellcheck disable=SC2016 # expanded inside
        spec "$(tiny one '["/bin/bash", "-c", "while read -r word < /srv/fifo; do seq 1000001 2600000; echo $word; done"]' \
                ', "restart": "on-failure", "volumes": ["src:/srv"]')"
        mkfifo -m 666 "$PROJECT/src/fifo"
        ok fc up
        for round in first second again; do
                try_until "$WAIT" console_is path 1
                echo "$round" >"$PROJECT/src/fifo"
                try_until "$WAIT" console_ends_with "$round"
                try_until "$WAIT" console_is_trimmed
                # All that is kept is there, and nothing else.
                fc logs -o cat --tail 100001 one >"$TMP/tail"
                same_files <(seq 2500001 2600000 && echo "$round") "$TMP/tail" "the end of the log"
                fc logs -o cat one >"$TMP/all"
                run grep -vE '^([0-9]{7}|first|second|again|flake-containers: .*|Network interface .*)$' <(tail -n +2 "$TMP/all")
                equal "$OUT" "" "what was not written"
                try_until "$WAIT" console_is service 0
                # It is there as well after the container was started again.
                if [[ $round == second ]]; then
                        kill -9 "$(nspawn_pid_of "$(machine_cgroup one)")"
                        try_until "$WAIT" restarted "$(unit_of one)"
                fi
        done
        ok fc down
        ok systemctl list-units --all --plain --no-legend 'fc-console-*'
        equal "$OUT" ""
}

# waits_only TRACE: whether what a process did between its call to systemd and the end of readiness was to wait for events:
# it never slept, and nothing that it waited in ended because a time had passed. sd-event waits for times by a timerfd, of
# which what is armed for "now" is no waiting.
waits_only() {
        awk '
                function bad(why) { print why ": " $0; failed = 1 }
                /^timerfd_create\(/ { timer["read(" $NF] = 1 }
                /StartTransientUnit/ { on = began = 1 }
                on && /^write\(2, ".*: ready/ { on = 0; ended = 1 }
                !on { next }
                /^(clock_)?nanosleep\(|^p?select6?\(/ { bad("it sleeps") }
                /^p?poll\(/ && /= 0 \(Timeout\)/ && !/, 0\) += 0|tv_sec=0, tv_nsec=0}/ { bad("it waits for a time to pass") }
                /^epoll_(p?wait|pwait2)\(/ && !/\], [0-9]+, (-1|0|NULL|\{tv_sec=0, tv_nsec=0\})(, NULL, [08])?\) += / { bad("it polls") }
                /^timerfd_settime\(/ { later = !/it_value=\{tv_sec=0, tv_nsec=1\}/ }
                later && /= 8$/ && ($1 in timer) { bad("a timer went off") }
                END {
                        if (!began || !ended) bad("the trace lacks its begin or its end")
                        exit failed
                }' "$1"
}

testcase_waits_for_events() {
        local program=$FC progress

        project shop
        spec "$(web web ', "ports": ["8080:80"], "ready": {"units": ["apache2.service"]}')"
        printf '#!/bin/sh\nexec strace -s 400 -o %q %q "$@"\n' "$TMP/trace" "$program" >"$TMP/traced"
        chmod 755 "$TMP/traced"
        for progress in plain auto; do
                FC=$TMP/traced
                ok fc --progress "$progress" up
                FC=$program
                run waits_only "$TMP/trace"
                [[ $STATUS == 0 ]] || flunk "--progress $progress: $(head -n 5 <<<"$OUT")"
                ok fc down
        done
}

# as_service ARGUMENT..: the program in a service whose mounts the host does not see, as that of a CI's runner may be.
as_service() {
        systemd-run --quiet --wait --pipe --property=PrivateMounts=yes --working-directory="$PROJECT" \
                --setenv=SUDO_UID="$DEV_UID" --setenv=SUDO_GID="$DEV_GID" --setenv=SUDO_USER="$DEV" "$FC" "$@"
}

testcase_from_a_service() {
        project shop
        spec "$(web web), $(tiny one)"
        ok as_service up
        equal "$(networks | wc -l)" 1 "networks that the host sees"
        ok fc up
        refute_err mended
        ok fc exec one -- bash -c 'exec 3<>/dev/tcp/web/80'
        ok curl --silent --show-error --fail --max-time 10 \
                "http://$(fc --json status | jq -r '.containers[] | select(.name == "web") | .address')/"
        ok fc down one
        # One that comes later is on the same network.
        ok as_service up
        refute_err mended
        ok fc exec one -- bash -c 'exec 3<>/dev/tcp/web/80'
        ok as_service down
        equal "$(networks)" '' "the network"
}

# What is asked for an address is the library that a host has it from: nss-mymachines, as nsswitch.conf of Debian's package.
testcase_names_resolve() {
        local machine address

        project shop
        spec "$(web web), $(tiny one)"
        ok fc up
        for name in web one; do
                machine=$(machine_of "$name")
                address=$(fc --json status | jq -r --arg name "$name" '.containers[] | select(.name == $name) | .address')
                ok getent ahostsv4 "$machine"
                equal "${OUT%% *}" "$address" "the address of $machine"
        done
        ok curl --silent --show-error --fail --max-time 10 "http://$(machine_of web)/"
        ok fc down
        run_status 2 getent ahostsv4 "$machine"
}

# end_at_connect COMMAND..: a way to the bus on which the first connection has to wait until the command is done.
end_at_connect() {
        systemd-run --quiet --unit=fc-late-bus --socket-property="ListenStream=$TMP/bus" --property="ExecStartPre=$*" \
                /lib/systemd/systemd-socket-proxyd /run/dbus/system_bus_socket
}

late_bus_gone() { systemctl stop fc-late-bus.socket fc-late-bus.service 2>/dev/null; }

testcase_down_of_what_has_just_ended() {
        project shop
        spec "$(tiny one)"
        ok fc up
        # It was found running, and is gone before it is asked to stop.
        end_at_connect /usr/bin/systemctl stop "$(unit_of one)"
        DBUS_SYSTEM_BUS_ADDRESS=unix:path=$TMP/bus ok fc down
        refute_err killed
        expect_err 'one: stopped +was not running'
        late_bus_gone
        equal "$(state_of one)" stopped
}

# Never ready by itself.
testcase_ends_before_ready() {
        local unit

        project shop
        spec "$(tiny one '["/bin/sleep", "infinity"]' ', "ready": {"notify": true}')"
        unit=$(unit_of one)
        for ending in "systemctl stop $unit" "systemctl kill --kill-who=main --signal=KILL $unit"; do
                fc_background "$TMP/out" up
                line_in "$TMP/out" 'booting' >/dev/null
                ok eval "$ending"
                finished "$FC_PID"
                equal "$STATUS" 3 "the status of up after $ending ($(<"$TMP/out"))"
                line_in "$TMP/out" 'one.*(ended|killed|exited)' >/dev/null
                try_until "$WAIT" unit_gone "$unit"
                no_machine_left "after $ending"
                rm "$TMP/out"
        done
}

testcase_access_denied() {
        local policy=/etc/dbus-1/system.d/fc-test.conf

        project shop
        spec "$(tiny one)"
        cat >"$policy" <<-'XML'
		<busconfig><policy context="mandatory">
		<deny send_destination="org.freedesktop.systemd1" send_interface="org.freedesktop.systemd1.Manager"
		      send_member="StartTransientUnit"/>
		</policy></busconfig>
	XML
        busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus ReloadConfig
        run fc up
        rm "$policy"
        busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus ReloadConfig
        equal "$STATUS" 6
        expect_err "start unit '$(unit_of one)': "
        expect_err "\-\-backend supervisor"
        no_machine_left "access was denied"
        ok fc up
        ok fc down
}

testcase_no_bus() {
        project shop
        spec "$(tiny one)"
        DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere run_status 6 fc up
        expect_err "connect to the host's message bus"
        expect_err "\-\-backend supervisor"
        no_machine_left "without a bus"
}

testcase_other_backend() {
        project shop
        spec "$(tiny one)"
        ok fc --backend supervisor up
        [[ -d $CGROUP2/flake-containers ]] || flunk "it is not a supervisor's"
        # It stays with the one that has it, and every verb finds it.
        ok fc up
        [[ -d $CGROUP2/flake-containers ]] || flunk "it went to another"
        equal "$(state_of one)" running
        ok fc restart
        [[ ! -d $CGROUP2/flake-containers ]] || flunk "a restart does not choose"
        equal "$(systemctl is-active "$(unit_of one)")" active
        ok fc down
        run_status 2 fc --backend nonsense up
        expect_err "'nonsense': must be one of auto, supervisor, systemd"
}

is_booted || skip "this machine was not booted for it, see tests/host"
live_main "$@"
