#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# snapshot save, restore, list, rm: what they keep and put back, frozen or stopped; cut off at each step; refusals.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

state() { printf '%s/.containers\n' "$PROJECT"; }

# two_containers: db with a volume of its own, web with one that it shares with db.
two_containers() {
        project shop
        spec "$(tiny db '["/bin/sleep", "infinity"]' ', "volumes": ["@data:/srv/data", "@both:/srv/both"]'), $(tiny web \
                '["/bin/sleep", "infinity"]' ', "volumes": ["@both:/srv/both"]')"
}

# write_all TEXT, expect_all TEXT: in both roots and both volumes.
write_all() {
        local place

        for place in db/root/note web/root/note volumes/data/note volumes/both/note; do
                printf '%s\n' "$1" >"$(state)/$place"
        done
}
expect_all() {
        local place

        for place in db/root/note web/root/note volumes/data/note volumes/both/note; do
                equal "$(cat "$(state)/$place")" "$1" "what $place says"
        done
}

trash_is_gone() { [[ ! -e $(state)/.trash ]]; }

# nothing_left: of a snapshot or a restore that did not come to its end.
nothing_left() {
        absent "$(state)/snapshots/.new"
        absent "$(state)/snapshots/.restore"
        # A process removes that behind the command.
        try_until "$WAIT" trash_is_gone
}

testcase_whole_project() {
        two_containers
        ok fc up
        write_all before
        ok fc snapshot save seeded
        expect_err "saved 'seeded': db, web; volumes both, data, .*stood still for"
        ok fc --json snapshot list
        equal "$(jq -c '.snapshots[] | [.label, .whole, [.containers[] | [.name, .root, .running]], [.volumes[].name]]' <<<"$OUT")" \
                '["seeded",true,[["db",true,true],["web",true,true]],["both","data"]]' "the list"
        ok as_dev env -C "$PROJECT" "$FC" snapshot list
        expect_out 'seeded +20.* db, web; volumes both, data'

        write_all after
        rm -r "$(state)/web/root/bin"
        ok fc snapshot restore seeded
        expect_err "restored 'seeded'"
        expect_all before
        exists "$(state)/web/root/bin"
        # Started again, on what was restored.
        equal "$(payloads_on db) $(payloads_on web)" '1 1'
        ok fc exec db -- cat /note /srv/data/note
        equal "$OUT" $'before\nbefore'
        nothing_left

        # The snapshot is as it was: it can be restored again, of what is down as well.
        write_all after
        ok fc down
        ok fc snapshot restore seeded
        expect_all before
        equal "$(state_of db)" stopped
        run_status 2 fc snapshot rm seeded
        expect_err 'seeded: db, web; volumes both, data, .*B'
        exists "$(state)/snapshots/seeded"
        ok fc snapshot rm --yes seeded
        ok fc snapshot list
        refute_out seeded
        run_status 2 fc snapshot restore seeded
        expect_err "there is no snapshot 'seeded'"
        nothing_left
}

testcase_part_of_it() {
        two_containers
        ok fc up
        write_all before
        # What shares a volume with it is frozen, too, but not saved.
        ok fc snapshot save web web-only
        expect_err "saved 'web-only': web; volume both"
        ok fc snapshot save all
        write_all after
        ok fc snapshot restore web-only
        equal "$(cat "$(state)/web/root/note") $(cat "$(state)/volumes/both/note")" 'before before'
        equal "$(cat "$(state)/db/root/note") $(cat "$(state)/volumes/data/note")" 'after after'
        equal "$(payloads_on db) $(payloads_on web)" '1 1'
        # A part of one of the whole.
        write_all later
        ok fc snapshot restore db all
        equal "$(cat "$(state)/db/root/note") $(cat "$(state)/volumes/data/note")" 'before before'
        equal "$(cat "$(state)/web/root/note")" later
        run_status 2 fc snapshot restore db web-only
        expect_err "snapshot 'web-only' has no container 'db'"
        expect_err 'it has: web; volume both'
        run_status 2 fc snapshot restore --move db all
        expect_err 'all of snapshot .all. is restored, or nothing'
        run_status 2 fc snapshot save nosuch label
        expect_err "no container 'nosuch'"
        # What a container has that runs is what it was started with.
        spec "$(tiny db), $(tiny web)"
        ok fc snapshot save db as-it-runs
        expect_err "saved 'as-it-runs': db; volumes data, both"
        ok fc --dry-run snapshot restore as-it-runs
        expect_out 'web: nothing, stopped meanwhile'
        ok fc down
}

testcase_move_uses_it_up() {
        two_containers
        ok fc up
        write_all before
        ok fc down
        ok fc snapshot save once
        write_all after
        ok fc snapshot restore --move once
        expect_err 'the snapshot is used up'
        expect_all before
        absent "$(state)/snapshots/once"
        nothing_left
        ok fc up
        ok fc down
}

# `up --from`: what has nothing yet begins with a snapshot; what has something is asked about.
testcase_up_from() {
        local holder

        project shop
        spec "$(tiny db '["/bin/sleep", "infinity"]' ', "volumes": ["@data:/srv/data", "@both:/srv/both"]'), $(tiny web \
                '["/bin/sleep", "infinity"]' ', "volumes": ["@both:/srv/both"], "dependsOn": {"db": "started"}'), $(tiny other)"
        run_status 2 fc up --from seeded
        expect_err "there is no snapshot 'seeded'"
        ok fc up web
        write_all before
        ok fc snapshot save db web seeded
        ok fc down
        ok fc rm --yes -v
        cp "$PROJECT/flake-containers.json" "$TMP/spec"
        spec ''
        run_status 2 fc up --from seeded
        expect_err "no container of this project would begin with what snapshot 'seeded' has"
        cat "$TMP/spec" >"$PROJECT/flake-containers.json"
        ok fc up --dry-run --from seeded web
        expect_out "web: from snapshot 'seeded'.*web: start"
        refute_out replaced
        absent "$(state)/web/root"
        # With what it depends on.
        ok fc up --from seeded web
        expect_all before
        equal "$(payloads_on db) $(payloads_on web)" '1 1'
        exists "$(state)/snapshots/seeded"

        write_all after
        run_status 2 fc up --from seeded web
        expect_err 'web: its root.*@both: a volume.*there is no terminal to ask on.*--yes'
        refute_err 'db: its root'
        ok fc up --dry-run --from seeded
        expect_out 'replaced: db: its root'
        run_status 2 fc up --from seeded other
        expect_err "snapshot 'seeded' has no container 'other'"
        expect_all after
        # That alone which was asked for: db stands still for the volume, and keeps its root.
        ok fc up --yes --from seeded web
        equal "$(cat "$(state)/web/root/note") $(cat "$(state)/volumes/both/note")" 'before before'
        equal "$(cat "$(state)/db/root/note") $(cat "$(state)/volumes/data/note")" 'after after'
        equal "$(payloads_on db) $(payloads_on web)" '1 1'
        ok fc down

        # What comes between the look and the locks is not replaced unasked.
        ok fc rm --yes -v
        flock --no-fork /run/flake-containers/*/web.lock sleep infinity &
        holder=$!
        try_until "$WAIT" lock_is ': FLOCK' /run/flake-containers/*/web.lock
        fc_background "$TMP/up" up --from seeded
        try_until "$WAIT" lock_is '-> FLOCK' /run/flake-containers/*/web.lock
        mkdir -p "$(state)/web/root"
        kill "$holder"
        finished "$FC_PID"
        equal "$STATUS" 5
        true_that "it says so" grep -q "another command has made this meanwhile: web: its root" "$TMP/up"
        absent "$(state)/db/root"
        nothing_left
}

# What a container did not have at the time is gone afterwards; what is new since stays.
testcase_before_its_first_start() {
        two_containers
        ok fc up db
        ok fc down
        ok fc snapshot save early
        ok fc up
        write_all after
        ok fc down
        ok fc snapshot restore early
        absent "$(state)/web/root"
        absent "$(state)/db/root/note"
        absent "$(state)/volumes/data/note"
        ok fc up
        ok fc down
}

testcase_refusals() {
        local label lock holder remover

        two_containers
        run_status 2 fc snapshot save early
        expect_err 'nothing to save'
        absent "$(state)"
        ok fc up db
        for label in '' Upper a/b .. .new a.b -a "$(printf 'a%.0s' {1..64})"; do
                run_status 2 fc snapshot save -- "$label"
                run_status 2 fc snapshot restore -- "$label"
                run_status 2 fc snapshot rm --yes -- "$label"
        done
        run_status 2 fc snapshot save
        expect_err 'usage: flake-containers snapshot save'
        run_status 2 fc snapshot
        expect_err 'save, restore, list, rm'
        run_status 2 fc snapshot make
        expect_err "has no command 'make'"
        ok fc snapshot --help
        expect_out '--move'
        run_status 2 fc snapshot restore nosuch
        run_status 2 fc snapshot rm --yes nosuch
        ok fc snapshot save one
        run_status 5 fc snapshot save one
        expect_err "there is a snapshot 'one' already"
        expect_err 'snapshot rm one'
        ok fc --dry-run snapshot save two
        expect_out 'db: save, frozen meanwhile'
        absent "$(state)/snapshots/two"
        ok fc --dry-run snapshot restore one
        expect_out 'db: restore, stopped meanwhile'
        # Another one has its label by the time that it is to go.
        lock=$(echo /run/flake-containers/*/@snapshots.lock)
        flock --no-fork "$lock" sleep infinity &
        holder=$!
        try_until "$WAIT" lock_is ': FLOCK' "$lock"
        fc_background "$TMP/log" snapshot rm --yes one
        remover=$FC_PID
        try_until "$WAIT" lock_is '-> FLOCK' "$lock"
        sed -i -E 's/("savedUsec":[[:space:]]*)[0-9]+/\11/' "$(state)/snapshots/one/manifest.json"
        kill "$holder"
        gone "$holder"
        finished "$remover"
        equal "$STATUS" 5 "the status of rm ($(<"$TMP/log"))"
        exists "$(state)/snapshots/one"
        # A manifest that is damaged, is told; and can be removed.
        printf '{"version": 1}\n' >"$(state)/snapshots/one/manifest.json"
        run_status 5 fc snapshot restore one
        expect_err 'manifest.json. is damaged'
        ok fc snapshot rm --yes one
        ok fc down
        # A restore that was killed comes to its end before `rm`, and puts nothing back behind it.
        ok fc snapshot save one
        mv "$(state)/snapshots/one" "$(state)/snapshots/.restore"
        ok fc rm --yes db
        absent "$(state)/snapshots/.restore"
        absent "$(state)/db"
}

# Links and directories of others where root is going to work.
testcase_links_and_strangers() {
        local place

        two_containers
        ok fc up
        ok fc down
        mkdir "$TMP/outside"
        ln -s "$TMP/outside" "$(state)/snapshots"
        run_status 5 fc snapshot save one
        expect_err 'symbolic link'
        rm "$(state)/snapshots"
        mkdir "$(state)/snapshots"
        chown "$DEV:" "$(state)/snapshots"
        run_status 5 fc snapshot save one
        expect_err "not root's alone"
        rmdir "$(state)/snapshots"
        ok fc snapshot save one
        for place in db/root volumes/data; do
                mv "$(state)/$place" "$TMP/kept"
                ln -s "$TMP/outside" "$(state)/$place"
                run fc snapshot save two
                differ "$STATUS" 0
                rm "$(state)/$place"
                mv "$TMP/kept" "$(state)/$place"
                nothing_left
        done
        # Restored over a link, it goes, not what it leads to.
        mv "$(state)/db/root" "$TMP/kept"
        ln -s "$TMP/outside" "$(state)/db/root"
        : >"$TMP/outside/file"
        ok fc snapshot restore one
        exists "$TMP/outside/file"
        true_that "the root is a directory" test ! -L "$(state)/db/root"
        # A mount in the way is refused before anything has changed.
        mkdir "$(state)/volumes/data/mnt"
        mount -t tmpfs none "$(state)/volumes/data/mnt"
        write_all after
        run_status 5 fc snapshot restore one
        expect_err 'mount'
        expect_all after
        umount "$(state)/volumes/data/mnt"
        nothing_left
        ok fc snapshot restore one
        absent "$(state)/volumes/data/mnt"
        nothing_left
}

# What was there before a restore goes when that has ended; `down` ends when all of it is gone.
testcase_old_trees_go_behind() {
        local remover

        two_containers
        ok fc up
        write_all before
        ok fc snapshot save one
        write_all after
        # Another process is at it.
        mkdir -m 700 "$(state)/.trash"
        flock --no-fork "$(state)/.trash" sleep infinity &
        remover=$!
        try_until "$WAIT" lock_is ': FLOCK' "$(state)/.trash"
        ok fc snapshot restore --move one
        expect_all before
        equal "$(payloads_on db) $(payloads_on web)" '1 1'
        equal "$(find "$(state)/.trash" -name note | wc -l)" 4 "how many old trees are there"
        ok fc up
        fc_background "$TMP/down" down
        try_until "$WAIT" lock_is '-> FLOCK' "$(state)/.trash"
        kill "$remover"
        finished "$FC_PID"
        equal "$STATUS" 0
        absent "$(state)/.trash"
}

# payload_frozen NAME: does it stand still?
payload_frozen() { grep -q 'frozen 1' "$(nspawn_cgroup "$(machine_cgroup "$1")")/payload/cgroup.events"; }

# big_volume MEGABYTES: so that a copy takes its time, and in many files, from 000 on.
big_volume() { head -c "$1M" /dev/urandom | split -b 1M -d -a 3 - "$(state)/volumes/data/"; }

# save_halfway LABEL: begins to save, and stands still when the containers do: as it copies a file of a volume. Sets SAVER, its
# pid, and FC_PID, what ends as it does.
save_halfway() {
        asker
        "${ASKER[@]}" env --default-signal=INT,QUIT "$FC_HELPERS/fault" --from halfway stop 1 "$FC" snapshot save "$1" >"$TMP/save" 2>&1 &
        FC_PID=$!
        line_in "$TMP/save" '^fault: stopped' >/dev/null
        SAVER=$(pgrep -P "$FC_PID")
        true_that "db stands still" payload_frozen db
}

# Killed while it copies: the container goes on at once, without another command.
testcase_killed_while_frozen() {
        ! has_sanitizers || { note "not with the sanitizers: a traced process cannot look for leaks" && return; }
        two_containers
        ok fc up
        echo text >"$(state)/volumes/data/halfway"
        save_halfway big
        kill -9 "$SAVER"
        finished "$FC_PID"
        try_until "$WAIT" eval '! payload_frozen db && ! payload_frozen web'
        absent "$(state)/snapshots/big"
        ok fc exec db -- echo hello

        # Its guard as well: then the next command that works on it.
        save_halfway big
        ok fc status
        expect_out 'db +frozen'
        kill -9 "$(pgrep -P "$SAVER" -x fc-guard)" "$SAVER"
        finished "$FC_PID"
        payload_frozen db
        ok fc unpause db
        expect_err 'db: unpaused'
        true_that "db goes on" eval '! payload_frozen db'
        ok fc up
        try_until "$WAIT" eval '! payload_frozen db && ! payload_frozen web'
        ok fc exec db -- echo hello

        # What was left is used by neither, and goes with the next one.
        ok fc snapshot save big
        nothing_left
        # An interrupt ends it in order.
        save_halfway other
        kill -INT "$SAVER"
        kill -CONT "$SAVER"
        finished "$FC_PID"
        equal "$STATUS" 130
        true_that "it goes on" eval '! payload_frozen db'
        absent "$(state)/snapshots/other"
        nothing_left
        ok fc down
}

# faulted FROM ARGUMENT..: what fault does to the program from the call on that opens FROM.
faulted() {
        local from=$1 how=() n=1

        shift
        [[ $1 != kill ]] || n=2
        how=("${@:1:n}")
        shift "$n"
        asker
        run "${ASKER[@]}" "$FC_HELPERS/fault" --from "$from" "${how[@]}" "$FC" "$@"
}
counted() { sed -nE 's/^fault: ([0-9]+) calls.*/\1/p' <<<"$ERR"; }

# cut_off FROM VERB..: kills the command at calls from the one on that opens FROM, most of them among the last, where the
# result counts. Each time, once another command has come, the project is as it was before or as it is after, and whole.
cut_off() {
        local from=$1 calls i said old=0 new=0

        shift
        write_all after
        faulted "$from" count "$@"
        equal "$STATUS" 0
        calls=$(counted)
        ((calls > 20)) || flunk "only $calls calls"
        for i in 1 $((calls / 2)) $(seq $((calls - calls / 4)) $((calls / 20)) "$calls"); do
                [[ -d $(state)/snapshots/one ]] || {
                        write_all before
                        ok fc snapshot save one
                }
                write_all after
                faulted "$from" kill "$i" "$@"
                # Before it, nothing is started that could be a mix.
                ok fc snapshot save web next
                ok fc snapshot rm --yes next
                said=$(cat "$(state)/db/root/note")
                expect_all "$said"
                nothing_left
                if [[ $said == after ]]; then old=$((old + 1)); else new=$((new + 1)); fi
        done
        note "$calls calls, $old times as before, $new times as after"
        ((old > 0 && new > 0)) || flunk "it was never cut off on both sides"
}

testcase_restore_cut_off() {
        ! has_sanitizers || { note "not with the sanitizers: a traced process cannot look for leaks" && return; }
        two_containers
        ok fc up
        ok fc down
        write_all before
        ok fc snapshot save one
        cut_off one/manifest.json snapshot restore one
        cut_off one/manifest.json snapshot restore --move one
}

testcase_save_cut_off() {
        local calls i complete=0

        ! has_sanitizers || { note "not with the sanitizers: a traced process cannot look for leaks" && return; }
        two_containers
        ok fc up
        ok fc down
        write_all before
        faulted snapshots count snapshot save one
        equal "$STATUS" 0
        calls=$(counted)
        ok fc snapshot rm --yes one
        # The last calls, where it gets its name, one by one.
        for i in $(seq 1 $((calls / 3)) "$calls") $(seq $((calls - 16)) 4 "$calls"); do
                write_all before
                # Another number of calls would remove it.
                rm -rf "$(state)/snapshots/.new"
                faulted snapshots kill "$i" snapshot save one
                if [[ -e $(state)/snapshots/one ]]; then
                        complete=$((complete + 1))
                        write_all after
                        ok fc snapshot restore one
                        expect_all before
                        ok fc snapshot rm --yes one
                else
                        run_status 2 fc snapshot restore one
                fi
        done
        ((complete > 0)) || flunk "it was never killed after the snapshot was complete"
        faulted snapshots kill $((calls / 2)) snapshot save one
        exists "$(state)/snapshots/.new"
        ok fc snapshot save one
        nothing_left
}

# Two at once, on the same things: one waits for the other.
testcase_two_at_once() {
        two_containers
        ok fc up
        write_all before
        big_volume 40
        fc_background "$TMP/first" snapshot save one
        first=$FC_PID
        fc_background "$TMP/second" snapshot save one
        second=$FC_PID
        finished "$first"
        one=$STATUS
        finished "$second"
        equal "$((one + STATUS))" 5 "the sum of their statuses, of which one is a conflict"
        write_all after
        fc_background "$TMP/first" snapshot restore one
        first=$FC_PID
        fc_background "$TMP/second" snapshot restore one
        second=$FC_PID
        ok fc up
        finished "$first"
        equal "$STATUS" 0
        finished "$second"
        equal "$STATUS" 0
        expect_all before
        equal "$(payloads_on db) $(payloads_on web)" '1 1'
        ok fc down
        nothing_left
}

# Those of the image, on the host: Debian's package of it has the whole server.
# shellcheck disable=SC2016 # for the shell there
pgbench() { chroot "$FC_IMAGES/db" /bin/sh -c 'exec /usr/lib/postgresql/*/bin/pgbench "$@"' pgbench -h 127.0.0.1 -U postgres "$@"; }
sql() { psql -X -q -t -A -v ON_ERROR_STOP=1 -h 127.0.0.1 -U postgres -c "$1"; }
# writer: rows in the order of their numbers, each its own transaction; prints those that the server has acknowledged.
writer() {
        seq 1 10000000 | sed 's/.*/insert into acknowledged values (&) returning n;/' |
                psql -X -q -t -A -v ON_ERROR_STOP=1 -h 127.0.0.1 -U postgres || :
}

# A database that is saved while it is busy comes back as of one moment: what was acknowledged before is there, sums agree,
# and PostgreSQL finds no fault in it.
testcase_postgres() {
        local load writer before sums count max

        [[ -d $FC_IMAGES/db ]] || skip "the image db is not there"
        command -v psql >/dev/null || skip "psql is not installed"
        project shop
        spec "\"db\": {\"system\": {\"rootfs\": \"$FC_IMAGES/db\", \"init\": \"/sbin/init\"}, \"ports\": [\"5432:5432\"],
                \"ready\": {\"tcp\": [5432]}, \"volumes\": [\"@extra:/srv/extra\"]}"
        ok fc up
        sql 'create table acknowledged (n bigint primary key)'
        ok pgbench --initialize --scale=1 --quiet postgres
        pgbench --client=8 --jobs=2 --time=600 --no-vacuum postgres >"$TMP/load" 2>&1 || : &
        load=$!
        writer >"$TMP/rows" 2>"$TMP/writer" &
        writer=$!
        line_in "$TMP/rows" '^50$' >/dev/null
        before=$(tail -n 1 "$TMP/rows")
        ok fc snapshot save busy
        note "$(grep -o 'saved .*' <<<"$ERR")"
        # It goes on afterwards.
        line_in "$TMP/rows" "^$((before + 500))\$" >/dev/null
        ok fc exec db -- /bin/sh -c 'mv /var/lib/postgresql/data/base /var/lib/postgresql/data/gone'
        ok fc snapshot restore busy
        finished "$load"
        finished "$writer"
        sums=$(sql 'select (select sum(abalance) from pgbench_accounts), (select sum(bbalance) from pgbench_branches),
                (select sum(tbalance) from pgbench_tellers), (select coalesce(sum(delta), 0) from pgbench_history)')
        equal "$(tr '|' '\n' <<<"$sums" | sort -u | wc -l)" 1 "how many different sums there are in $sums"
        IFS='|' read -r count max < <(sql 'select count(*), coalesce(max(n), 0) from acknowledged')
        equal "$count" "$max" "how many rows there are"
        ((max >= before)) || flunk "row $before was acknowledged, and the last one is $max"
        # shellcheck disable=SC2016 # for the shell there
        ok fc exec db -- /bin/sh -c 'exec /usr/lib/postgresql/*/bin/pg_amcheck -U postgres --install-missing --heapallindexed postgres'
        ok fc down
}

# small_disk MKFS MEGABYTES: the current project, on a file system of its own.
small_disk() {
        supervisor_only
        command -v "mkfs.$1" >/dev/null || skip "mkfs.$1 is not installed"
        PROJECT=$SCRATCH/projects/shop
        mkdir -p "$PROJECT"
        truncate -s "$2M" "$SCRATCH/projects/disk"
        "mkfs.$1" -q "$SCRATCH/projects/disk" >/dev/null 2>&1
        mount -o loop "$SCRATCH/projects/disk" "$PROJECT" || skip "this kernel or host has no loop device with $1"
        two_containers
}

testcase_disk_full() {
        small_disk ext4 170
        ok fc up
        write_all before
        big_volume 40
        ok fc snapshot save one
        write_all after
        # Neither has room: nothing has changed, and what runs goes on.
        run_status 6 fc snapshot save two
        expect_err 'No space left'
        true_that "it goes on" eval '! payload_frozen db'
        absent "$(state)/snapshots/two"
        nothing_left
        run_status 6 fc snapshot restore one
        expect_err 'No space left'
        expect_all after
        equal "$(payloads_on db) $(payloads_on web)" '1 1'
        nothing_left
        # Without a copy there is.
        ok fc snapshot restore --move one
        expect_all before
        ok fc down
        umount "$PROJECT"
}

# shared MKFS: the copies share their blocks with the original, so there is room for many of them.
shared() {
        local i

        small_disk "$1" "$2"
        ok fc up
        write_all before
        big_volume 100
        for i in 1 2 3; do ok fc snapshot save "s$i"; done
        write_all after
        for i in 3 2 1; do
                ok fc snapshot restore "s$i"
                expect_all before
        done
        cmp "$(state)/volumes/data/007" "$(state)/snapshots/s2/volumes/data/007"
        ok fc down
        umount "$PROJECT"
}

testcase_btrfs() { shared btrfs 250; }
testcase_xfs() { shared xfs 310; }

live_main "$@"
