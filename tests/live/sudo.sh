#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A developer without root types the commands; sudo does the rest.
# shellcheck disable=SC2016 # the other shells expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# dev ARGUMENT..: the program as the developer, in the project's folder.
dev() { as_dev env -C "$PROJECT" timeout --kill-after=10 "$FC_TIMEOUT" "$FC" "$@"; }

need_sudo() {
        command -v sudo >/dev/null || skip "sudo is not installed"
        as_dev sudo -n true 2>"$TMP/sudo" || skip "sudo does not work here: $(<"$TMP/sudo")"
}

testcase_all_verbs() {
        need_sudo
        project shop
        spec "$(web web ', "ports": ["8080:80"], "volumes": ["src:/var/www/html"]')"
        ok dev up
        equal "$(page 8080)" "$(<"$PROJECT/src/index.html")"
        equal "$(stat -c %U "$PROJECT/.containers")" "$DEV" "the owner of .containers"
        ok dev up
        expect_err 'already up'
        ok dev status
        expect_out 'web +running'
        run_status 7 dev exec web -- sh -c 'exit 7'
        equal "$(echo through | dev exec web -- cat)" through "what came through stdin"
        ok dev exec web -- sh -c 'echo x >/var/www/html/new'
        equal "$(stat -c %U "$PROJECT/src/new")" "$DEV" "the owner of a new file"
        ok dev logs -n 5 web
        ok dev restart web
        ok dev port web
        ok dev config
        ok dev doctor
        # sudo keeps no variable.
        run_status 2 as_dev env -C "$PROJECT" FC_PROFILES=none "$FC" up
        expect_err "FC_PROFILES: no container has the profile 'none'"
        ok dev down
        # Nothing of root's in the source tree.
        equal "$(find "$PROJECT" -path "$PROJECT/.containers" -prune -o -not -user "$DEV" -print)" "" "files of others"
}

# From a sub-directory, with options that are relative to it, and with a folder that only the developer may enter.
testcase_relative_and_private() {
        need_sudo
        project shop
        spec "$(tiny one)"
        as_dev mkdir -p "$PROJECT/deep/er"
        as_dev chmod 700 "$PROJECT"
        ok as_dev env -C "$PROJECT/deep/er" "$FC" up
        ok as_dev env -C "$PROJECT/deep/er" "$FC" -C ../.. status
        expect_out 'one +running'
        ok as_dev env -C "$PROJECT/deep/er" "$FC" --root ../.. --spec ../../flake-containers.json status
        expect_out 'one +running'
        ok as_dev env -C "$PROJECT/deep/er" "$FC" up one --volume ../er:/er
        ok as_dev env -C "$PROJECT/deep/er" "$FC" exec one -- touch /er/made
        equal "$(stat -c %U "$PROJECT/deep/er/made")" "$DEV"
        ok as_dev env -C "$PROJECT/deep/er" "$FC" down
}

# What to type next is what the developer would type, not what root was handed.
testcase_hints() {
        need_sudo
        project shop
        spec "$(tiny one)"
        as_dev mkdir "$PROJECT/deep"
        run_status 7 dev exec one -- true
        expect_err $'start it: flake-containers up one(\n|$)'
        run_status 7 as_dev env -C "$PROJECT/deep" "$FC" exec one -- true
        expect_err 'start it: flake-containers up one'
        run_status 7 as_dev env -C "$PROJECT/deep" "$FC" --root .. --spec ../flake-containers.json exec one -- true
        expect_err 'start it: flake-containers --root \.\. --spec \.\./flake-containers.json up one'
        run_status 7 as_dev env -C / "$FC" -C "$PROJECT/deep" exec one -- true
        expect_err "start it: flake-containers -C $PROJECT/deep up one"
        # The one in web-up: the command beside it has its own.
        toplevel web
        jq --arg toplevel "$TOPLEVEL" '.containers.one = {system: {toplevel: $toplevel}}' \
                "$PROJECT/flake-containers.json" >"$BUILT-spec.json"
        run_status 7 dev --spec "$TOPLEVEL-spec.json" exec one -- true
        expect_err 'start it: flake-containers up one'
}

# As `sudo flake-containers` as well.
testcase_under_sudo() {
        need_sudo
        project shop
        spec "$(tiny one)"
        ok as_dev env -C "$PROJECT" sudo "$FC" up
        equal "$(stat -c %U "$PROJECT/.containers")" "$DEV" "the owner of .containers"
        ok as_dev env -C "$PROJECT" sudo "$FC" down
}

# Only what keeps the containers up is root's: the command has never been, and has the developer's environment.
testcase_with() {
        need_sudo
        project shop
        spec "$(tiny one '' ', "ports": ["8080:7"]')"
        run_status 3 as_dev env -C "$PROJECT" SECRET=of-mine "$FC" -q with --fresh -- \
                sh -c 'cat; echo "$SECRET $(id -u) ${SUDO_UID-none} ${ONE_HOST}"; exit 3' <<<in
        equal "$OUT" $'in\n'"of-mine $DEV_UID none 127.0.0.1"
        equal "$(find "$PROJECT/.containers/.fresh" -mindepth 1)" "" "what is in .fresh"
        ok dev with one -- true
        ok dev status
        expect_out 'one +stopped'
        run_status 4 dev run one -- sh -c 'cat; exit 4' <<<inside
        equal "$OUT" inside
        run_status 2 dev with nobody -- true
        # It is killed, and what is root's sees it through sudo.
        (cd "$PROJECT" && exec setpriv --reuid "$DEV_UID" --regid "$DEV_GID" --init-groups -- "$FC" with --fresh -- \
                sh -c 'echo >on; exec sleep infinity') 2>"$TMP/with" &
        FC_PID=$!
        try_until "$WAIT" test -e "$PROJECT/on"
        kill -KILL "$FC_PID"
        finished "$FC_PID"
        try_until "$WAIT" no_instance
        # It removes that before it ends.
        try_until "$WAIT" no_process 'with --fresh -- sh -c echo >on'
}

no_process() { ! pgrep -f -- "$1" >/dev/null; }

no_instance() { [[ -z $(find "$PROJECT/.containers/.fresh" -mindepth 1) && ! -e $PROJECT/.containers/.trash ]]; }

# Root's own repository, without sudo.
testcase_root_alone() {
        project shop root
        spec "$(tiny one)"
        ok env -C "$PROJECT" "$FC" up
        equal "$(stat -c %U "$PROJECT/.containers")" root "the owner of .containers"
        ok env -C "$PROJECT" "$FC" down
}

# What is in SUDO_UID counts only when it is root who reads it.
testcase_forged_variables() {
        need_sudo
        project shop
        spec "$(tiny one)"
        ok as_dev env -C "$PROJECT" SUDO_UID=0 SUDO_GID=0 "$FC" up
        equal "$(stat -c %U "$PROJECT/.containers")" "$DEV" "the owner of .containers"
        ok dev down
        run_status 2 env -C "$PROJECT" SUDO_UID=abc SUDO_GID=1 "$FC" up
}

# Ctrl-C in front of sudo arrives.
testcase_interrupt() {
        need_sudo
        variant hangs
        unit "$VARIANT" hangs.service <<-'UNIT'
		[Service]
		Type=oneshot
		TimeoutStartSec=infinity
		ExecStart=/bin/sleep infinity
	UNIT
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"timeout": 100}')"
        # A terminal signals the whole foreground group, so this has one of its own.
        (
                cd "$PROJECT"
                exec setsid --wait env --default-signal=INT setpriv --reuid "$DEV_UID" --regid "$DEV_GID" --init-groups -- "$FC" up
        ) >"$TMP/up" 2>&1 &
        FC_PID=$!
        line_in "$TMP/up" 'hangs' >/dev/null
        kill -INT -- "-$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130 "the status ($(<"$TMP/up"))"
        equal "$(state_of web)" stopped
}

# Whom sudo refuses is told before it is tried.
testcase_doctor_asks_sudo() {
        need_sudo
        project shop
        spec "$(tiny one)"
        cp "$SCRATCH/etc/sudoers" "$TMP/sudoers"
        run dev doctor
        expect_out 'ok +privilege +through /[^ ]*/sudo'$'\n'
        printf 'root ALL=(ALL:ALL) ALL\n%s ALL=(ALL:ALL) ALL\n' "$DEV" >"$SCRATCH/etc/sudoers"
        run dev doctor
        expect_out 'ok +privilege +through /[^ ]*/sudo, which asks for a password'
        printf 'root ALL=(ALL:ALL) ALL\n%s ALL=(ALL:ALL) NOPASSWD: /bin/true\n' "$DEV" >"$SCRATCH/etc/sudoers"
        run_status 6 dev doctor
        expect_out 'BAD +privilege +/[^ ]*/sudo does not let you run'
        cat "$TMP/sudoers" >"$SCRATCH/etc/sudoers"
}

# It names what `up` would use.
testcase_doctor_honours_the_choice() {
        project shop
        spec "$(tiny one)"
        FC_ELEVATE=/bin/true ok dev doctor
        expect_out 'ok +privilege +through /bin/true'$'\n'
        FC_ELEVATE=/nowhere/tool run_status 6 dev doctor
        expect_out "BAD +privilege +FC_ELEVATE names '/nowhere/tool', which is not a program"
        FC_ELEVATE=/nowhere/tool run_status 6 dev up
        expect_err "FC_ELEVATE names '/nowhere/tool', which is not a program"
}

live_main "$@"
