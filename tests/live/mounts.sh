#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a fresh mount begins as: file systems in memory and named volumes take owner, mode and content of the place that
# they cover.
# shellcheck disable=SC2016 # the other shells expand these

# Containers on a real disk, as users have them.
export LIVE_SCRATCH=${LIVE_SCRATCH:-disk}
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# The tiny image with a place that belongs to a service, as a package leaves it.
covered_image() {
        tiny_image
        COVERED=$SCRATCH/covered
        [[ ! -d $COVERED ]] || return 0
        cp -a -- "$TINY_IMAGE" "$COVERED.new"
        mkdir -p "$COVERED.new/data/sub" "$COVERED.new/var/tmp"
        echo shipped >"$COVERED.new/data/sub/file"
        ln "$COVERED.new/data/sub/file" "$COVERED.new/data/again"
        ln -s /etc/passwd "$COVERED.new/data/link"
        chown -R 33:44 "$COVERED.new/data"
        chown 0:5 "$COVERED.new/data/sub"
        chmod 2750 "$COVERED.new/data"
        chmod 1770 "$COVERED.new/var/tmp"
        ln -s data "$COVERED.new/alias"
        mv "$COVERED.new" "$COVERED"
}

# covered [MORE JSON KEYS] [COMMAND]
covered() {
        covered_image
        printf '"one": {"system": {"rootfs": "%s"}, "command": %s%s}' "$COVERED" "${2:-[\"/bin/sleep\", \"infinity\"]}" "${1:-}"
}

# inside COMMAND..: what it prints in the container.
inside() {
        ok fc exec one -- "$@"
        printf '%s' "$OUT"
}

testcase_tmpfs() {
        local users

        project shop
        for users in private host; do
                spec "$(covered ', "users": "'"$users"'", "tmpfs": ["/data", "/tmp", "/var/tmp", "/new/place", "/alias/sub:mode=0711",
                        {"target": "/small", "size": 65536, "mode": "1700"}, "/a\\:size=1M:size=64K"]')"
                ok fc up
                ok fc exec one -- stat -c '%u:%g:%a' /data /tmp /var/tmp /new/place /small /a:size=1M
                equal "$OUT" $'33:44:2750\n0:0:1777\n0:0:1770\n0:0:755\n0:0:1700\n0:0:755' "owners and modes with users = $users"
                equal "$(inside ls -A /data)" '' "what is in /data"
                # Writable, but for what does not fit.
                inside sh -c 'echo x >/data/file'
                run fc exec one -- sh -c 'printf %070000d 1 >/small/file'
                differ "$STATUS" 0 "the status of writing 70000 bytes"
                        inside sh -c 'printf %060000d 1 >"/a:size=1M/file"'
                ok fc down
                # The same again, although there are mount points now that systemd-nspawn has made.
                ok fc up
                equal "$(inside stat -c '%u:%g:%a' /data /new/place)" $'33:44:2750\n0:0:755' "owners after another start"
                equal "$(inside ls -A /data)" '' "what is in /data after another start"
                ok fc down
        done
        rm "$SCRATCH/covered" -r
        covered_image
        rmdir "$COVERED/tmp" "$COVERED/var/tmp"
        spec "$(covered ', "tmpfs": ["/tmp", "/var/tmp"]')"
        rm -r "$PROJECT/.containers/one/root"
        ok fc up
        ok fc exec one -- stat -c '%u:%g:%a' /tmp /var/tmp
        equal "$OUT" $'0:0:1777\n0:0:1777' "where the image has none"
        ok fc restart
        ok fc exec one -- stat -c '%u:%g:%a' /tmp /var/tmp
        equal "$OUT" $'0:0:1777\n0:0:1777' "after another start"
        ok fc down
        rm "$SCRATCH/covered" -r
}

testcase_tmpfs_that_is_not_one() {
        local text

        project shop
        for text in '"/tmp:noexec"' '"/tmp:size=10"' '"/tmp:"' '"/tmp:mode=8"' '{"target": "/tmp", "size": "0"}'; do
                spec "$(tiny one '' ", \"tmpfs\": [$text]")"
                run_status 2 fc up
                expect_err 'containers\.one\.tmpfs\[0\]'
        done
        nothing_made
}

# Each boot finds it empty, also one that is not the first of its start.
testcase_tmpfs_after_a_crash() {
        project shop
        spec "$(covered ', "restart": "on-failure", "tmpfs": ["/data", "/tmp"]' '["/bin/sh", "-c",
                "n=$(ls -A / | grep -c seen); ls -A /data /tmp >/seen-$n; mkdir /tmp/a; touch /tmp/a/b /data/c; [ $n = 2 ] || exit 1; touch /done; exec sleep infinity"]')"
        run fc up
        try_until "$WAIT" test -e "$PROJECT/.containers/one/root/done"
        equal "$(<"$PROJECT/.containers/one/root/seen-2")" $'/data:\n\n/tmp:' "what the third boot saw"
        ok fc down
}

testcase_volume_is_filled() {
        local place

        project shop
        # What it covers is found through links of the image, too.
        for place in /data /alias; do
                spec "$(covered ', "volumes": ["@data:'"$place"'", "@new:/new/place"]')"
                ok fc up
                expect_err 'one: volume +@data'
                ok fc exec one -- stat -c '%u:%g:%a %n' /data /data/sub /data/sub/file /new/place
                equal "$OUT" $'33:44:2750 /data\n0:5:755 /data/sub\n33:44:644 /data/sub/file\n0:0:755 /new/place'
                equal "$(inside cat /data/sub/file)" shipped
                equal "$(inside stat -c %h /data/again)" 2 "names of a file with two"
                equal "$(inside readlink /data/link)" /etc/passwd
                inside sh -c 'echo changed >/data/sub/file; rm /data/again'
                ok fc restart
                refute_err 'volume +@'
                equal "$(inside cat /data/sub/file)" changed
                ok fc down
                # The root has its own still.
                equal "$(<"$PROJECT/.containers/one/root/data/sub/file")" shipped
                rm -r "$PROJECT/.containers/volumes"
        done
}

# Also when it is empty: what was in it has been deleted, or another container has it mounted.
testcase_volume_that_is_there() {
        project shop
        spec "$(covered ', "volumes": ["@data:/data"]')"
        as_dev mkdir -p "$PROJECT/.containers/volumes/data"
        ok fc up
        equal "$(inside ls -A /data)" '' "what is in a volume that was empty"
        refute_err 'volume +@'
        ok fc down
}

testcase_volume_of_an_ephemeral_root() {
        project shop
        spec "$(covered ', "ephemeral": true, "volumes": ["@data:/data"], "tmpfs": ["/alias/sub"]')"
        ok fc up
        ok fc exec one -- stat -c '%u:%g:%a' /data /data/again
        equal "$OUT" $'33:44:2750\n33:44:644'
        inside sh -c 'echo kept >/data/again'
        ok fc down
        ok fc up
        equal "$(inside cat /data/again)" kept
        ok fc down
}

# disk_id ID: what ID inside is on the disk, in what is the developer's (docs/SPEC.md).
disk_id() { echo $((0x7c000000 + DEV_UID % 1022 * 65536 + $1)); }

# Where an account inside is the developer: what is covered is there all the same, and to the container it looks as in
# its root. On the disk only that account's is the developer's.
testcase_volume_of_the_user() {
        local volume owner

        project shop
        volume=$PROJECT/.containers/volumes/data
        covered_image
        chmod 775 "$COVERED/data/sub"
        for owner in '"user"' '"33:44"' '"host"'; do
                spec "$(covered ', "network": {"mode": "none"}, "volumes": [{"source": "@data", "target": "/data", "owner": '"$owner"'},
                        {"source": "@new", "target": "/new/place", "owner": '"$owner"'}]')"
                ok fc up
                [[ $owner != '"host"' ]] || break
                ok fc exec one -- stat -c '%u:%g:%a:%h %n' /data /data/sub /data/sub/file /data/again
                equal "$OUT" "33:44:2750:3 /data
0:5:775:2 /data/sub
33:44:644:2 /data/sub/file
33:44:644:2 /data/again" "what the container sees with owner = $owner"
                equal "$(inside cat /data/sub/file)" shipped
                inside setpriv --reuid 33 --regid 44 --clear-groups touch /data/of-the-service
                inside touch /data/of-root
                if [[ $owner == '"user"' ]]; then
                        equal "$(cd "$volume" && stat -c '%u:%g' . sub sub/file of-the-service of-root ../new)" \
                                "$(disk_id 33):$(disk_id 44)
$DEV_UID:$(disk_id 5)
$(disk_id 33):$(disk_id 44)
$(disk_id 33):$(disk_id 44)
$DEV_UID:$(disk_id 44)
$DEV_UID:$DEV_GID" "the owners on the disk"
                else
                        equal "$(cd "$volume" && stat -c '%u:%g' . sub sub/file of-the-service of-root ../new)" \
                                "$DEV_UID:$DEV_GID
$(disk_id 0):$(disk_id 5)
$DEV_UID:$DEV_GID
$DEV_UID:$DEV_GID
$(disk_id 0):$DEV_GID
$DEV_UID:$DEV_GID" "the owners on the disk"
                fi
                # Whose it is inside is not forgotten, also when root inside gives the whole away.
                ok fc exec one -- chown 1000:1000 /data
                ok fc restart
                equal "$(inside stat -c %u:%g /data /data/sub /data/sub/file)" $'1000:1000\n0:5\n33:44'
                ok fc down
                rm -r "$PROJECT/.containers/volumes"
        done
        # Those of the host, which is not the container.
        equal "$(cd "$volume" && stat -c '%u:%g' . sub)" $'33:44\n0:5'
        ok fc down
        rm -r "$COVERED"
}

# The developer is root.
testcase_volume_of_root() {
        project shop
        spec "$(covered ', "network": {"mode": "none"}, "volumes": [{"source": "@data", "target": "/data", "owner": "user"}]')"
        chown -R 0:0 "$PROJECT"
        ok env -C "$PROJECT" "$FC" up
        ok env -C "$PROJECT" "$FC" exec one -- stat -c %u:%g /data /data/sub
        equal "$OUT" $'33:44\n0:5'
        equal "$(stat -c %u:%g "$PROJECT/.containers/volumes/data/sub")" "0:$((0x7c000005))"
        ok env -C "$PROJECT" "$FC" down
}

# Directories of a NixOS root come at activation, which makes its services the owners.
testcase_volume_of_a_nixos_root() {
        project shop
        toplevel plain
        spec '"one": {"system": {"toplevel": "'"$TOPLEVEL"'"}, "volumes": ["@data:/var/lib/app"]}'
        ok fc up
        equal "$(inside stat -c '%u:%g:%a' /var/lib/app)" 0:0:755
        ok fc exec one -- chown 1650:100 /var/lib/app
        ok fc down
        equal "$(stat -c %u:%g "$PROJECT/.containers/volumes/data")" 1650:100
}

# One fills it, the other finds it filled.
testcase_two_at_once() {
        local a b

        project shop
        covered_image
        spec '"a": {"system": {"rootfs": "'"$COVERED"'"}, "command": ["/bin/sleep", "infinity"], "volumes": ["@data:/data"]},
                "b": {"system": {"rootfs": "'"$COVERED"'"}, "command": ["/bin/sleep", "infinity"], "volumes": ["@data:/data"]}'
        fc_background "$TMP/a" up a
        a=$FC_PID
        fc_background "$TMP/b" up b
        b=$FC_PID
        finished "$a"
        equal "$STATUS" 0 "the status of the first: $(<"$TMP/a")"
        finished "$b"
        equal "$STATUS" 0 "the status of the second: $(<"$TMP/b")"
        equal "$(ls -A "$PROJECT/.containers/volumes")" data
        ok fc exec a -- sh -c 'cat /data/sub/file; echo both >/data/sub/file'
        equal "$OUT" shipped
        ok fc exec b -- cat /data/sub/file
        equal "$OUT" both
        ok fc down
}

# large_image: one whose place takes a while to copy.
large_image() {
        covered_image
        LARGE=$SCRATCH/large
        cp -a -- "$COVERED" "$LARGE"
        mkdir "$LARGE/data/many"
        (cd "$LARGE/data/many" && seq 5000 | xargs touch)
}

testcase_killed_in_the_copy() {
        local attempt up volumes

        project shop
        large_image
        volumes=$PROJECT/.containers/volumes
        spec '"one": {"system": {"rootfs": "'"$LARGE"'"}, "command": ["/bin/sleep", "infinity"], "ephemeral": true, "volumes": ["@data:/data"]}'
        as_dev mkdir -p "$volumes"
        # One that was too fast is tried again.
        for ((attempt = 0; attempt < 20; attempt++)); do
                fc_background "$TMP/up" up
                up=$FC_PID
                try_until "$WAIT" test -d "$volumes/.data.new/many" -o -d "$volumes/data"
                kill -9 "$up"
                finished "$up"
                [[ ! -d $volumes/data ]] || {
                        fc down
                        rm -r "$volumes/data"
                        continue
                }
                break
        done
        exists "$volumes/.data.new/many"
        absent "$volumes/data"
        no_machine_left "something was started"
        ok fc up
        equal "$(find "$volumes/data/many" -type f | wc -l)" 5000
        absent "$volumes/.data.new"
        equal "$(stat -c %u:%g:%a "$volumes/data")" 33:44:2750
        ok fc down
}

# Links in the way lead nowhere, whatever they are exchanged for.
testcase_volume_by_a_link() {
        local outside=$SCRATCH/outside

        project shop
        mkdir -p "$outside/volumes" "$outside/data"
        echo precious >"$outside/data/file"
        spec "$(covered ', "volumes": ["@data:/data"]')"
        as_dev mkdir -p "$PROJECT/.containers/volumes"
        ln -s "$outside/data" "$PROJECT/.containers/volumes/data"
        run fc up
        differ "$STATUS" 0 "the status with a link in place of the volume"
        expect_err "data"
        equal "$(find "$outside" -type f -exec cat {} +)" precious
        rm "$PROJECT/.containers/volumes/data"
        ln -s "$outside/data" "$PROJECT/.containers/volumes/.data.new"
        ok fc up
        equal "$(inside cat /data/sub/file)" shipped
        equal "$(find "$outside" -type f -exec cat {} +)" precious
        ok fc down
        rm -r "$PROJECT/.containers/volumes"
        ln -s "$outside/volumes" "$PROJECT/.containers/volumes"
        run_status 5 fc up
        equal "$(ls -A "$outside/volumes")" '' "what was written through the link"
}

# A fresh clone, in which the places of other mounts are missing: they are made as the owner of the tree, and what a
# container must not write is not written for it.
testcase_mount_points_in_volumes() {
        local users

        project shop
        cd "$PROJECT"
        as_dev mkdir app "away from it"
        as_dev ln -s "../away from it" app/away
        as_dev sh -c 'echo conf >"app.conf"'
        for users in private host; do
                spec "$(covered ', "users": "'"$users"'", "tmpfs": ["/app/tmp"], "volumes": ["app:/app", "@modules:/app/deep/node_modules",
                        "app.conf:/app/etc/app.conf:ro", "@modules:/app/away/inside"]')"
                ok fc up
                equal "$(inside cat /app/etc/app.conf)" conf
                inside sh -c 'echo x >/app/deep/node_modules/file; echo y >/app/tmp/file'
                equal "$(cd "$PROJECT/app" && stat -c %n:%u:%g:%a:%s deep deep/node_modules tmp etc etc/app.conf | sed 's/:4096$/:/')" \
                        "deep:$DEV_UID:$DEV_GID:755:
deep/node_modules:$DEV_UID:$DEV_GID:755:
tmp:$DEV_UID:$DEV_GID:755:
etc:$DEV_UID:$DEV_GID:755:
etc/app.conf:$DEV_UID:$DEV_GID:644:0" "what is in the tree with users = $users"
                # Nothing is made behind a link.
                equal "$(find "$PROJECT/away from it" -mindepth 1)" ''
                ok fc down
                rm -r "$PROJECT"/app/{deep,tmp,etc} "$PROJECT/.containers/volumes/modules"
        done
        # A named volume in a named one.
        spec "$(covered ', "volumes": ["@data:/data", "@modules:/data/modules"]')"
        ok fc up
        equal "$(stat -c %u:%g:%a "$PROJECT/.containers/volumes/data/modules")" 33:44:2755
        ok fc down
        # Read-only inside: it stays as it is, until it has them.
        spec "$(covered ', "tmpfs": ["/app/tmp"], "volumes": ["app:/app:ro", "app.conf:/app/etc/app.conf"]')"
        run_status 2 fc up
        expect_err "volumes\\[1\\]: 'etc/app.conf' does not exist in '$PROJECT/app', which is read-only inside"
        expect_err "touch '$PROJECT/app/etc/app.conf'"
        absent "$PROJECT/app/etc"
        no_machine_left "something was started"
        as_dev mkdir app/etc
        as_dev touch app/etc/app.conf
        run_status 2 fc up
        expect_err "tmpfs\\[0\\]: 'tmp' does not exist"
        expect_err "mkdir -p '$PROJECT/app/tmp'"
        as_dev mkdir app/tmp
        ok fc up
        inside sh -c 'echo y >/app/tmp/file'
        ok fc down
}

live_main "$@"
