#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A container that takes another NixOS system while it runs, and goes back where that fails.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# nixos NAME [MORE JSON KEYS]
nixos() { printf '"%s": {"system": {"toplevel": "%s"}%s}' "$1" "$TOPLEVEL" "${2:-}"; }

# system NAME COMMAND [LINE OF THE UNIT..]: a system whose app.service runs COMMAND.
system() {
        local fresh=1

        [[ ! -d $SCRATCH/nix/store/$(printf '%s' "$1" | md5sum | cut -c 1-32)-nixos-system-$1 ]] || fresh=
        switchable "$1"
        [[ -n $fresh ]] || return 0
        {
                printf '[Unit]\nDescription=%s\nX-Restart-Triggers=%s\n' "$1" "$1"
                ((${#@} < 3)) || printf '%s\n' "${@:3}"
                printf '[Service]\nExecStart=/bin/sh -c "%s"\n' "$2"
        } | unit "$BUILT" app.service
}

readonly SLEEP='exec sleep infinity'

# inhibitors DBUS: what NixOS says that must not change in place. A link, as all that it makes in a toplevel.
inhibitors() {
        printf '{"dbus-implementation": "%s", "%s": ""}' "$1" "$1" >"$BUILT-inhibitors"
        ln -s "$TOPLEVEL-inhibitors" "$BUILT/switch-inhibitors"
}

# inside NAME COMMAND..: what it says in the container.
inside() {
        ok fc exec "$@"
        printf '%s\n' "$OUT"
}

ready_since() { jq -e '.readyUsec' "$PROJECT/.containers/web/state.json"; }

says() { fc events "$1" | grep -qE "$2"; }

testcase_one_unit() {
        local first second leader invocation since

        system one "$SLEEP"
        first=$TOPLEVEL
        project shop
        spec "$(nixos web ', "ports": ["8080:80"]')"
        ok fc up
        leader=$(fc --json status | jq '.containers[0].leader')
        since=$(ready_since)
        invocation=$(inside web -- systemctl show --value --property InvocationID apache2)

        system two "$SLEEP"
        second=$TOPLEVEL
        touch "$BUILT/other-systemd"
        # Ports and limits that come with it need no restart either.
        spec "$(nixos web ', "ports": ["8080:80", "8081:80"]')"
        ok fc up --dry-run
        expect_out "web: switch"
        expect_out "new: system.toplevel $second"
        refute_out 'not in place'
        ok fc status
        expect_out 'definition changed, run up'
        ok fc up
        expect_err 'web: switching  stopping app\.service'
        expect_err 'web: switching  executing systemd anew'
        expect_err 'web: switching  starting app\.service'
        expect_err 'web: ready  127\.0\.0\.1:8080.*127\.0\.0\.1:8081'
        ok curl --silent --fail --output /dev/null --max-time 10 http://127.0.0.1:8081/
        equal "$(fc --json status | jq '.containers[0].leader')" "$leader" "its PID 1"
        equal "$(ready_since)" "$since" "since when it is up"
        equal "$(inside web -- systemctl show --value --property Description app)" two "what runs"
        equal "$(inside web -- systemctl show --value --property InvocationID apache2)" "$invocation" "what has not changed"
        equal "$(inside web -- readlink /run/current-system)" "$second" "the system"
        equal "$(readlink "$PROJECT/.containers/web/system")" "$second" "what is protected"
        absent "$PROJECT/.containers/web/next"
        ok fc up
        expect_err 'unchanged'
        ok fc events
        expect_out "web: switching +$second"

        # It boots what runs now, and not what it was started with.
        run fc exec web -- systemctl --no-block reboot
        try_until "$WAIT" says web booted
        ok fc up
        equal "$(inside web -- readlink /run/current-system)" "$second" "the system after a reboot"

        # Back, and the next up goes to what is specified again.
        ok fc history web
        expect_out "2 +[0-9T:.Z-]+ +yes +$second"
        expect_out "1 +[0-9T:.Z-]+ +- +$first"
        ok fc rollback web --dry-run
        expect_out 'web: switch'
        ok fc rollback web
        expect_err 'web: switching  starting app\.service'
        equal "$(inside web -- readlink /run/current-system)" "$first" "the system after a rollback"
        equal "$(fc --json history web | jq -c '.generations[] | [.generation, .current]' | tr -d '\n')" '[2,false][1,true]' \
                "the generations"
        ok fc status
        expect_out 'definition changed, run up'
        run_status 5 fc rollback web
        expect_err 'no generation before 1'
        run_status 2 fc rollback web --to 7
        expect_err "'7': must be one of 1, 2"
        ok fc up
        equal "$(inside web -- readlink /run/current-system)" "$second" "the system after another up"
        equal "$(readlink "$PROJECT"/.containers/web/generations/*)" "$first"$'\n'"$second" "the generations"
        ok fc down
        # One that does not run is started with it.
        ok fc rollback web --to 1
        equal "$(inside web -- readlink /run/current-system)" "$first" "the system that it is started with"
        ok fc down
}

# What is neither the one system nor the other is not left.
goes_back() {
        local first=$1 leader=$2

        # A unit that fails.
        system broken 'echo no such database >&2; exit 3' '[Service]' 'Type=oneshot'
        spec "$(nixos web)"
        run_status 3 fc up
        expect_err 'app\.service failed: exit status 3'
        expect_err 'no such database'
        expect_err 'it runs again with the system that it had before'
        equal "$(inside web -- readlink /run/current-system)" "$first" "the system"
        equal "$(inside web -- systemctl is-system-running)" running "its systemd"
        equal "$(readlink "$PROJECT/.containers/web/system")" "$first" "what is protected"
        absent "$PROJECT/.containers/web/next"
        equal "$(state_of web)" running "its state"
        ok fc status
        expect_out 'definition changed, run up'

        # One that it does not become ready with: that wants a unit that it does not have.
        system other "$SLEEP"
        spec "$(nixos web ', "ready": {"units": ["db.service"]}')"
        run_status 3 fc up
        expect_err 'db\.service'
        expect_err 'it runs again with the system that it had before'
        equal "$(inside web -- systemctl show --value --property Description app)" one "what runs"

        # What the program itself says.
        system refused "$SLEEP"
        printf '#!/bin/sh\necho the disk is not the one that it was >&2\nexit 1\n' >"$BUILT/pre-switch"
        chmod 755 "$BUILT/pre-switch"
        spec "$(nixos web)"
        run_status 3 fc up
        expect_err 'switch-to-configuration failed: exit status 1'
        expect_err 'the disk is not the one that it was'
        # It has changed nothing when it ends with this.
        system hundred "$SLEEP"
        printf '#!/bin/sh\necho another init >&2\nexit 100\n' >"$BUILT/bin/switch-to-configuration"
        spec "$(nixos web)"
        run_status 3 fc up
        expect_err 'its new system cannot be switched to'
        expect_err 'start it, by a restart: .*up --restart-changed web'
        refute_err 'back to the system'
        ok fc status
        refute_out 'interrupted'
        equal "$(fc --json status | jq '.containers[0].leader')" "$leader" "its PID 1"
}

# A command that is killed leaves what is neither the one nor the other, and the next one knows.
goes_on_after_kill() {
        local first=$1

        system slow "$SLEEP"
        printf '#!/bin/sh\nexec sleep infinity\n' >"$BUILT/activate"
        chmod 755 "$BUILT/activate"
        spec "$(nixos web)"
        fc_background "$TMP/up" up
        line_in "$TMP/up" 'web: switching  activating'
        kill -KILL "$FC_PID"
        finished "$FC_PID"
        TOPLEVEL=$first
        spec "$(nixos web)"
        ok fc status
        expect_out 'its last switch was interrupted, run up'
        ok fc up --dry-run
        expect_out 'web: switch'
        expect_out 'its last switch was interrupted'
        ok fc up
        equal "$(inside web -- readlink /run/current-system)" "$first" "the system"
        equal "$(inside web -- systemctl is-active app)" active "what was stopped for the other one"

        # A deadline goes back, and so does an interrupt, at once.
        system slow "$SLEEP"
        spec "$(nixos web)"
        run_status 4 fc up --timeout 2
        expect_err 'its new system was not there after 2'
        expect_err 'it runs again with the system that it had before'
        fc_background "$TMP/interrupted" up
        line_in "$TMP/interrupted" 'web: switching  activating'
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130 "the status of an up that is interrupted"
        equal "$(inside web -- readlink /run/current-system)" "$first" "the system after an interrupt"
        TOPLEVEL=$first
        spec "$(nixos web)"
        ok fc up
        expect_err 'unchanged'
}

# What needs a restart, and why, in the words of the specification.
needs_a_restart() {
        local leader=$1

        system two "$SLEEP"
        spec "$(nixos web ', "volumes": ["src:/srv"], "ports": ["8080:80"]')"
        ok fc up --dry-run
        expect_out 'web: restart'
        expect_out 'not in place: volumes changed, too'
        system foreign "$SLEEP"
        printf 'systemd 4' >"$BUILT/init-interface-version"
        spec "$(nixos web)"
        ok fc up --dry-run
        expect_out 'not in place: the new system has another init-interface-version'
        # What runs says "dbus".
        system broker "$SLEEP"
        inhibitors broker
        spec "$(nixos web)"
        ok fc up --dry-run
        expect_out 'not in place: the new system has another system\.switch\.inhibitors\.dbus-implementation'
        system old "$SLEEP"
        rm "$BUILT/bin/switch-to-configuration"
        spec "$(nixos web)"
        ok fc up --dry-run
        expect_out 'not in place: the new system has no bin/switch-to-configuration'

        system two "$SLEEP"
        spec "$(nixos web), $(nixos other)"
        ok fc up --update-only --dry-run
        expect_out $'web: switch.*other: nothing\n  it does not run'
        ok fc up --update-only --restart-changed
        equal "$(state_of other)" stopped "what did not run"
        [[ $(fc --json status | jq '.containers[0].leader') != "$leader" ]] || flunk "it was not restarted"
}

# All of it in one container, since a boot is what takes the time.
testcase_failures() {
        local first leader

        system one "$SLEEP"
        first=$TOPLEVEL
        inhibitors dbus
        project shop
        spec "$(nixos web)"
        ok fc up
        leader=$(fc --json status | jq '.containers[0].leader')
        goes_back "$first" "$leader"
        goes_on_after_kill "$first"
        needs_a_restart "$leader"

        # It ends meanwhile.
        system last "$SLEEP"
        printf '#!/bin/sh\nsystemctl poweroff --force --force\nexec sleep infinity\n' >"$BUILT/activate"
        chmod 755 "$BUILT/activate"
        spec "$(nixos web)"
        run_status 3 fc up
        expect_err 'web: ended'
        ok fc down
}

live_main "$@"
