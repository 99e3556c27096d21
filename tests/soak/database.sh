#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# PostgreSQL under load, cut off in every way: no row that was acknowledged is lost, every sum agrees, every index and
# table is what pg_amcheck expects. FC_SOAK_ROUNDS: how often it is cut off.

# shellcheck source=tests/soak/lib.bash
. "$(dirname "$0")/lib.bash"

# That of the image, on the host: Debian's package of it has the whole server.
# shellcheck disable=SC2016 # for the shell there
pgbench() { chroot "$FC_IMAGES/db" /bin/sh -c 'exec /usr/lib/postgresql/*/bin/pgbench "$@"' pgbench -h 127.0.0.1 -U postgres "$@"; }

sql() { psql -X -q -t -A -v ON_ERROR_STOP=1 -h 127.0.0.1 -U postgres -c "$1"; }

# The ways. Each leaves a container that has ended, or one that is new.
cut_down() { bounded down; }
cut_restart() { bounded restart; }
cut_keeper() { kill -9 "$(keeper_pid_of "$1")"; }
cut_nspawn() { kill -9 "$(nspawn_pid_of "$1")"; }
cut_guest() { kill -9 "$(sort -n "$(nspawn_cgroup "$1")/payload/init.scope/cgroup.procs" | head -n 1)"; }
cut_all() { echo 1 >"$1/cgroup.kill"; }
# shellcheck disable=SC2046 # words
cut_server() { kill -9 "$(grep -lsz '^/usr/lib/postgresql/[0-9]*/bin/postgres$' $(payload_pids_of "$1" | sed 's|.*|/proc/&/cmdline|') | head -n 1 | cut -d / -f 3)"; }
readonly WAYS=(down restart keeper nspawn guest all server)

# writer: rows in the order of their numbers, each its own transaction; prints those that the server has acknowledged.
writer() {
        local first=$1

        # It fails when the server goes, as it is meant to.
        seq "$first" 10000000 | sed 's/.*/insert into acknowledged values (&) returning n;/' |
                psql -X -q -t -A -v ON_ERROR_STOP=1 -h 127.0.0.1 -U postgres || :
}

# consistent LAST: after it has recovered.
consistent() {
        local sums count max

        sums=$(sql 'select (select sum(abalance) from pgbench_accounts), (select sum(bbalance) from pgbench_branches),
                (select sum(tbalance) from pgbench_tellers), (select coalesce(sum(delta), 0) from pgbench_history)')
        [[ $(tr '|' '\n' <<<"$sums" | sort -u | wc -l) == 1 ]] || soak_flunk "the sums differ: $sums"
        IFS='|' read -r count max < <(sql 'select count(*), coalesce(max(n), 0) from acknowledged')
        ((count == max)) || soak_flunk "$count rows of $max"
        ((max >= $1)) || soak_flunk "row $1 was acknowledged, and the last one is $max"
        # That of the image: Debian's wrapper knows no such program.
        run fc exec db -- /bin/sh -c 'exec /usr/lib/postgresql/*/bin/pg_amcheck -U postgres --install-missing --heapallindexed postgres'
        ((STATUS == 0)) || soak_flunk "pg_amcheck: $OUT$ERR"
        LAST=$max
}

testcase_pgbench() {
        local way cgroup load writer rows=0 transactions

        soak_begin 3
        [[ -d $FC_IMAGES/db ]] || skip "the image db is not there"
        command -v psql >/dev/null || skip "psql is not installed"
        project shop
        spec "\"db\": {\"system\": {\"rootfs\": \"$FC_IMAGES/db\", \"init\": \"/sbin/init\"}, \"ports\": [\"5432:5432\"]}"
        ok fc up
        sql 'create table acknowledged (n bigint primary key)'
        ok pgbench --initialize --scale=2 --quiet postgres
        LAST=0
        while soak_round "pgbench"; do
                # Each way is as likely.
                pick "${WAYS[@]}" && way=$PICKED
                ! is_booted || [[ $way != all ]] || way=nspawn
                SOAK_NOW="pgbench, cut by $way"
                bounded up
                ((STATUS == 0)) || soak_flunk "up says $STATUS"
                cgroup=$(machine_cgroup db)
                # It fails when it is cut off, as it is meant to.
                { pgbench --client=8 --jobs=2 --time=60 --no-vacuum postgres >"$TMP/load" 2>&1 || :; } &
                load=$!
                writer "$((LAST + 1))" >"$TMP/rows" 2>"$TMP/writer" &
                writer=$!
                line_in "$TMP/rows" "^$((LAST + 20))\$" >/dev/null
                after "$((RANDOM % 1000))"
                "cut_$way" "$cgroup"
                finished "$load"
                finished "$writer"
                transactions=$(tail -n 1 "$TMP/rows")
                rows=$((rows + transactions - LAST))
                # The server inside may be started again by its systemd; the container, by up.
                bounded up
                [[ $STATUS == 0 ]] || bounded restart
                ((STATUS == 0)) || soak_flunk "up says $STATUS"
                try_until "$WAIT" sql 'select 1' >/dev/null 2>&1
                consistent "$transactions"
        done
        soak_stops
        note "cut off $SOAK_DONE times, $rows acknowledged rows"
}

live_main "$@"
