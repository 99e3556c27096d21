#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Again and again, and nothing is left: processes, mounts, links, cgroups, addresses, files in /run and /tmp; and what goes
# on running does not grow. FC_SOAK_ROUNDS: how often.

# shellcheck source=tests/soak/lib.bash
. "$(dirname "$0")/lib.bash"

# slab: kilobytes of the kernel's that it cannot give back, of the whole machine.
slab() { awk '/^SUnreclaim:/ { print $2 }' /proc/meminfo; }

# A /tmp of its own, since others of this machine use theirs. This clone is where it was, even if that is there.
own_tmp() {
        local here

        exec {here}<"$LIVE_TOP"
        mount -t tmpfs tmpfs /tmp
        if [[ ! -e $LIVE_TOP ]]; then
                mkdir -p "$LIVE_TOP"
                mount --no-canonicalize --bind "/proc/self/fd/$here" "$LIVE_TOP"
        fi
        exec {here}<&-
}

everything() {
        host_snapshot
        find /tmp -mindepth 1 -xdev -printf 'tmp %P\n' | sort
        find "$PROJECT/.containers" -printf 'project %P\n' 2>/dev/null | sort
}

# nothing_since: what there is, is what there was when $TMP/before was written.
nothing_since() {
        everything >"$TMP/after"
        same_files "$TMP/before" "$TMP/after" "after $SOAK_DONE rounds something is left (- before, + after)"
}

# Up and down, with a port that is used, a command inside, and a reader of the logs.
testcase_cycles() {
        local slab_before kind

        soak_begin 20 3
        own_tmp
        project_with_two
        soak_recovers
        soak_stops
        everything >"$TMP/before"
        slab_before=$(slab)
        while soak_round "a cycle"; do
                pick 'up' 'up --rm-on-failure' 'restart' && kind=$PICKED
                # shellcheck disable=SC2086 # words
                bounded $kind
                ((STATUS == 0)) || soak_flunk "'$kind' says $STATUS: $ERR"
                bounded exec one -- /bin/true
                ((STATUS == 0)) || soak_flunk "exec says $STATUS: $ERR"
                bounded logs -n 1
                curl --silent --max-time 5 http://127.0.0.1:8080/ >/dev/null || :
                soak_stops
                ((SOAK_DONE % 20 != 0)) || nothing_since
        done
        nothing_since
        umount --recursive /tmp
        note "$SOAK_DONE cycles; slab of the machine $slab_before -> $(slab) KiB"
}

# descriptors, resident: of a process that stays.
descriptors() { find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l; }
resident() { awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"; }

# has_at_most NUMBER PID: while a guest boots, its supervisor holds some more, and gives them back.
has_at_most() { (($(descriptors "$2") <= $1)); }

leader_now() { fc --json status | jq -r '.containers[0].leader'; }
has_rebooted() {
        local now

        now=$(leader_now)
        [[ $now != null && $now != "$1" ]]
}

# One container, asked and rebooted again and again: its supervisor does not grow.
testcase_supervisor() {
        local pid leader fds_before size_before size

        supervisor_only
        soak_begin 20 6
        project shop
        spec "$(fake one '"FAKE_MODE": "ok"' ', "ports": ["8080:80"]')"
        bounded up
        ((STATUS == 0)) || soak_flunk "up says $STATUS: $ERR"
        pid=$(supervisor_pid_of "$(machine_cgroup one)")
        while soak_round "a reboot"; do
                bounded status
                ((STATUS == 0)) || soak_flunk "status says $STATUS: $ERR"
                bounded exec one -- /bin/true
                # Nothing answers inside, and a guest that reboots sooner would wait.
                curl --silent --max-time 5 http://127.0.0.1:8080/ >/dev/null || :
                # Its PID 1 reboots when it is told to.
                leader=$(leader_now)
                kill -USR1 "$leader"
                try_until "$WAIT" has_rebooted "$leader"
                if ((SOAK_DONE == 3)); then
                        fds_before=$(descriptors "$pid")
                        size_before=$(resident "$pid")
                fi
        done
        size=$(resident "$pid")
        note "$SOAK_DONE rounds: $fds_before -> $(descriptors "$pid") descriptors, $size_before -> $size KiB"
        # It had these while its guest booted.
        try_until "$WAIT" has_at_most "$fds_before" "$pid"
        ((size <= size_before + 512)) || soak_flunk "the supervisor had $size_before KiB, and has $size"
        equal "$(fc --json events | grep -c '"rebooting"')" "$SOAK_DONE" "the number of reboots"
        soak_stops
}

# Fresh instances of a PostgreSQL that a snapshot has seeded, eight at once.
testcase_instances() {
        local pids=() pid

        [[ -d $FC_IMAGES/db ]] || skip "there is no $FC_IMAGES/db; examples/debian/make-images makes it"
        soak_begin 10 8
        own_tmp
        project shop
        spec '"db": {"system": {"rootfs": "'"$FC_IMAGES/db"'", "init": "/sbin/init"}, "ports": ["auto:5432"],
                "volumes": ["@pg:/var/lib/postgresql"], "ready": {"units": ["postgresql.service"], "timeout": 120},
                "seed": [{"run": ["su", "postgres", "-c", "createdb app"]}]}'
        ok fc up
        ok fc down
        ok fc snapshot save seeded
        # The first one makes .fresh itself.
        ok fc -q with --fresh --from seeded db -- true
        everything >"$TMP/before"
        while soak_round "an instance"; do
                if ((${#pids[@]} == 8)); then
                        instance_ended "${pids[0]}"
                        pids=("${pids[@]:1}")
                fi
                fc_background "$TMP/instance-$SOAK_DONE" -q run --from seeded db -- su postgres -c 'dropdb app'
                pids+=("$FC_PID")
        done
        for pid in "${pids[@]}"; do instance_ended "$pid"; done
        nothing_since
        umount --recursive /tmp
        note "$SOAK_DONE instances"
}

instance_ended() {
        finished "$1"
        ((STATUS == 0)) || soak_flunk "an instance says $STATUS: $(cat "$TMP"/instance-*)"
}

live_main "$@"
