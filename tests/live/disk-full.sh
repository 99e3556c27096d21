#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# No space left: said plainly, nothing half-made is left, and what runs can still be stopped.

# Containers on a real disk, as users have them.
export LIVE_SCRATCH=${LIVE_SCRATCH:-disk}
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# small_project MEGABYTES: the current project, on a file system of its own.
small_project() {
        command -v mkfs.ext4 >/dev/null || skip "mkfs.ext4 is not installed"
        PROJECT=$SCRATCH/projects/shop
        mkdir -p "$PROJECT"
        truncate -s "$1M" "$SCRATCH/projects/disk"
        mkfs.ext4 -q -m 0 "$SCRATCH/projects/disk"
        mount -o loop "$SCRATCH/projects/disk" "$PROJECT" || skip "there are no loop devices here"
        project shop
}

end_small_project() { umount "$PROJECT"; }

# To the last byte: what does not fit in one write is tried again by smaller ones.
fill() {
        local size

        for size in 1M 4k 1; do
                dd if=/dev/zero of="$PROJECT/ballast" bs="$size" oflag=append conv=notrunc status=none 2>/dev/null || :
                sync -f "$PROJECT"
        done
        equal "$(df --output=avail "$PROJECT" | tail -n 1 | tr -d ' ')" 0 "what is left on the disk"
}

testcase_image_does_not_fit() {
        small_project 40
        host_snapshot >"$TMP/before"
        spec "$(web web ', "ports": ["8080:80"]')"
        run fc up
        equal "$STATUS" 6
        expect_err 'No space left'
        absent "$PROJECT/.containers/web/root"
        equal "$(state_of web)" stopped
        # The half copy is gone, so the space is there again.
        ((50 > $(df --output=pcent "$PROJECT" | tail -n 1 | tr -dc 0-9))) || flunk "the disk is still full: $(df "$PROJECT"; find "$PROJECT/.containers" | head)"
        host_snapshot >"$TMP/after"
        same_files "$TMP/before" "$TMP/after" "the host changed"
        end_small_project
}

# A fresh volume that does not fit is not there, and is filled at the next try.
testcase_volume_does_not_fit() {
        local large=$SCRATCH/large

        small_project 60
        tiny_image
        cp -a -- "$TINY_IMAGE" "$large"
        mkdir "$large/data"
        dd if=/dev/urandom of="$large/data/blob" bs=1M count=12 status=none
        echo shipped >"$large/data/file"
        spec "$(printf '"one": {"system": {"rootfs": "%s"}, "command": ["/bin/sleep", "infinity"], "ephemeral": true, "volumes": ["@data:/data"]}' "$large")"
        truncate -s 0 "$PROJECT/ballast"
        dd if=/dev/zero of="$PROJECT/ballast" bs=1M count=48 status=none 2>/dev/null || :
        run_status 6 fc up
        expect_err "volumes\[0\].*No space left"
        absent "$PROJECT/.containers/volumes/data"
        absent "$PROJECT/.containers/volumes/.data.new"
        no_machine_left "something was started"
        rm "$PROJECT/ballast"
        ok fc up
        ok fc exec one -- cat /data/file
        equal "$OUT" shipped
        equal "$(stat -c %s "$PROJECT/.containers/volumes/data/blob")" $((12 * 1024 * 1024))
        ok fc down
        end_small_project
}

# A seed that does not fit has failed, and begins again when there is room.
testcase_seed_does_not_fit() {
        small_project 60
        spec "$(tiny one '' ', "volumes": ["@data:/data"], "seed": [{"run": ["sh", "-c", "[ ! -e /data/some ] && seq 4000000 >/data/some"]}]')"
        dd if=/dev/zero of="$PROJECT/ballast" bs=1M count=20 status=none
        run_status 3 fc up
        expect_err "step 1 of 1 of its seed \('sh'\) failed"
        expect_err 'No space left on device'
        expect_err 'begin again with a fresh root, a fresh @data'
        rm "$PROJECT/ballast"
        ok fc up
        ok fc exec one -- grep -c . /data/some
        equal "$OUT" 4000000
        ok fc restart
        ok fc down
        end_small_project
}

testcase_state_cannot_be_written() {
        small_project 60
        spec "$(tiny one)"
        ok fc up
        ok fc down
        cp "$PROJECT/.containers/one/state.json" "$TMP/state.json"
        fill
        run fc up
        equal "$STATUS" 6
        expect_err 'No space left'
        same_files "$TMP/state.json" "$PROJECT/.containers/one/state.json" "the old state was changed"
        no_machine_left "something was started"

        rm "$PROJECT/ballast"
        ok fc up
        ok fc down
        end_small_project
}

testcase_full_while_it_runs() {
        small_project 60
        spec "$(tiny one)"
        ok fc up
        fill
        ok fc status
        expect_out 'one +running'
        ok fc exec one -- echo hello
        # A container is not stopped where it could not be started again.
        run_status 6 fc restart
        expect_err "state '.containers/one/state.json'.*No space left"
        equal "$(payloads_on one)" 1
        equal "$(state_of one)" running
        # It stops, whatever becomes of the note about it, and that was no crash.
        ok fc down
        expect_err "one: state '.containers/one/state.json'.*No space left.*ignoring"
        equal "$(payloads_on one)" 0
        equal "$(state_of one)" stopped
        ok fc status
        refute_out crashed
        rm "$PROJECT/ballast"
        ok fc down
        equal "$(state_of one)" stopped
        ok fc up
        ok fc down
        end_small_project
}

# What cannot be noted is not begun.
testcase_switch_cannot_be_noted() {
        local first

        small_project 60
        switchable one
        first=$TOPLEVEL
        spec "\"web\": {\"system\": {\"toplevel\": \"$TOPLEVEL\"}}"
        ok fc up
        switchable two
        spec "\"web\": {\"system\": {\"toplevel\": \"$TOPLEVEL\"}}"
        fill
        run_status 6 fc up
        expect_err "state '.containers/web/state.json'.*No space left"
        refute_err 'switching  '
        equal "$(state_of web)" running
        ok fc exec web -- readlink /run/current-system
        equal "$OUT" "$first" "the system"
        absent "$PROJECT/.containers/web/next"
        rm "$PROJECT/ballast"
        ok fc up
        expect_err 'web: switching  '
        ok fc down
        end_small_project
}

testcase_read_only_project() {
        small_project 60
        spec "$(tiny one)"
        mount -o remount,ro "$PROJECT"
        run fc up
        equal "$STATUS" 6
        expect_err 'Read-only file system'
        no_machine_left "something was started"
        ok fc status
        end_small_project
}

live_main "$@"
