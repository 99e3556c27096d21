#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The example's other two services, used as a developer uses them: with their own clients, over the published ports.
# shellcheck disable=SC2016 # $$ quotes in SQL

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# The specification of the example itself, with absolute images.
example() {
        [[ -d $FC_IMAGES/db && -d $FC_IMAGES/cache ]] || skip "the images db and cache are not there"
        command -v psql >/dev/null || skip "psql is not installed"
        command -v redis-cli >/dev/null || skip "redis-cli is not installed"
        project shop
        jq --arg images "$FC_IMAGES" '.containers[].system.rootfs |= sub("^images"; $images)' \
                "$LIVE_TOP/examples/debian/flake-containers.json" >"$PROJECT/flake-containers.json"
        chown "$DEV:" "$PROJECT/flake-containers.json"
}

sql() { psql -X -q -t -A -v ON_ERROR_STOP=1 -h 127.0.0.1 -U postgres -c "$1"; }
redis() { redis-cli -h 127.0.0.1 "$@"; }

testcase_postgres() {
        example
        jq '.containers.db += {"environment": {"PGTZ": "Asia/Tokyo"}, "envFile": ".env"}' "$PROJECT/flake-containers.json" >"$TMP/spec"
        cp "$TMP/spec" "$PROJECT/flake-containers.json"
        echo "PGDATESTYLE='German, DMY'" >"$PROJECT/.env"
        ok fc up db
        # The server, which is a service, has the variable, and so have the clients that exec starts.
        ok fc exec db -- sh -c 'tr "\0" "\n" <"/proc/$(head -n 1 /var/lib/postgresql/data/postmaster.pid)/environ"'
        expect_out 'PGTZ=Asia/Tokyo'
        expect_out 'PGDATESTYLE=German, DMY'
        ok fc exec db -- psql -U postgres -t -A -c 'show timezone' -c 'show datestyle'
        equal "$OUT" $'Asia/Tokyo\nGerman, DMY'
        # The first try: it is ready, or `up` was wrong.
        equal "$(sql 'create table orders (item text); insert into orders values ($$tea$$), ($$milk$$); select count(*) from orders')" 2
        ok fc exec db -- psql -U postgres -t -A -c 'select count(*) from orders'
        equal "$OUT" 2 "counted from inside"
        ok fc restart db
        equal "$(sql 'select count(*) from orders')" 2 "rows after a restart"

        # What was committed survives a kill.
        sql 'insert into orders values ($$bread$$)'
        kill -9 "$(keeper_pid_of "$(machine_cgroup db)")"
        "$FC_HELPERS/wait-for" "$WAIT" empty "$(machine_cgroup db)"
        ok fc up db
        equal "$(sql 'select count(*) from orders')" 3 "rows after a kill"
        ok fc logs db -u postgresql
        expect_out 'database system was not properly shut down'

        # An open session does not keep it from stopping, and stopping is clean.
        psql -X -h 127.0.0.1 -U postgres -c 'select pg_sleep(1000)' >"$TMP/session" 2>&1 &
        try_until "$WAIT" session_is_open
        local session=$! started=$SECONDS
        ok fc down db
        ((SECONDS - started < 10)) || flunk "down took $((SECONDS - started)) s"
        finished "$session"
        ok fc up db
        ok fc logs db -u postgresql -n 30
        expect_out 'database system was shut down at'
        ok fc down
}

# A package's directory as a fresh volume: what it covers is there, and belongs to the service. On roots that are gone each
# time, so that nothing else can have kept the data.
testcase_on_fresh_volumes() {
        local changed

        example
        changed=$(jq '.containers |= (del(.httpserver) | map_values(.ephemeral = true) |
                .db.volumes = ["@pg:/var/lib/postgresql"] | .cache.volumes = ["@redis:/var/lib/redis"])' "$PROJECT/flake-containers.json")
        printf '%s\n' "$changed" >"$PROJECT/flake-containers.json"
        ok fc up
        equal "$(sql 'create table orders (item text); insert into orders values ($$tea$$); select count(*) from orders')" 1
        equal "$(redis set fruit pear)" OK
        equal "$(redis save)" OK
        ok fc down
        ok fc up
        equal "$(sql 'select item from orders')" tea
        equal "$(redis get fruit)" pear
        ok fc down
}

# As a command it is asked by SIGINT, which ends it while sessions are open; SIGTERM would wait for their end.
# A step as the database's own account, then an SQL file, which its own client reads. What a file with a mistake has begun
# is gone at the next try.
testcase_postgres_seeded() {
        local changed

        thorough || return 0
        example
        changed=$(jq '.containers |= {db: (.db + {ephemeral: true, volumes: ["@pg:/var/lib/postgresql"], seed: [
                {run: ["createdb", "shop"], user: "postgres"}, {sql: "seed.sql", database: "shop"}]})}' "$PROJECT/flake-containers.json")
        printf '%s\n' "$changed" >"$PROJECT/flake-containers.json"
        as_dev sh -c 'printf "create table orders (item text);\n\ninsert into ordres values (42);\n" >"$1/seed.sql"' sh "$PROJECT"
        run_status 3 fc up
        expect_err "db: step 2 of 2 of its seed \('seed\.sql'\) failed: exit status 3"
        expect_err 'psql:<stdin>:3: ERROR:  relation "ordres" does not exist'
        as_dev sed -i 's/ordres/orders/' "$PROJECT/seed.sql"
        ok fc up
        ok fc exec db -- psql -U postgres -t -A -c 'select * from orders' shop
        equal "$OUT" 42
        ok fc down
}

testcase_postgres_as_a_command() {
        local command session

        [[ -d $FC_IMAGES/db ]] || skip "the image db is not there"
        command -v psql >/dev/null || skip "psql is not installed"
        command='["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "/bin/bash", "-c",
                "exec /usr/lib/postgresql/*/bin/postgres -D /var/lib/postgresql/data -k /tmp"]'
        project shop
        spec "$(printf '"db": {"system": {"rootfs": "%s"}, "command": %s, "ports": ["5432"], "ready": {"tcp": [5432]},
                "stop": {"signal": "SIGINT", "timeout": 60}}' "$FC_IMAGES/db" "$command")"
        ok fc up
        psql -X -h 127.0.0.1 -U postgres -c 'select pg_sleep(1000)' >"$TMP/session" 2>&1 &
        session=$!
        try_until "$WAIT" session_is_open
        ok fc down
        finished "$session"
        ok fc logs db
        expect_out 'received fast shutdown request'
        refute_out 'smart shutdown'
        expect_out 'database system is shut down'
}

session_is_open() { [[ $(sql "select count(*) from pg_stat_activity where query like 'select pg_sleep%'") == 1 ]]; }

# The data of another major version: what the server says of it is on the screen.
testcase_postgres_of_another_version() {
        thorough || return 0
        example
        ok fc up db
        ok fc down
        echo 13 >"$PROJECT/.containers/db/root/var/lib/postgresql/data/PG_VERSION"
        run_status 3 fc up db
        expect_err 'FATAL:  database files are incompatible with server'
        # The server's own version is the image's.
        ERR=$(sed -E 's/PostgreSQL version [0-9]+, which is not compatible with this version [0-9.]+ .*/VERSIONS/' <<<"$ERR")
        screen postgres-of-another-version
        # What it advises helps.
        ok fc reset --yes db
        ok fc down
}

# A script that fills the database, with a mistake in it.
testcase_seed() {
        local data psql

        example
        ok fc up db
        ok fc down
        data=$PROJECT/.containers/db/root/var/lib/postgresql/data
        printf "listen_addresses = '*'\n" >>"$data/postgresql.auto.conf"
        printf 'host all all samenet trust\n' >>"$data/pg_hba.conf"
        psql=$(cd "$FC_IMAGES/db" && echo usr/lib/postgresql/*/bin/psql)
        printf 'create table orders (item text);\ninsert into ordrs values (1);\n' >"$PROJECT/seed.sql"
        jq --arg psql "/$psql" '.containers.seed = {
                system: {rootfs: .containers.db.system.rootfs},
                command: [$psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "db", "-U", "postgres", "-f", "/srv/seed.sql"],
                volumes: ["seed.sql:/srv/seed.sql:ro"], dependsOn: {db: "ready"}, oneShot: true} |
                .containers.db.ready = {units: ["postgresql.service"], exec: [["pg_isready", "-q"]]}' \
                "$PROJECT/flake-containers.json" >"$TMP/spec"
        cat "$TMP/spec" >"$PROJECT/flake-containers.json"
        run_status 3 fc up seed
        screen seed-with-an-error

        printf 'drop table orders;\ncreate table orders (item text);\ninsert into orders values (1);\n' >"$PROJECT/seed.sql"
        ok fc up seed
        expect_err 'seed: completed'
        equal "$(sql 'select count(*) from orders')" 1
        ok fc down
}

testcase_redis() {
        example
        ok fc up cache
        equal "$(redis ping)" PONG
        equal "$(redis set greeting hello)" OK
        ok fc restart cache
        # Redis saves when it stops.
        equal "$(redis get greeting)" hello "after a restart"
        ok fc down
}

testcase_all_of_the_example() {
        example
        ok fc up
        equal "$(page 8080)" "$(<"$PROJECT/src/index.html")"
        equal "$(sql 'select 1')" 1
        equal "$(redis ping)" PONG
        for name in httpserver db cache; do
                ok fc exec "$name" -- systemctl is-system-running
                equal "$OUT" running "the state of $name's system"
        done
        ok fc down
}

live_main "$@"
