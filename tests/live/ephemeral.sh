#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# "ephemeral": a root that is fresh at each start and gone at each end.
# shellcheck disable=SC2016 # the other shells expand these

# Layers and id-mapped mounts are things of the file system.
export LIVE_SCRATCH=${LIVE_SCRATCH:-disk}
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

readonly EPHEMERAL='"ephemeral": true'

image_snapshot() { find "$SLIM_IMAGE" -printf '%P %y %u %g %m %s %T@ %C@ %l\n' | sort; }

no_root_left() {
        absent "$PROJECT/.containers/$1/ephemeral"
        absent "$PROJECT/.containers/$1/root"
}

# What a guest may do with its root: all of it.
is_a_good_root() {
        ok fc exec "$1" -- sh -c 'stat -c "%U %a" / /etc/passwd /srv/deep && touch /new && chown 33:33 /new && rm /etc/motd &&
                mkdir -p /etc/sub && mv /etc/sub /etc/moved && echo more >>/etc/passwd && chmod 600 /etc/issue && mkdir /srv/deep/own'
        equal "$OUT" $'root 755\nroot 644\nroot 755' "the owners inside"
        ok fc exec "$1" -- sh -c 'stat -c %u /new; tail -n 1 /etc/passwd; ls /etc/motd 2>&1 || :'
        expect_out '^33'
        expect_out 'more'
        expect_out 'No such file'
}

testcase_image() {
        local i

        slim_image
        image_snapshot >"$TMP/image-before"
        project shop
        spec "$(web web ", $EPHEMERAL, \"ports\": [\"8080:80\"], \"volumes\": [\"src:/var/www/html\", \"@data:/srv/deep/data\"]")"
        for i in 1 2; do
                ok fc up
                refute_err 'image'
                equal "$(state_of web)" running
                ok fc exec web -- stat -f -c %T /
                equal "$OUT" overlayfs "the file system"
                run_status 1 fc exec web -- test -e /new
                is_a_good_root web
                equal "$(page 8080)" "$(<"$PROJECT/src/index.html")"
                # What is not in the root stays.
                ok fc exec web -- sh -c "echo $i >>/srv/deep/data/starts; echo $i >>/var/www/html/starts; logger 'start number $i'"
                ok fc down
                no_root_left web
        done
        equal "$(<"$PROJECT/src/starts")" $'1\n2'
        equal "$(stat -c %U "$PROJECT/src/starts")" "$DEV"
        equal "$(<"$PROJECT/.containers/volumes/data/starts")" $'1\n2'
        ok fc logs web
        expect_out 'start number 1'
        expect_out 'start number 2'
        equal "$(find "$PROJECT/.containers/web/journal" -mindepth 1 -maxdepth 1 -type d | wc -l)" 1 "the number of journals"
        image_snapshot >"$TMP/image-after"
        same_files "$TMP/image-before" "$TMP/image-after" "the image is not as it was"
}

testcase_users_and_commands() {
        project shop
        spec "$(web web ", $EPHEMERAL, \"users\": \"host\", \"volumes\": [\"src:/srv/deep/src\"]"), $(tiny one '' ", $EPHEMERAL")"
        ok fc up
        equal "$(state_of web)" running
        is_a_good_root web
        ok fc exec one -- sh -c 'touch /new; stat -c %u /new /'
        equal "$OUT" $'0\n0'
        ok fc down
        no_root_left web
        no_root_left one
}

testcase_toplevel() {
        thorough || return 0
        toplevel web
        project shop
        spec "\"web\": {\"system\": {\"toplevel\": \"$TOPLEVEL\"}, $EPHEMERAL, \"volumes\": [\"src:/data/deep/src\"]}"
        for _ in 1 2; do
                ok fc up
                equal "$(state_of web)" running
                run_status 1 fc exec web -- test -e /new
                ok fc exec web -- touch /new /data/deep/own
                ok fc down
                no_root_left web
        done
}

# An image that cannot be id-mapped as a layer: here because it is an overlay itself.
testcase_copy_where_there_are_no_layers() {
        slim_image
        project shop
        mkdir -p "$SCRATCH/images/odd" "$SCRATCH/images/empty"
        mount -t overlay -o "ro,lowerdir=$SLIM_IMAGE:$SCRATCH/images/empty" overlay "$SCRATCH/images/odd"
        spec "$(WEB_IMAGE=$SCRATCH/images/odd web web ", $EPHEMERAL, \"volumes\": [\"src:/srv/deep/src\"]")"
        for _ in 1 2; do
                ok fc up
                # A slower start is said.
                expect_err 'web: .*, copying the image instead'
                ok fc exec web -- stat -f -c %T /
                differ "$OUT" overlayfs "the file system"
                is_a_good_root web
                ok fc down
                no_root_left web
        done
        umount "$SCRATCH/images/odd"
}

# Fresh at each start by a command; a reboot or a restart after a failure goes on with what there is.
# A project on a file system that is good for no layer and cannot map ids either.
testcase_project_that_cannot_map() {
        project shop
        mkdir "$TMP"/{upper,work}
        chown "$DEV:" "$TMP/upper"
        mount -t overlay -o "lowerdir=$PROJECT,upperdir=$TMP/upper,workdir=$TMP/work" overlay "$PROJECT"
        spec "$(tiny one '' ", $EPHEMERAL")"
        run_status 6 fc up
        expect_err "one: the file system of '.*/\.containers/one/ephemeral' \(overlay\) cannot be id-mapped"
        expect_err '"users": "host"'
        no_machine_left "something was started"
        spec "$(tiny one '' ", $EPHEMERAL, \"users\": \"host\"")"
        ok fc up
        expect_err 'one: .*, copying the image instead'
        ok fc down
        umount "$PROJECT"
}

testcase_what_is_a_start() {
        local cgroup leader

        project shop
        spec "$(web web ", $EPHEMERAL, \"restart\": \"on-failure\"")"
        ok fc up
        cgroup=$(machine_cgroup web)
        ok fc exec web -- touch /kept
        leader=$(leader_of web)
        run fc exec web -- systemctl reboot
        try_until "$WAIT" runs_again web "$leader"
        leader=$(leader_of web)
        ok fc exec web -- test -e /kept
        kill -9 "$(nspawn_pid_of "$cgroup")"
        try_until "$WAIT" runs_again web "$leader"
        ok fc exec web -- test -e /kept
        ok fc up
        ok fc exec web -- test -e /kept
        ok fc restart
        run_status 1 fc exec web -- test -e /kept

        # Ended from inside, it is put away all the same.
        run fc exec web -- systemctl poweroff
        "$FC_HELPERS/wait-for" "$WAIT" empty "$cgroup" || flunk "it goes on"
        try_until "$WAIT" not_there "$PROJECT/.containers/web/ephemeral"
        ok fc down
}

leader_of() { fc --json status | jq -r --arg name "$1" '.containers[] | select(.name == $name) | .leader // 0'; }
runs_again() { [[ $(state_of "$1") == running && $(leader_of "$1") != "$2" ]] && fc exec "$1" -- true 2>/dev/null; }
not_there() { [[ ! -e $1 ]]; }

testcase_crash() {
        local cgroup

        supervisor_only
        project shop
        spec "$(web web ", $EPHEMERAL")"
        ok fc up
        ok fc exec web -- touch /kept
        cgroup=$(machine_cgroup web)
        kill -9 "$(supervisor_pid_of "$cgroup")"
        "$FC_HELPERS/wait-for" "$WAIT" empty "$cgroup" || flunk "it goes on"
        exists "$PROJECT/.containers/web/ephemeral"
        # A look repairs nothing; `up` and `down` do.
        ok fc status
        expect_out 'web +crashed'
        exists "$cgroup"
        exists "$PROJECT/.containers/web/ephemeral"
        ok fc up
        run_status 1 fc exec web -- test -e /kept
        kill -9 "$(supervisor_pid_of "$cgroup")"
        "$FC_HELPERS/wait-for" "$WAIT" empty "$cgroup" || flunk "it goes on"
        ok fc up
        run_status 1 fc exec web -- test -e /kept
        kill -9 "$(supervisor_pid_of "$cgroup")"
        "$FC_HELPERS/wait-for" "$WAIT" empty "$cgroup" || flunk "it goes on"
        ok fc down
        no_root_left web
}

# The root of before is not touched, and is there again.
testcase_on_and_off() {
        project shop
        spec "$(web web)"
        ok fc up
        ok fc exec web -- sh -c 'echo persistent >/kept'
        spec "$(web web ", $EPHEMERAL")"
        ok fc up --dry-run
        expect_out 'web: restart'
        ok fc up
        run_status 1 fc exec web -- test -e /kept
        ok fc exec web -- touch /lost
        spec "$(web web)"
        ok fc up
        ok fc exec web -- cat /kept
        equal "$OUT" persistent
        run_status 1 fc exec web -- test -e /lost
        absent "$PROJECT/.containers/web/ephemeral"
        ok fc down
}

testcase_failed_start() {
        project shop
        spec "$(tiny one '["/no/such/program"]' ", $EPHEMERAL, \"ready\": {\"notify\": true, \"timeout\": 5}")"
        run_status 3 fc up
        no_root_left one
        spec "\"web\": {\"system\": {\"rootfs\": \"images/absent\"}, $EPHEMERAL}"
        run_status 2 fc up
        expect_err "image '.*/images/absent' does not exist"
        ok fc down
}

live_main "$@"
