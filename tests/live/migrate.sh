#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a project keeps is changed over between root's way and the developer's, and back: whose each file is inside stays,
# and so does all that it has.
# shellcheck disable=SC2016 # guests expand these

FC_LIVE_MODE=rootless
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# mine ARGUMENT..: the program as the developer, who has not said which way.
mine() { as_dev env -C "$PROJECT" -u FC_ELEVATE timeout --kill-after=10 "$FC_TIMEOUT" "$FC" "$@"; }

# by_root ARGUMENT..: as the developer's sudo would run it.
by_root() {
        env -C "$PROJECT" -u XDG_RUNTIME_DIR SUDO_UID="$DEV_UID" SUDO_GID="$DEV_GID" SUDO_USER="$DEV" \
                timeout --kill-after=10 "$FC_TIMEOUT" "$FC" "$@"
}

# In one place the ways would share their locks, which a host's do not.
apart() {
        RUNTIME=/run/user/$DEV_UID
        rm -rf /run/flake-containers
        mkdir -p "$RUNTIME"
        chown "$DEV:" "$RUNTIME"
}

together() {
        rm -r /run/user
        rm -rf /run/flake-containers
}

# roots_image: sets ROOTS_IMAGE, the small one as root has it.
roots_image() {
        ROOTS_IMAGE=$SCRATCH/roots
        [[ -d $ROOTS_IMAGE ]] || (
                # shellcheck disable=SC2317 # called by tiny_image
                is_rootless() { false; }
                TINY_IMAGE=$ROOTS_IMAGE tiny_image
        )
}

readonly MAKE='for at in /kept /data/kept /mine/kept; do
        mkdir -p $at/deep/er && cd $at
        for id in 0:0 1:1 33:33 33:0 1000:1000 $1:$1 65533:65533 65534:65534; do echo $id >$id; chown $id $id; done
        cp_of() { cat /usr/bin/true >$1; chmod 755 $1; chown $2 $1; chmod $3 $1; }
        cp_of setuid 33:0 4755; cp_of setgid 0:33 2755; cp_of rootly 0:0 6755; cp_of able 33:33 755; cp_of listed 0:0 640
        ln 33:33 deep/again; ln rootly deep/rootly; ln -s nowhere link; chown 33:33 deep; chmod 2775 deep; chmod 1777 deep/er
done'
readonly LOOK='stat -c "%n %u:%g %a %h %s %Y" /kept/* /kept/deep/* /data/kept/* /data/kept/deep/* /mine/kept/* /mine/kept/deep/*
        stat -c "%n %u:%g %a" /data /mine; cat /data/seeds'

# notes DIRECTORY: what its files have that no shell inside could make or see: an access list and capabilities, of the ids
# on the disk.
notes() {
        /usr/bin/python3 - "$@" <<-'SCRIPT'
		import os, struct, sys
		where, uid, gid, root = sys.argv[1], *map(int, sys.argv[2:5])
		acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *e) for e in (
		    (1, 6, 2**32 - 1), (2, 4, uid), (4, 4, 2**32 - 1), (8, 4, gid), (0x10, 4, 2**32 - 1), (0x20, 0, 2**32 - 1)))
		able = (struct.pack('<IIIII', 0x02000001, 0x2000, 0, 0, 0) if root == 0 else
		        struct.pack('<IIIIII', 0x03000001, 0x2000, 0, 0, 0, root))
		names = {'listed': ('system.posix_acl_access', acl), 'deep/er': ('system.posix_acl_default', acl),
		         'able': ('security.capability', able)}
		for name, (key, value) in names.items():
		    path = os.path.join(where, name)
		    if sys.argv[5:] == ['make']:
		        os.setxattr(path, key, value)
		    elif os.getxattr(path, key) != value:
		        sys.exit(f'{path}: {os.getxattr(path, key).hex()} is not {value.hex()}')
	SCRIPT
}

# Of the three a volume of the developer's is the one that has other ids with root, too.
with_root() {
        local kept=$PROJECT/.containers

        notes "$kept/one/root/kept" 33 33 0 "$@"
        notes "$kept/volumes/data/kept" 33 33 0 "$@"
        notes "$kept/volumes/mine/kept" $((DISK + 33)) $((DISK + 33)) "$DEV_UID" "$@"
}

without_root() {
        local at

        for at in one/root volumes/data volumes/mine; do
                notes "$PROJECT/.containers/$at/kept" $((SUBIDS + 32)) $((SUBIDS + 32)) "$DEV_UID"
        done
}

# As plan/ids.h has it.
DISK=$((0x7c000000 + DEV_UID % 0x3fe * 65536))

# kept_project: one container, with all kinds of files in its root and in a volume, down, as root has it.
kept_project() {
        project shop
        roots_image
        spec "\"one\": {\"system\": {\"rootfs\": \"$ROOTS_IMAGE\"}, \"command\": [\"/bin/sleep\", \"infinity\"],
                \"volumes\": [\"@data:/data\", {\"source\": \"@mine\", \"target\": \"/mine\", \"owner\": \"user\"}], \"seed\": [{\"run\": [\"/bin/sh\", \"-c\", \"echo seeded >>/data/seeds\"]}]}"
        ok by_root up
        ok by_root exec one -- sh -c "$MAKE" sh "$DEV_UID"
        with_root make
        ok by_root exec one -- sh -c "$LOOK"
        BEFORE=$OUT
        ok by_root down
}

testcase_there_and_back() {
        apart
        kept_project
        ok by_root snapshot save first
        ok by_root migrate root
        expect_err 'nothing to change'
        run_status 5 mine --rootless up
        expect_err "migrate rootless"
        ok by_root migrate rootless --dry-run
        expect_out '^[0-9]+ files of '
        with_root
        ok by_root migrate rootless
        without_root
        run_status 5 by_root up
        expect_err "migrate root"
        ok mine up
        ok mine exec one -- sh -c "$LOOK"
        equal "$OUT" "$BEFORE" "the files without root"
        ok mine exec one -- sh -c 'echo more >/data/more; chown 33:33 /data/more'
        run_status 5 by_root migrate root
        expect_err 'runs, without root'
        ok mine down
        ok by_root migrate root
        with_root
        ok by_root up
        ok by_root exec one -- sh -c "$LOOK; stat -c %u /data/more"
        equal "$OUT" "$BEFORE"$'\n33' "the files with root"
        run_status 5 by_root migrate rootless
        expect_err 'one: it runs'
        ok by_root down
        # A snapshot goes along, and is what it was.
        ok by_root migrate rootless
        ok mine snapshot restore first
        ok mine up
        ok mine exec one -- sh -c "$LOOK"
        equal "$OUT" "$BEFORE" "the files of the snapshot"
        ok mine down
        together
}

# Nothing has been changed by what is refused.
testcase_refusals() {
        local units

        apart
        kept_project
        touch "$PROJECT/.containers/one/root/foreign"
        chown 70000 "$PROJECT/.containers/one/root/foreign"
        run_status 6 by_root migrate rootless
        expect_err "'foreign' in .* has the user 70000, which has no place without root"
        chown 0 "$PROJECT/.containers/one/root/foreign"
        absent "$PROJECT/.containers/.migrating"
        jq '.containers.one.volumes[0] = {source: "@data", target: "/data", owner: 33}' "$PROJECT/flake-containers.json" >"$TMP/spec"
        run_status 6 by_root --spec "$TMP/spec" migrate rootless
        expect_err 'one: an account as the owner of a volume needs root'
        : >"$SCRATCH/etc/subuid"
        run_status 6 by_root migrate rootless
        expect_err "'/etc/subuid' has no 65535 ids"
        echo "$DEV:$SUBIDS:65536" >"$SCRATCH/etc/subuid"
        run_status 2 by_root migrate there
        expect_err 'must be one of root, rootless'
        echo 'root changing 7' | as_dev tee "$PROJECT/.containers/.migrating" >/dev/null
        run_status 5 by_root up
        expect_err "'.*/.migrating' is damaged"
        echo "rootless changing 0 $DEV_UID $DEV_GID 300000 300000" | as_dev tee "$PROJECT/.containers/.migrating" >/dev/null
        run_status 5 by_root up
        expect_err "is being changed over, by 'migrate rootless'"
        run_status 5 by_root migrate root
        expect_err 'on its way'
        run_status 5 by_root migrate rootless
        expect_err 'from 300000 on, which are others now'
        rm "$PROJECT/.containers/.migrating"
        with_root
        ok by_root migrate rootless
        jq '.rootless = true' "$PROJECT/flake-containers.json" >"$TMP/spec"
        run_status 5 by_root --spec "$TMP/spec" migrate root
        expect_err 'take "rootless" out of it'
        # As `enable` makes it, as far as it is read.
        units=$SCRATCH/home/.config/systemd/user
        as_dev mkdir -p "$units"
        printf 'X-FlakeContainersCheckout=%s\nX-FlakeContainersNames=\nX-FlakeContainersUser=%s\n' \
                "$(cat /run/flake-containers/*/project.path)" "$DEV_UID" >"$units/flake-containers@shop.service"
        run_status 5 by_root migrate root
        expect_err "is started without root by its user's systemd"
        rm -r "$SCRATCH/home/.config"
        without_root
        together
}

# Killed at some points of each direction, it goes on until all is done.
testcase_killed() {
        local way kills=0 after

        apart
        kept_project
        mkdir "$PROJECT/.containers/one/root/many"
        (cd "$PROJECT/.containers/one/root/many" && seq -f 'f%g' 4000 | xargs touch && chown "$DEV_UID:33" f*5 && chown 33 f*7)
        for way in rootless root; do
                for after in 0.006 0.012 0.02 0.03 0.045 0.06; do
                        run env -C "$PROJECT" -u XDG_RUNTIME_DIR SUDO_UID="$DEV_UID" SUDO_GID="$DEV_GID" \
                                timeout --signal=KILL "$after" "$FC" migrate "$way"
                        [[ $STATUS != 137 ]] || kills=$((kills + 1))
                        [[ ! -e $PROJECT/.containers/.migrating ]] || { run_status 5 by_root up; run_status 5 mine --rootless up; }
                done
                ok by_root migrate "$way"
                case $way in
                rootless) without_root ;;
                root) with_root ;;
                esac
        done
        # Two at once: the second one does not begin by what it has read while the first was at it.
        by_root migrate rootless 2>/dev/null &
        until [[ -e $PROJECT/.containers/.migrating || -e $PROJECT/.containers/.rootless ]]; do :; done
        run by_root migrate rootless
        wait $!
        ((STATUS == 0 || STATUS == 5)) || flunk "the second one: exit status $STATUS"
        without_root
        ok by_root migrate root
        with_root
        note "$kills kills"
        ((kills > 1)) || flunk "nothing was killed"
        equal "$(stat -c %u:%g "$PROJECT"/.containers/one/root/many/f{1,5,7} | paste -sd ' ')" "0:0 $DEV_UID:33 33:0" "the many"
        ok by_root up
        ok by_root exec one -- sh -c "$LOOK"
        equal "$OUT" "$BEFORE" "the files"
        ok by_root down
        together
}

live_main "$@"
