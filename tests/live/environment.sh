#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Variables of a specification, and where they are seen inside.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# Each a value that a parser on the way could change. JSON, without the braces.
# shellcheck disable=SC2016 # nothing of it is expanded, which is the point
ODD='"QUOTES": "a \"b\" '"'c'"' `d`", "DOLLAR": "$HOME ${HOME} $$ $(id)", "PERCENT": "%h %% %n 100%", "BACKSLASH": "\\ \\n \\\\ \\x41 C:\\",
        "LINES": "one\n two\n\n#three\n;four\\\n", "TAB": "\ta\t", "SPACES": "  two  words  ", "EMPTY": "", "UTF8": "ü ☃ \u0085",
        "EQUALS": "=a=b=", "OPTION": "--x", "_1": "x", "COLON": "a:b;c,d"'

# seen_unit: how a unit notes its environment, without what a shell would change of it.
seen_unit() {
        printf '[Service]\nType=oneshot\nRemainAfterExit=yes\nUser=www-data\nRuntimeDirectory=seen\n'
        printf 'Environment=OWN=unit\nExecStart=sh -c "env -0 >/run/seen/environment"\n'
}

# expect_variables JSON-OBJECT FILE: each is in the file, which separates variables by NUL, byte for byte.
expect_variables() {
        jq -r 'to_entries[] | "\(.key)=\(.value)" | @base64' <<<"$1" | sort >"$TMP/want"
        jq -R -s -r --argjson names "$(jq -c keys <<<"$1")" 'split("\u0000")[]
                | select(split("=")[0] as $name | $names | index($name)) | @base64' "$2" | sort >"$TMP/got"
        same_files "$TMP/want" "$TMP/got" "variables (- wanted, + found)"
}

# Of a guest's systemd, whatever becomes of that: the variables are there for what it starts.
testcase_services_and_exec() {
        local big

        variant seen
        seen_unit | unit "$VARIANT" seen.service
        printf '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=sh -c "env -0 >/run/again"\n' >"$VARIANT/etc/systemd/system/again.service"
        project shop
        big=$(head -c 130000 /dev/zero | tr '\0' '"')
        jq -n --arg big "$big" "{$ODD, BIG: \$big, OWN: \"specification\"}" >"$TMP/wanted"
        jq -n --slurpfile e "$TMP/wanted" --arg image "$VARIANT" '{version: 1, containers: {web: {system: {rootfs: $image}, environment: $e[0]}}}' \
                >"$PROJECT/flake-containers.json"
        ok fc up
        # What a unit says itself counts more.
        fc exec web -- cat /run/seen/environment >"$TMP/seen"
        expect_variables "$(jq '.OWN = "unit"' "$TMP/wanted")" "$TMP/seen"
        fc exec web -- env -0 >"$TMP/seen"
        expect_variables "$(<"$TMP/wanted")" "$TMP/seen"
        fc exec -u www-data web -- env -0 >"$TMP/seen"
        expect_variables "$(<"$TMP/wanted")" "$TMP/seen"
        # -e counts more than what the container has.
        ok fc exec -e UTF8=other web -- env
        expect_out 'UTF8=other'
        # No user inside can change where they come from, and a systemd that reads it again finds the same.
        run fc exec web -- sh -c 'echo >>/etc/systemd/system.conf.d/50-flake-containers.conf'
        differ "$STATUS" 0 "the status of writing to the configuration"
        ok fc exec web -- systemctl daemon-reload
        ok fc exec web -- systemctl start again.service
        fc exec web -- cat /run/again >"$TMP/seen"
        expect_variables "$(<"$TMP/wanted")" "$TMP/seen"
        ok fc down
}

# An init that is a script, and becomes systemd: what stage 2 of NixOS is.
testcase_nixos() {
        toplevel environment
        [[ -e $BUILT/etc/systemd/system/seen.service ]] || seen_unit | unit "$BUILT" seen.service
        project shop
        spec "\"web\": {\"system\": {\"toplevel\": \"$TOPLEVEL\"}, \"environment\": {$ODD}}"
        ok fc up
        fc exec web -- cat /run/seen/environment >"$TMP/seen"
        expect_variables "{$ODD}" "$TMP/seen"
        fc exec web -- env -0 >"$TMP/seen"
        expect_variables "{$ODD}" "$TMP/seen"
        ok fc down
}

# Another range of ids, and a root that is not on the disk.
testcase_other_users() {
        local more

        for more in '"users": "host"' '"ephemeral": true'; do
                variant seen
                [[ -e $VARIANT/etc/systemd/system/seen.service ]] || seen_unit | unit "$VARIANT" seen.service
                project "shop-${#more}"
                spec "\"web\": {\"system\": {\"rootfs\": \"$VARIANT\"}, \"environment\": {$ODD}, $more}"
                ok fc up
                fc exec web -- cat /run/seen/environment >"$TMP/seen"
                expect_variables "{$ODD}" "$TMP/seen"
                ok fc down
        done
}

# Of a command there is no systemd: they are its own, and those of what is run beside it.
testcase_command() {
        project shop
        spec "$(tiny one '' ", \"environment\": {$ODD}")"
        ok fc up
        fc exec one -- cat /proc/2/environ >"$TMP/seen"
        expect_variables "{$ODD}" "$TMP/seen"
        fc exec one -- env -0 >"$TMP/seen"
        expect_variables "{$ODD}" "$TMP/seen"
        ok fc down
}

live_main "$@"
