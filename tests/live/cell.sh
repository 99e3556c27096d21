#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What runs a guest without root (libexec/cell), by itself: as an ordinary user, in a user namespace with subordinate ids.
# What a guest's root can do there, and what not.

# shellcheck disable=SC2016 # guests expand these
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# in_userns COMMAND..: as the developer, who is root there and nowhere else, with cgroup2 at /sys/fs/cgroup and a cgroup
# for the command. The maps are what newuidmap(1) would write, which this needs no package for.
in_userns() {
        local group=$CGROUP2/cell ready go pid status=0 file

        mkdir -p "$group"
        chown "$DEV:" "$group" "$group"/cgroup.{procs,threads,subtree_control}
        rm -f "$TMP/ready" "$TMP/go"
        mkfifo "$TMP/ready" "$TMP/go"
        exec {ready}<>"$TMP/ready" {go}<>"$TMP/go"
        setpriv --reuid "$DEV_UID" --regid "$DEV_GID" --clear-groups unshare --user bash -c '
                echo >&"$1" && read -r <&"$2" && shift 2
                exec setpriv --reuid 0 --regid 0 --clear-groups --pdeathsig KILL \
                        unshare --mount --net --ipc --uts --cgroup --pid --fork --kill-child bash -ec "
                                mount -t proc proc /proc
                                mount -t tmpfs tmpfs /sys/fs/cgroup
                                mount -t cgroup2 cgroup2 /sys/fs/cgroup
                                mkdir /sys/fs/cgroup/machine
                                echo \$\$ >/sys/fs/cgroup/machine/cgroup.procs
                                exec \"\$@\"" bash "$@"' bash "$ready" "$go" "$@" &
        pid=$!
        read -r -t "$WAIT" <&"$ready"
        for file in uid gid; do
                # The kernel takes it in one write(2) only.
                cat <<<"0 $DEV_UID 1"$'\n'"1 $SUBIDS 65535" >"/proc/$pid/${file}_map"
        done
        echo "$pid" >"$group/cgroup.procs"
        echo "$pid" >"$TMP/pid"
        echo >&"$go"
        wait "$pid" || status=$?
        exec {ready}<&- {go}<&-
        find "$group" -depth -type d -exec rmdir {} +
        return "$status"
}

# tree: a small root file system of the developer's. Sets TREE.
tree() {
        TREE=$SCRATCH/cell
        chmod 755 "$TMP"
        [[ ! -d $TREE ]] || return 0
        tiny_image
        cp -a -- "$TINY_IMAGE" "$TREE.new"
        cp -- "$FC_HELPERS/escapes" "$TREE.new/usr/bin/escapes"
        chown -R "$DEV:" "$TREE.new"
        mv "$TREE.new" "$TREE"
}

# cell [OPTION..] -- COMMAND..
# CELL_UNDER: what executes it.
CELL_UNDER=()
cell() {
        in_userns "${CELL_UNDER[@]}" "$LIVE_RUN/libexec/flake-containers/cell" --directory="$TREE" --machine=alone --hostname=alone --private-users=no --private-network \
                --register=no --quiet --keep-unit "$@"
}

testcase_ends() {
        tree
        run_status 3 cell --as-pid2 -- sh -c 'exit 3'
        run_status 255 cell --as-pid2 -- sh -c 'kill -9 $$'
        run_status 133 cell --as-pid2 -- sh -c 'kill -INT 1; sleep infinity'
        run_status 0 cell --as-pid2 -- sh -c 'kill -RTMIN+3 1; sleep infinity'
        # What ends and has no parent any more is reaped: it goes from /proc.
        ok cell --as-pid2 -- sh -c 'p=$( (: & echo $!) ); n=0; while [ -d "/proc/$p" ]; do n=$((n + 1)); [ $n -lt 1000000 ] || exit 1; done'
        run_status 1 cell --as-pid2 -- /no/such/program
        expect_err "execute '/no/such/program'"
        run_status 1 cell --as-pid2
        expect_err 'no command'
}

testcase_what_is_there() {
        tree
        mkdir "$TMP/volume"
        chown "$DEV:" "$TMP/volume"
        echo secret >"$TMP/credential"
        chown "$DEV:" "$TMP/credential"
        SECRET_OF_HOST=1 run cell --as-pid2 --setenv=OF_GUEST=2 --bind="$TMP/volume:/data" --load-credential="pass:$TMP/credential" \
                --uuid=0123456789abcdef0123456789abcdef -- bash -c '
                        echo "$(id -u) $(hostname) $$ $OF_GUEST ${SECRET_OF_HOST-none} $container $container_uuid"
                        cat "$CREDENTIALS_DIRECTORY/pass" /run/host/container-uuid
                        echo
                        echo mine >/data/file && chown 33:33 /data/file
                        grep -E "^(CapBnd|CapEff|Seccomp):" /proc/self/status
                        ls /proc | grep -c "^[0-9]"
                        grep -c : /proc/net/dev
                        cat /proc/sys/kernel/random/boot_id
                        ulimit -Sn
                        ls -A /run/host'
        equal "$STATUS" 0 status
        equal "$(sed -n 1,3p <<<"$OUT")" "0 alone 2 2 none systemd-nspawn 01234567-89ab-cdef-0123-456789abcdef
secret
01234567-89ab-cdef-0123-456789abcdef" "what it sees"
        # As of systemd-nspawn's with a network of its own.
        equal "$(grep -c 'Cap.*:.00000000fdecbfff$' <<<"$OUT")" 2 "the sets of capabilities"
        expect_out 'Seccomp:.2'
        differ "$(sed -n 9p <<<"$OUT")" "$(</proc/sys/kernel/random/boot_id)" "the boot id"
        equal "$(stat -c '%u:%g' "$TMP/volume/file")" "$((SUBIDS + 32)):$((SUBIDS + 32))" "the owner of a file inside of another user's"
        equal "$(sed -n '7,8p;10,$p' <<<"$OUT" | tr '\n' ' ')" "4 1 1024 container-manager container-uuid credentials notify " "what else there is"
}

# refusal_of FILE: not every kernel has it.
refusal_of() { if [[ -e $1 ]]; then echo EACCES; else echo ENOENT; fi; }

# What was tried for SECURITY.md, and what it gave.
testcase_escapes() {
        local CELL_UNDER=(bash -ec 'mount -t tmpfs -o ro,mode=0555 tmpfs "$1" && shift && exec "$@"' bash "$TMP/volume/hidden")

        tree
        mkdir -p "$TMP/volume/hidden"
        echo hidden >"$TMP/volume/hidden/file"
        chown -R "$DEV:" "$TMP/volume"
        ok cell --as-pid2 --bind-ro="$TMP/volume:/volume" -- escapes /volume /volume/hidden
        equal "$OUT" "remount EPERM
mount_setattr EPERM
unmount-volume EINVAL
unmount-mask EINVAL
unmount-device EINVAL
move-mask EINVAL
clone-below-mask EINVAL
clone-writable EPERM
unmount-proc-sight ENOENT
sysfs-writable $(refusal_of /sys/kernel/uevent_helper)
ptrace-init EPERM
init-root EACCES
init-environ EACCES
init-program EACCES
init-memory EACCES
parent-userns EACCES
disk-node EPERM
memory-node EPERM
sysrq $(refusal_of /proc/sysrq-trigger)
kcore $(refusal_of /proc/kcore)
keys $(refusal_of /proc/keys)
kallsyms $(refusal_of /proc/kallsyms)
core-pattern EACCES
core-pattern-again EACCES
bpf EPERM
keyctl EPERM
perf EPERM
by-handle EPERM
kexec EPERM
swap EPERM
module ENOSYS
clock ENOSYS
unknown ENOSYS
audit EAFNOSUPPORT
route 0" "what the attempts gave"
        equal "$(<"$TMP/volume/hidden/file")" hidden "what is hidden"
}

# An init of its own can be looked into, since it is the guest's, and nothing of it leads out.
testcase_init() {
        tree
        ok cell -- bash -c 'ls -di /proc/1/root/ /; readlink /proc/1/exe; while read -r -d "" word; do echo "$word"; done </proc/1/environ'
        equal "$(awk 'NR <= 2 { print $1 }' <<<"$OUT" | uniq | wc -l)" 1 "the roots"
        equal "$(sed -n 3p <<<"$OUT")" /usr/bin/bash "the program"
        equal "$(sed -n '4,$p' <<<"$OUT" | LC_ALL=C sort | sed 's/^container_uuid=.*/container_uuid/')" "HOME=/root
LOGNAME=root
NOTIFY_SOCKET=/run/host/notify
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
USER=root
container=systemd-nspawn
container_uuid" "the environment"
}

# A systemd, on a read-only /usr of the host's root, which belongs to nobody inside.
testcase_boot() {
        local end

        slim_image
        TREE=$TMP/boot
        chmod 755 "$TMP"
        mkdir -p "$TREE/usr" "$TMP/volume"
        cp -a -- "$SLIM_IMAGE/etc" "$SLIM_IMAGE/var" "$TREE/"
        for end in bin lib lib64 sbin; do ln -s "usr/$end" "$TREE/$end"; done
        rm -f "$TREE"/etc/systemd/system/multi-user.target.wants/*
        unit "$TREE" told.service <<<"[Service]
ExecStart=/bin/sh -c 'systemctl is-system-running --wait >/data/state; systemctl \$\$(cat /data/end)'"
        for end in 'poweroff 0' 'reboot 133'; do
                echo "${end% *}" >"$TMP/volume/end"
                chown -R "$DEV:" "$TREE" "$TMP/volume"
                run_status "${end#* }" cell --bind-ro="$SLIM_IMAGE/usr:/usr" --bind="$TMP/volume:/data" -- /sbin/init
                equal "$(<"$TMP/volume/state")" running "its state"
                rm "$TMP/volume/state"
        done
}

# A link in the root leads to where it leads inside.
testcase_links() {
        tree
        mkdir "$TMP/outside" "$TMP/links"
        chown "$DEV:" "$TMP/outside"
        cp -a -- "$TREE/." "$TMP/links"
        rmdir "$TMP/links/dev"
        ln -s "$TMP/outside" "$TMP/links/dev"
        ln -s "$TMP/outside" "$TMP/links/data"
        TREE=$TMP/links
        run_status 1 cell --bind="$TMP/outside:/data" -- true
        expect_err "attach a mount at '/dev': No such file or directory"
        equal "$(find "$TMP/outside" -mindepth 1)" "" "what there is outside"
}

# The cell is killed, and the guest with it.
testcase_killed() {
        local job guest pid

        tree
        run cell --as-pid2 -- sleep 4242 &
        job=$!
        try_until "$WAIT" pgrep -x -f 'sleep 4242' >/dev/null
        guest=$(pgrep -x -f 'sleep 4242')
        # The first of those of that name is the cell, the other one the guest's PID 1.
        pid=$(pgrep -o -f "^$LIVE_RUN/libexec/flake-containers/cell --directory=$TREE ")
        kill -KILL "$pid"
        gone "$guest"
        wait "$job"
}

testcase_setuid() {
        tree
        mkdir "$TMP/volume"
        cp /usr/bin/id "$TMP/volume/id"
        chmod 4755 "$TMP/volume/id"
        chmod 755 "$TMP/volume"
        ok cell --as-pid2 --bind="$TMP/volume:/volume" -- setpriv --reuid 33 --clear-groups /volume/id -u
        equal "$OUT" 33 "who runs a set-user-id program of the host's root"
}

live_main "$@"
