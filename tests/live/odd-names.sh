#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Projects in folders with names that a shell, nspawn, systemd or JSON could take for something else, and containers
# with the longest and shortest names there are.
# shellcheck disable=SC2016 # dollars that nothing shall expand

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

testcase_project_paths() {
        local name

        for name in 'with space' 'dollar $HOME ${x}' 'percent %h %%' 'colon:here' 'back\slash' 'quote"double' "quote'single" \
                $'new\nline' 'ünïcode' '-dash' '.hidden' 'comma,equals=x' 'UPPER' '数据' \
                'deep/er/and/er' "$(printf 'long%.0s' {1..50})"; do
                project "$name"
                spec "$(tiny one '' ', "volumes": ["src:/src"], "ports": ["8080:80"]')"
                ok fc up
                ok fc exec one -- cat /src/index.html
                equal "$OUT" "$(<"$PROJECT/src/index.html")" "the page in $name"
                ok fc status
                expect_out 'one +running'
                ok fc logs one
                ok fc down
                equal "$(stat -c %U "$PROJECT/.containers")" "$DEV"
        done
}

# And with a real guest, at which the most parsers look.
testcase_guest_in_odd_folder() {
        project $'a b$c%d:e\\f"g\'h'
        spec "$(web web ', "volumes": ["src:/var/www/html"], "ports": ["8080:80"]')"
        ok fc up
        equal "$(page 8080)" "$(<"$PROJECT/src/index.html")"
        ok fc exec web -- systemctl is-system-running
        equal "$OUT" running
        ok fc down
}

testcase_container_names() {
        local name

        project shop
        for name in a 0 a-b "$(printf 'x%.0s' {1..63})"; do
                spec "$(tiny "$name")"
                ok fc up "$name"
                ok fc exec "$name" -- hostname
                equal "$OUT" "$name" "the host name inside"
                ok fc down "$name"
        done
        # Long and alike: the machine names and interfaces must differ all the same.
        spec "$(tiny "$(printf 'x%.0s' {1..62})a"), $(tiny "$(printf 'x%.0s' {1..62})b")"
        ok fc up
        equal "$(fc --json status | jq '[.containers[] | select(.state == "running")] | length')" 2
        ok fc down
}

# The names of verbs and options are names, too.
testcase_names_that_are_words() {
        project shop
        spec "$(tiny up), $(tiny all), $(tiny help)"
        ok fc up up
        equal "$(state_of up) $(state_of all)" "running stopped"
        ok fc up
        ok fc down help
        equal "$(state_of up) $(state_of help)" "running stopped"
        ok fc down
}

live_main "$@"
