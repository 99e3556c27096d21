#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# shared: containers that the work trees of a repository have in common: which one has them, who stops them, and what happens
# when the work trees do not agree about them.
# shellcheck disable=SC2016 # the shells inside expand these
# shellcheck disable=SC2119 # `web` of this script takes nothing

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# Gives back what it is sent. The program lies in the main work tree alone.
readonly SERVER='["/src/traffic", "serve", "0.0.0.0", "5432"]'

db() {
        tiny db "$SERVER" ", \"shared\": true, \"ports\": [\"5432:5432\"], \"volumes\": [\"@data:/data\", \"src:/src\"],
                \"environment\": {\"AS\": \"$1\"}, \"ready\": {\"tcp\": [5432]}"
}

web() { tiny web '' ', "dependsOn": {"db": "ready"}'; }

# two_work_trees: MAIN and LINKED, each with a database that is shared and a web server that is not.
two_work_trees() {
        project main
        install -o "$DEV" -- "$FC_HELPERS/traffic" "$PROJECT/src/traffic"
        spec "$(db main), $(web)"
        MAIN=$PROJECT
        LINKED=$SCRATCH/projects/linked
        as_dev git -C "$MAIN" add flake-containers.json
        as_dev git -C "$MAIN" -c user.name=d -c user.email=d@x commit -qm first
        as_dev git -C "$MAIN" worktree add -q "$LINKED"
        LIVE_PROJECTS+=("$LINKED")
}

last_line_has() { tail -n 1 "$1" | grep -qE "$2"; }
in_main() { PROJECT=$MAIN; }
in_linked() { PROJECT=$LINKED; }
leader_of_db() { fc --json status db | jq '.containers[0].leader'; }
readonly ASK='exec 3<>/dev/tcp/db/5432 && echo hello >&3 && head -n 1 <&3'
started_as() { fc exec db -- sh -c 'echo $AS'; }

testcase_one_for_both() {
        local leader watch

        two_work_trees
        in_linked
        fc_background "$TMP/lines" --json status --watch
        watch=$FC_PID
        line_in "$TMP/lines" '"name":"db"' >/dev/null
        ok fc --json up
        equal "$(jq -c '[.containers[] | [.name, .state]]' <<<"$OUT")" '[["web","running"],["db","running"]]'
        absent "$LINKED/.containers/db"
        exists "$MAIN/.containers/db/root"
        leader=$(leader_of_db)
        ok fc exec db -- sh -c 'echo one >/data/note'
        # It is that of the main work tree, which has a web server of its own, and finds it by its name in the network.
        in_main
        ok fc up
        equal "$(leader_of_db)" "$leader" "the database"
        ok fc exec web -- bash -c "$ASK"
        equal "$OUT" hello
        ok fc status db
        expect_out "shared with '$LINKED'"
        # What happens to it there is seen from here.
        line_in "$TMP/lines" "\"name\":\"web\".*\"ready\":true.*\"name\":\"db\".*\"state\":\"running\".*shared, of '$MAIN'" >/dev/null
        ok fc pause db
        line_in "$TMP/lines" '"name":"db"[^{]*"state":"paused"' >/dev/null
        ok fc unpause db
        try_until "$WAIT" last_line_has "$TMP/lines" '"name":"db"[^{]*"state":"running"'
        equal "$(jq -rs 'map(.project.root) | unique[]' "$TMP/lines")" "$LINKED"
        kill -INT "$watch"
        finished "$watch"
        equal "$STATUS" 0
        # From the other one the way is its port, by the same name.
        in_linked
        ok fc exec web -- bash -c "$ASK"
        equal "$OUT" hello
        ok fc env
        expect_out "DB_PORT='5432'"
        ok fc port db 5432
        equal "$OUT" '127.0.0.1:5432'
        ok as_dev env -C "$LINKED" "$FC" status
        expect_out "db +running.*shared, of '$MAIN'"
        ok fc logs db
        ok fc ls
        expect_out "db web"
        ok fc -q with -- sh -c 'echo $DB_PORT'
        equal "$OUT" 5432
        # A fresh instance shares nothing.
        install -D -o "$DEV" -- "$FC_HELPERS/traffic" "$LINKED/src/traffic"
        ok fc -q run db -- sh -c 'cat /data/note || echo none'
        equal "$OUT" none

        # The last one stops it.
        in_main
        ok fc --dry-run down
        expect_out $'db: nothing\nweb: stop'
        ok fc down
        expect_err "db: not stopped, since it is shared, and used in '$LINKED'"
        equal "$(state_of db) $(state_of web)" "running stopped"
        run_status 5 fc down -v --yes
        expect_err "'db' is shared"
        in_linked
        ok fc down db
        refute_err 'not stopped'
        equal "$(state_of db) $(state_of web)" "stopped running"
        ok fc down -v --yes
        exists "$MAIN/.containers/volumes/data/note"
        # A work tree that is gone uses nothing.
        ok fc up db
        in_main
        ok fc up db
        rm -rf "$LINKED"
        ok fc down
        equal "$(state_of db)" stopped
}

testcase_they_differ() {
        local leader

        two_work_trees
        ok fc up
        leader=$(leader_of_db)
        in_linked
        spec "$(db linked), $(web)"
        ok fc --dry-run up
        expect_out $'db: nothing\n  it runs as another work tree defines it'
        ok fc up
        expect_err "db: it is shared, and goes on as '$MAIN' defines it, which is not as here; to run it as here: .* restart db"
        ok fc status db
        expect_out "runs as '$MAIN' defines it"
        in_main
        equal "$(leader_of_db) $(started_as)" "$leader main" "the database"
        # Who wants it otherwise says so.
        in_linked
        ok fc restart
        equal "$(started_as)" main
        ok fc restart db web
        equal "$(started_as)" linked
        in_main
        leader=$(leader_of_db)
        ok fc up
        expect_err "db: it is shared, and goes on as '$LINKED' defines it"
        equal "$(leader_of_db)" "$leader"
        # It follows the one that has started it.
        in_linked
        spec "$(db other), $(web)"
        ok fc up
        refute_err 'goes on'
        equal "$(started_as)" other
        # What only a linked one has is not the main one's orphan.
        spec "$(db other), $(tiny cache '' ', "shared": true')"
        ok fc up cache
        in_main
        ok fc up
        refute_err 'not in the specification'
        ok fc down
        in_linked
        run_status 2 fc logs db web
        expect_err "db: shared with the work tree '$MAIN', unlike web, and this takes only one or the other"
        ok fc down
}

# What a work tree uses is shared, whatever the specification of another one says, or where it says nothing.
testcase_not_in_this_branch() {
        two_work_trees
        in_linked
        spec "$(db linked), $(tiny cache '' ', "shared": true')"
        ok fc up
        in_main
        spec "$(tiny web '')"
        ok fc --dry-run down
        expect_out $'cache: nothing\ndb: nothing'
        ok fc down
        expect_err "cache: not stopped, since it is shared, and used in '$LINKED'"
        run_status 5 fc down -v --yes
        expect_err "is shared, and used in '$LINKED'"
        ok fc up --remove-orphans --yes
        ok fc down web
        # None can be read.
        cp "$MAIN/flake-containers.json" "$TMP/spec"
        echo '{' >"$MAIN/flake-containers.json"
        ok fc down
        expect_err 'db: not stopped'
        in_linked
        equal "$(state_of cache) $(state_of db)" "running running"
        # Nor can it be told who uses it, which is not "no work tree".
        in_main
        cp "$TMP/spec" "$MAIN/flake-containers.json"
        cp /run/flake-containers/main-*/@shared.cache "$TMP/users"
        echo x | tee /run/flake-containers/main-*/@shared.cache >"$TMP/x"
        run_status 1 fc down
        expect_err "'@shared.cache' does not list work trees"
        run_status 1 fc up --remove-orphans --yes
        run_status 1 fc status
        tee /run/flake-containers/main-*/@shared.cache <"$TMP/users" >"$TMP/x"
        # Once it is not used it is still the linked one's, as after a reboot, until that is gone.
        in_linked
        equal "$(state_of cache)" running
        ok fc down
        in_main
        ok fc up
        refute_err 'not in the specification'
        rm -rf "$LINKED"
        ok fc up --remove-orphans --yes
        absent "$MAIN/.containers/cache"
        ok fc down
}

testcase_removing() {
        two_work_trees
        ok fc up db
        ok fc exec db -- sh -c 'echo one >/data/note'
        in_linked
        ok fc up db
        for verb in 'reset -v' 'down -v' 'rm -v'; do
                # shellcheck disable=SC2086 # two words
                run_status 5 fc $verb --yes db
                expect_err "'db' is shared, and its volumes are removed in the main work tree '$MAIN'"
        done
        in_main
        run_status 5 fc reset -v --yes db
        expect_err "'db' is shared, and used in '$LINKED'"
        equal "$(state_of db)" running
        ok fc --dry-run kill db
        expect_out 'db: stop'
        ok fc kill db
        run_status 5 fc rm --yes db
        exists "$MAIN/.containers/db/root"
        exists "$MAIN/.containers/volumes/data/note"
        in_linked
        run_status 5 fc enable db
        expect_err "'db' is shared, and is started by the main work tree '$MAIN'"
        # What is not answered changes nothing: the main one uses it still.
        ok fc up db
        ok fc down db
        in_main
        run_status 2 fc down -v db
        in_linked
        ok fc up db
        ok fc down db
        expect_err "used in '$MAIN'"
        in_main
        ok fc down -v --yes db
        absent "$MAIN/.containers/volumes/data"
        # A hook may start what is shared: no lock is held meanwhile.
        cat >"$MAIN/hook" <<'END'
#!/bin/sh
# shellcheck disable=SC2046 # three words
grep -c " $(printf '%02x:%02x:%d' $(stat -c '%Hd %Ld %i' /run/flake-containers/main-*/@shared.lock)) " /proc/locks >held
true
END
        chmod +x "$MAIN/hook"
        jq '.containers.db.hooks = {beforeDown: [["./hook"]]}' "$MAIN/flake-containers.json" >"$TMP/spec"
        cat "$TMP/spec" >"$MAIN/flake-containers.json"
        ok fc up db
        ok fc down
        equal "$(<"$MAIN/held")" 0 "how many hold the lock"
}

# Only what is named is started anew.
testcase_force_recreate() {
        local leader

        two_work_trees
        in_linked
        ok fc up
        leader=$(leader_of_db)
        ok fc --dry-run up --force-recreate
        expect_out 'db: nothing'
        ok fc up --force-recreate web
        equal "$(leader_of_db)" "$leader"
        ok fc --dry-run up --force-recreate web db
        expect_out 'db: restart'
        ok fc up --force-recreate web db
        differ "$(leader_of_db)" "$leader"
        ok fc down
        # Profiles are those of all containers.
        spec "$(tiny db '' ', "shared": true, "profiles": ["data"]')"
        run_status 2 fc up
        expect_err "each has 'profiles'"
        ok fc up --dry-run --profile data
        expect_out 'db: start'
}

# A work tree is the same one wherever it is; git-worktree(1) moves them.
testcase_moved() {
        local locked

        two_work_trees
        in_linked
        ok fc up db
        as_dev git -C "$MAIN" worktree move "$LINKED" "$LINKED.moved"
        in_main
        ok fc up db
        # A command that works on them is waited for.
        locked=$(echo /run/flake-containers/main-*/@shared.lock)
        exec {LOCK}<>"$locked"
        flock "$LOCK"
        fc_background "$TMP/up" up db
        line_in "$TMP/up" '^shared containers: waiting for another command' >/dev/null
        flock -u "$LOCK"
        exec {LOCK}<&-
        finished "$FC_PID"
        equal "$STATUS" 0 "the status of up ($(<"$TMP/up"))"
        ok fc down
        expect_err "db: not stopped, since it is shared, and used in '$LINKED.moved'"
        LINKED=$LINKED.moved
        LIVE_PROJECTS+=("$LINKED")
        in_linked
        ok fc down db
        refute_err 'not stopped'
        equal "$(state_of db)" stopped
}

# A repository that does not know the work tree is not its own, whatever the work tree says.
testcase_not_its_repository() {
        two_work_trees
        in_linked
        project other
        install -o "$DEV" -- "$FC_HELPERS/traffic" "$PROJECT/src/traffic"
        spec "$(db other)"
        printf 'gitdir: %s\n' "$MAIN/.git/worktrees/linked" >"$TMP/git"
        rm -r "$PROJECT/.git"
        install -o "$DEV" -m 644 "$TMP/git" "$PROJECT/.git"
        ok fc --root "$PROJECT" up
        exists "$PROJECT/.containers/db"
        absent "$MAIN/.containers"
        ok fc --root "$PROJECT" down
}

live_main "$@"
