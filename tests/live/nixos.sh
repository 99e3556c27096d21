#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Debian guests that are given what NixOS switches on by itself: sysctls, tmpfiles, file systems, path units
# (tests/nix/guest/defaults), as guest.nix leaves it (settled.json there, which tests/nix/unit.sh compares). What of it a
# guest cannot have, a real NixOS could not have either.

# A file is immutable on a disk.
export LIVE_SCRATCH=disk

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

readonly SETTLED=$LIVE_TOP/tests/nix/guest/settled.json

settled() { jq -r ".$1 | $2" "$SETTLED"; }

# guest KIND: an image with these settings, WEB_IMAGE.
guest() {
        local etc line device point options type unit

        variant "$1"
        etc=$VARIANT/etc
        mkdir -p "$etc"/{sysctl,tmpfiles}.d "$etc/systemd/system/sysinit.target.wants"
        settled "$1" '.sysctl | to_entries[] | "\(.key)=\(.value)"' >"$etc/sysctl.d/60-nixos.conf"
        settled "$1" '.tmpfiles[]' >"$etc/tmpfiles.d/00-nixos.conf"

        # Activation does this before systemd runs. Each line is tried, as in NixOS; the status is that of the last.
        settled "$1" '.mounts[]' | while read -r device point options type; do
                printf 'specialMount "%s" "%s" "%s" "%s" || failed=1\n' "$device" "$point" "$options" "$type"
        done >"$etc/nixos-mounts"
        {
                printf '#!/bin/bash\nfailed=0\n'
                settled "$1" .specialfs
                # shellcheck disable=SC2016 # for the guest
                echo 'exit "$failed"'
        } >"$etc/nixos-specialfs"
        chmod 755 "$etc/nixos-specialfs"
        cat >"$etc/systemd/system/nixos-specialfs.service" <<-UNIT
		[Unit]
		DefaultDependencies=no
		Before=sysinit.target

		[Service]
		Type=oneshot
		ExecStart=/etc/nixos-specialfs
	UNIT
        ln -s ../nixos-specialfs.service "$etc/systemd/system/sysinit.target.wants/"

        while read -r device point options type; do
                unit=${point#/}
                unit=${unit//\//-}.mount
                printf '[Unit]\nDefaultDependencies=no\nBefore=sysinit.target\n\n[Mount]\nWhat=%s\nWhere=%s\nOptions=%s\nType=%s\n' \
                        "$device" "$point" "$options" "$type" >"$etc/systemd/system/$unit"
                ln -s "../$unit" "$etc/systemd/system/sysinit.target.wants/"
        done < <(settled "$1" '.units[]')
        # The image may have masked them for itself.
        while read -r line; do
                rm -f "$etc/systemd/system/$line.path"
        done < <(settled "$1" '(.paths + .masked)[]')
        while read -r line; do
                ln -s /dev/null "$etc/systemd/system/$line.path"
        done < <(settled "$1" '.masked[]')
        WEB_IMAGE=$VARIANT
}

# Nothing has failed, and nothing says that it could not do something.
content() {
        ok fc exec web -- systemctl is-system-running
        ok fc exec web -- journalctl --boot --unit nixos-specialfs --output cat
        refute_out 'mount:'
        ok fc exec web -- journalctl --boot --priority err --output cat
        equal "$OUT" '' "errors in the journal"
        ok fc exec web -- findmnt --noheadings --output FSTYPE --mountpoint /run/keys
        equal "$OUT" ramfs "what is mounted on /run/keys"
}

testcase_private_users() {
        guest private
        project shop
        spec "$(web web ', "ports": ["8080:80"]')"
        ok fc up
        content
        # Every group may ping.
        ok fc exec web -- cat /proc/sys/net/ipv4/ping_group_range
        equal "$OUT" $'0\t65535' "the groups that may ping"
        # There is no input for passwords, and no inotify instance waits for them.
        ok fc exec web -- systemctl list-units --state active --no-legend --plain '*ask-password*'
        equal "$OUT" '' "what waits for passwords"
        ok fc down
}

testcase_newest() {
        guest newest
        project shop
        spec "$(web web)"
        ok fc up
        content
        ok fc down
}

# The reason for all of this: the kernel refuses each of these settings, and `up` shows which, in the words of the
# program that was refused. They are said before the guest's journal is there.
testcase_unsettled() {
        guest unsettled
        project shop
        spec "$(web web)"
        run_status 3 fc up
        expect_err 'systemd-sysctl\.service failed'
        expect_err "systemd-sysctl\[[0-9]+\]: Couldn't write '0 2147483647' to 'net/ipv4/ping_group_range'"
        expect_err 'nixos-specialfs\.service failed'
        expect_err 'mount: /dev/pts: permission denied'
        ok fc down
}

# With the host's ids all groups are there. And /var/empty becomes immutable: that keeps nothing from starting again.
testcase_host_users() {
        local root

        guest host
        project shop
        spec "$(web web ', "users": "host"')"
        ok fc up
        ok fc exec web -- systemctl is-system-running
        ok fc exec web -- cat /proc/sys/net/ipv4/ping_group_range
        equal "$OUT" $'0\t2147483647' "the groups that may ping"
        root=$PROJECT/.containers/web/root
        [[ $(lsattr -d "$root/var/empty") == *i*' '* ]] || flunk "/var/empty is not immutable: $(lsattr -d "$root/var/empty")"
        ok fc restart
        ok fc exec web -- systemctl is-system-running
        ok fc down
        # For the tests' own clearing up, which uses rm.
        chattr -i "$root/var/empty"
}

live_main "$@"
