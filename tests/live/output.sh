#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Data on stdout, talk on stderr, and nothing that only a terminal understands where there is none.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

no_escapes() {
        refute_out $'[\e\r\a\b]'
        refute_err $'[\e\r\a\b]'
}

testcase_no_escape_codes() {
        local verb

        project shop
        spec "$(web web ', "ports": ["8080:80"]'), $(tiny one)"
        # Colours of the guest's own come out of its console and must not pass either.
        for verb in 'up' 'up' 'status' 'ps' 'logs -n 100' 'logs -n 100 web' 'port web' 'config' 'doctor' 'version' '--help' 'up --help' \
                'restart web' 'exec web -- true' 'down' 'status'; do
                # shellcheck disable=SC2086 # several words
                TERM=xterm-256color CLICOLOR_FORCE='' ok fc $verb
                no_escapes
        done
        run fc up absent
        no_escapes
}

testcase_talk_and_data() {
        project shop
        spec "$(tiny one)"
        ok fc up
        equal "$OUT" "" "stdout of up"
        expect_err 'one'
        ok fc status
        equal "$ERR" "" "stderr of status"
        ok fc port one
        equal "$ERR" "" "stderr of port"
        ok fc config
        equal "$ERR" "" "stderr of config"
        ok fc down
        equal "$OUT" "" "stdout of down"
}

# is_progress PHASE..: stderr is what docs/JSON.md says, an object for each change, and these phases come in this order.
is_progress() {
        local want=$*

        jq -es 'all(
                (.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z$")) and
                ((has("note") and (keys == ["note", "time"])) or
                 ((keys == ["container", "detail", "phase", "time"]) and (.container | type) == "string" and
                  (.phase | IN("image", "starting", "booting", "waiting", "stopping", "ready", "completed", "unchanged",
                               "stopped", "skipped", "failed")) and
                  (.detail | type | IN("string", "null")))))' <<<"$ERR" >/dev/null ||
                flunk "the progress is not what docs/JSON.md says"
        jq -es '[.[] | [.container, .phase, .detail]] as $all | all(range(1; $all | length); $all[.] != $all[. - 1])' \
                <<<"$ERR" >/dev/null || flunk "an object twice"
        jq -es --arg want "$want" '[.[].phase] as $all | ($want | split(" ")) as $want |
                reduce $all[] as $phase (0; if $want[.] == $phase then . + 1 else . end) == ($want | length)' \
                <<<"$ERR" >/dev/null || flunk "the phases are not $want"
}

testcase_progress() {
        project shop
        spec "$(web web)"
        ok fc --progress quiet up
        equal "$OUT$ERR" "" "output of --progress quiet"
        ok fc --progress quiet down
        equal "$OUT$ERR" ""
        ok fc -q up
        equal "$OUT$ERR" "" "output of -q"
        ok fc down
        ok fc --progress plain up
        # One line per change of state, none of them twice.
        ((1 <= $(wc -l <<<"$ERR") && $(wc -l <<<"$ERR") <= 20)) || flunk "$(wc -l <<<"$ERR") lines"
        ok fc down
        ok fc --progress json up
        is_progress ready
        ok fc --progress json restart
        is_progress stopping stopped starting ready
        ok fc --progress json down
        is_progress stopping stopped
        run fc --progress json up absent
        jq -e '.error | .exit == 2 and (.message | type) == "string" and (.evidence | type) == "array" and
                (.hints | type) == "array"' <<<"$ERR" >/dev/null || flunk "the error is not what docs/JSON.md says"
        run fc --progress json wait
        jq -e '.error.container == "web"' <<<"$ERR" >/dev/null || flunk "the error does not say whose it is: $ERR"
        # Quiet is about talk: a failure is still told.
        run fc -q up absent
        differ "$ERR" "" "stderr of a failure with -q"
}

# What a guest says is shown, and cannot do anything to the terminal.
testcase_guest_text_is_harmless() {
        variant rude
        printf '#!/bin/sh\nprintf "\\033]0;owned\\007\\033[2Jrude words\\n"; exit 1\n' >"$VARIANT/usr/local/bin/rude"
        chmod +x "$VARIANT/usr/local/bin/rude"
        job_unit "$VARIANT" rude.service /usr/local/bin/rude
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web)"
        run_status 3 fc up
        expect_err 'rude words'
        no_escapes
        ok fc logs -n 1000 web
        no_escapes
        ok fc down
}

testcase_closed_descriptors() {
        project shop
        spec "$(tiny one)"
        # Started by something that has closed them: files that are opened must not end up there.
        (fc up) >&- 2>&- <&- || flunk "up fails with closed descriptors"
        ok fc status
        expect_out 'one +running'
        run bash -c 'exec >/dev/full; "$@"' bash "$FC" --root "$PROJECT" status
        equal "$STATUS" 6 "the status when stdout is full"
        ok fc down
}

testcase_doctor() {
        project shop
        spec "$(tiny one)"
        ok fc doctor
        expect_out 'nspawn'
        expect_out 'ok +container +one: what it is made of is there'
        ok fc --json doctor
        jq -e . <<<"$OUT" >/dev/null || flunk "doctor --json prints no JSON"
        nothing_made
        # All that is missing at once.
        spec "$(tiny one '' ', "volumes": ["absent:/srv", "@kept:/data"], "devices": ["/dev/absent"], "envFile": ["absent.env"]'), $(tiny three), "'"two": {"system": {"rootfs": "nowhere"}}'
        run_status 6 fc doctor
        expect_out "BAD +container +one: volumes\[0\] 'absent': No such file"
        expect_out "make it: mkdir 'absent'"
        expect_out "BAD +container +one: devices\[0\] '/dev/absent'"
        expect_out "BAD +container +one: envFile 'absent.env'"
        expect_out "BAD +container +two: its image 'nowhere'"
        expect_out 'ok +container +three'
        nothing_made
        # The name of a folder does not reach the terminal as it is.
        project $'bell\aand\nline'
        spec "$(tiny one)"
        ok fc doctor
        expect_out 'project +/.*/projects/bell�and�line \('
        refute_out $'\a'
}

# What is planted at each place where a secret may be is not in it, nor is the developer's home.
testcase_report() {
        local n

        project shop
        : >"$PROJECT/own.env"
        # shellcheck disable=SC2016 # ${host} is the specification's
        spec "$(tiny one '["sh", "-c", "exec sleep infinity", "planted-1"]' ', "environment": {"TOKEN": "planted-2"}, "envFile": "own.env",
                "credentials": {"pg": {"command": ["echo", "planted-3"]}}, "exports": {"URL": "x://planted-4@${host}"},
                "nspawnArgs": ["--set-credential=x:planted-5"], "hooks": {"beforeDown": [["true", "planted-6"]]},
                "ready": {"exec": [["true", "planted-7"]]}, "volumes": ["@kept:/data", "src:/srv", "'"$SCRATCH"'/home/own:/more:ro"]')"
        printf 'TOKEN2=planted-8\n' >"$PROJECT/own.env"
        mkdir -p "$PROJECT/src" "$SCRATCH/home/own"
        chown -R "$DEV:" "$PROJECT/src" "$PROJECT/own.env" "$SCRATCH/home/own"
        ok fc up
        ok fc doctor --report
        expect_out '^flake-containers [0-9.]+'
        expect_out $'\nLinux [0-9]'
        expect_out $'\nok +systemd-nspawn +'
        # It has what it hides: names, and that there is something.
        expect_out '"environment": \{"TOKEN": "\(hidden\)"\}'
        expect_out '"credentials": \{"pg": \{"command": \["\(hidden\)", "\(hidden\)"\]\}\}'
        expect_out '"source":"src","target":"/srv"'
        expect_out $'\n[0-9-]+T[0-9:.]+[^ ]* one ready\n?'
        expect_out '"source":"~/own","target":"/more"'
        refute_out "$SCRATCH/home"
        for n in 1 2 3 4 5 6 7 8; do refute_out "planted-$n"; done
        # Of what is wrong the value is not shown either.
        spec "$(tiny one '' ', "restart": "planted-9"')"
        ok fc doctor --report
        expect_out $'\nBAD +specification +\\(hidden\\), see doctor'
        refute_out planted-9
        run_status 6 fc doctor
        expect_out planted-9
        spec "$(tiny one)"
        ok fc down
}

# Not by using them up, which would be felt by all of this machine.
testcase_inotify_is_short() {
        local limit=/proc/sys/fs/inotify/max_user_instances

        project shop
        spec "$(tiny one '["/bin/false"]' ', "ready": {"notify": true}')"
        echo 5 >"$TMP/limit"
        mount --bind "$TMP/limit" "$limit"
        run_status 6 fc doctor
        expect_out 'BAD +inotify +[0-9]+ of 5 instances'
        expect_out 'sysctl -w fs.inotify.max_user_instances'
        run_status 3 fc up
        expect_err 'hardly any inotify instances left: [0-9]+ of 5'
        expect_err 'more: sysctl -w fs.inotify.max_user_instances'
        echo 100000 >"$TMP/limit"
        ok fc doctor
        expect_out 'ok +inotify +[0-9]+ of 100000 instances'
        run_status 3 fc up
        refute_err inotify
        umount "$limit"
        ok fc down
}

live_main "$@"
