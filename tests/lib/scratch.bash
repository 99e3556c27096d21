# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A scratch folder and a cgroup of the same name, which belong to one process until it ends, however it ends. To be
# sourced by scripts that run beside each other.
#
#   FC_TEST_TMP   where scratch folders are made [/var/tmp]

# scratch_make PREFIX: sets SCRATCH, SCRATCH_CGROUP and SCRATCH_LOCK, a descriptor that children must not inherit. Needs
# CGROUP2_MOUNT, see scratch_cgroup2. First removes those of PREFIX whose owner was killed before it could: a lock goes
# with its holder.
scratch_make() {
        local prefix=$1 parent=${FC_TEST_TMP:-/var/tmp} making old lock

        # Between the making of a folder and its locking another script would take it for abandoned.
        exec {making}<"$parent"
        flock "$making"
        for old in "$parent/$prefix".??????; do
                [[ -d $old ]] || continue
                if exec {lock}<"$old" && flock --nonblock "$lock"; then
                        # What cannot be removed yet, since its last processes are ending, is left for the next one.
                        if scratch_kill "$CGROUP2_MOUNT/${old##*/}"; then scratch_delete "$old" || :; fi
                fi
                exec {lock}<&-
        done
        SCRATCH=$(mktemp -d "$parent/$prefix.XXXXXX")
        exec {SCRATCH_LOCK}<"$SCRATCH"
        flock "$SCRATCH_LOCK"
        exec {making}<&-
        chmod 755 "$SCRATCH"
        SCRATCH_CGROUP=$CGROUP2_MOUNT/${SCRATCH##*/}
        mkdir "$SCRATCH_CGROUP"
}

# scratch_remove: the folder and the cgroup, with all that is still in them. For the one who made them.
scratch_remove() {
        [[ ! -d $SCRATCH_CGROUP ]] || echo 1 >"$SCRATCH_CGROUP/cgroup.kill" || :
        # The first process of the namespaces is a child, and it ends as the last one.
        wait || :
        scratch_kill "$SCRATCH_CGROUP" || :
        scratch_delete "$SCRATCH"
}

# scratch_delete FOLDER: also what a guest made immutable, as systemd does with /var/empty.
scratch_delete() {
        rm -rf --one-file-system -- "$1" 2>/dev/null && return
        chattr -R -f -i -- "$1" || :
        rm -rf --one-file-system -- "$1"
}

# scratch_kill CGROUP: removes it, if nothing is left in it.
scratch_kill() {
        [[ -d $1 ]] || return 0
        echo 1 >"$1/cgroup.kill" || :
        find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || :
        [[ ! -d $1 ]]
}

# scratch_cgroup2: sets CGROUP2_MOUNT; fails where there is none.
scratch_cgroup2() {
        CGROUP2_MOUNT=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
        [[ -n $CGROUP2_MOUNT ]]
}
