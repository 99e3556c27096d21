#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The main road: a real web server comes up, answers with the project's page, and goes, leaving the host as it was.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

testcase_page() {
        project shop
        spec "$(web httpserver ', "ports": ["8080:80"], "volumes": ["src:/var/www/html"]')"
        as_dev git -C "$PROJECT" add -A
        as_dev git -C "$PROJECT" -c user.name=dev -c user.email=dev@localhost commit -qm first
        project_snapshot >"$TMP/project-before"

        ok fc up httpserver
        # The moment it returns, without another try.
        equal "$(page 8080)" "$(<"$PROJECT/src/index.html")" "the page on 127.0.0.1"
        equal "$(page 8080 '[::1]')" "$(<"$PROJECT/src/index.html")" "the page on ::1"
        equal "$(state_of httpserver)" running

        ok fc up httpserver
        equal "$ERR" "httpserver: unchanged  already up" "what an up says that has nothing to do"

        as_dev tee "$PROJECT/src/index.html" <<<"edited" >/dev/null
        equal "$(page 8080)" edited "the page after an edit"
        page 8080 127.0.0.1 --output /dev/null --write-out '%{http_code}\n' >"$TMP/code"
        equal "$(<"$TMP/code")" 200 "the status"

        ok fc down httpserver
        equal "$(state_of httpserver)" stopped
        run page 8080
        equal "$STATUS" 7 "curl's status after down (7: refused)"

        as_dev git -C "$PROJECT" checkout -q -- src
        equal "$(as_dev git -C "$PROJECT" status --porcelain)" "" "what git sees of .containers"
        project_snapshot >"$TMP/project-after"
        # The page was edited here, and git has put it back.
        same_files <(grep -v -e '^\.git' -e '^src' "$TMP/project-before") \
                <(grep -v -e '^\.git' -e '^src' "$TMP/project-after") "files outside of .containers changed"
}

testcase_state_belongs_to_developer() {
        project shop
        spec "$(tiny one)"
        ok fc up
        equal "$(stat -c %U "$PROJECT/.containers")" "$DEV" "the owner of .containers"
        equal "$(stat -c %U "$PROJECT/.containers/one")" "$DEV" "the owner of .containers/one"
        equal "$(<"$PROJECT/.containers/.gitignore")" '*' ".gitignore"
        true_that "CACHEDIR.TAG has its signature" \
                grep -q '^Signature: 8a477f597d28d172789f06886806bc55' "$PROJECT/.containers/CACHEDIR.TAG"
        ok fc down
        # Nothing in there that keeps the developer from deleting what belongs to them.
        true_that "the state file is the developer's" as_dev test -w "$PROJECT/.containers/one/state.json"
}

testcase_all_containers() {
        project shop
        spec "$(web httpserver ', "ports": ["8080:80"]'), $(tiny one), $(tiny two)"
        ok fc up
        equal "$(state_of httpserver) $(state_of one) $(state_of two)" "running running running"
        ok fc down one
        equal "$(state_of httpserver) $(state_of one) $(state_of two)" "running stopped running"
        ok fc up
        equal "$(state_of one)" running
        ok fc down
        equal "$(state_of httpserver) $(state_of one) $(state_of two)" "stopped stopped stopped"
}

testcase_unknown_name() {
        project shop
        spec "$(tiny one)"
        run_status 2 fc up two
        expect_err 'two'
        expect_err 'one'
        nothing_made
        run_status 2 fc down two
        run_status 2 fc restart two
        run_status 2 fc exec two -- true
        run_status 2 fc logs two
}

testcase_down_twice() {
        project shop
        spec "$(tiny one)"
        ok fc down
        ok fc up
        ok fc down one
        ok fc down one
}

testcase_keeps_what_was_written() {
        project shop
        spec "$(web httpserver)"
        ok fc up
        ok fc exec httpserver -- sh -c 'echo kept >/var/lib/kept; cat /etc/machine-id'
        local id=$OUT
        ok fc down
        ok fc up
        ok fc exec httpserver -- cat /var/lib/kept
        equal "$OUT" kept
        ok fc exec httpserver -- cat /etc/machine-id
        equal "$OUT" "$id" "the machine id after a restart"
        ok fc down
        # The image is input only.
        absent "$SLIM_IMAGE/var/lib/kept"
        equal "$(wc -c <"$SLIM_IMAGE/etc/machine-id")" 0 "the size of the image's machine id"
}

testcase_restart() {
        project shop
        spec "$(web httpserver ', "ports": ["8080:80"]')"
        # Of one that is down: it is up afterwards.
        ok fc restart httpserver
        ok fc exec httpserver -- cat /proc/sys/kernel/random/boot_id
        ok fc exec httpserver -- sh -c 'echo before >/run/mark'
        ok fc restart httpserver
        run fc exec httpserver -- cat /run/mark
        equal "$STATUS" 1 "the status of reading what /run had before"
        ok page 8080
        ok fc down
}

testcase_changed_definition() {
        project shop
        spec "$(web httpserver ', "ports": ["8080:80"]'), $(tiny one)"
        ok fc up
        spec "$(web httpserver ', "ports": ["8081:80"]'), $(tiny one)"

        host_snapshot >"$TMP/before"
        ok fc up --dry-run
        expect_out 'httpserver'
        expect_out '8081'
        host_snapshot >"$TMP/after"
        same_files "$TMP/before" "$TMP/after" "--dry-run changed something"
        ok page 8080

        ok fc up
        ok page 8081
        run page 8080
        equal "$STATUS" 7 "the status of asking the old port"
        ok fc up
        expect_err 'already up'
        ok fc down
}

testcase_dry_run() {
        project shop
        spec "$(web httpserver ', "ports": ["8080:80"]')"
        ok fc up --dry-run
        nothing_made
        ok fc --json up --dry-run httpserver
        equal "$(jq -r '.containers[0].argv[0] | sub(".*/"; "")' <<<"$OUT")" systemd-nspawn "the program in the plan"
        nothing_made
        ok fc up
        ok fc down --dry-run
        equal "$(state_of httpserver)" running "after down --dry-run the state"
        ok fc restart --dry-run
        ok fc down
}

testcase_machine_readable() {
        project shop
        spec "$(web httpserver ', "ports": ["8080:80"]')"
        ok fc --json up
        true_that "up --json prints JSON" jq -e . <<<"$OUT" >/dev/null
        ok fc --json status
        equal "$(jq -r '.containers[] | "\(.name) \(.state)"' <<<"$OUT")" "httpserver running"
        ok fc --json config
        true_that "config --json prints JSON" jq -e '.containers.httpserver' <<<"$OUT" >/dev/null
        ok fc --json port httpserver
        expect_out '8080'
        ok fc --json version
        ok fc --json doctor
        ok fc --json down
        # What is down has nothing to say (docs/JSON.md).
        equal "$OUT" "" "stdout of down --json"
}

testcase_port() {
        project shop
        spec "$(web httpserver ', "ports": ["8080:80"]')"
        ok fc up
        ok fc port httpserver 80
        expect_out '^127\.0\.0\.1:8080'
        run fc port httpserver 81
        equal "$STATUS" 2 "the status for a port that is not published"
        ok fc down
}

# The project is where git says it is, whatever the current folder.
testcase_project_root() {
        local top

        project shop
        top=$PROJECT
        spec "$(tiny one)"
        as_dev mkdir -p "$top/src/deep/er"
        as_dev git -C "$top" add -A
        as_dev git -C "$top" -c user.name=dev -c user.email=dev@localhost commit -qm first
        ok fc up

        PROJECT=$top/src/deep/er
        ok fc status
        expect_out 'one +running'
        PROJECT=$SCRATCH
        ok fc -C "$top/src" status
        expect_out 'one +running'
        ok fc --root "$top" status
        expect_out 'one +running'
        ok fc --root "$top" --spec "$top/flake-containers.json" status
        expect_out 'one +running'
        run fc status
        equal "$STATUS" 2 "the status outside of any project"

        # A linked worktree is a project of its own.
        as_dev git -C "$top" worktree add -q "$SCRATCH/projects/hotfix"
        PROJECT=$SCRATCH/projects/hotfix
        equal "$(state_of one)" stopped "in the linked worktree the state"
        ok fc up
        exists "$PROJECT/.containers/one"
        equal "$(as_dev git -C "$PROJECT" status --porcelain)" "" "what git sees in the linked worktree"
        ok fc down

        # And so is a submodule.
        as_dev git -C "$top" -c protocol.file.allow=always submodule --quiet add "$top" sub
        PROJECT=$top/sub
        ok fc up
        exists "$PROJECT/.containers/one"
        ok fc down

        PROJECT=$top
        equal "$(state_of one)" running "after all that the state"
        ok fc down
}

# A specification that cannot be read is why the name is not known: that is the error, and is not told before it as well.
testcase_broken_specification_is_told_once() {
        project shop
        printf '{' >"$PROJECT/flake-containers.json"
        run_status 2 fc down two
        equal "$(grep -c 'flake-containers.json' <<<"$ERR")" 1 "lines about it"
}

live_main "$@"
