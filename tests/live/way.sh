#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Which way a developer's command goes, with root or without, how it is chosen, what tells that it is the other one, and
# what a host must have for the way without.

FC_LIVE_MODE=rootless
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# mine ARGUMENT..: the program as the developer, who has not said which way.
mine() { as_dev env -C "$PROJECT" -u FC_ELEVATE timeout --kill-after=10 "$FC_TIMEOUT" "$FC" "$@"; }

# mine_by_sudo ARGUMENT..: the same of one who has said that it goes through sudo.
mine_by_sudo() { as_dev env -C "$PROJECT" FC_ELEVATE=sudo timeout --kill-after=10 "$FC_TIMEOUT" "$FC" "$@"; }

# by_root ARGUMENT..: as the developer's sudo would run it.
by_root() {
        env -C "$PROJECT" SUDO_UID="$DEV_UID" SUDO_GID="$DEV_GID" SUDO_USER="$DEV" \
                timeout --kill-after=10 "$FC_TIMEOUT" "$FC" "$@"
}

# The option, then what is there, until it is gone.
testcase_option_and_what_is_kept() {
        local verb

        project shop
        spec "$(tiny one)"
        run_status 2 by_root --rootless up
        expect_err "'--rootless' is for a user"
        ok mine --rootless up
        ok mine status
        expect_out 'one +running'
        equal "$(stat -c %U "$PROJECT/.containers/one/root")" "$DEV" "the owner of its root"
        ok mine exec one -- true
        # Two guests must not have one tree.
        for verb in up status down; do
                run_status 5 by_root "$verb"
                expect_err 'was made without root, and this is root'
        done
        run_status 6 by_root doctor
        expect_out 'BAD +project +.*was made without root, and this is root'
        run_status 6 mine_by_sudo doctor
        expect_out 'BAD +project +.*was made without root, and this is root'
        ok mine doctor
        ok mine down
        ok mine rm --all --yes
        equal "$(find "$PROJECT" -name .containers)" "" "what is left"
}

testcase_specification() {
        project shop
        printf '{"version": 1, "rootless": true, "containers": {%s}}' "$(tiny one)" >"$PROJECT/flake-containers.json"
        # By a sudo that the developer types it would be root's from then on, which FC_ELEVATE says if that is meant.
        run_status 5 by_root up
        expect_err 'says that its containers run without root, and this is root'
        equal "$(find "$PROJECT" -name .containers)" "" "what was made"
        ok mine up
        ok mine status
        expect_out 'one +running'
        ok mine down
}

# A linked work tree that has nothing yet goes the way of the one that has its shared containers.
testcase_shared() {
        local main linked=$SCRATCH/projects/linked

        project main
        main=$PROJECT
        spec "$(tiny one '' ', "shared": true'), $(tiny two)"
        as_dev git -C "$main" add flake-containers.json
        as_dev git -C "$main" -c user.name=d -c user.email=d@x commit -qm first
        as_dev git -C "$main" worktree add -q "$linked"
        LIVE_PROJECTS+=("$linked")
        ok mine --rootless up one
        PROJECT=$linked
        ok mine status
        expect_out 'one +running'
        ok mine exec one -- true
        PROJECT=$main
        ok mine down
}

testcase_no_way_to_root() {
        local tools=() tool

        for tool in sudo doas run0 pkexec; do
                ! type -P "$tool" >/dev/null || tools+=("$(type -P "$tool")")
        done
        for tool in "${tools[@]}"; do mount --bind /dev/null "$tool"; done
        project shop
        spec "$(tiny one)"
        ok mine up
        ok mine status
        expect_out 'one +running'
        ok mine down
        for tool in "${tools[@]}"; do umount "$tool"; done
}

testcase_made_with_root() {
        project shop
        spec "$(tiny one)"
        as_dev mkdir -p "$PROJECT/.containers/one"
        run_status 5 mine --rootless up
        expect_err 'was made with root, and this is without'
        run_status 6 mine --rootless doctor
        expect_out 'BAD +project +.*was made with root, and this is without'
        equal "$(find "$PROJECT/.containers")" "$(printf '%s\n' "$PROJECT/.containers" "$PROJECT/.containers/one")" "what there is"
}

testcase_image_of_roots() {
        project shop
        tiny_image
        mkdir "$PROJECT/image"
        cp -a "$TINY_IMAGE/." "$PROJECT/image"
        chown root: "$PROJECT/image"
        spec '"one": {"system": {"rootfs": "image"}, "command": ["/bin/sleep", "infinity"]}'
        run_status 6 mine --rootless up
        expect_err "image' are root's or another user's"
        expect_err 'unshare --user --map-auto --map-root-user tar -C'
        equal "$(find "$PROJECT/.containers/one" -name 'root*')" "" "what was made of it"
}

testcase_doctor_and_low_ports() {
        project shop
        spec "$(tiny one '' ', "ports": ["80:80"]')"
        run_status 6 mine --rootless up
        expect_err 'net.ipv4.ip_unprivileged_port_start=80'
        run_status 6 mine --rootless --json doctor
        equal "$(jq -r '.checks[] | select(.verdict == "bad") | .subject' <<<"$OUT")" ports "what is wrong"
        sysctl -qw net.ipv4.ip_unprivileged_port_start=80
        ok mine --rootless doctor
        sysctl -qw net.ipv4.ip_unprivileged_port_start=1024
        : >"$SCRATCH/etc/subuid"
        run_status 6 mine --rootless doctor
        echo "$DEV:$SUBIDS:65536" >"$SCRATCH/etc/subuid"
        expect_out "'/etc/subuid' has no 65535 ids"
        expect_out 'usermod --add-subuids'
}

live_main "$@"
