#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Containers that wait for others, containers that end by themselves, and `wait`.
# shellcheck disable=SC2016 # the shells inside expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# job NAME COMMAND [MORE KEYS]: one that ends by itself.
job() { tiny "$1" "[\"/bin/sh\", \"-c\", $(jq -n --arg s "$2" '$s')]" ", \"oneShot\": true${3:-}"; }

# before A B: in the output of the last run, A stands before B.
before() {
        local a b

        a=$(grep -n -m 1 -- "^$1" <<<"$ERR" | cut -d : -f 1)
        b=$(grep -n -m 1 -- "^$2" <<<"$ERR" | cut -d : -f 1)
        if [[ -z $a || -z $b ]] || ((a > b)); then flunk "not in this order: '$1', '$2'"; fi
}

# Where the time went, for one that waits for another. The picture is the developer's, and nothing but a file is replaced.
testcase_timings() {
        project shop
        spec "$(tiny db), $(tiny web '' ', "dependsOn": {"db": "ready"}, "ready": {"exec": [["true"]]}')"
        ok fc up --timings=out.svg
        for line in '-  +specification' 'db +copy' 'db +start' 'web +wait for db \(ready\)' 'web +start' '- +all' \
                'critical path: db \+[0-9.]+s, web \+[0-9.]+s'; do
                expect_out "$line"
        done
        expect_err 'web: ready'
        equal "$(stat -c %U "$PROJECT/out.svg")" "$DEV" "whose the picture is"
        equal "$(grep -c '>web wait for db (ready) ' "$PROJECT/out.svg")" 1 "the bar"
        ok fc down web
        echo kept >"$PROJECT/other"
        ln -s other "$PROJECT/link"
        as_dev mkfifo "$PROJECT/fifo"
        run_status 1 fc up --timings=link
        expect_err "write 'link'"
        equal "$(<"$PROJECT/other")" kept
        equal "$(state_of web)" running
        run_status 1 fc up --timings=fifo
        ok fc --json up --timings
        equal "$(jq -r '.timings | (.usec > 0), .criticalPath[]?' <<<"$OUT" | head -n 1)" true
        equal "$(jq -r '.containers | length' <<<"$OUT")" 2
        run_status 2 fc up --timings --attach
        expect_err "'--timings' and '--attach' exclude each other"
        ok fc down
}

testcase_compose() {
        project shop
        spec "$(tiny web '' ', "dependsOn": {"seed": "completed", "cache": "started"}'),
                $(tiny cache),
                $(job seed 'echo seeded; echo seeded >>/runs' ', "dependsOn": {"db": "ready"}'),
                $(tiny db '["/bin/sh", "-c", "sleep 0.3; touch /up; exec sleep infinity"]' ', "ready": {"exec": [["sh", "-c", "[ -e /up ]"]]}')"
        ok fc up
        before 'db: ready' 'seed: starting'
        before 'seed: completed' 'web: starting'
        # It waits for no other container.
        before 'cache: starting' 'db: ready'
        equal "$(state_of seed)" completed
        equal "$(state_of web)" running

        # What was asked for runs again, the rest is up.
        ok fc up
        equal "$OUT" '' "what nothing has asked for"
        refute_err 'web:'
        expect_err 'seed: completed'
        equal "$(wc -l <"$PROJECT/.containers/seed/root/runs")" 2 "runs of the job"
        # No container needs it now.
        ok fc up web
        refute_err 'seed: starting'
        equal "$(wc -l <"$PROJECT/.containers/seed/root/runs")" 2 "runs of the job"
        equal "$(state_of seed)" completed

        # restart keeps to the one.
        ok fc restart db
        refute_err '(web|seed|cache):'

        ok fc down
        before 'web: stopped' 'db: stopping'
        before 'web: stopped' 'cache: stopping'

        # One brings up the others that it needs, and no more.
        ok fc up seed
        equal "$(state_of db)" running
        equal "$(state_of cache)" stopped
        equal "$(state_of seed)" completed
        ok fc down
        equal "$(state_of seed)" stopped
        ok fc up web
        equal "$(wc -l <"$PROJECT/.containers/seed/root/runs")" 4 "runs of the job"
        # What is restarted as a whole goes down and up in order.
        ok fc restart web cache
        before 'web: stopped' 'cache: stopping'
        before 'cache: starting' 'web: starting'
        ok fc down
}

testcase_dependency_fails() {
        project shop
        spec "$(tiny web '' ', "dependsOn": {"api": "ready"}'), $(tiny api '' ', "dependsOn": {"seed": "completed"}'),
                $(job seed 'echo "ERROR:  relation \"ordrs\" does not exist"; exit 3'), $(tiny other)"
        run_status 3 fc up
        # It goes its own way meanwhile.
        ERR=$(grep -v '^other:' <<<"$ERR")
        screen dependency-fails
        equal "$(state_of other)" running
        equal "$(state_of seed)" failed
        equal "$(state_of api)" stopped
        # The exit status is that of the cause.
        spec "$(tiny web '' ', "dependsOn": {"db": "ready"}'), $(tiny db '' ', "ready": {"tcp": [4444], "timeout": 1}')"
        run_status 4 fc up web
        expect_err 'web: skipped +db failed'
        refute_err 'not started: db failed'
        ok fc down
}

testcase_interrupted() {
        project shop
        spec "$(tiny db '' ', "ready": {"tcp": [4444]}'), $(tiny web '' ', "dependsOn": {"db": "ready"}')"
        fc_background "$TMP/up" up
        line_in "$TMP/up" 'db: waiting  tcp 4444' >/dev/null
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130
        line_in "$TMP/up" 'db: stopped' >/dev/null
        line_in "$TMP/up" 'web: skipped  interrupted' >/dev/null
        equal "$(state_of db)" stopped
        equal "$(state_of web)" stopped
}

# As a user of compose means them.
testcase_flags() {
        local starting=0 line

        project shop
        spec "$(tiny web '' ', "dependsOn": {"db": "ready"}'), $(tiny db), $(tiny one), $(tiny two)"
        run_status 2 fc up --fresh-root web
        expect_err "'reset NAME' starts over with a fresh root"
        run_status 2 fc up --jobs 0
        expect_err "--jobs: '0' is not a number from 1 to 9999"
        run_status 2 fc up -j many
        ok fc up --no-deps --wait-timeout 20 web
        refute_err 'db:'
        equal "$(state_of db)" stopped
        ok fc up --dry-run --no-deps --force-recreate web
        expect_out '^web: restart'
        refute_out 'db:'
        # One after the other.
        ok fc up --jobs 1
        while read -r line; do
                case $line in
                *': starting') ((++starting)) ;;
                *': ready '*) ((--starting)) || : ;;
                esac
                ((starting <= 1)) || flunk "two start at a time"
        done <<<"$ERR"
        equal "$(fc --json status | jq '[.containers[] | select(.ready)] | length')" 4 "those that are ready"
        # What was asked for, not what that depends on.
        ok fc up --force-recreate --build web
        expect_err 'web: stopped'
        refute_err 'db: (stopping|starting)'
        ok fc down
}

testcase_no_wait() {
        project shop
        spec "$(tiny db '["/bin/sh", "-c", "sleep 0.3; touch /up; exec sleep infinity"]' ', "ready": {"exec": [["sh", "-c", "[ -e /up ]"]]}'),
                $(tiny web '' ', "dependsOn": {"db": "ready"}, "ready": {"tcp": [4444]}')"
        ok fc up --no-wait
        before 'db: ready' 'web: starting'
        ok fc down
}

testcase_one_shot() {
        project shop
        spec "$(job seed 'sleep 0.3; echo done; exit 0')"
        ok fc up
        expect_err 'seed: completed'
        ok fc --json status
        equal "$(jq -r '.containers[0].state' <<<"$OUT")" completed
        equal "$(jq -r .phase "$PROJECT/.containers/seed/state.json")" completed
        # Not waited for, it comes to the same.
        ok fc up --no-wait
        ok fc wait seed
        equal "$(state_of seed)" completed

        # One that is under way already is waited for.
        spec "$(job seed 'until [ -e /go ]; do sleep 0.05; done; exit 0')"
        ok fc up --no-wait
        fc_background "$TMP/up" up seed
        line_in "$TMP/up" 'waiting' >/dev/null
        touch "$PROJECT/.containers/seed/root/go"
        finished "$FC_PID"
        equal "$STATUS" 0 "status of the second up"
        line_in "$TMP/up" 'seed: completed' >/dev/null

        spec "$(job seed 'exec sleep infinity' ', "ready": {"timeout": 1}')"
        run_status 4 fc up
        expect_err 'seed: not completed after .*: it has not ended'
        ok fc down
}

# A guest with systemd that does something and turns itself off.
testcase_one_shot_guest() {
        variant job
        unit "$VARIANT" job.service <<-'UNIT'
		[Service]
		Type=oneshot
		ExecStart=/bin/touch /done
		ExecStartPost=/bin/systemctl --no-block poweroff
	UNIT
        project shop
        spec "$(WEB_IMAGE=$VARIANT web job ', "oneShot": true')"
        ok fc up
        expect_err 'job: completed'
        exists "$PROJECT/.containers/job/root/done"
        equal "$(state_of job)" completed
}

testcase_wait() {
        project shop
        spec "$(tiny db '["/bin/sh", "-c", "until [ -e /go ]; do sleep 0.05; done; exec sleep infinity"]' ', "ready": {"exec": [["sh", "-c", "[ -e /go ]"]]}'),
                $(job seed 'until [ -e /go ]; do sleep 0.05; done; exit 3')"
        run_status 7 fc wait db
        expect_err "container 'db' is not running"
        ok fc wait --for stopped
        run_status 2 fc wait --for completed db
        run_status 2 fc wait --for ready seed
        run_status 2 fc wait --for over

        ok fc up --no-wait
        run_status 4 fc wait --timeout 0.2
        expect_err 'db: not ready: exec sh'
        expect_err 'seed: not completed'
        run_status 4 fc wait --for stopped --timeout 0.2 db

        # As root the container itself is asked.
        fc_background "$TMP/wait" wait db
        touch "$PROJECT/.containers/db/root/go"
        finished "$FC_PID"
        equal "$STATUS" 0 "status of wait db"

        fc_background "$TMP/wait" wait seed
        touch "$PROJECT/.containers/seed/root/go"
        finished "$FC_PID"
        equal "$STATUS" 3 "status of wait seed"
        line_in "$TMP/wait" 'seed: exited 3' >/dev/null

        # The command that brings it up tells the others.
        ok fc down
        rm "$PROJECT/.containers/db/root/go"
        fc_background "$TMP/up" up db
        local up=$FC_PID
        line_in "$TMP/up" 'db: waiting' >/dev/null
        run_status 4 as_dev "$FC" --root "$PROJECT" wait db --timeout 0.2
        as_dev "$FC" --root "$PROJECT" wait db >"$TMP/wait" 2>&1 &
        local wait=$!
        touch "$PROJECT/.containers/db/root/go"
        finished "$wait"
        equal "$STATUS" 0 "status of wait db as the developer"
        finished "$up"
        as_dev "$FC" --root "$PROJECT" wait --for stopped db >"$TMP/wait" 2>&1 &
        wait=$!
        ok fc down
        finished "$wait"
        equal "$STATUS" 0 "status of wait --for stopped"
}

testcase_profiles() {
        project shop
        spec "$(tiny web), $(tiny mail '' ', "profiles": ["dev", "full"], "dependsOn": {"db": "started"}'),
                $(tiny db '' ', "profiles": ["data"]'), $(tiny trace '' ', "profiles": ["full"]')"
        ok fc up --dry-run
        equal "$OUT" 'web: start'
        ok fc up --dry-run --profile data
        equal "$OUT" $'web: start\ndb: start'
        ok fc up --dry-run --profile '*'
        equal "$(grep -c start <<<"$OUT")" 4
        run_status 2 fc up --profile fulll
        expect_err "no container has the profile 'fulll'"
        expect_err "did you mean 'full'"
        expect_err 'the profiles are: dev, full, data'
        run_status 2 fc up --profile dev web
        expect_err 'takes no names'
        nothing_made

        # What it depends on comes along; what runs is nobody's orphan, and is stopped.
        ok fc up --profile dev
        equal "$(fc --json status | jq -r '.containers[] | select(.state == "running").name' | tr '\n' ' ')" 'web mail db '
        ok fc up --remove-orphans --yes
        refute_err mail
        equal "$(state_of mail)" running
        run_status 7 fc wait trace
        ok fc wait
        ok fc status --check
        run_status 7 fc status --check trace
        ok fc up trace
        equal "$(state_of trace)" running

        # Another profile is no other container, and `restart` is about what `up` is about.
        spec "$(tiny web), $(tiny mail '' ', "profiles": ["later"]')"
        ok fc up --profile later --dry-run
        equal "$OUT" $'web: nothing\nmail: nothing'
        ok fc restart --dry-run
        equal "$OUT" 'web: restart'
        ok fc restart --profile later --dry-run
        equal "$OUT" $'web: restart\nmail: restart'
        FC_PROFILES=later ok fc restart --dry-run
        equal "$OUT" $'web: restart\nmail: restart'
        FC_PROFILES=late run_status 2 fc up
        expect_err "FC_PROFILES: no container has the profile 'late'"
        # It may be meant for another project.
        FC_PROFILES=late ok fc graph
        spec "$(tiny mail '' ', "profiles": ["later"]')"
        for verb in up restart 'with -- true'; do
                # shellcheck disable=SC2086
                run_status 2 fc $verb
                expect_err "each has 'profiles'"
                expect_err 'of: later'
        done
        ok fc down
        equal "$(state_of mail)" stopped
}

testcase_dry_run() {
        project shop
        spec "$(tiny db), $(tiny web '' ', "dependsOn": {"db": "started"}')"
        ok fc up --dry-run web
        equal "$OUT" $'db: start\nweb: start'
        nothing_made
        # What would not run is not said to.
        spec "$(tiny web '' ', "dependsOn": {"seed": "completed"}'), $(job seed 'exit 0')"
        ok fc up --dry-run web
        equal "$OUT" $'seed: start\nweb: start'
        ok fc up
        ok fc up --dry-run web
        equal "$OUT" $'seed: nothing\n  nothing that needs it is started\nweb: nothing'
        ok fc up --dry-run
        equal "$OUT" $'seed: start\nweb: nothing'
        ok fc down
}

live_main "$@"
