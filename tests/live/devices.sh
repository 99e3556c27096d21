#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Devices of the host inside of containers. The ones here are in a /dev/net of the script's own: they are always there,
# and one can tell what was done with them.
# shellcheck disable=SC2016 # the other shells expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

devices_here() {
        [[ -d /dev/net ]] || skip "there is no /dev/net to mount on"
        mount -t tmpfs -o mode=755 tmpfs /dev/net
        mknod -m 600 /dev/net/zero c 1 5
        mknod -m 600 /dev/net/full c 1 7
        ln -s zero '/dev/net/by id:x'
        : >/dev/net/file
}

devices_away() { umount /dev/net; }

readonly DEVICES='"devices": ["/dev/net/zero", {"path": "/dev/net/full", "permissions": "r"}, "/dev/net/by id:x"]'

# opens NAME: the devices really work in there, as the permissions say and no more.
opens() {
        ok fc exec "$1" -- sh -c 'head -c 3 /dev/net/zero | md5sum && echo x >/dev/net/zero && head -c 3 "/dev/net/by id:x" | md5sum'
        equal "$OUT" "$(printf '%s  -\n%s  -' 693e9af84d3dfcc71e640e005bdc5e2e 693e9af84d3dfcc71e640e005bdc5e2e)"
        ok fc exec "$1" -- setpriv --reuid 65534 --regid 65534 --clear-groups head -c 3 /dev/net/zero
        ok fc exec "$1" -- setpriv --reuid 65534 --regid 65534 --clear-groups head -c 3 /dev/net/full
        equal "$(stat -c %a:%u:%t:%T /dev/net/zero /dev/net/full)" $'600:0:1:5\n600:0:1:7' "the host's nodes"
}

testcase_private_users() {
        devices_here
        project shop
        spec "$(tiny one '' ", $DEVICES")"
        ok fc up
        opens one
        # 1:7 says ENOSPC to a process that may write.
        run fc exec one -- sh -c 'echo x >/dev/net/full'
        equal "$STATUS" 2
        expect_err 'Permission denied'
        run fc exec one -- chmod 666 /dev/net/full
        expect_err 'Operation not permitted'
        ok fc up
        expect_err 'already up'
        ok fc down
        devices_away
}

testcase_systemd_guest_and_host_users() {
        devices_here
        project shop
        spec "$(web web ", $DEVICES"), $(tiny one '' ", \"users\": \"host\", $DEVICES")"
        ok fc up
        equal "$(state_of web)" running
        opens web
        opens one
        ok fc down
        devices_away
}

testcase_a_change_restarts() {
        devices_here
        project shop
        spec "$(tiny one)"
        ok fc up
        run fc exec one -- sh -c '[ -e /dev/net/zero ]'
        equal "$STATUS" 1
        spec "$(tiny one '' ', "devices": ["/dev/net/zero"]')"
        ok fc up --dry-run
        expect_out 'one: restart'
        expect_out 'new: devices\[0\].path /dev/net/zero'
        ok fc up
        ok fc exec one -- head -c 1 /dev/net/zero
        ok fc down
        devices_away
}

testcase_what_cannot_be() {
        local cgroup leader

        devices_here
        project shop
        spec "$(tiny one)"
        ok fc up
        cgroup=$(machine_cgroup one)
        leader=$(keeper_pid_of "$cgroup")
        spec "$(tiny one '' ', "devices": ["/dev/net/zero", "/dev/net/absent"]')"
        run_status 6 fc up
        expect_err "containers\.one\.devices\[1\]: this host has no '/dev/net/absent'"
        spec "$(tiny one '' ', "devices": ["/dev/net/file"]')"
        run_status 2 fc up
        expect_err "containers\.one\.devices\[0\]: '/dev/net/file' is not a device"
        spec "$(tiny one '' ', "devices": ["/dev/net"]')"
        run_status 2 fc up
        expect_err "'/dev/net' is not a device"
        spec "$(tiny one '' ', "devices": ["/dev/net/../sda"]')"
        run_status 2 fc up
        equal "$(keeper_pid_of "$cgroup")" "$leader" "the keeper of what runs"
        ok fc down
        devices_away
}

live_main "$@"
