# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The mode FC_LIVE_MODE=rootless: `fc` is the developer's, without root, in a user namespace with subordinate ids. What root
# has to do once for that, and what a login does. Part of live.bash.

# The first of the developer's subordinate ids.
readonly SUBIDS=200000

is_rootless() { [[ ${FC_LIVE_MODE:-} == rootless ]]; }

# The control group of the developer's, in which the tests find the containers' own, and what the others are to be had by.
rootless_make_host() {
        local file

        command -v newuidmap >/dev/null || skip "newuidmap is not installed"
        CGROUP2=$CGROUP2_MOUNT/dev
        mkdir -p "$CGROUP2/session" "$CGROUP2/command"
        chown "$DEV:" "$CGROUP2"{,/session,/command} "$CGROUP2"/{,session/,command/}cgroup.procs \
                "$CGROUP2"/cgroup.{threads,subtree_control}
        for file in subuid subgid; do
                echo "$DEV:$SUBIDS:65536" >"$SCRATCH/etc/$file"
                mount --bind "$SCRATCH/etc/$file" "/etc/$file"
        done
        chmod a+x "$SCRATCH"
        rootless_make_run
}

# Where records are with root, so that what looks there needs no other place.
rootless_make_run() {
        RUNTIME=/run
        mkdir "$RUNTIME/flake-containers"
        chown "$DEV:" "$RUNTIME/flake-containers"
}

# own_image IMAGE: makes the developer root of it, and subordinate ids the others.
own_image() {
        is_rootless || return 0
        mv "$1" "$1.root"
        mkdir "$1"
        chown "$DEV:" "$1"
        tar -C "$1.root" -c --exclude='./dev/*' . |
                as_dev unshare --user --map-auto --map-root-user tar -C "$1" -x -p --numeric-owner
        rm -rf "$1.root"
}

# in_session: AS_DEV is in the developer's session.
in_session() {
        # shellcheck disable=SC2016 # the other shell expands it
        AS_DEV=(bash -c 'echo $$ >"$0/session/cgroup.procs" && exec "$@"' "$CGROUP2" "${AS_DEV[@]}"
                XDG_RUNTIME_DIR="$RUNTIME" FC_ELEVATE=namespace)
}
