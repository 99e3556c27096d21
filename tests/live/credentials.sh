#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Credentials of a container from files, variables and commands, and where else they are seen: nowhere.

# shellcheck disable=SC2016 # expanded inside
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# guest CREDENTIALS: a guest whose services read theirs, as a user that is not root.
guest() {
        if [[ ! -d $SCRATCH/images/readers ]]; then
                variant readers
                printf '[Service]\nType=oneshot\nRemainAfterExit=yes\nUser=www-data\nLoadCredential=%s\nRuntimeDirectory=%s\nRuntimeDirectoryMode=0700\nExecStart=sh -c "cat $$CREDENTIALS_DIRECTORY/* >/run/%s/seen"\n' \
                        token token token | unit "$VARIANT" token.service
                printf '[Service]\nType=oneshot\nRemainAfterExit=yes\nUser=www-data\nRuntimeDirectory=other\nExecStart=sh -c "cat /run/credentials/*/* /run/host/credentials/* >/run/other/seen 2>/dev/null; env >>/run/other/seen"\n' |
                        unit "$VARIANT" other.service
        fi
        VARIANT=$SCRATCH/images/readers
        spec "$(printf '"web": {"system": {"rootfs": "%s"}, "credentials": {%s}}' "$VARIANT" "$1")"
}

testcase_services() {
        project shop
        # Every byte counts: a NUL, a newline at the end, what is no text.
        printf '#!/bin/sh\nprintf "c0mmand\\000\\377\\n$1\\n"; id -u >>"$HOME/ids"; pwd >>"$HOME/places"\n' >"$PROJECT/secret.sh"
        chmod 755 "$PROJECT/secret.sh"
        guest '"token": {"command": ["./secret.sh", "x y"]}'
        rm -f "$SCRATCH"/home/{ids,places}
        printf 'c0mmand\000\377\nx y\n' >"$TMP/want"
        ok fc up
        fc exec web -- cat /run/token/seen >"$TMP/seen"
        cmp "$TMP/want" "$TMP/seen" || flunk "the credential came out as $(od -c "$TMP/seen")"
        ok fc exec web -- cat /run/other/seen
        refute_out 'c0mmand'
        nowhere c0mmand
        # As the developer, in the project, and not once more for what runs already.
        ok fc up
        ok fc status
        ok fc up --dry-run
        refute_out 'c0mmand'
        equal "$(<"$(getent passwd "$DEV" | cut -d : -f 6)/ids")" "$DEV_UID" "as whom the command ran, and how often"
        equal "$(<"$(getent passwd "$DEV" | cut -d : -f 6)/places")" "$PROJECT"
        # A guest that boots again has it, too.
        ok fc exec web -- touch /run/first-boot
        run fc exec web -- systemctl --no-block reboot
        try_until "$WAIT" fc exec web -- test ! -e /run/first-boot 2>/dev/null
        try_until "$WAIT" fc exec web -- systemctl is-active token.service >"$TMP/active" 2>&1
        ok fc down
        nowhere c0mmand
        ok fc logs web
        refute_out 'c0mmand'
}

# What the containers' own init hands to a command.
testcase_command() {
        project shop
        printf 'from a file\n' >"$PROJECT/file"
        spec "$(tiny one '["/bin/sh", "-c", "cat $CREDENTIALS_DIRECTORY/* >/run/seen; exec sleep infinity"]' ', "credentials": {
                "a": {"file": "file"}, "b": "file", "c": {"environment": "TOKEN"}, "d": {"command": ["printf", "%s", "fr0m a command"]}}')"
        TOKEN='fr0m a variable' ok fc up
        ok fc exec one -- cat /run/seen
        equal "$OUT" $'from a file\nfrom a file\nfr0m a variablefr0m a command'
        nowhere 'fr0m a variable'
        ok fc exec one -- env
        refute_out 'TOKEN|fr0m'
        ok fc config
        expect_out 'TOKEN'
        # The word is a new one for each start, and no change that would need one.
        TOKEN=other ok fc up
        expect_err 'unchanged'
        ok fc down
}

# refused STATUS MESSAGE CREDENTIAL: nothing has started.
refused() {
        spec "$(tiny one '' ", \"credentials\": {\"x\": $3}")"
        run_status "$1" fc up
        expect_err "containers.one.credentials.x: $2"
        no_machine_left "something was started"
}

testcase_refused() {
        project shop
        tiny_image
        refused 2 "the variable 'NOT_SET' is not set" '{"environment": "NOT_SET"}'
        expect_err 'sudo keeps variables back'
        refused 3 "'sh' has ended with exit status 7" '{"command": ["sh", "-c", "echo s3cret; echo no such entry >&2; exit 7"]}'
        expect_err 'no such entry'
        refute_err 's3cret'
        refused 3 "'sh' was killed by signal 9" '{"command": ["sh", "-c", "kill -9 $$"]}'
        refused 3 "'not-there' has ended with exit status 127" '{"command": ["not-there"]}'
        expect_err "run 'not-there'"
        refused 2 "'head' writes more than 1048576 bytes" '{"command": ["head", "-c", "2M", "/dev/zero"]}'
        # With no terminal and nothing to read.
        refused 3 "'sh' has ended" '{"command": ["sh", "-c", "! cat; exec 3<>/dev/tty"]}'
        # The last byte that fits, and a process that is left behind.
        spec "$(tiny one '' ', "credentials": {"x": {"command": ["sh", "-c", "head -c 1M /dev/zero; sleep 1000 & echo $! >&2"]}}')"
        ok fc up
        ok fc down
        run pgrep -f 'sleep 1000'
        equal "$OUT" "" "what a command has left"
}

# Interrupted, the command goes with us.
testcase_interrupted() {
        project shop
        spec "$(tiny one '' ', "credentials": {"x": {"command": ["sh", "-c", "echo $$ >pid; exec sleep 1000"]}}')"
        fc_background "$TMP/output" up
        try_until "$WAIT" test -s "$PROJECT/pid"
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130
        [[ ! -e /proc/$(<"$PROJECT/pid") ]] || flunk "the command outlives us"
}

# By sudo, which keeps variables back.
testcase_sudo() {
        command -v sudo >/dev/null || skip "sudo is not installed"
        as_dev sudo -n true 2>"$TMP/sudo" || skip "sudo does not work here: $(<"$TMP/sudo")"
        project shop
        spec "$(tiny one '["/bin/sh", "-c", "cat $CREDENTIALS_DIRECTORY/* >/run/seen; exec sleep infinity"]' ', "credentials": {
                "c": {"environment": "TOKEN"}, "d": {"command": ["sh", "-c", "echo $TOKEN $OTHER; id -u"]}}')"
        ok as_dev env -C "$PROJECT" TOKEN='s3cret' OTHER=$'two\nlines' "$FC" up
        ok fc exec one -- cat /run/seen
        equal "$OUT" "s3crets3cret two lines"$'\n'"$DEV_UID"
        nowhere s3cret
        # What knew them is gone.
        ! grep -a -l s3cret /proc/[0-9]*/environ 2>/dev/null || flunk "a process still has the variable"
        run_status 2 as_dev env -C "$PROJECT" "$FC" restart
        expect_err "the variable 'TOKEN' is not set"
        ok as_dev env -C "$PROJECT" "$FC" down
}

live_main "$@"
