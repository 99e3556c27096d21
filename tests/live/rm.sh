#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What goes for good: rm, down --volumes, reset. Only what was named, whole or not at all, and whatever stands in the way.


# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

state() { printf '%s/.containers/%s' "$PROJECT" "$1"; }

# lacks NAME PATH: the container runs and has no such file.
# shellcheck disable=SC2016 # for the shell inside
lacks() { run_status 9 fc exec "$1" -- sh -c '[ -e "$1" ] || exit 9' sh "$2"; }

# Two containers with a volume each and one that both use, which have run.
project_with_data() {
        project shop
        spec "$(tiny one '' ', "volumes": ["@own:/own", "@shared:/shared"]'), \
                $(tiny two '' ', "volumes": ["@other:/other", "@shared:/shared"]')"
        ok fc up
        fc exec one -- sh -c 'echo kept >/kept; echo kept >/own/kept; echo kept >/shared/kept'
}

down_data() {
        project_with_data
        ok fc down
}

testcase_rm() {
        down_data
        # Without a terminal it does not guess.
        run_status 2 fc rm one
        expect_err 'nothing was changed: there is no terminal to ask on'
        expect_err '--yes'
        exists "$(state one)/root/kept"
        ok fc rm --dry-run -v one
        expect_out 'one +[0-9.]+ [KM]B +its root, state and logs'
        expect_out '@own +[0-9.]+ [KM]?B +a volume'
        refute_out 'shared|other|two'
        ok fc rm --dry-run --json one
        true_that "the size is there" jq -e '.containers[0].name == "one" and .containers[0].size > 0' <<<"$OUT" >/dev/null
        exists "$(state one)/root/kept"

        ok fc rm --yes one
        absent "$(state one)"
        absent "$(state .trash)"
        exists "$(state volumes/own/kept)"
        exists "$(state two/root)"
        equal "$(fc --json events one | jq -rs 'last.event')" removed "the last event"
        ok fc rm --yes one
        expect_err 'nothing to remove'

        # A fresh root, with the volume of before.
        ok fc up one
        lacks one /kept
        ok fc exec one -- cat /own/kept
        ok fc down
        ok fc rm --yes -v one
        absent "$(state volumes/own)"
        exists "$(state volumes/shared/kept)"
        ok fc rm --yes -v two
        absent "$(state volumes/other)"
        # The other one is still specified.
        exists "$(state volumes/shared/kept)"
        ok fc rm --yes -v
        absent "$(state volumes/shared)"
}

testcase_refuses_what_runs() {
        project_with_data
        run_status 5 fc rm --yes one
        expect_err 'one: it runs'
        expect_err 'flake-containers down one'
        expect_err 'flake-containers reset one'
        run_status 5 fc rm --yes
        run_status 5 fc rm --yes --all
        ok fc exec one -- cat /kept
        ok fc down
}

# What the specification no longer has, and without any specification.
testcase_unspecified() {
        down_data
        spec "$(tiny two '' ', "volumes": ["@other:/other", "@shared:/shared"]')"
        ok fc rm --yes -v one
        absent "$(state one)"
        absent "$(state volumes/own)"
        exists "$(state volumes/shared/kept)"
        rm "$PROJECT/flake-containers.json"
        ok fc rm --yes two
        absent "$(state two)"
        run_status 2 fc rm --yes ../two
}

# By hand, below what runs.
testcase_state_removed() {
        project shop
        spec "$(tiny one), $(tiny two), $(tiny three)"
        ok fc up
        rm -rf "$PROJECT/.containers"
        spec "$(tiny one)"
        ok fc status
        expect_out 'three +starting.*not in this specification'
        run_status 7 fc status --check
        ok fc up --dry-run
        expect_out 'one: restart'
        expect_out 'what it was started as is not known any more'
        ok fc up
        expect_err "'three' \\(runs\\), 'two' \\(runs\\) are not in the specification"
        equal "$(state_of one)" running
        ok fc down three
        ok fc up --remove-orphans --yes
        ok fc down
        no_machine_left "something runs still"
}

# Which `up` tells of, and removes when it is told to; what is named alone says nothing about others.
testcase_orphans() {
        project_with_data
        ok fc up
        refute_err 'specification any more'
        spec "$(tiny three '' ', "volumes": ["@shared:/shared"]')"
        ok fc up
        expect_err "'one' \\(runs\\), 'two' \\(runs\\) are not in the specification any more.*up --remove-orphans"
        ok fc down two
        ok fc up
        expect_err "'one' \\(runs\\), 'two' are not"
        equal "$(state_of one)" running
        fc status | grep -qE '^one .*not in this specification' || flunk "status does not tell: $(fc status)"
        ok fc up three
        refute_err 'specification any more'
        run_status 2 fc up --remove-orphans three
        expect_err 'takes no names'

        ok fc up --dry-run --remove-orphans
        expect_out '^one: remove'
        ok fc up --dry-run --remove-orphans --json
        equal "$(jq -r '.containers[] | "\(.name) \(.action)"' <<<"$OUT" | paste -sd,)" 'one remove,two remove,three nothing'
        run_status 2 fc up --remove-orphans
        expect_err 'nothing was changed'
        equal "$(state_of one)" running
        ok fc up --remove-orphans --yes
        absent "$(state one)"
        absent "$(state two)"
        exists "$(state volumes/own/kept)"
        exists "$(state volumes/other)"
        equal "$(state_of three)" running
        ok fc up --remove-orphans
        refute_err 'specification any more'
        ok fc down

        # `down` of the project stops them, too.
        ok fc up
        spec "$(tiny four)"
        ok fc down
        equal "$(state_of three)" stopped
}

testcase_all() {
        down_data
        run_status 2 fc rm --all one
        ok fc rm --yes --all
        absent "$PROJECT/.containers"
        exists "$PROJECT/src/index.html"
        ok fc up
        lacks one /own/kept
        ok fc down
}

# What another command has made while `rm` waits, after it has looked, is not what it was asked to remove.
testcase_all_beside() {
        project shop
        spec "$(tiny one), $(tiny two '' ', "volumes": ["@data:/data"]')"
        ok fc up one
        ok fc down
        rm_waits one
        ok fc up two
        ok fc exec two -- sh -c 'echo kept >/data/kept'
        rm_goes_on
        equal "$STATUS" 5 "the status of rm ($(<"$TMP/rm"))"
        line_in "$TMP/rm" "another command has made container 'two' meanwhile$" >/dev/null
        ok fc exec two -- cat /data/kept
        exists "$(state volumes/data/kept)"
        exists "$(state one/root)"
        ok fc down
}

testcase_down_volumes() {
        project_with_data
        run_status 2 fc down -v
        equal "$(state_of one)" running
        ok fc down -v --yes
        no_machine_left "after down -v"
        absent "$(state one)"
        absent "$(state two)"
        absent "$(state volumes/shared)"
}

testcase_reset() {
        local port

        project shop
        spec "$(tiny one '' ', "volumes": ["@own:/own"], "ports": ["auto:80"]'), $(tiny two)"
        ok fc up
        port=$(fc port one 80)
        fc exec one -- sh -c 'echo kept >/kept; echo kept >/own/kept'
        run_status 2 fc reset one
        run_status 2 fc reset --yes
        ok fc exec one -- cat /kept
        ok fc reset --yes one
        equal "$(state_of one)" running
        lacks one /kept
        ok fc exec one -- cat /own/kept
        equal "$(fc port one 80)" "$port" "the port"
        ok fc reset --yes -v one
        lacks one /own/kept
        equal "$(state_of two)" running
        # An image that is made anew, or updated, is told until then.
        ok fc up one
        refute_err 'image'
        touch "$TINY_IMAGE/etc"
        ok fc up one
        expect_err 'one: its image has changed since its root was copied; .*reset one'
        ok fc status one
        expect_out 'its image has changed, reset starts from it'
        ok fc reset --yes one
        ok fc status one
        refute_out 'its image'
        # One that does not run is started.
        ok fc down one
        ok fc reset --yes one
        equal "$(state_of one)" running
        # An image that is gone is noticed before anything is stopped.
        spec "$(tiny one '' ', "volumes": ["@own:/own"]' | sed "s|$TINY_IMAGE|/nonexistent|")"
        run fc reset --yes one
        ((STATUS != 0)) || flunk "reset without an image"
        equal "$(state_of one)" running
        ok fc down
}

# Another command waits until all is over: between the end and the start it does not come in.
testcase_reset_beside_up() {
        project shop
        spec "$(tiny one '["/bin/sh", "-c", "trap : TERM; while :; do sleep 1; done"]' ', "stop": {"timeout": 1}')"
        ok fc up
        fc exec one -- touch /kept
        fc_background "$TMP/reset" reset --yes one
        line_in "$TMP/reset" '^one: stopping' >/dev/null
        ok fc up
        expect_err "waiting for 'reset'"
        refute_err 'one: starting'
        finished "$FC_PID"
        equal "$STATUS" 0 "status of reset: $(<"$TMP/reset")"
        lacks one /kept
        ok fc down
}

testcase_mounted() {
        down_data
        mkdir "$(state one)/root/m"
        mount --bind "$PROJECT/src" "$(state one)/root/m"
        run_status 5 fc rm --yes one two
        expect_err "something is mounted at '.*/one/root/m'"
        exists "$PROJECT/src/index.html"
        exists "$(state two)"
        umount "$(state one)/root/m"
        ok fc rm --yes one
        exists "$PROJECT/src/index.html"
}

testcase_links() {
        down_data
        mkdir "$TMP/outside"
        touch "$TMP/outside/kept"
        rm -rf "$(state one)/root"
        ln -s "$TMP/outside" "$(state one)/root"
        ok fc rm --yes one
        absent "$(state one)"
        ln -s "$TMP/outside" "$(state one)"
        run fc rm --yes one
        exists "$TMP/outside/kept"
        rm "$(state one)"
        ln -s "$TMP/outside" "$(state .trash)"
        run_status 5 fc rm --yes two
        expect_err 'symbolic link'
        exists "$TMP/outside/kept"
        rm "$(state .trash)"
        ok fc rm --yes two
        rm -rf "$PROJECT/.containers"
        ln -s "$TMP/outside" "$PROJECT/.containers"
        run_status 5 fc rm --yes --all
        exists "$TMP/outside/kept"
        rm "$PROJECT/.containers"
}

# Places that are exchanged for links while root works on them.
testcase_exchanged() {
        local pid i

        mkdir "$TMP/outside"
        touch "$TMP/outside/kept"
        down_data
        for i in one volumes .trash one/root; do
                mkdir -p "$(state "$i")"
                ln -sfn "$TMP/outside" "$TMP/link"
                "$FC_HELPERS/racer" exchange "$(state "$i")" "$TMP/link" >/dev/null 2>&1 &
                pid=$!
                for _ in 1 2; do run fc rm --yes -v; done
                kill "$pid" 2>/dev/null || :
                finished "$pid"
                rm -rf "$TMP/link"
                exists "$TMP/outside/kept"
                rm -rf "$PROJECT/.containers"
                ok fc up
                ok fc down
        done
}

testcase_foreign() {
        project shop
        spec "$(tiny one)"
        mkdir "$PROJECT/.containers"
        touch "$PROJECT/.containers/theirs"
        chown -R "$DEV:" "$PROJECT/.containers"
        run_status 5 fc rm --yes --all
        expect_err 'is not of flake-containers'
        exists "$PROJECT/.containers/theirs"
        ok fc up
        ok fc down
        chown 12345 "$PROJECT/.containers"
        chmod 755 "$PROJECT/.containers"
        run_status 5 fc rm --yes one
        expect_err 'belongs to uid 12345'
        exists "$(state one)/root"
        chown "$DEV:" "$PROJECT/.containers"
        as_dev git -C "$PROJECT" add -f .containers/.gitignore
        run_status 5 fc rm --yes one
        expect_err 'tracked by git'
        exists "$(state one)/root"
}

testcase_immutable() {
        down_data
        mkdir -p "$(state one)/root/var/empty"
        touch "$(state one)/root/var/empty/file"
        chattr +i "$(state one)/root/var/empty/file" "$(state one)/root/var/empty" "$(state one)/root" 2>/dev/null ||
                skip "this file system has no immutable flag"
        ok fc rm --yes one
        absent "$(state one)"
        ok fc rm --yes two
}

testcase_two_at_once() {
        local first second

        down_data
        for _ in 1 2; do
                fc_background "$TMP/first" rm --yes -v
                first=$FC_PID
                fc_background "$TMP/second" rm --yes -v
                second=$FC_PID
                finished "$first"
                equal "$STATUS" 0 "status of the first"
                finished "$second"
                equal "$STATUS" 0 "status of the second"
                absent "$(state one)"
                absent "$(state volumes/own)"
                absent "$(state .trash)"
                ok fc up
                ok fc down
        done
}

# fc_faulty ARGUMENT.. -- VERB..: the program in the project's folder, in which one call goes wrong.
fc_faulty() {
        local fault=()

        while [[ $1 != -- ]]; do
                fault+=("$1")
                shift
        done
        shift
        (by_asker "$FC_HELPERS/fault" "${fault[@]}" "$FC" "$@")
}

# calls_of VERB..: how many system calls it makes.
calls_of() {
        run fc_faulty count -- "$@"
        equal "$STATUS" 0 "status of: $*"
        sed -n 's/^fault: \([0-9]*\) calls.*/\1/p' <<<"$ERR"
}

# Whole or gone, and the next command finishes.
testcase_rm_killed() {
        local calls n

        ! has_sanitizers || skip "LeakSanitizer cannot be traced"
        project shop
        spec "$(tiny one '' ', "volumes": ["@own:/own"]')"
        ok fc up
        ok fc down
        calls=$(calls_of rm --yes -v)
        note "$calls calls"
        for ((n = calls / 3; n < calls; n += calls / 9)); do
                ok fc up
                fc exec one -- sh -c 'echo kept >/kept; echo kept >/own/kept'
                ok fc down
                run fc_faulty kill "$n" -- rm --yes -v
                equal "$STATUS" 137 "status of an rm that is killed at call $n"
                if [[ -e $(state one) ]]; then
                        exists "$(state one)/root/kept"
                        exists "$(state one)/state.json"
                fi
                [[ ! -e $(state volumes/own) ]] || exists "$(state volumes/own/kept)"
                if ((n % 2)); then
                        ok fc rm --yes -v
                        absent "$(state one)"
                        absent "$(state volumes/own)"
                else
                        ok fc up
                        ok fc down
                fi
                absent "$(state .trash)"
        done
        ok fc rm --yes -v
}

testcase_reset_killed() {
        local calls n

        ! has_sanitizers || skip "LeakSanitizer cannot be traced"
        project shop
        spec "$(tiny one)"
        ok fc up
        calls=$(calls_of reset --yes one)
        note "$calls calls"
        for ((n = calls / 4; n < calls; n += calls / 7)); do
                ok fc up
                fc exec one -- sh -c 'echo kept >/kept'
                run fc_faulty kill "$n" -- reset --yes one
                equal "$STATUS" 137 "status of a reset that is killed at call $n"
                if [[ -e $(state one)/root ]]; then exists "$(state one)/root/bin"; fi
                # Killed as it asked for the end: systemd hears of that before it answers this.
                ! is_booted || systemctl list-jobs >/dev/null
                ok fc up
                equal "$(payloads_on one)" 1 "guests on the tree after a kill at call $n"
                ok fc exec one -- true
                ok fc reset --yes one
                lacks one /kept
                absent "$(state .trash)"
        done
        ok fc down
}

testcase_sizes() {
        local all

        project shop
        spec "$(tiny one '' ', "volumes": ["@own:/own"]')"
        ok fc up
        fc exec one -- sh -c 'printf "%1000000s" x >/own/file'
        dd if=/dev/zero of="$(state one)/root/sparse" bs=1 count=0 seek=1G status=none
        ln "$(state one)/root/bin/sh" "$(state one)/root/again"
        ok fc status --size
        expect_out 'SIZE +VOLUMES'
        expect_out 'one .* [0-9.]+ MB +@own 1.0 MB'
        ok fc --json status --size
        all=$(du -sx --block-size=1 "$(state one)/root" | cut -f 1)
        equal "$(jq '.containers[0].size.root' <<<"$OUT")" "$all" "the size of the root"
        equal "$(jq -r '.containers[0].size.volumes[0].name' <<<"$OUT")" own
        ok fc status
        refute_out SIZE
        ok fc down
}

testcase_full_disk() {
        project shop
        spec "$(tiny one)"
        mkdir "$PROJECT/.containers"
        mount -t tmpfs -o size=100m tmpfs "$PROJECT/.containers"
        chown "$DEV:" "$PROJECT/.containers"
        ok fc up
        refute_err '% full'
        run fc doctor
        expect_out 'disk +[0-9]+ % full, [0-9]+ MB are left'
        # All but 6 MB.
        fallocate -l $(($(df --output=avail -B1 "$PROJECT/.containers" | tail -n 1) - 6000000)) "$PROJECT/.containers/fill"
        ok fc up
        expect_err "the disk of '.containers' is 9[0-9] % full"
        run fc doctor
        expect_out 'status --size'
        ok fc down
        # A mount point stays, empty.
        ok fc rm --yes --all
        equal "$(ls -A "$PROJECT/.containers")" '' "what is left"
        umount "$PROJECT/.containers"
}

live_main "$@"
