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
        spec "\"web\": {\"system\": {\"toplevel\": \"$TOPLEVEL\"}, \"environment\": {$ODD}, \"envFile\": \".env\"}"
        echo 'SECRET=s3cret' >"$PROJECT/.env"
        ok fc up
        fc exec web -- cat /run/seen/environment >"$TMP/seen"
        expect_variables "{$ODD, \"SECRET\": \"s3cret\"}" "$TMP/seen"
        fc exec web -- env -0 >"$TMP/seen"
        expect_variables "{$ODD, \"SECRET\": \"s3cret\"}" "$TMP/seen"
        ok fc down
}

# Another range of ids, and a root that is not on the disk.
testcase_other_users() {
        local more

        for more in '"users": "host"' '"ephemeral": true'; do
                variant seen
                [[ -e $VARIANT/etc/systemd/system/seen.service ]] || seen_unit | unit "$VARIANT" seen.service
                project "shop-${#more}"
                spec "\"web\": {\"system\": {\"rootfs\": \"$VARIANT\"}, \"environment\": {$ODD}, \"envFile\": \".env\", $more}"
                echo 'SECRET=s3cret' >"$PROJECT/.env"
                ok fc up
                fc exec web -- cat /run/seen/environment >"$TMP/seen"
                expect_variables "{$ODD, \"SECRET\": \"s3cret\"}" "$TMP/seen"
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

# dotenv JSON-OBJECT: it as the text of a file of variables: in single quotes what can be, in double quotes the rest.
dotenv() {
        jq -r 'to_entries[] | .key + "=" + (.value | if test("\u0027|\\\\$") then "\"" + gsub("(?<c>[\"\\\\$])"; "\\\(.c)") + "\""
                else "\u0027" + . + "\u0027" end)' <<<"$1"
}

# guest_of_files: the image of a guest that shows which of its services get what.
guest_of_files() {
        local name

        variant files
        [[ ! -e $VARIANT/etc/systemd/system/seen.service ]] || return 0
        for name in seen other systemd-like; do
                seen_unit | sed "s/seen/$name/" | unit "$VARIANT" "$name.service"
        done
}

# Values that no user inside can ask the guest's systemd for.
testcase_files() {
        project shop
        guest_of_files
        spec "\"web\": {\"system\": {\"rootfs\": \"$VARIANT\"}, \"environment\": {\"BOTH\": \"specification\"}, \"envFile\": [\".env\", \"more.env\"]}"
        dotenv "{$ODD, \"SECRET\": \"s3cret\", \"BOTH\": \"f1le\", \"OWN\": \"f1le\", \"LATER\": \"f1le\", \"HOME\": \"/f1le\"}" >"$PROJECT/.env"
        printf '# Of this checkout.\nLATER=more\n' >"$PROJECT/more.env"
        chmod 600 "$PROJECT/.env"
        chown "$DEV:" "$PROJECT"/{,more}.env
        ok fc up
        fc exec web -- cat /run/seen/environment >"$TMP/seen"
        expect_variables "{$ODD, \"SECRET\": \"s3cret\", \"BOTH\": \"specification\", \"OWN\": \"f1le\", \"LATER\": \"more\", \"HOME\": \"/f1le\"}" "$TMP/seen"
        fc exec web -- env -0 >"$TMP/seen"
        expect_variables "{$ODD, \"SECRET\": \"s3cret\", \"BOTH\": \"specification\", \"LATER\": \"more\"}" "$TMP/seen"
        ok fc exec web -- printenv HOME
        equal "$OUT" /root
        # What is written at the command counts more, whatever is in it.
        # shellcheck disable=SC2016 # expanded inside
        ok fc exec -u www-data -e SECRET="a 'b' \$c \\ " -e LATER= web -- sh -c 'printf "<%s>" "$SECRET" "$LATER" "$HOME"'
        equal "$OUT" "<a 'b' \$c \\ ><></var/www>"
        # systemd's own services have no use for it.
        ok fc exec web -- cat /run/systemd-like/environment
        refute_out 's3cret'
        ok fc exec web -- sh -c 'systemctl show "*"; systemctl show-environment; cat /etc/systemd/system.control/*/* /etc/systemd/system.conf.d/*'
        refute_out 's3cret'
        run fc exec -u www-data web -- cat /run/host/credentials/flake-containers.environment
        differ "$STATUS" 0 "the status of reading the credential as another user"
        nowhere s3cret
        # Another content is handed over by a restart, as that of credentials is.
        echo 'LATER=other' >"$PROJECT/more.env"
        ok fc up
        expect_err 'unchanged'
        ok fc restart
        ok fc exec web -- printenv LATER
        equal "$OUT" other
        ok fc down
        ok fc logs web
        refute_out 's3cret'
        nowhere s3cret
}

# Only the services that are named, and exec.
testcase_units() {
        project shop
        guest_of_files
        spec "\"web\": {\"system\": {\"rootfs\": \"$VARIANT\"}, \"environment\": {$ODD}, \"envFile\": \".env\", \"environmentUnits\": [\"seen.service\"]}"
        echo 'SECRET=s3cret' >"$PROJECT/.env"
        ok fc up
        fc exec web -- cat /run/seen/environment >"$TMP/seen"
        expect_variables "{$ODD, \"SECRET\": \"s3cret\"}" "$TMP/seen"
        fc exec web -- env -0 >"$TMP/seen"
        expect_variables "{$ODD, \"SECRET\": \"s3cret\"}" "$TMP/seen"
        ok fc exec web -- cat /run/other/environment
        refute_out 's3cret|QUOTES'
        ok fc exec web -- cat /proc/1/environ
        refute_out 's3cret|QUOTES'
        nowhere s3cret
        # A drop-in of an earlier start is empty, and does no harm.
        spec "\"web\": {\"system\": {\"rootfs\": \"$VARIANT\"}, \"environment\": {\"A\": \"b\"}, \"environmentUnits\": [\"other.service\"]}"
        ok fc up
        ok fc exec web -- cat /run/other/environment
        expect_out 'A=b'
        ok fc exec web -- cat /run/seen/environment
        refute_out 'A=b'
        ok fc down
}

# Of a command the gate sets them; exec finds them where it does.
testcase_files_of_a_command() {
        project shop
        spec "$(tiny one '' ', "environment": {"BOTH": "specification"}, "envFile": ".env"')"
        dotenv "{$ODD, \"SECRET\": \"s3cret\", \"BOTH\": \"f1le\"}" >"$PROJECT/.env"
        ok fc up
        fc exec one -- cat /proc/2/environ >"$TMP/seen"
        expect_variables "{$ODD, \"SECRET\": \"s3cret\", \"BOTH\": \"specification\"}" "$TMP/seen"
        fc exec one -- env -0 >"$TMP/seen"
        expect_variables "{$ODD, \"SECRET\": \"s3cret\", \"BOTH\": \"specification\"}" "$TMP/seen"
        ok fc exec -e SECRET=mine one -- env
        expect_out 'SECRET=mine'
        refute_out 's3cret'
        nowhere s3cret
        ok fc down

        # What is refused has started nothing, and shows no value.
        printf 'A=b\nB="s3cret\n' >"$PROJECT/.env"
        run_status 2 fc up
        expect_err "containers.one.envFile\\[0\\]: '$PROJECT/.env': line 2: the value of 'B' has no \" at its end"
        refute_err 's3cret'
        rm "$PROJECT/.env"
        run_status 2 fc up
        expect_err "containers.one.envFile\\[0\\]: '.*' does not exist"
        mkfifo "$PROJECT/.env"
        run_status 2 fc up
        expect_err 'is not a regular file'
        # A file of another user's, whom the one who asks cannot read.
        rm "$PROJECT/.env"
        install -m 600 -o root /dev/null "$PROJECT/.env"
        run_status 6 fc up
        expect_err "envFile.*Permission denied"
        no_machine_left "something was started"
}

live_main "$@"
