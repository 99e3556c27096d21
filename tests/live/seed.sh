#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# "seed": what fills a container once, after its first readiness. Most of it with a container that only runs a command.
# shellcheck disable=SC2016 # the other shells expand these

# Marks are things of the file system.
export LIVE_SCRATCH=${LIVE_SCRATCH:-disk}
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

readonly VOLUME='"volumes": ["@data:/data", "src:/src"]'

# steps SHELL..: the key, of a step for each.
steps() { jq -n --args '$ARGS.positional | map({run: ["sh", "-c", .]})' "$@" | sed '1s/^/"seed": /'; }

# one SHELL..: a container with these steps and a volume.
one() { spec "$(tiny one '' ", $VOLUME${MORE:+, $MORE}, $(steps "$@")")"; }

# Which runs there were, as the steps write them to the project.
runs() { cat "$PROJECT/src/runs" 2>/dev/null || :; }

testcase_once() {
        project shop
        one 'id -u >>/src/runs; echo first >/data/first' 'cat /data/first >>/src/runs'
        ok fc up --progress plain
        expect_err $'one: seeding  1/2 sh\n(.*\n)?one: seeded\none: ready'
        equal "$(runs)" $'0\nfirst'
        equal "$(state_of one)" running
        ok fc events --json
        equal "$(jq -r .event <<<"$OUT" | grep -E 'seed|ready' | tr '\n' ' ')" "seeding seeded ready "
        # Not again: as it runs, put back from a snapshot, with another definition, and with a fresh root.
        ok fc up
        refute_err 'seed'
        ok fc snapshot save seeded
        ok fc exec one -- sh -c 'echo broken >/data/first'
        ok fc snapshot restore seeded
        ok fc exec one -- cat /data/first
        equal "$OUT" first
        local MORE='"environment": {"A": "b"}'
        one 'id -u >>/src/runs; echo first >/data/first' 'cat /data/first >>/src/runs'
        ok fc up
        ok fc reset --yes one
        equal "$(runs)" $'0\nfirst' "what had run"
        # Another seed is told of, and not run, nor is it a reason to restart.
        one 'echo other >>/src/runs'
        ok fc up
        expect_err 'one: its seed has changed since it was run; to run it on fresh data: .*reset --volumes one'
        expect_err 'already up'
        equal "$(runs)" $'0\nfirst'
        ok fc reset --yes --volumes one
        equal "$(runs)" $'0\nfirst\nother'
        ok fc up
        refute_err 'seed'
        ok fc down
}

# Without a volume it is the root that remembers; a root that is not kept is filled each time.
testcase_on_roots() {
        project shop
        spec "$(tiny one '' ', "volumes": ["src:/src"], "seed": [{"run": ["sh", "-c", "id -un >>/src/runs; id -u >/tmp/own && cat /tmp/own >>/src/runs"], "user": "nobody"}]'), \
                $(tiny two '' ', "ephemeral": true, "volumes": ["src:/src"], "seed": [{"run": ["sh", "-c", "echo two >>/src/two"]}]')"
        as_dev touch "$PROJECT/src/runs"
        as_dev chmod 666 "$PROJECT/src/runs"
        ok fc up
        ok fc restart
        equal "$(runs)" $'nobody\n65534'
        equal "$(<"$PROJECT/src/two")" $'two\ntwo' "the runs of an ephemeral one"
        ok fc reset --yes one
        equal "$(runs)" $'nobody\n65534\nnobody\n65534'
        ok fc down
}

# failing: until there is src/good.
failing() {
        tiny one '' ", $VOLUME, $(steps 'echo "try $(ls /data)" >>/src/runs; touch /data/mess /mess' \
                'echo doing it; echo no such table >&2; [ -e /src/good ] || exit 7')"
}

# What fails is shown, and begins again on what is fresh; what was there before is never thrown away.
testcase_failure() {
        project shop
        spec "$(failing), $(tiny two '' ', "dependsOn": {"one": "ready"}')"
        run_status 3 fc up --progress plain
        expect_err "one: step 2 of 2 of its seed \('sh'\) failed: exit status 7"
        expect_err $'doing it\n +no such table'
        expect_err 'begin again with a fresh root, a fresh @data: .*up one'
        expect_err 'two: skipped +one failed'
        equal "$(state_of one)" degraded
        run_status 3 fc status --check
        ok fc up --dry-run
        expect_out $'one: restart\n  its seed has not succeeded'
        as_dev touch "$PROJECT/src/good"
        ok fc up
        expect_err 'one: its seed has not succeeded, it begins again with a fresh root, a fresh @data'
        equal "$(runs)" $'try \ntry ' "what each try has found"
        absent "$PROJECT/.containers/.trash"
        ok fc down

        # On data of an earlier time.
        ok fc rm --yes --volumes one two
        rm "$PROJECT/src/good" "$PROJECT/src/runs"
        spec "$(tiny one '' ", $VOLUME")"
        ok fc up
        ok fc exec one -- touch /data/precious
        spec "$(failing)"
        run_status 3 fc up
        expect_err 'run it again on the data that is there: .*up one'
        expect_err 'with a fresh root and fresh volumes: .*reset --volumes one'
        as_dev touch "$PROJECT/src/good"
        ok fc up
        expect_err 'one: its seed has not succeeded, it is run again on the data that is there'
        exists "$PROJECT/.containers/volumes/data/precious"
        equal "$(runs)" $'try precious\ntry mess\nprecious'
        ok fc down

        # Fresh, but of another container, too, which may have put something there.
        ok fc rm --yes --volumes one
        rm "$PROJECT/src/good" "$PROJECT/src/runs"
        spec "$(failing), $(tiny two '' ', "volumes": ["@data:/data"]')"
        run_status 3 fc up
        ok fc exec two -- touch /data/other
        as_dev touch "$PROJECT/src/good"
        ok fc up
        expect_err $'it begins again with a fresh root\n'
        equal "$(runs)" $'try \ntry mess\nother'
        ok fc down
}

testcase_timeout_and_missing() {
        project shop
        spec "$(tiny one '' ", $VOLUME"', "seed": [{"run": ["sh", "-c", "echo begun; sleep 100"], "timeout": 1}]')"
        run_status 4 fc up
        expect_err "step 1 of 1 of its seed \('sh'\) failed: it had not ended after 1\.0s"
        expect_err 'begun'
        try_until "$WAIT" no_sleep
        spec "$(tiny one '' ", $VOLUME"', "seed": [{"run": ["/no/such"]}]')"
        run_status 3 fc up --rm-on-failure
        expect_err "'/no/such': not found in container 'one'"
        equal "$(state_of one)" failed
        spec "$(tiny one '' ", $VOLUME"', "seed": [{"sql": "seed.sql"}]')"
        run_status 2 fc up
        expect_err "one\.seed\[0\]\.sql: seed '.*/shop/seed\.sql' does not exist"
        as_dev touch "$PROJECT/seed.sql"
        run_status 3 fc up
        expect_err "'mysql': not found in container 'one'"
        ok fc down
}

no_sleep() { ! pgrep -x sleep -a | grep -q 'sleep 100$'; }

# A run that ends in the middle: the next one begins again on what is fresh.
testcase_interrupted() {
        local signal up watch

        project shop
        one 'echo "try $(ls /data)" >>/src/runs; touch /data/mess; [ -e /src/good ] || { echo begun >/src/begun; sleep 100; }'
        for signal in INT KILL; do
                rm -f "$PROJECT/src/begun"
                fc_background "$TMP/$signal" up
                try_until "$WAIT" test -s "$PROJECT/src/begun"
                up=$FC_PID
                equal "$(state_of one)" seeding
                fc_background "$TMP/watch-$signal" --json status --watch
                watch=$FC_PID
                line_in "$TMP/watch-$signal" '"state":"seeding"' >/dev/null
                kill -"$signal" "$up"
                finished "$up"
                try_until "$WAIT" no_sleep
                case $signal in
                INT)
                        equal "$STATUS" 130
                        line_in "$TMP/watch-$signal" '"state":"stopped"' >/dev/null
                        equal "$(state_of one)" stopped
                        ;;
                KILL)
                        # That it was killed is no event.
                        line_in "$TMP/watch-$signal" '"state":"degraded"' >/dev/null
                        equal "$(state_of one)" degraded
                        run_status 3 fc status --check
                        ok fc status
                        expect_out 'its seed was interrupted, run up'
                        ;;
                esac
                kill "$watch"
                finished "$watch"
                equal "$STATUS" 0
        done
        as_dev touch "$PROJECT/src/good"
        ok fc up
        equal "$(runs)" $'try \ntry \ntry ' "what each try has found"
        ok fc down
}

# The container itself ends, or begins anew, while it is seeded: that is what failed.
testcase_container_ends() {
        project shop
        spec "$(tiny one '["/bin/sh", "-c", "echo $$ >/data/pid; while sleep 0.1; do [ ! -e /data/end ] || exit 9; done"]' ", $VOLUME, $(steps 'touch /data/end; sleep 100')")"
        run_status 3 fc up
        expect_err 'one: ended before it was ready: exit status 9'
        spec "$(tiny one '["/bin/sh", "-c", "while sleep 0.1; do [ ! -e /data/end ] || { rm /data/end; exit 9; }; done"]' ", $VOLUME, \"restart\": \"on-failure\", $(steps 'touch /data/end; sleep 100')")"
        run_status 3 fc up
        expect_err 'one: it started again while its seed ran'
        ok fc down
}

# Volumes that come and go: it is not run again on what it has filled, nor left out where there is nothing of it.
testcase_other_volumes() {
        local steps

        project shop
        steps=$(steps 'echo run >>/src/runs')
        spec "$(tiny one '' ", \"volumes\": [\"src:/src\"], $steps")"
        ok fc up
        ok fc up --volume @scratch:/mnt one
        refute_err seed
        spec "$(tiny one '' ", \"volumes\": [\"src:/src\", \"@more:/more\"], $steps")"
        ok fc up
        refute_err seed
        equal "$(runs)" run "with a volume more"
        # What it has filled goes, so it is run again, and then the volume remembers it.
        ok fc reset --yes one
        equal "$(runs)" $'run\nrun' "after a reset"
        ok fc reset --yes one
        equal "$(runs)" $'run\nrun' "after another"
        spec "$(tiny one '' ", \"volumes\": [\"src:/src\"], $steps")"
        ok fc up
        equal "$(runs)" $'run\nrun\nrun' "without the volume"
        ok fc down
}

# What is written to an overlay is kept as a volume is.
testcase_overlay() {
        project shop
        as_dev mkdir "$PROJECT/fixtures"
        spec "$(tiny one '' ", \"volumes\": [\"src:/src\", \"fixtures:/data:overlay\"], $(steps 'echo "try $(ls /data)" >>/src/runs; touch /data/mess; [ -e /src/good ]')")"
        run_status 3 fc up
        expect_err 'begin again with a fresh root, a fresh @overlay-one-data-'
        as_dev touch "$PROJECT/src/good"
        ok fc up
        equal "$(runs)" $'try \ntry ' "what each try has found"
        ok fc reset --yes one
        equal "$(runs)" $'try \ntry ' "what had run"
        ok fc down
}

# What has been used without a seed, or was restored, is data of the user.
testcase_used_meanwhile() {
        project shop
        spec "$(failing)"
        run_status 3 fc up
        spec "$(tiny one '' ", $VOLUME")"
        ok fc up
        ok fc exec one -- touch /data/precious /precious
        spec "$(failing)"
        as_dev touch "$PROJECT/src/good"
        ok fc up
        expect_err 'one: its seed has not succeeded, it is run again on the data that is there'
        exists "$PROJECT/.containers/volumes/data/precious"
        exists "$PROJECT/.containers/one/root/precious"
        ok fc down

        ok fc rm --yes --volumes one
        rm "$PROJECT/src/good"
        run_status 3 fc up
        ok fc exec one -- touch /data/precious /precious
        ok fc snapshot save half
        as_dev touch "$PROJECT/src/good"
        ok fc down
        ok fc snapshot restore half
        ok fc up
        expect_err 'it is run again on the data that is there'
        exists "$PROJECT/.containers/volumes/data/precious"
        exists "$PROJECT/.containers/one/root/precious"
        ok fc down
        ok fc rm --yes --volumes one
        ok fc up --from half
        expect_err 'it is run again on the data that is there'
        exists "$PROJECT/.containers/volumes/data/precious"
        ok fc down
}

# A command that does not wait does not seed, so it throws nothing away for that.
testcase_no_wait() {
        project shop
        spec "$(failing)"
        run_status 3 fc up
        as_dev touch "$PROJECT/src/good"
        ok fc up --no-wait --dry-run
        expect_out '^one: nothing'
        ok fc up --no-wait
        refute_err seed
        exists "$PROJECT/.containers/volumes/data/mess"
        ok fc down
        ok fc up --no-wait
        refute_err seed
        exists "$PROJECT/.containers/volumes/data/mess"
        equal "$(runs)" 'try ' "what had run"
        ok fc up
        expect_err 'it begins again with a fresh root, a fresh @data'
        equal "$(runs)" $'try \ntry ' "what each try has found"
        ok fc down
}

# lines_of N FILE: it has as many.
lines_of() { [[ -e $2 && $(wc -l <"$2") == "$1" ]]; }

# One that begins anew after its seed has failed, while the command still waits for another, has failed all the same.
testcase_reboot_after_failure() {
        project shop
        spec "$(tiny one '["/bin/sh", "-c", "while sleep 0.1; do [ ! -e /data/end ] || { rm /data/end; exit 9; }; done"]' \
                ", $VOLUME, \"restart\": \"on-failure\", \"ready\": {\"exec\": [[\"/bin/sh\", \"-c\", \"echo >>/src/checks\"]]}, $(steps 'echo run >>/src/runs; exit 7')"), \
                $(tiny two '' ', "volumes": ["src:/src"], "ready": {"exec": [["/bin/sh", "-c", "[ -e /src/two ]"]]}')"
        fc_background "$TMP/up" up --progress plain
        try_until "$WAIT" grep -q 'one: failed' "$TMP/up"
        touch "$PROJECT/.containers/volumes/data/end"
        try_until "$WAIT" lines_of 2 "$PROJECT/src/checks"
        as_dev touch "$PROJECT/src/two"
        finished "$FC_PID"
        equal "$STATUS" 3
        grep -q '^two: ready' "$TMP/up" || flunk "the other one has not become ready"
        equal "$(runs)" run "what had run"
        ok fc down
}

# A step that writes without a pause keeps the command neither from its timeout nor from Ctrl-C.
testcase_flood() {
        project shop
        spec "$(tiny one '' ", $VOLUME"', "seed": [{"run": ["cat", "/dev/zero"], "timeout": 1}]')"
        run_status 4 fc up
        expect_err "step 1 of 1 of its seed \('cat'\) failed: it had not ended after 1\.0s"
        spec "$(tiny one '' ", $VOLUME"', "seed": [{"run": ["sh", "-c", "echo >/src/begun; exec cat /dev/zero"]}]')"
        fc_background "$TMP/up" up
        try_until "$WAIT" test -s "$PROJECT/src/begun"
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130
}

live_main "$@"
