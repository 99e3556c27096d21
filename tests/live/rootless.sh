#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Without root: the developer's own containers, in a user namespace with subordinate ids (FC_ELEVATE=namespace). On a host
# without systemd, where root has made a control group of the developer's.

# shellcheck disable=SC2016 # guests expand these
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

readonly SUBIDS=200000

# What root does once, and what a login does.
rootless_host() {
        command -v newuidmap >/dev/null || skip "newuidmap is not installed"
        BASE=$CGROUP2/dev RUNTIME=$TMP/runtime
        mkdir -p "$BASE/session" "$RUNTIME"
        chown "$DEV:" "$RUNTIME" "$BASE" "$BASE"/cgroup.{procs,threads,subtree_control} "$BASE/session" "$BASE/session/cgroup.procs"
        chmod 755 "$TMP"
        for file in subuid subgid; do
                echo "$DEV:$SUBIDS:65536" >"$TMP/$file"
                mount --bind "$TMP/$file" "/etc/$file"
        done
}

# puts away what the host has got; each test case ends with it.
rootless_host_end() {
        umount /etc/subuid /etc/subgid
        find "$BASE" -depth -type d -exec rmdir {} +
}

# fcr ARGUMENT..: the program as the developer, from a shell of their session.
fcr() {
        bash -c 'echo $$ >"$1/cgroup.procs" && cd "$2" && shift 2 && exec "$@"' bash "$BASE/session" "$PROJECT" \
                setpriv --reuid "$DEV_UID" --regid "$DEV_GID" --init-groups -- \
                env HOME="$SCRATCH/home" USER="$DEV" XDG_RUNTIME_DIR="$RUNTIME" FC_ELEVATE=namespace \
                timeout --kill-after=10 "$FC_TIMEOUT" "$FC" "$@"
}

# own_image: the tiny image, of the developer. Sets TINY_IMAGE.
own_image() {
        tiny_image
        cp -a -- "$TINY_IMAGE" "$TMP/image"
        chown -R "$DEV:" "$TMP/image"
        OWN_IMAGE=$TMP/image
}

own() {
        printf '"%s": {"system": {"rootfs": "%s"}, "command": %s%s}' "$1" "$OWN_IMAGE" "${2:-[\"/bin/sleep\", \"infinity\"]}" "${3:-}"
}

testcase_life() {
        rootless_host
        project shop
        own_image
        spec "$(own one '' ', "volumes": ["./src:/data"]'), $(own two)"
        ok fcr up
        equal "$(fcr --json status | jq -c '[.containers[] | .state]')" '["running","running"]' "their states"
        ok fcr exec one -- sh -c 'echo written >/data/new; id -u; cat /proc/self/uid_map'
        equal "${OUT%%$'\n'*}" 0 "the user inside"
        equal "$(stat -c %U "$PROJECT/src/new")" "$DEV" "the owner of what root inside has written"
        ok fcr exec one -- getent hosts two
        ok fcr down
        rootless_host_end
}

# A systemd with a web server, whose files belong to the ids that it has inside; a port, and a shell that is another one.
testcase_web() {
        local cgroup leader

        rootless_host
        project shop
        slim_image
        mkdir "$TMP/web"
        chown "$DEV:" "$TMP/web"
        tar -C "$SLIM_IMAGE" -c --exclude='./dev/*' . |
                setpriv --reuid "$DEV_UID" --regid "$DEV_GID" --init-groups \
                        unshare --user --map-auto --map-root-user tar -C "$TMP/web" -x -p --numeric-owner
        spec "\"web\": {\"system\": {\"rootfs\": \"$TMP/web\", \"init\": \"/sbin/init\"}, \"ports\": [\"8080:80\"],
                \"volumes\": [{\"source\": \"./src\", \"target\": \"/var/www/html\"}], \"ready\": {\"units\": [\"apache2.service\"]}}"
        ok fcr up
        equal "$(curl -sS http://127.0.0.1:8080/)" '<p>page of shop</p>' "the page"
        equal "$(curl -sS 'http://[::1]:8080/')" '<p>page of shop</p>' "the page by IPv6"
        ok fcr exec web -- systemctl is-system-running
        equal "$OUT" running "its state"
        ok fcr up
        cgroup=$(find "$BASE/flake-containers" -mindepth 1 -maxdepth 1 -type d)
        # It boots again, and the port stays.
        leader=$(head -n 1 "$cgroup/nspawn/payload/init.scope/cgroup.procs")
        run fcr exec web -- systemctl reboot
        gone "$leader"
        equal "$(curl -sS --retry 5 http://127.0.0.1:8080/)" '<p>page of shop</p>' "the page after a reboot"
        # Its supervisor is killed, and all of it.
        kill -KILL "$(head -n 1 "$cgroup/runner/cgroup.procs")"
        "$FC_HELPERS/wait-for" "$WAIT" empty "$cgroup" || flunk "it outlives its supervisor"
        equal "$(fcr --json status | jq -r '.containers[].state')" crashed "its state"
        ok fcr up
        ok fcr down
        equal "$(find "$RUNTIME" -name hosts)" "" "what is left of the network"
        rootless_host_end
}

# What cannot be without root says so before anything starts.
testcase_refusals() {
        rootless_host
        project shop
        own_image
        spec "$(own one)"
        umount /etc/subuid
        run fcr up
        equal "$STATUS" 6 status
        expect_err "'/etc/subuid' has no 65535 ids"
        mount --bind "$TMP/subuid" /etc/subuid
        RUNTIME='' run fcr up
        equal "$STATUS" 6 status
        expect_err 'needs XDG_RUNTIME_DIR'
        chown root: "$BASE" "$BASE/session"
        run fcr up
        equal "$STATUS" 6 status
        expect_err "needs a control group of the user's own"
        equal "$(find "$PROJECT" -name .containers)" "" "what was made"
        rootless_host_end
}

live_main "$@"
