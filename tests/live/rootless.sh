#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Without root: the developer's own containers, in a user namespace with subordinate ids (FC_ELEVATE=namespace). On a host
# without systemd, where root has made a control group of the developer's.

# shellcheck disable=SC2016 # guests expand these
FC_LIVE_MODE=rootless
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

testcase_life() {
        project shop
        # What systemd-nspawn of the host's root leaves, which nobody else may look into.
        mkdir -p /run/systemd/nspawn/propagate
        chmod 600 /run/systemd/nspawn/propagate
        spec "$(tiny one '' ', "volumes": ["./src:/data"]'), $(tiny two)"
        ok fc up
        equal "$(fc --json status | jq -c '[.containers[] | .state]')" '["running","running"]' "their states"
        ok fc --json ls
        equal "$(jq -c '[.projects[] | [.root, .running]]' <<<"$OUT")" "[[\"$PROJECT\",[\"one\",\"two\"]]]" "the projects"
        run_status 6 fc hosts
        expect_err "in a network of the user's own"
        ok fc exec one -- sh -c 'echo written >/data/new; id -u; cat /proc/self/uid_map'
        equal "${OUT%%$'\n'*}" 0 "the user inside"
        equal "$(stat -c %U "$PROJECT/src/new")" "$DEV" "the owner of what root inside has written"
        ok fc exec one -- getent hosts two
        ok fc down
        ok fc --json events
        equal "$(jq -r 'select(.event == "ended" or .event == "crashed") | .event' <<<"$OUT" | sort -u)" ended "how they ended"
}

# A systemd with a web server, whose files belong to the ids that it has inside; a port, and a shell that is another one.
testcase_web() {
        local cgroup leader

        project shop
        spec "$(web web ', "ports": ["8080:80"], "volumes": [{"source": "./src", "target": "/var/www/html"}],
                "ready": {"units": ["apache2.service"]}')"
        ok fc up
        equal "$(curl -sS http://127.0.0.1:8080/)" '<p>page of shop</p>' "the page"
        equal "$(curl -sS 'http://[::1]:8080/')" '<p>page of shop</p>' "the page by IPv6"
        ok fc exec web -- systemctl is-system-running
        equal "$OUT" running "its state"
        ok fc up
        cgroup=$(find "$CGROUP2/flake-containers" -mindepth 1 -maxdepth 1 -type d)
        # It boots again, and the port stays.
        leader=$(head -n 1 "$cgroup/nspawn/payload/init.scope/cgroup.procs")
        run fc exec web -- systemctl reboot
        gone "$leader"
        equal "$(curl -sS --retry 5 http://127.0.0.1:8080/)" '<p>page of shop</p>' "the page after a reboot"
        # Its supervisor is killed, and all of it.
        kill -KILL "$(head -n 1 "$cgroup/runner/cgroup.procs")"
        "$FC_HELPERS/wait-for" "$WAIT" empty "$cgroup" || flunk "it outlives its supervisor"
        equal "$(fc --json status | jq -r '.containers[].state')" crashed "its state"
        ok fc up
        ok fc down
        ok fc gc
        equal "$(find "$RUNTIME/flake-containers" -name hosts)" "" "what is left of the network"
}

# The verbs that work on what runs, each a command that enters the namespaces anew.
testcase_verbs() {
        project shop
        spec "$(tiny one '' ', "ports": ["8080:80"], "volumes": ["@kept:/kept"]')"
        ok fc up
        ok fc env one
        expect_out "ONE_PORT='?8080'?$"
        ok fc port one 80
        expect_out '^127.0.0.1:8080$'
        ok fc stats --json one
        equal "$(jq '.containers[0].tasks > 0' <<<"$OUT")" true "its tasks"
        ok fc exec one -- sh -c 'echo first >/kept/note; chown 33:33 /kept/note'
        ok fc cp one:/kept/note note
        equal "$(<"$PROJECT/note") $(stat -c %U "$PROJECT/note")" "first $DEV" "what was copied out"
        ok fc snapshot save first
        ok fc exec one -- sh -c 'echo second >/kept/note'
        ok fc snapshot restore first
        ok fc exec one -- sh -c 'cat /kept/note; stat -c %u /kept/note'
        equal "$OUT" $'first\n33' "what was put back"
        run_status 1 fc with --fresh one -- sh -c '"$0" --instance "$FC_INSTANCE" exec one -- cat /kept/note' "$FC"
        equal "$OUT" "" "what a fresh instance has"
        expect_err 'cat: /kept/note: No such file'
        ok fc pause one
        ok fc unpause one
        ok fc kill one
        ok fc rm one --volumes --yes
        ok fc events -n 1
        # A library that it does not need is most of what it would take.
        LD_DEBUG=files ok fc status
        expect_err 'libnl'
        refute_err 'libsystemd'
}

# What another command has started is a neighbour, in each network.
testcase_beside() {
        project shop
        spec "$(tiny one '' ', "network": {"networks": ["front", "back"]}'), $(tiny two '' ', "network": {"networks": ["back"]}')"
        ok fc up one
        ok fc up two
        run fc exec two -- bash -c 'exec 3<>/dev/tcp/one/9'
        expect_err refused
        ok fc down one
        ok fc up one
        run fc exec one -- bash -c 'exec 3<>/dev/tcp/two/9'
        expect_err refused
        ok fc down
        equal "$(networks)" "" "networks"
}

# What a guest has at the path where commands look for the user's networks is the guest's own: its network there, or what
# blocks a reader.
testcase_guest_is_no_companion() {
        local copy pipe

        project shop
        spec "$(tiny one), $(tiny two)"
        ok fc up one
        # A command that is in the guest and stays is among those that are asked.
        ok fc exec one -- sh -c 'head -c 4000000 /dev/zero >/zeroes; mkdir -p /run/flake-containers/netns'
        mkfifo "$TMP/pipe"
        exec {pipe}<>"$TMP/pipe"
        (by_asker "$FC" cp one:/zeroes -) >"$TMP/pipe" 2>/dev/null &
        copy=$!
        read -r -N 1 -t "$WAIT" -u "$pipe"
        ok fc exec one -- sh -c 'touch "$1" && mount --bind /proc/self/ns/net "$1"' sh "$(networks)"
        ok fc up two
        run fc exec two -- bash -c 'exec 3<>/dev/tcp/one/9'
        expect_err refused
        equal "$(fc exec one -- grep -c : /proc/net/dev)" 2 "the interfaces of the guest"
        ok fc down two
        ok fc exec one -- sh -c 'umount "$1" && rm "$1"' sh "$(networks)"
        setpriv --reuid "$DEV_UID" --regid "$DEV_GID" --clear-groups mkfifo "/proc/$(leader_of one)/root$(networks)"
        ok fc up two
        kill "$copy"
        finished "$copy"
        exec {pipe}<&-
        ok fc down
}

# A supervisor is in the guests' network for a moment when it starts one, and another command must not join it there.
testcase_two_at_a_time() {
        local at

        project shop
        spec "$(tiny one '' ', "ports": ["8080:80"], "ready": {"exec": [["/bin/true"]]}'), $(tiny two)"
        ok fc up two
        at=$(stat -L -c %i "/proc/$(supervisor_pid_of "$(machine_cgroup two)")/ns/net")
        equal "$(cut -d ' ' -f 2 "$RUNTIME/flake-containers/@namespace")" "$at" "the network that is told"
        for _ in {1..3}; do
                fc_background "$TMP/up" restart one
                while [[ -d /proc/$FC_PID ]]; do
                        ok fc status
                done
                finished "$FC_PID"
                equal "$STATUS" 0 "the status of restart"
        done
        equal "$(stat -L -c %i "/proc/$(supervisor_pid_of "$(machine_cgroup one)")/ns/net")" "$at" "the supervisor's network"
        # Without what tells where they are, none is joined and no second network made.
        mv "$RUNTIME/flake-containers/@namespace" "$TMP/namespace"
        run_status 5 fc status
        expect_err '@namespace. says'
        mv "$TMP/namespace" "$RUNTIME/flake-containers/@namespace"
        ok fc down
}

# The host's network has the port, and the user's not.
testcase_taken_port() {
        project other
        spec "$(tiny mine '' ', "ports": ["8080:80"]')"
        ok fc up
        project shop
        spec "$(tiny one '' ', "ports": ["8080:80"]')"
        run_status 5 fc up
        expect_err "127\.0\.0\.1:8080 is taken by container 'mine' of project"
        PROJECT=$SCRATCH/projects/other ok fc down
        hold_port 127.0.0.1:8080
        run_status 5 fc up
        expect_err '127\.0\.0\.1:8080 is taken by a process that is not visible from here'
        release_port
        spec "$(tiny one '' ', "ports": ["80:80"]')"
        run_status 6 fc up
        expect_err 'net.ipv4.ip_unprivileged_port_start=80'
}

ended_one() { [[ $(state_of one) != running ]]; }

# The cell is started by the broker, in the host's network, over which a guest's root has no power.
testcase_host_mode() {
        local cgroup leader server abstract=EPERM

        project shop
        echo 80 >/proc/sys/net/ipv4/ip_unprivileged_port_start
        mkdir "$PROJECT/tools"
        cp -- "$FC_HELPERS/escapes" "$PROJECT/tools/"
        spec "$(tiny one '' ', "network": {"mode": "host"}'), $(tiny two '' ', "ports": ["8080:80"]'), $(web web ', "network": {"mode": "host"},
                "volumes": ["./tools:/tools:ro"], "ready": {"units": ["apache2.service"], "tcp": [80]}')"
        ok fc up
        equal "$(readlink "/proc/$(leader_of web)/ns/net")" "$(readlink /proc/self/ns/net)" "the network namespace"
        equal "$(curl -sS -o /dev/null -w '%{http_code}' http://127.0.0.1/)" 200 "what its server says"
        ok fc exec web -- systemctl is-system-running
        equal "$OUT" running "its state"
        equal "$(fc exec web -- cat /etc/resolv.conf)" "$(</etc/resolv.conf)" "its resolvers"
        # It is the host's. Landlock has a word for these since 6.12.
        /usr/bin/python3 -c 'import socket, time; s = socket.socket(socket.AF_UNIX); s.bind("\0fc-host"); s.listen(); time.sleep(1000)' &
        server=$!
        try_until "$WAIT" grep -q '@fc-host' /proc/net/unix
        printf '%s\n' 6.12 "$(uname -r)" | sort -CV || abstract=0
        ok fc exec web -- /tools/escapes
        kill "$server"
        equal "$OUT" "raw-socket EPERM
packet-socket EPERM
interface-down EPERM
route EPERM
tap ENOENT
low-port EACCES
abstract-socket $abstract
abstract-socket-own 0
forwarding EACCES
interface-file EACCES
sysfs-writable EPERM
sysfs-new EPERM
unmount-sys EINVAL" "what the attempts gave"
        run_status 125 fc exec one -- true
        expect_err "without root only a systemd in container 'one' can start "
        ok fc env web
        expect_out 'WEB_HOST=.?127\.0\.0\.1'
        # Another command finds the user's network with the supervisor, where the cell is not.
        ok fc up two
        # It boots again, and ends with what ends its supervisor.
        cgroup=$(machine_cgroup web)
        leader=$(leader_of web)
        run fc exec web -- systemctl reboot
        gone "$leader"
        try_until "$WAIT" curl -fsS -o /dev/null http://127.0.0.1/ 2>/dev/null
        equal "$(readlink "/proc/$(leader_of web)/ns/net")" "$(readlink /proc/self/ns/net)" "the network namespace after a reboot"
        kill -KILL "$(supervisor_pid_of "$cgroup")"
        "$FC_HELPERS/wait-for" "$WAIT" empty "$cgroup" || flunk "it outlives its supervisor"
        # One whose cell is killed has ended.
        kill -KILL "$(head -n 1 "$(machine_cgroup one)/nspawn/supervisor/cgroup.procs")"
        try_until "$WAIT" ended_one
        equal "$(fc --json status | jq -c '[.containers[].state]')" '["crashed","running","crashed"]' "their states"
        ok fc down
        "$FC_HELPERS/wait-for" "$WAIT" empty "$CGROUP2/command" || flunk "processes are left"
}

# The second time no process is left in the namespaces, but the controller is on.
testcase_limits() {
        project shop
        spec "$(tiny one '' ', "resources": {"MemoryMax": "64M"}')"
        if ! grep -qw memory "$CGROUP2/cgroup.controllers"; then
                run_status 6 fc up
                expect_err "MemoryMax: the cgroup2 tree at '/sys/fs/cgroup' has no controller 'memory'"
                return
        fi
        for _ in 1 2; do
                ok fc up
                equal "$(cat "$CGROUP2"/flake-containers/*/nspawn/memory.max)" $((64 << 20)) "the limit"
                ok fc down
        done
}

# What cannot be without root says so before anything starts.
testcase_refusals() {
        project shop
        spec "$(tiny one '' ', "network": {"mode": "bridge", "interface": "br0"}')"
        run_status 6 fc up
        expect_err 'one: network.mode bridge, macvlan or interface needs root: '
        run_status 6 fc up --dry-run
        expect_err 'one: network.mode bridge, macvlan or interface needs root: '
        spec "$(tiny one)"
        : >"$SCRATCH/etc/subuid"
        run fc up
        equal "$STATUS" 6 status
        expect_err "'/etc/subuid' has no 65535 ids"
        equal "$(grep -c error: <<<"$ERR")" 1 "the number of errors"
        echo "$DEV:$SUBIDS:65536" >"$SCRATCH/etc/subuid"
        RUNTIME='' run fc up
        equal "$STATUS" 6 status
        expect_err 'needs XDG_RUNTIME_DIR'
        RUNTIME='' run_status 6 fc doctor
        expect_out 'BAD +runtime dir +without root this needs XDG_RUNTIME_DIR'
        chown root: "$CGROUP2"{,/session,/command}
        run fc up
        equal "$STATUS" 6 status
        expect_err "needs a control group of the user's own"
        chown "$DEV:" "$CGROUP2"{,/session,/command}
        equal "$(find "$PROJECT" -name .containers)" "" "what was made"
}

live_main "$@"
