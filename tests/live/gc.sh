#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# gc: what deleted checkouts and crashes have left on the machine goes, and nothing that a project needs which is there.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# gc ARGUMENT..: from where there is no project.
gc() { PROJECT=$SCRATCH fc gc "$@"; }

# nothing_left WHEN: nothing of ours is on the machine.
nothing_left() {
        no_machine_left "$1"
        equal "$(bridges)" '' "bridges $1"
        equal "$(find /run/flake-containers -mindepth 1 -not -name machine)" '' "in /run $1"
        equal "$(find /run/systemd/nspawn -mindepth 2 -name 'shop-*')" '' "what nspawn has left $1"
}

# The projects' networks, and their interfaces of the host that are left without one.
bridges() { { networks | sed 's|.*/||' && ip -o link show | sed -n 's/^[0-9]*: \(fc-[^:@]*\).*/\1/p'; } | sort -u; }

two_that_run() {
        project shop
        spec "$(tiny one '' ', "ephemeral": true'), $(tiny two)"
        ok fc up
}

testcase_deleted() {
        local said pid

        two_that_run
        pid=$(fc --json status two | jq .containers[0].leader)
        rm -rf -- "$PROJECT"
        ok gc --dry-run
        said=$OUT
        equal "$(awk '{ print $1 }' <<<"$OUT" | xargs)" 'machine machine bridge directory'
        expect_out "machine +shop-[0-9a-f]{4}-one: '$PROJECT' is gone"
        kill -0 "$pid" || flunk "a look has ended it"
        ok gc --json --dry-run
        equal "$(jq -r '.things | map(.kind) | unique | join(" ")' <<<"$OUT")" 'bridge directory machine'
        ok gc
        equal "$OUT" "$said" "what gc says"
        gone "$pid"
        nothing_left "after gc"
        ok gc
        equal "$OUT" ''
        expect_err 'there is nothing to remove'
}

# Its supervisor, and what nspawn and the kernel hold for it.
testcase_killed_and_deleted() {
        local cgroup name

        supervisor_only
        two_that_run
        for name in one two; do
                cgroup=$(machine_cgroup "$name")
                kill -9 "$(supervisor_pid_of "$cgroup")" "$(nspawn_pid_of "$cgroup")"
                "$FC_HELPERS/wait-for" "$WAIT" empty "$cgroup"
        done
        exists "$cgroup"
        rm -rf -- "$PROJECT"
        # A gc that was killed may have removed a cgroup already.
        find "$cgroup" -depth -type d -exec rmdir {} +
        mkdir -p /run/systemd/nspawn/propagate/"${cgroup##*/}"/x
        ok gc
        expect_out 'machine +shop-....-one: '
        expect_out 'bridge '
        expect_out 'directory +/run/flake-containers/shop-'
        nothing_left "after gc"
}

# What tells whose it is may be gone as well.
testcase_nothing_in_run() {
        local bridge

        project shop
        spec "$(tiny one), $(tiny two)"
        ok fc up
        bridge=$(bridges)
        rm -rf /run/flake-containers/shop-*
        # It is there, and so not for gc, until its tree is gone.
        ok gc
        equal "$OUT" ''
        equal "$(bridges)" "$bridge"
        rm -rf -- "$PROJECT"
        ok gc
        expect_out 'machine +shop-....-one: its project is gone'
        expect_out "bridge +$bridge: its project is gone"
        nothing_left "after gc"
}

# Single things, of projects of which nothing else is known; and what only looks like one of ours.
testcase_single_things() {
        local bridge

        project shop
        spec "$(tiny one)"
        ok fc up
        bridge=$(bridges)
        ok fc down
        try_until "$WAIT" uplinks 0
        is_booted || mkdir -p "$CGROUP2/flake-containers/gone-12ab-db/nspawn" "$CGROUP2/flake-containers/foreign"
        mkdir -p /run/flake-containers/.removed-other-34cd/db
        # What `down` makes where nothing has ever run.
        mkdir -m 700 /run/flake-containers/idle-56ef
        touch /run/flake-containers/idle-56ef/db.lock
        mkfifo /run/flake-containers/idle-56ef/db.ask
        ip link add fc-0123456789a type bridge
        ok gc
        is_booted || expect_out 'machine +gone-12ab-db: its project is gone'
        expect_out 'directory +/run/flake-containers/.removed-other-34cd: a command was killed'
        expect_out 'directory +/run/flake-containers/idle-56ef: it holds nothing but locks'
        absent /run/flake-containers/idle-56ef
        refute_out 'foreign|fc-0123456789a|shop'
        equal "$(bridges)" fc-0123456789a
        absent "$CGROUP2/flake-containers/gone-12ab-db"
        absent /run/flake-containers/.removed-other-34cd
        if ! is_booted; then
                exists "$CGROUP2/flake-containers/foreign"
                rmdir "$CGROUP2/flake-containers/foreign" "$CGROUP2/flake-containers"
        fi
        ip link delete fc-0123456789a

        # A bridge of an older release's that nothing knows: the one that this name has.
        old_bridge "$bridge"
        ok gc
        expect_out "bridge +$bridge: "
        equal "$(bridges)" ''
}

# A project that is there keeps what runs, wherever it was moved to and whoever asks.
testcase_living() {
        local before after moved

        two_that_run
        before=$(fc --json status | jq -c '[.containers[] | [.machine, .leader, .state]]')
        ok gc
        equal "$OUT" ''
        ok fc gc
        equal "$OUT" ''
        after=$(fc --json status | jq -c '[.containers[] | [.machine, .leader, .state]]')
        equal "$after" "$before" "what runs"

        moved=$PROJECT-moved
        mv -- "$PROJECT" "$moved"
        ok gc
        equal "$OUT" ''
        # Another one in its place.
        mkdir "$PROJECT"
        ok gc
        equal "$OUT" ''
        rmdir "$PROJECT"
        mv -- "$moved" "$PROJECT"
        equal "$(fc --json status | jq -c '[.containers[] | [.machine, .leader, .state]]')" "$before" "what runs"

        # Likewise when nothing of it runs: how it ended is remembered.
        fc exec two -- sh -c 'kill -9 -1' || :
        try_until "$WAIT" stopped two
        mv -- "$PROJECT" "$moved"
        ok gc
        equal "$OUT" ''
        mv -- "$moved" "$PROJECT"
        ok fc down
        ok gc
        equal "$OUT" ''
}

stopped() { [[ $(fc --json status | jq -r --arg name "$1" '.containers[] | select(.name == $name) | .running') == false ]]; }

# What a crash left in a project goes where the project is the user's who asks.
testcase_crashed() {
        local cgroup bridge

        supervisor_only
        two_that_run
        cgroup=$(machine_cgroup one)
        kill -9 "$(supervisor_pid_of "$cgroup")"
        "$FC_HELPERS/wait-for" "$WAIT" empty "$cgroup"
        exists "$PROJECT/.containers/one/ephemeral"
        mkdir -m 700 "$PROJECT/.containers/.trash"
        mkdir -p "$PROJECT/.containers/.trash/0123/deep"
        # Not of root's.
        run env -u SUDO_UID "$FC" gc
        equal "$STATUS $OUT" '0 '
        ok gc
        expect_out 'machine +shop-....-one: it was killed'
        expect_out "tree +$PROJECT/.containers/.trash: a command was killed while it removed it"
        expect_out "tree +$PROJECT/.containers/one/ephemeral: its container was killed"
        refute_out 'two|bridge'
        absent "$cgroup"
        absent "$PROJECT/.containers/.trash"
        absent "$PROJECT/.containers/one/ephemeral"
        # What is told of it stays true.
        ok fc status
        expect_out 'one +crashed'
        ok fc exec two -- true

        cgroup=$(machine_cgroup two)
        bridge=$(bridges)
        kill -9 "$(supervisor_pid_of "$cgroup")"
        "$FC_HELPERS/wait-for" "$WAIT" empty "$cgroup"
        ok gc
        expect_out 'machine +shop-....-two: it was killed'
        expect_out "bridge +$bridge: nothing of its project runs"
        equal "$(bridges)" ''
        ok fc up
        ok fc down

        # Where nothing has run since the host was booted, from within.
        rm -rf /run/flake-containers/shop-*
        mkdir -m 700 "$PROJECT/.containers/.trash"
        ok gc
        equal "$OUT" ''
        ok fc gc
        expect_out "tree +$PROJECT/.containers/.trash: "
        absent "$PROJECT/.containers/.trash"
}

# One directory with two ids: under the first, of another path of it, nothing runs, and what runs there has one more.
testcase_two_ids() {
        local first

        project shop
        spec "$(tiny web)"
        ok fc up
        first=$(fc --json status | jq -r .project.id)
        ok fc down
        ok fc rm --all --yes
        exists "/run/flake-containers/$first/project.path"
        mv -- "$PROJECT" "$PROJECT-moved"
        PROJECT=$PROJECT-moved
        spec "$(tiny web '' ', "ephemeral": true')"
        ok fc up
        differ "$(fc --json status | jq -r .project.id)" "$first" "the id"
        ok gc
        equal "$OUT" ''
        still_writes
        # Where the project does not say any more which one it is.
        rm "$PROJECT/.containers/state.json"
        ok gc
        equal "$OUT" ''
        still_writes
        ok fc down
}

still_writes() {
        exists "$PROJECT/.containers/web/ephemeral"
        ok fc exec web -- sh -c 'mkdir -p /made/here && echo kept >/made/here/file && cat /made/here/file'
        equal "$OUT" kept "what is written in the container"
}

# A path alone, as an earlier release noted it, may lead to any directory by now: what is in that is left alone.
testcase_path_alone() {
        local claim

        project shop
        spec "$(tiny web)"
        ok fc up
        ok fc down
        claim=$(echo /run/flake-containers/shop-*/project.path)
        cp "$claim" "$TMP/claim"
        echo "$PROJECT" >"$claim"
        mkdir -m 700 "$PROJECT/.containers/.trash"
        ok gc
        equal "$OUT" ''
        exists "$PROJECT/.containers/.trash"
        cat "$TMP/claim" >"$claim"
        ok gc
        expect_out "tree +$PROJECT/.containers/.trash: "
        absent "$PROJECT/.containers/.trash"
}

# What could not be removed is not said to be.
testcase_said_when_done() {
        local cgroup

        supervisor_only
        two_that_run
        cgroup=$(machine_cgroup one)
        kill -9 "$(supervisor_pid_of "$cgroup")"
        "$FC_HELPERS/wait-for" "$WAIT" empty "$cgroup"
        mount -t tmpfs tmpfs "$PROJECT/.containers/one/ephemeral"
        run gc
        differ "$STATUS" 0 "the status"
        expect_out 'machine +shop-....-one: it was killed'
        refute_out 'tree'
        umount "$PROJECT/.containers/one/ephemeral"
        ok gc
        expect_out "tree +$PROJECT/.containers/one/ephemeral: its container was killed"
        refute_out 'machine'
        ok fc down
}

# No command is disturbed, and two at once do it once.
testcase_beside_others() {
        local directory first

        two_that_run
        rm -rf -- "$PROJECT"
        directory=$(echo /run/flake-containers/shop-*)
        exec {LOCK}<>"$directory/two.lock"
        flock "$LOCK"
        ok gc
        equal "$OUT" ''
        expect_err "shop-....: left alone: 'two' is locked by another command"
        exists "$directory"
        differ "$(machines_left)" ''
        exec {LOCK}<&-

        # What cannot be done is told, and not taken for nothing to do.
        rm "$directory/two.lock"
        mkdir "$directory/two.lock"
        run_status 1 gc
        expect_err "error: open 'two.lock': Is a directory"
        refute_err 'nothing to remove'
        rmdir "$directory/two.lock"

        PROJECT=$SCRATCH fc_background "$TMP/first" gc
        first=$FC_PID
        PROJECT=$SCRATCH fc_background "$TMP/second" gc
        finished "$FC_PID"
        equal "$STATUS" 0 "the status of the second ($(<"$TMP/second"))"
        finished "$first"
        equal "$STATUS" 0 "the status of the first ($(<"$TMP/first"))"
        equal "$(cat "$TMP/first" "$TMP/second" | grep -c '^machine ')" 2 "machines in what they say"
        equal "$(cat "$TMP/first" "$TMP/second" | grep -c 'nothing to remove')" 1 "of those that found nothing"
        nothing_left "after both"
}

testcase_killed() {
        local delay

        for delay in 5 15; do
                two_that_run
                rm -rf -- "$PROJECT"
                PROJECT=$SCRATCH fc_background "$TMP/gc" gc
                after "$delay"
                kill -9 "$FC_PID" 2>/dev/null || note "had ended within $delay ms"
                finished "$FC_PID"
                ok gc
                nothing_left "after a kill at $delay ms"
        done
}

live_main "$@"
