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
        # As most hosts have it. Not the machine's own node, which is the same wherever it is seen.
        mkdir -p /dev/net
        mount -t tmpfs -o mode=755 tmpfs /dev/net
        mknod -m 0666 /dev/net/tun c 10 200
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

# What cannot hold without root: SCRIPT CASE.., or all of a script, under the reason.
readonly ROOTLESS_CANNOT='
# It asks for what needs root of the host, and is refused by name (plan/without-root.c).
devices all
networks namespace
command hooks_of_root no_such_command
toplevel other_networks
# The machine keeps a device for root.
internet device_for_root
# It looks into the network from the host, which has no way there, or at what is in the way on the host.
network all
networks networks fixed_addresses
# It makes a file in a guest from outside, where root of the host has no id.
networks shared_network_ends
# It publishes a port below 1024.
networks ports
# Who has the port is a process of another user.
ports for_once busy busy_ranges busy_on_one_address
# Ids of the container alone, or of strangers.
owners all
users all
command users
# On the host the files of root inside belong to the developer, and what runs as the developer is root in the namespace.
copy both_ways stopped
credentials services
# A store of the host belongs to nobody inside, and only root makes links in its gcroots.
toplevel closure program_is_protected gc_roots refusals
# It looks for what root leaves in /run, where a lock of the user stays, or into the cgroups of the host.
gc deleted killed_and_deleted nothing_in_run single_things crashed path_alone beside_others
resources all
# Its image is laid where it belongs by root, or what it is made of belongs to root.
debian fails without_mmdebstrap used_by_none waits_for_the_image_alone below_one_that_runs not_roots_alone
oci private
# A file system that cannot map ids needs not.
ephemeral copy_where_there_are_no_layers project_that_cannot_map
# It is about systemd-nspawn: its name, its files, its locks.
up-down dry_run
crash locks_of_another state_of_another_boot
# It runs the program where a set-user-id one (newuidmap) gains nothing, or in a directory that is root alone.
command no_inotify gate_cannot_be_opened
# perf_event_open(2) is for root, and without it lines come half a second late.
logs follow_is_prompt
# It is about the ways to root.
sudo all
'

# rootless_testcases: those of this script that hold.
rootless_testcases() {
        local left_out name

        left_out=$(sed -n "s/^$LIVE_NAME //p" <<<"$ROOTLESS_CANNOT" | paste -sd ' ')
        testcases_all | while read -r name; do
                name=${name#testcase_}
                [[ " $left_out " == *" $name "* || " $left_out " == *" all "* ]] || printf '%s\n' "$name"
        done
}
