#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What happens to containers on a host that systemd manages when something else there goes wrong, or is somebody's wish.

# shellcheck source=tests/lib/live.bash
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib/live.bash"

machine_of() { fc --json status | jq -er --arg name "$1" '.containers[] | select(.name == $name) | .machine'; }
unit_of() { printf 'flake-containers-%s.service\n' "$(machine_of "$1")"; }
unit_gone() { [[ ! -e /run/systemd/transient/$1 ]]; }
milliseconds() { printf '%s\n' "$((${EPOCHREALTIME/[.,]/} / 1000))"; }

# within MILLISECONDS COMMAND..: it is a success, and takes no longer.
within() {
        local limit=$1 began

        shift
        began=$(milliseconds)
        ok "$@"
        began=$(($(milliseconds) - began))
        ((began < limit)) || flunk "$* took $began ms"
}

# nspawn's last call is for machined, and activates it.
testcase_machined_is_gone() {
        project shop
        spec "$(web web), $(tiny one)"
        ok fc up
        systemctl kill --signal=KILL systemd-machined
        try_until "$WAIT" eval '! systemctl --quiet is-active systemd-machined'
        within 10000 fc down
        refute_err killed
        ok fc up
        systemctl stop systemd-machined
        within 10000 systemctl stop "$(unit_of web)"
        within 10000 fc down
}

testcase_isolate() {
        project shop
        spec "$(tiny one)"
        ok fc up
        # A target without anything else: what is there already goes on, but for what nobody wants.
        systemd-run --quiet --unit=fc-unwanted --property=DefaultDependencies=no sleep infinity
        printf '[Unit]\nAllowIsolate=yes\nRequires=multi-user.target\nAfter=multi-user.target\n' \
                >/run/systemd/system/fc-other.target
        systemctl daemon-reload
        ok systemctl isolate fc-other.target
        try_until "$WAIT" eval '! systemctl --quiet is-active fc-unwanted'
        ok systemctl is-active "$(unit_of one)"
        equal "$(state_of one)" running
        ok fc exec one -- /bin/echo alive
        rm /run/systemd/system/fc-other.target
        systemctl daemon-reload
        ok fc down
}

testcase_unit_says_what_it_is() {
        local odd

        project shop
        spec "$(tiny one)"
        ok fc up
        ok systemctl show -P Description "$(unit_of one)"
        equal "$OUT" "Container one of $PROJECT (flake-containers)"
        ok systemctl show -P Documentation "$(unit_of one)"
        expect_out "man:flake-containers\\(1\\)"
        ok fc down
        # It stands in a unit file, of which it is a line.
        odd=$'odd\nExecStopPost=/bin/false\n%n$x'
        project "$odd"
        spec "$(tiny one)"
        ok fc up
        systemctl daemon-reload
        ok systemctl show -P Description "$(unit_of one)"
        equal "$OUT" "Container one of $SCRATCH/projects/odd\\nExecStopPost=/bin/false\\n%n\$x (flake-containers)"
        ok fc down
}

is_booted || skip "this machine was not booted for it, see tests/host"
live_main "$@"
