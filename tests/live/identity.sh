#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A project is its directory, and not its path: renamed, or mounted at a second place, it is the same one; copied, or made
# anew where it was, it is another.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

two_that_run() {
        project shop
        spec "$(tiny one '' ', "ephemeral": true'), $(tiny two '' ', "volumes": ["src:/src"]')"
        ok fc up
        fc exec one -- sh -c 'echo kept >/file'
        FIRST=$PROJECT
        WHAT_RUNS=$(what_runs)
}

what_runs() { fc --json status | jq -c '[.containers[] | [.name, .machine, .leader, .state]]'; }

# same_one PATH: by that path it is the project that runs.
same_one() {
        PROJECT=$1
        equal "$(what_runs)" "$WHAT_RUNS" "what runs by $1"
        ok fc exec one -- cat /file
        equal "$OUT" kept
        # Nothing is started anew because it lies elsewhere.
        ok fc up
        equal "$(what_runs)" "$WHAT_RUNS" "what runs after up by $1"
}

# Other work trees of one repository are named while something of them runs, and no other project of the machine.
testcase_worktrees() {
        local main=$SCRATCH/projects/main linked=$SCRATCH/projects/linked

        project other
        spec "$(tiny web)"
        ok fc up
        project main
        spec "$(tiny one), $(tiny two)"
        as_dev git -C "$main" add flake-containers.json
        as_dev git -C "$main" -c user.name=d -c user.email=d@x commit -qm first
        as_dev git -C "$main" worktree add -q "$linked"
        PROJECT=$linked
        ok fc up one
        ok fc status
        refute_out 'also runs'
        PROJECT=$main
        ok fc status
        expect_out "also runs, in the work tree '$linked': one"
        refute_out 'web'
        ok as_dev env -C "$PROJECT" "$FC" --json status
        equal "$(jq -c '[.worktrees[] | [.root, .running]]' <<<"$OUT")" "[[\"$linked\",[\"one\"]]]"
        ok fc status two
        refute_out 'also runs'
        ok fc up
        PROJECT=$linked
        ok fc status
        expect_out "also runs, in the work tree '$main': one, two"
        ok fc down
        PROJECT=$main
        ok fc down
        ok fc status
        refute_out 'also runs'
        PROJECT=$SCRATCH/projects/other
        ok fc down
}

# On a booted host this is all that a unit knows of the project's place, too.
testcase_renamed() {
        local kind

        two_that_run
        mv -- "$FIRST" "$FIRST-moved"
        same_one "$FIRST-moved"
        ok as_dev env -C "$PROJECT" "$FC" --json status
        equal "$(jq -c '[.containers[].running]' <<<"$OUT")" '[true,true]'
        ok fc down
        no_machine_left "after down"
        absent "$PROJECT/.containers/one/ephemeral"
        for kind in one two; do
                equal "$(fc --json events "$kind" | jq -rs 'last.event')" stopped "the last event of $kind"
        done
        # Until the host is booted again, and also by its old path.
        ok fc up
        equal "$(what_runs | jq -c 'map(.[1])')" "$(jq -c 'map(.[1])' <<<"$WHAT_RUNS")" "machines"
        mv -- "$PROJECT" "$FIRST"
        PROJECT=$FIRST
        ok fc restart
        ok fc down

        # What ended by itself is no crash either.
        ok fc up two
        mv -- "$FIRST" "$FIRST-moved"
        PROJECT=$FIRST-moved
        run fc exec two -- sh -c 'kill -9 -1'
        try_until "$WAIT" ended two
        ok fc status
        expect_out 'two +(crashed|stopped|failed)'
        ok fc up two
        ok fc down
}

ended() { [[ $(fc --json status | jq -r --arg name "$1" '.containers[] | select(.name == $name) | .running') == false ]]; }

testcase_mounted_twice() {
        two_that_run
        mkdir "$FIRST-mounted"
        mount --bind "$FIRST" "$FIRST-mounted"
        same_one "$FIRST-mounted"
        ok fc restart one
        same_runs_by_both
        ok fc down
        no_machine_left "after down"
        # Begun by the second place.
        ok fc up
        same_runs_by_both
        PROJECT=$FIRST
        ok fc down
        no_machine_left "after down"

        # Two that have never been used begin at once by both paths: one id, or one of them says to try again.
        umount "$FIRST-mounted"
        rm -rf "$FIRST/.containers" /run/flake-containers/shop-*
        mount --bind "$FIRST" "$FIRST-mounted"
        begin_by_both
        umount "$FIRST-mounted"
        rmdir "$FIRST-mounted"
}

same_runs_by_both() { equal "$(PROJECT=$FIRST what_runs)" "$(PROJECT=$FIRST-mounted what_runs)" "what runs by both paths"; }

begin_by_both() {
        local first second

        PROJECT=$FIRST fc_background "$TMP/first" up
        first=$FC_PID
        PROJECT=$FIRST-mounted fc_background "$TMP/second" up
        second=$FC_PID
        for pid in "$first" "$second"; do
                finished "$pid"
                [[ $STATUS == [05] ]] || flunk "up by one of both says $STATUS: $(cat "$TMP/first" "$TMP/second")"
        done
        equal "$(payloads_on two)" 1 "guests on the tree"
        same_runs_by_both
        ok fc up
        ok fc down
        no_machine_left "after down"
}

# A copy of what runs has the same files in .containers, and is another project.
testcase_copied() {
        two_that_run
        cp -a -- "$FIRST" "$FIRST-copy"
        PROJECT=$FIRST-copy
        ok fc status
        expect_out 'one +stopped'
        expect_out 'two +stopped'
        ok fc up two
        equal "$(payloads_on two)" 1 "guests on the copy's tree"
        differ "$(fc --json status | jq -r .project.id)" "$(PROJECT=$FIRST fc --json status | jq -r .project.id)" "the copy's id"
        ok fc down
        PROJECT=$FIRST
        equal "$(what_runs)" "$WHAT_RUNS" "what runs of the original"

        # Another checkout where it was before.
        mv -- "$FIRST" "$FIRST-moved"
        mv -- "$FIRST-copy" "$FIRST"
        rm -rf "$FIRST/.containers"
        ok fc status
        expect_out 'one +stopped .*never started'
        ok fc up
        differ "$(fc --json status | jq -r .project.id)" "$(PROJECT=$FIRST-moved fc --json status | jq -r .project.id)" "the new one's id"
        ok fc down
        PROJECT=$FIRST-moved
        equal "$(what_runs)" "$WHAT_RUNS" "what runs of the one that was moved"
        ok fc down
        no_machine_left "after down"
}

# A checkout that was made anew where one was removed finds what runs, with root and without.
testcase_made_anew() {
        two_that_run
        cp -a -- "$FIRST" "$FIRST-copy"
        rm -rf -- "$FIRST"
        mv -- "$FIRST-copy" "$FIRST"
        rm -rf -- "$FIRST/.containers"
        equal "$(what_runs | jq -c 'map(.[1])')" "$(jq -c 'map(.[1])' <<<"$WHAT_RUNS")" "machines"
        ok as_dev env -C "$PROJECT" "$FC" --json status
        equal "$(jq -c '[.containers[] | [.machine, .running]]' <<<"$OUT")" \
                "$(jq -c '[.[] | [.[1], true]]' <<<"$WHAT_RUNS")" "what runs without root"
        ok fc down
        no_machine_left "after down"
}

# A repository may say that it is any project.
testcase_foreign_id() {
        local id

        two_that_run
        id=$(fc --json status | jq -r .project.id)
        project other
        spec "$(tiny one), $(tiny two)"
        ok fc up one
        ok fc down
        jq --arg id "$id" '.id = $id' "$PROJECT/.containers/state.json" >"$TMP/state"
        cat "$TMP/state" >"$PROJECT/.containers/state.json"
        jq --arg machine "$id-one" '.machine = $machine' "$PROJECT/.containers/one/state.json" >"$TMP/state"
        cat "$TMP/state" >"$PROJECT/.containers/one/state.json"
        ok fc status
        differ "$(fc --json status | jq -r .project.id)" "$id" "the id"
        run_status 7 fc exec two -- true
        ok fc down
        ok fc rm --yes
        PROJECT=$FIRST
        equal "$(what_runs)" "$WHAT_RUNS" "what runs"
        ok fc down
}

# ls shows all of the machine, from anywhere.
testcase_listed() {
        local id

        project gone
        spec "$(tiny one)"
        ok fc up
        rm -rf -- "$PROJECT"
        two_that_run
        id=$(fc --json status | jq -r .project.id)
        mv -- "$FIRST" "$FIRST-moved"
        PROJECT=$SCRATCH
        ok fc ls
        expect_out "gone-[0-9a-f]{4} +one +- +gone +$SCRATCH/projects/gone"
        expect_out "$id +one two +- +moved +$FIRST-moved"
        ok fc --json ls
        equal "$(jq -c '.projects[] | [.checkout, .running, .root]' <<<"$OUT")" \
                "$(printf '["gone",["one"],"%s"]\n["moved",["one","two"],"%s"]' "$SCRATCH/projects/gone" "$FIRST-moved")"
        # A user sees what runs, and the places of projects of that user's.
        ok as_dev env -C / "$FC" ls
        expect_out "$id +one two +- +unknown +$FIRST"
        PROJECT=$FIRST-moved
        ok fc down
        ok fc --json ls
        equal "$(jq -c --arg id "$id" '.projects[] | select(.id == $id) | [.checkout, .running]' <<<"$OUT")" '["moved",[]]'
        ok fc gc
        expect_out 'machine +gone-....-one: '
}

# Where the record of it is lost it is told, and started only once.
testcase_record_lost() {
        local verb where

        two_that_run
        mv -- "$FIRST" "$FIRST-moved"
        PROJECT=$FIRST-moved
        rm /run/flake-containers/shop-*/project.path
        where="machine 'shop-....-(one|two)'"
        for verb in up 'up two' restart down; do
                # shellcheck disable=SC2086 # words
                run_status 5 fc $verb
                expect_err "(one|two): it runs already, as $where"
        done
        ok fc status
        expect_out "one +elsewhere .* runs as $where"
        run_status 7 fc exec one -- true
        expect_err "container 'one' runs as $where, not as one of '$PROJECT'"
        mv -- "$PROJECT" "$FIRST"
        same_one "$FIRST"
        ok fc down
}

live_main "$@"
