#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Whose the files of a volume are, from both sides: ids of every kind, and what is mounted in a source.
# shellcheck disable=SC2016 # the other shells expand these

# Containers on a real disk, as users have them.
export LIVE_SCRATCH=${LIVE_SCRATCH:-disk}
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# fc_as UID GID ARGUMENT..: as the sudo of another developer would start it.
fc_as() {
        local uid=$1 gid=$2

        shift 2
        (
                cd "$PROJECT"
                exec env SUDO_UID="$uid" SUDO_GID="$gid" timeout --kill-after=10 "$FC_TIMEOUT" "$FC" "$@"
        )
}

# disk_id UID ID: what ID inside is on the disk, in what belongs to UID (docs/SPEC.md).
disk_id() { echo $((0x7c000000 + $1 % 1022 * 65536 + $2)); }

# same_inside PATH UID:GID, same_outside PATH UID:GID: the owner of a file.
same_inside() {
        ok fc exec one -- stat -c %u:%g "$1"
        equal "$OUT" "$2" "the owner of $1 inside"
}
same_outside() { equal "$(stat -c %u:%g "$PROJECT/$1")" "$2" "the owner of $1 on the disk"; }

# as_inside UID COMMAND..: in the container "one", as that user and its group.
as_inside() {
        local id=$1

        shift
        ok fc exec one -- setpriv --reuid "$id" --regid "$id" --clear-groups "$@"
}

# developer UID GID: makes the current project that one's, and root inside writes as them.
developer() {
        local uid=$1 gid=$2

        project shop
        as_dev mkdir "$PROJECT/src/folder"
        spec "$(tiny one '' ', "volumes": ["src:/src"]')"
        chown -R "$uid:$gid" "$PROJECT"
        ok fc_as "$uid" "$gid" up
        ok fc_as "$uid" "$gid" exec one -- sh -c 'stat -c %u:%g /src /src/folder /src/index.html && mkdir /src/made && echo x >/src/folder/new'
        equal "$OUT" $'0:0\n0:0\n0:0' "the owners inside"
        same_outside src/made "$uid:$gid"
        same_outside src/folder/new "$uid:$gid"
        ok fc_as "$uid" "$gid" exec one -- sh -c 'echo y >>/src/index.html && chown 33:34 /src/made && stat -c %u:%g /src/made'
        equal "$OUT" 33:34
        same_outside src/made "$(disk_id "$uid" 33):$(disk_id "$uid" 34)"
        ok fc_as "$uid" "$gid" down
}

# The group's number is not the user's, as for NixOS's users.
testcase_another_group_number() { developer 2010 100; }

# Of a directory service, and in the range that containers have.
testcase_huge_ids() { developer 1650400123 1650400513; }

testcase_ids_of_the_disk() { developer "$(disk_id 5 33)" "$(disk_id 5 0)"; }

# Root inside owns it, and a group that the container does not have changes nothing about that.
testcase_directory_of_another_group() {
        project shop
        as_dev mkdir "$PROJECT/src/shared" "$PROJECT/src/sticky"
        chgrp 12345 "$PROJECT/src/shared" "$PROJECT/src/sticky"
        chmod 2775 "$PROJECT/src/sticky"
        spec "$(tiny one '' ', "volumes": ["src:/src"]')"
        ok fc up
        same_inside /src/shared 0:65534
        ok fc exec one -- touch /src/shared/new /src/sticky/new
        same_inside /src/shared/new 0:0
        same_outside src/shared/new "$DEV_UID:$DEV_GID"
        same_outside src/sticky/new "$DEV_UID:12345"
        # What belongs to others altogether is others' inside, too.
        echo secret >"$PROJECT/src/root-only"
        chmod 600 "$PROJECT/src/root-only"
        run fc exec one -- cat /src/root-only
        differ "$STATUS" 0 "the status of reading a file of the host's root"
        run fc exec one -- chown 0 /src/root-only
        differ "$STATUS" 0 "the status of taking it"
        same_outside src/root-only 0:0
        ok fc down
}

# Every user inside can write where root lets them, and two containers agree about what is whose.
testcase_others_inside() {
        local uid

        project shop
        spec "$(tiny one '' ', "volumes": ["src:/src"]'), $(tiny two '' ', "volumes": ["src:/elsewhere"]')"
        ok fc up
        ok fc exec one -- sh -c 'mkdir /src/cache && chown 33:33 /src/cache && mkdir -m 1777 /src/tmp'
        for uid in 33 1000 65534; do
                as_inside "$uid" touch "/src/tmp/$uid"
                same_inside "/src/tmp/$uid" "$uid:$uid"
                same_outside "src/tmp/$uid" "$(disk_id "$DEV_UID" "$uid"):$(disk_id "$DEV_GID" "$uid")"
                ok fc exec two -- stat -c %u:%g "/elsewhere/tmp/$uid"
                equal "$OUT" "$uid:$uid" "in the other container"
        done
        as_inside 33 mkdir /src/cache/deep
        run fc exec one -- setpriv --reuid 1000 --regid 1000 --clear-groups touch /src/cache/mine
        differ "$STATUS" 0 "the status of another user's writing"
        ok fc exec two -- setpriv --reuid 33 --regid 33 --clear-groups touch /elsewhere/cache/deep/new
        same_inside /src/cache/deep/new 33:33
        # Another start, and another container, changes nothing.
        ok fc restart
        same_inside /src/cache/deep/new 33:33
        ok fc down
}

# accounts SPEC-OF-OWNER: a container "one" whose image has a www-data with another number for its group.
accounts() {
        ACCOUNTS=$SCRATCH/accounts
        if [[ ! -d $ACCOUNTS ]]; then
                tiny_image
                cp -a -- "$TINY_IMAGE" "$ACCOUNTS.new"
                printf 'www-data:x:33:34::/:/bin/sh\nfar:x:70000:70000::/:/bin/sh\n' >>"$ACCOUNTS.new/etc/passwd"
                mv "$ACCOUNTS.new" "$ACCOUNTS"
        fi
        spec '"one": {"system": {"rootfs": "'"$ACCOUNTS"'"}, "command": ["/bin/sleep", "infinity"], "volumes": [
                {"source": "src", "target": "/src", "owner": '"$1"'}]}'
}

# An account inside is the developer, and no other one is, root included.
testcase_owner_is_an_account() {
        local owner

        project shop
        for owner in '"www-data"' 33 '"33:34"'; do
                accounts "$owner"
                ok fc config
                equal "$(jq -c '.containers.one.volumes[0].owner' <<<"$OUT")" "$owner" "the owner in config"
                ok fc up
                same_inside /src/index.html 33:34
                ok fc exec one -- setpriv --reuid 33 --regid 34 --clear-groups touch /src/service
                same_outside src/service "$DEV_UID:$DEV_GID"
                ok fc exec one -- touch /src/root
                same_outside src/root "$(disk_id "$DEV_UID" 0):$(disk_id "$DEV_UID" 0)"
                as_dev rm "$PROJECT/src/service" "$PROJECT/src/root"
                ok fc exec one -- cat /src/index.html
        done
        ok fc exec one -- sh -c 'echo "www-data:x:7:8::/:/bin/sh" >/etc/passwd'
        # Another owner is another definition.
        accounts '"www-data"'
        ok fc --json up --dry-run
        equal "$(jq -r '.containers[0].action' <<<"$OUT")" restart
        expect_out 'owner www-data'
        ok fc up
        # By the passwd that the container has by now.
        same_inside /src/index.html 7:8
        ok fc down
        # A link does not lead out of the root.
        echo "www-data:x:33:34::/:/bin/sh" >"$TMP/passwd"
        ln -sf "$TMP/passwd" "$PROJECT/.containers/one/root/etc/passwd"
        run_status 2 fc up
        expect_err "one\.volumes\[0\]: owner: '/etc/passwd' of the container has no account 'www-data'"
        no_machine_left "something was started"
}

testcase_owners_that_are_refused() {
        project shop
        accounts '"postgres"'
        run_status 2 fc up
        expect_err "one\.volumes\[0\]: owner: '/etc/passwd' of the container has no account 'postgres'"
        accounts '"far"'
        run_status 2 fc up
        expect_err "account 'far' has the ids 70000:70000, and the container has those to 65535"
        accounts 65535
        run_status 2 fc up
        accounts '"1000:"'
        run_status 2 fc up
        expect_err "one.volumes\[0\].owner: must be 'user', 'container', 'host', an account's name"
        spec '"one": {"system": {"toplevel": "/nix/store/x-nixos"}, "volumes": [
                {"source": "src", "target": "/src", "owner": "postgres"}]}'
        run_status 2 fc up
        expect_err "a NixOS system makes its accounts when it boots, so 'postgres' has no number yet"
        no_machine_left "something was started"
}

# The ids of the host: to the container they are all strangers', and a file system need not be mapped.
testcase_owner_host() {
        project shop
        as_dev mkdir "$PROJECT/upper" "$PROJECT/open"
        chmod 1777 "$PROJECT/open"
        accounts '"host"'
        mount -t overlay -o "ro,lowerdir=$PROJECT/src:$PROJECT/upper" overlay "$PROJECT/src"
        ok fc up
        same_inside /src/index.html 65534:65534
        ok fc exec one -- cat /src/index.html
        run fc exec one -- touch /src/new
        differ "$STATUS" 0 "the status of writing"
        ok fc down
        umount "$PROJECT/src"
}

testcase_owner_container() {
        project shop
        chown -R 33:34 "$PROJECT/src"
        accounts '"container"'
        ok fc up
        same_inside /src/index.html 33:34
        ok fc exec one -- touch /src/root
        same_outside src/root 0:0
        ok fc down
}

# What is mounted in a source is in it inside, with its ids mapped as well.
testcase_mounts_in_a_source() {
        project shop
        as_dev mkdir -p "$PROJECT/data/cache/deep"
        mount -t tmpfs -o "uid=$DEV_UID,gid=$DEV_GID" tmpfs "$PROJECT/data/cache"
        as_dev mkdir "$PROJECT/data/cache/more"
        mount -t tmpfs -o mode=1777 tmpfs "$PROJECT/data/cache/more"
        spec "$(tiny one '' ', "volumes": ["data:/data", {"source": "data", "target": "/read", "readOnly": true}]')"
        ok fc up
        same_inside /data/cache 0:0
        ok fc exec one -- touch /data/cache/new /data/cache/more/new
        same_outside data/cache/new "$DEV_UID:$DEV_GID"
        same_outside data/cache/more/new "$DEV_UID:$DEV_GID"
        as_inside 33 touch /data/cache/more/33
        same_outside data/cache/more/33 "$(disk_id "$DEV_UID" 33):$(disk_id "$DEV_GID" 33)"
        run fc exec one -- touch /read/cache/new
        expect_err 'Read-only file system'
        ok fc down
        umount "$PROJECT/data/cache/more" "$PROJECT/data/cache"
}

# refused MESSAGE: by `up`, before anything is started.
refused() {
        run_status 6 fc up
        expect_err "containers\.one\.volumes\[0\]: $1, which private users need"
        expect_err '"owner": "host"'
        expect_err '"users": "host"'
        no_machine_left "something was started"
}

# What cannot be mapped is said with its place and its file system, the project itself being on a good one.
testcase_what_cannot_be_mapped() {
        local fuse

        project shop
        as_dev mkdir -p "$PROJECT/data/cache/deep" "$PROJECT/upper"
        spec "$(tiny one '' ', "volumes": ["data:/data:ro"]')"
        mount -t overlay -o "ro,lowerdir=$PROJECT/data:$PROJECT/upper" overlay "$PROJECT/data"
        refused "the file system of '$PROJECT/data' \\(overlay\\) cannot be id-mapped"
        umount "$PROJECT/data"

        mount -t tmpfs tmpfs "$PROJECT/data/cache"
        mkdir "$PROJECT/data/cache/deep"
        mount -t overlay -o "ro,lowerdir=$PROJECT/src:$PROJECT/upper" overlay "$PROJECT/data/cache/deep"
        refused "the file system at '$PROJECT/data/cache/deep' \\(overlay\\), which is mounted in '$PROJECT/data', cannot be id-mapped"
        spec "$(tiny one '' ', "users": "host", "volumes": ["data:/data:ro"]')"
        ok fc up
        ok fc exec one -- cat /data/cache/deep/index.html
        run fc exec one -- touch /data/cache/new
        expect_err 'Read-only file system'
        ok fc down
        umount "$PROJECT/data/cache/deep" "$PROJECT/data/cache"

        # A daemon that does not answer is enough for that.
        if [[ -c /dev/fuse ]] && { exec {fuse}<>/dev/fuse; } 2>/dev/null; then
                spec "$(tiny one '' ', "volumes": ["data:/data:ro"]')"
                mount -i -t fuse -o "fd=$fuse,rootmode=40000,user_id=0,group_id=0" some "$PROJECT/data/cache"
                refused "the file system at '$PROJECT/data/cache' \\(fuse\\), which is mounted in '$PROJECT/data', cannot be id-mapped"
                exec {fuse}<&-
                umount "$PROJECT/data/cache"
        fi
}

live_main "$@"
