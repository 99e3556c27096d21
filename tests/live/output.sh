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
        run fc up nobody
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
        jq -es 'length > 0' <<<"$ERR" >/dev/null || flunk "--progress json has a line that is no JSON"
        ok fc --progress json down
        jq -es 'length > 0' <<<"$ERR" >/dev/null || flunk "--progress json has a line that is no JSON"
        # Quiet is about talk: a failure is still told.
        run fc -q up nobody
        differ "$ERR" "" "stderr of a failure with -q"
}

# What a guest says is shown, and cannot do anything to the terminal.
testcase_guest_text_is_harmless() {
        variant rude
        printf '#!/bin/sh\nprintf "\\033]0;owned\\007\\033[2Jrude words\\n"; exit 1\n' >"$VARIANT/usr/local/bin/rude"
        chmod +x "$VARIANT/usr/local/bin/rude"
        unit "$VARIANT" rude.service <<-'UNIT'
		[Service]
		Type=oneshot
		ExecStart=/usr/local/bin/rude
	UNIT
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
        differ "$STATUS" 0 "the status when stdout is full"
        ok fc down
}

testcase_doctor() {
        project shop
        spec "$(tiny one)"
        ok fc doctor
        expect_out 'nspawn'
        ok fc --json doctor
        jq -e . <<<"$OUT" >/dev/null || flunk "doctor --json prints no JSON"
        nothing_made
}

live_main "$@"
