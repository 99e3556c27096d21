#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A guest that means ill: its systemd's answers, its journal, its console, its files, its processes. No command hangs, none
# needs much memory, nothing outside changes, and `down` ends it. FC_SOAK_ROUNDS: how many of each.

export LIVE_SCRATCH=disk

# shellcheck source=tests/soak/lib.bash
. "$(dirname "$0")/lib.bash"

# What a command may keep of a guest's answers.
readonly MEMORY_MAX=$((400 * 1000 * 1000))

# lean ARGUMENT..: bounded, in memory as well. The sanitizers need more than that.
lean() {
        if has_sanitizers; then
                bounded "$@"
                return
        fi
        run soak_run "$SOAK_HANG" prlimit "--data=$MEMORY_MAX" -- "$FC" "$@"
        ((STATUS != 124 && STATUS != 137)) || soak_flunk "'$*' hangs: not done in $SOAK_HANG s"
        ((STATUS < 128 || STATUS == 130)) || soak_flunk "'$*' was killed: status $STATUS"
}

# all_look NAME: what a person would try.
all_look() {
        local command

        for command in status '--json status' "exec $1 -- /bin/true" "logs -n 3 $1" events "wait --timeout 2 $1" 'port one'; do
                # shellcheck disable=SC2086 # words
                lean $command
                # Nothing of a guest's that could drive a terminal.
                [[ ! $OUT$ERR =~ $'\e' ]] || soak_flunk "'$command' prints an escape sequence"
        done
}

# ends: whatever it does, it can be ended, and nothing is left.
ends() {
        lean down
        ((STATUS == 0)) || soak_flunk "down says $STATUS"
        soak_nothing_left
}

testcase_bus() {
        local mode delay failed services

        soak_begin 8
        project shop
        while soak_round "a bus"; do
                pick deaf no-auth mute stalled garbage wrong closes flood big ok && mode=$PICKED
                pick 0 0 100 4500 && delay=$PICKED
                pick 0 0 3 1000 100000 && failed=$PICKED
                pick 0 0 100000 && services=$PICKED
                SOAK_NOW="bus: $mode, $delay ms, $failed failed, $services services"
                spec "$(fake one "\"FAKE_MODE\": \"$mode\", \"FAKE_DELAY_MS\": \"$delay\", \"FAKE_FAILED\": \"$failed\",
                        \"FAKE_SERVICES\": \"$services\"" ', "ready": {"timeout": 5}, "stop": {"timeout": 1}')"
                lean up
                all_look one
                ends
        done
}

# A journal of a guest's that is damaged at a byte, cut, sparse, or a great many.
testcase_journal() {
        local journal real file i at size

        soak_begin 6
        project shop
        spec "$(web web)"
        soak_recovers
        bounded exec web -- journalctl --sync
        soak_stops
        journal=$(dirname -- "$(find "$PROJECT/.containers/web/journal" -name '*.journal' | head -n 1)")
        real=$(find "$journal" -name system.journal)
        size=$(stat -c %s "$real")
        cp -a -- "$real" "$TMP/real"
        while soak_round "a journal"; do
                pick bytes bytes cut sparse many link fifo && i=$PICKED
                SOAK_NOW="journal: $i"
                file=$journal/system@hostile.journal
                case $i in
                bytes)
                        cp -a -- "$TMP/real" "$file"
                        for ((i = 0; i < 20; i++)); do
                                at=$(((RANDOM * 32768 + RANDOM) % (i < 10 ? 4096 : size)))
                                # shellcheck disable=SC2059 # the format is the byte
                                printf "\\x$(printf %x $((RANDOM % 256)))" |
                                        dd of="$file" bs=1 seek="$at" conv=notrunc status=none
                        done
                        ;;
                cut) cp -a -- "$TMP/real" "$file" && truncate -s $((RANDOM * 100 % size)) "$file" ;;
                sparse) cp -a -- "$TMP/real" "$file" && truncate -s 4G "$file" ;;
                many) for ((i = 0; i < 2000; i++)); do ln "$TMP/real" "$journal/many-$i.journal"; done ;;
                link) ln -s /etc/shadow "$file" ;;
                fifo) mkfifo "$file" ;;
                esac
                lean logs -n 5 web
                lean logs --json web
                lean status
                lean logs -g hostile web
                find "$journal" \( -name '*hostile*' -o -name 'many-*' \) -delete
        done
        rm -rf -- "$PROJECT/.containers"
}

hostile() {
        tiny_image
        cp -- "$FC_HELPERS/hostile" "$TINY_IMAGE/usr/bin/hostile"
        spec "$(tiny one "[\"/usr/bin/hostile\", $1]" ", \"stop\": {\"timeout\": 1}, \"ready\": {\"timeout\": 10}${2:-}")"
}

# hostile_done: it has got so far. The root of an ephemeral one is not there to look at.
hostile_done() { fc exec one -- /bin/ls /hostile-done >/dev/null 2>&1; }

testcase_console() {
        local what

        soak_begin 3
        project shop
        while soak_round "a console"; do
                pick line lines sparse && what=$PICKED
                SOAK_NOW="console: $what"
                rm -rf -- "$PROJECT/.containers"
                hostile "\"${what/sparse/line}\", \"30\""
                bounded up
                try_until "$WAIT" hostile_done
                [[ $what != sparse ]] || truncate -s +2G "$PROJECT/.containers/one/console.log"
                all_look one
                ends
        done
}

# Not by exec, which the leases would hold up.
leased() { [[ -e $PROJECT/.containers/one/root/hostile-done ]]; }

testcase_leases() {
        soak_begin 1
        project shop
        # What is read at the next start, too.
        echo A=b >"$PROJECT/src/env"
        chown "$DEV_UID:$DEV_GID" "$PROJECT/src/env"
        hostile '"lease", "/etc/passwd", "/etc/group", "/etc/os-release", "/run/systemd/private", "/etc/nsswitch.conf", "/src/env"' \
                ', "volumes": ["src:/src"], "envFile": "src/env"'
        bounded up
        try_until "$WAIT" leased
        SOAK_NOW=leases
        all_look one
        bounded restart
        all_look one
        ends
}

testcase_deep() {
        local ephemeral

        soak_begin 1
        project shop
        # As many descriptors as most systems give.
        ulimit -n 1024
        for ephemeral in true false; do
                SOAK_NOW="deep, ephemeral $ephemeral"
                rm -rf --one-file-system -- "$PROJECT/.containers"
                hostile '"deep", "/", "3000"' ", \"ephemeral\": $ephemeral"
                bounded up
                try_until "$WAIT" hostile_done
                all_look one
                ends
                bounded up
                ((STATUS == 0)) || soak_flunk "the next up says $STATUS"
                ends
        done
        # What the guest has made the host's own rm cannot remove by path.
        rm -rf --one-file-system -- "$PROJECT/.containers"
}

# A guest puts anything into its volumes and its own root: it sees nothing of the host by that at the next start.
testcase_links() {
        local outside=$SCRATCH/outside place target file

        soak_begin 10
        mkdir -m 700 "$outside"
        printf 'OUTSIDE\n' >"$outside/file"
        chmod 600 "$outside/file"
        find "$outside" -printf '%p %u %m %T@\n' | sort >"$TMP/outside"
        project shop
        mkdir -p "$PROJECT/data/inner"
        printf 'secret\n' >"$PROJECT/data/secret"
        chown -R "$DEV:" "$PROJECT/data"
        spec "$(tiny one '' ', "volumes": ["data:/data", "data/inner:/inner", "@state:/state"],
                "credentials": {"a": "data/secret"}, "stop": {"timeout": 1}, "ready": {"timeout": 10}')"
        soak_recovers
        while soak_round "a link"; do
                pick /data/inner /data/secret /data /state /inner /etc /etc/hosts /etc/passwd /var/log /usr/lib/os-release \
                        /dev /proc /run /sys /tmp /var /root /usr && place=$PICKED
                pick "$outside" "$outside/file" "$outside/new" && target=$PICKED
                SOAK_NOW="$place is made a link to $target"
                # As the guest's root could, in its volume and in its root.
                case $place in
                /data/*) place=$PROJECT$place ;;
                *) place=$PROJECT/.containers/one/root$place ;;
                esac
                rm -rf --one-file-system -- "$place.kept"
                [[ ! -e $place && ! -L $place ]] || mv -- "$place" "$place.kept"
                ln -s "$target" "$place"
                bounded restart
                bounded up
                for file in /inner/file /data/inner/file /data/secret /etc/file /etc/passwd /state/file /run/host/credentials/a; do
                        bounded exec one -- /bin/cat "$file"
                        [[ $OUT != *OUTSIDE* ]] || soak_flunk "the guest reads the host's file, as its $file"
                done
                # shellcheck disable=SC2016 # expanded inside
                bounded exec one -- /bin/sh -c 'for d in /inner /data/inner /state /data; do echo pwned >>$d/file; done'
                same_files "$TMP/outside" <(find "$outside" -printf '%p %u %m %T@\n' | sort) "outside [$SOAK_NOW]"
                rm -rf --one-file-system -- "$place"
                [[ ! -e $place.kept ]] || mv -- "$place.kept" "$place"
                bounded down
                bounded up
        done
        ends
        rm -rf --one-file-system -- "$outside"
}

# Programs that it leaves for others of the host belong to whom they may: never to the host's root in a project that is not
# root's.
testcase_setuid() {
        local file

        soak_begin 1
        project shop
        mkdir -p "$PROJECT/data"
        chown "$DEV:" "$PROJECT/data"
        spec "$(tiny one '' ', "volumes": ["data:/data", "@state:/state"]')"
        soak_recovers
        # shellcheck disable=SC2016 # expanded inside
        ok fc exec one -- /bin/sh -c 'for d in /data /state; do cat /bin/true >$d/program; chmod 6755 $d/program; done'
        soak_stops
        equal "$(stat -c %u "$PROJECT/data/program")" "$DEV_UID" "the owner of a set-user-id program in a volume of the developer's"
        # That of a volume of the container's own others do not come to.
        # shellcheck disable=SC2016 # expanded inside; setpriv itself still has its capabilities when it executes
        run setpriv --reuid=65534 --regid=65534 --clear-groups -- /bin/sh -c '"$1"' sh "$PROJECT/.containers/volumes/state/program"
        equal "$STATUS" 126 "the status of another user who runs what the guest has left"
}

testcase_reboots() {
        local before

        soak_begin 1
        project shop
        SOAK_NOW="a guest that reboots at once"
        spec "$(fake one '"FAKE_REBOOT_MS": "20"' ', "ready": {"timeout": 10}, "stop": {"timeout": 1}')"
        lean up
        before=$SECONDS
        while ((SECONDS < before + 5)); do all_look one; done
        (($(stat -c %s "$PROJECT/.containers/events.jsonl") < 600000)) || soak_flunk "the event log has grown without end"
        ends
}

# Where cgroup version 1 has the pids controller `TasksMax` is refused. The kernel counts there, too: a container that is
# started in such a group has what it forks counted against that limit, with its supervisor.
readonly PIDS_V1=/sys/fs/cgroup/pids

# up_limited GROUP NUMBER
up_limited() {
        mkdir "$1"
        # shellcheck disable=SC2064 # as it is now
        trap "xargs -r kill -KILL <'$1/cgroup.procs'; try_until \"$WAIT\" rmdir '$1'" EXIT
        printf '%s\n' "$2" >"$1/pids.max"
        # bounded sets STATUS, so it runs here, and the shell goes back.
        printf '%s\n' "$BASHPID" >"$1/cgroup.procs"
        bounded up
        printf '%s\n' "$BASHPID" >"$PIDS_V1/cgroup.procs"
}

testcase_forks() {
        local group=$PIDS_V1/${SCRATCH##*/} version=2

        soak_begin 1
        if ! grep -qw pids "$CGROUP2/cgroup.controllers"; then
                version=1
                # Not a failure with MUST_RUN: no test can change what has the controller.
                if is_booted || [[ ! -w $PIDS_V1/cgroup.procs ]]; then
                        note "not here: cgroup version 1 has the pids controller, and units have nothing of it"
                        exit 77
                fi
        fi
        project shop
        SOAK_NOW="a fork bomb"
        if ((version == 2)); then
                hostile '"forks"' ', "resources": {"TasksMax": 100}'
                bounded up
        else
                hostile '"forks"'
                up_limited "$group" 100
        fi
        ((STATUS == 0)) || soak_flunk "up says $STATUS"
        all_look one
        ((version == 2)) || try_until "$WAIT" grep -Eq '^max [1-9]' "$group/pids.events"
        ends
}

live_main "$@"
