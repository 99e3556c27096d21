#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Without root, on a host where the user has a systemd: its scope, from several sessions, and what a logout does.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

readonly SLICE=user.slice/user-$DEV_UID.slice

# Variables that mine sets for the program.
SETTINGS=()

# mine ARGUMENT..: the program in a session of the developer's that begins and ends with it.
mine() {
        local words

        words=$(printf ' %q' env "${SETTINGS[@]}" timeout --kill-after=10 "$FC_TIMEOUT" "$FC" --root "$PROJECT" --rootless "$@")
        rm -f "$PROJECT/status"
        machinectl --quiet shell "$DEV@" /bin/bash -c "cd $(printf %q "$PROJECT") && { $words >out 2>err; echo \$? >status; }" \
                >/dev/null </dev/null || :
        cat "$PROJECT/out"
        cat "$PROJECT/err" >&2
        return "$(<"$PROJECT/status")"
}

user_is_gone() { ! systemctl is-active --quiet "user@$DEV_UID.service" && [[ ! -e /run/user/$DEV_UID ]]; }

# The developer's last session ends, without lingering. systemd makes one dollar of two.
log_out() {
        local session

        rm -f "$PROJECT/pid"
        machinectl --quiet shell "$DEV@" /bin/bash -c "echo \$\$\$\$ >$(printf %q "$PROJECT/pid"); exec sleep infinity" >/dev/null </dev/null &
        session=$!
        try_until "$WAIT" test -s "$PROJECT/pid"
        loginctl disable-linger "$DEV"
        kill "$(<"$PROJECT/pid")"
        wait "$session" || :
        try_until "$WAIT" user_is_gone
}

# A new proc can be mounted only where nothing of the old one is hidden, as nspawn hides parts of this host's.
show_proc() {
        local point

        awk '$5 ~ "^/(proc|sys)/" { print $5 }' /proc/self/mountinfo | tac | while read -r point; do
                umount --lazy -- "$point" 2>/dev/null || :
        done
        mount -t sysfs sysfs /sys
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
}

# What a container runs. Asked to end, it does, and each of its processes is asked at that moment.
readonly COMMAND='"command": ["/bin/sh", "-c", "trap \"exit 0\" TERM; sleep infinity & wait"]'

# begin_user [KEYS]: a user who lingers, and a project of two containers, of which `two` needs `one`. KEYS are those of `one`.
begin_user() {
        local file keys=${1:-}

        is_booted || skip "needs a systemd of the user's"
        command -v newuidmap >/dev/null || skip "newuidmap is not installed"
        for file in subuid subgid; do
                touch "/etc/$file"
                echo "$DEV:200000:65536" >"$SCRATCH/etc/$file"
                mount --bind "$SCRATCH/etc/$file" "/etc/$file"
        done
        chmod a+x "$SCRATCH"
        loginctl enable-linger "$DEV"
        project shop
        tiny_image
        cp -a "$TINY_IMAGE" "$PROJECT/image"
        chown -R "$DEV:" "$PROJECT/image"
        spec "\"one\": {\"system\": {\"rootfs\": \"image\"}, $COMMAND$keys},
                \"two\": {\"system\": {\"rootfs\": \"image\"}, $COMMAND, \"dependsOn\": {\"one\": \"ready\"}}"
}

end_user() {
        local file

        loginctl disable-linger "$DEV"
        systemctl stop "user@$DEV_UID.service" "user-runtime-dir@$DEV_UID.service"
        for file in subuid subgid; do umount "/etc/$file"; done
}

# What the user's systemd has been given limits a container of theirs, and tells what it has ended of. In a container this host has
# no controllers to give.
out_of_memory() {
        spec "\"one\": {\"system\": {\"rootfs\": \"image\"}, \"resources\": {\"MemoryMax\": \"32M\", \"MemorySwapMax\": 0},
                \"command\": [\"/bin/bash\", \"-c\", \"x=xxxxxxxxxxxxxxxx; while :; do x=\$x\$x; done\"]}"
        if grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
                run mine up
                try_until "$WAIT" grep -q '"crashed"' "$PROJECT/.containers/events.jsonl"
                ok mine status
                expect_out 'crashed .*, had run out of memory'
                ok mine down
        else
                run_status 6 mine up
                expect_err "has no controller 'memory'"
        fi
}

testcase_sessions() {
        local first scope=/sys/fs/cgroup/$SLICE/user@$DEV_UID.service/app.slice/flake-containers.scope

        begin_user ', "network": {"mode": "host"}'
        # The first command of the scope, which stays.
        machinectl --quiet shell "$DEV@" "$FC" --root "$PROJECT" --rootless events -f >/dev/null </dev/null &
        first=$!
        try_until "$WAIT" test -e "$scope/command/cgroup.procs"
        ok mine up one
        # What is there would keep containers from having limits.
        equal "$(<"$scope/cgroup.procs")" "" "processes in the scope itself"
        xargs kill <"$scope/command/cgroup.procs"
        wait "$first" || :
        # Its session is over; another one has a second container beside it.
        ok mine up
        ok mine --json status
        equal "$(jq -c '[.containers[] | .state]' <<<"$OUT")" '["running","running"]' "their states"
        equal "$(find "$scope/flake-containers" -mindepth 1 -maxdepth 1 -type d | wc -l)" 2 "machines in the scope"
        # What the broker has started is in the host's network, ends with all the others, and in order.
        equal "$(readlink "/proc/$(jq -r '.containers[0].leader' <<<"$OUT")/ns/net")" "$(readlink /proc/self/ns/net)" "the network of one"
        # logind waits 10 s for another one.
        mkdir -p /run/systemd/logind.conf.d
        printf '[Login]\nUserStopDelaySec=0\n' >/run/systemd/logind.conf.d/test.conf
        systemctl reload systemd-logind
        log_out
        loginctl enable-linger "$DEV"
        ok mine --json status
        equal "$(jq -c '[.containers[] | .state]' <<<"$OUT")" '["stopped","stopped"]' "their states"
        expect_out 'ended by a logout; to keep it: loginctl enable-linger'
        equal "$(jq -r 'select(.event == "ended") | .detail' "$PROJECT/.containers/events.jsonl" | sort -u)" "exited 0" "how they ended"
        ok mine up two
        ok mine down
        out_of_memory
        end_user
        rm /run/systemd/logind.conf.d/test.conf
        systemctl reload systemd-logind
}

states() { mine --json status | jq -c '[.containers[] | .state]'; }
is_up() { [[ $(states) == '["running","running"]' ]]; }

# There is no message bus of the user's.
user_systemctl() { as_dev env XDG_RUNTIME_DIR="/run/user/$DEV_UID" systemctl --user "$@"; }

# A unit of the user's own systemd, over restarts of that.
testcase_enabled() {
        local unit from

        begin_user
        # One that is yet to start what is wanted would start this as well.
        systemctl start "user@$DEV_UID.service"
        user_systemctl is-system-running --wait >/dev/null || :
        SETTINGS=("XDG_CONFIG_HOME=$SCRATCH/home/elsewhere")
        run_status 6 mine enable
        expect_err 'systemd tells of unit .*: not-found'
        SETTINGS=()
        equal "$(find "$SCRATCH/home/elsewhere" ! -type d)" '' "what is left"
        ok mine enable
        expect_err '^flake-containers@.* starts all containers when the host boots; now: flake-containers up'
        unit=$(mine --json status | jq -er .atBoot.unit)
        equal "$(mine --json status | jq -c .atBoot)" "{\"unit\":\"$unit\",\"containers\":null,\"user\":\"$DEV_UID\"}" "what starts it"
        equal "$(user_systemctl is-enabled "$unit")" enabled "what systemd says"
        equal "$(stat -c %U "$SCRATCH/home/.config/systemd/user/$unit")" "$DEV" "whose the unit is"
        equal "$(states)" '["stopped","stopped"]' "their states"
        # What a boot of the host does with a user who lingers, twice.
        systemctl restart "user@$DEV_UID.service"
        try_until "$WAIT" is_up
        from=$(wc -l <"$PROJECT/.containers/events.jsonl")
        systemctl restart "user@$DEV_UID.service"
        try_until "$WAIT" is_up
        equal "$(tail -n "+$((from + 1))" "$PROJECT/.containers/events.jsonl" |
                jq -r '"\(.container) \(.event)"' | grep -E 'stopping|stopped|starting' | paste -sd ' ')" \
                'two stopping two stopped one stopping one stopped one starting two starting' "the order"
        ok user_systemctl stop "$unit"
        equal "$(states)" '["stopped","stopped"]' "their states"
        loginctl disable-linger "$DEV"
        ok mine enable two
        expect_err 'starts one, two when you log in; to have it at boot: loginctl enable-linger'
        ok mine status
        expect_out "$unit starts one, two when you log in"
        ok mine disable
        equal "$(mine --json status | jq -c .atBoot)" null "what starts it"
        equal "$(find "$SCRATCH/home/.config/systemd/user" ! -type d)" '' "what is left"
        loginctl enable-linger "$DEV"
        end_user
}

# Before what there is on the host is noted.
! is_booted || show_proc
live_main "$@"
