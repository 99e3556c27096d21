#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Folders of the project inside of containers: whose files are they, and what is refused.
# shellcheck disable=SC2016 # the other shells expand these

# Containers on a real disk, as users have them.
export LIVE_SCRATCH=${LIVE_SCRATCH:-disk}
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# What the container's root writes into the source tree belongs to the developer.
testcase_owner() {
        project shop
        spec "$(web httpserver ', "volumes": ["src:/var/www/html"]')"
        ok fc up
        ok fc exec httpserver -- sh -c 'echo hello >/var/www/html/new && mkdir /var/www/html/folder && stat -c %U /var/www/html /var/www/html/index.html'
        equal "$OUT" $'root\nroot' "the owners inside"
        equal "$(stat -c %U:%G "$PROJECT/src/new" "$PROJECT/src/folder")" "$DEV:$DEV"$'\n'"$DEV:$DEV" "the owners outside"
        true_that "the developer can change it" as_dev sh -c 'echo more >>"$1"' sh "$PROJECT/src/new"
        ok fc exec httpserver -- cat /var/www/html/new
        equal "$OUT" $'hello\nmore'
        ok fc down
        equal "$(stat -c %U "$PROJECT/src/new")" "$DEV" "the owner after down"
}

testcase_read_only() {
        project shop
        spec "$(web httpserver ', "volumes": ["src:/var/www/html:ro"], "ports": ["8080:80"]')"
        ok fc up
        equal "$(page 8080)" "$(<"$PROJECT/src/index.html")"
        run fc exec httpserver -- sh -c 'echo x >/var/www/html/index.html'
        equal "$STATUS" 2 "the status of writing"
        expect_err 'Read-only file system'
        run fc exec httpserver -- mount -o remount,rw,bind /var/www/html
        run fc exec httpserver -- sh -c 'echo x >/var/www/html/new'
        equal "$STATUS" 2 "the status of writing after a remount"
        absent "$PROJECT/src/new"
        ok fc down
}

# What is mounted in the source while the container runs would not be read-only in it.
testcase_read_only_later() {
        project shop
        as_dev mkdir "$PROJECT/src/part"
        mount --bind "$PROJECT/src" "$PROJECT/src"
        mount --make-shared "$PROJECT/src"
        spec "$(tiny one '' ', "network": {"mode": "none"}, "volumes": ["src:/srv:ro"]')"
        ok fc up
        mount -t tmpfs -o mode=1777 later "$PROJECT/src/part"
        run fc exec one -- sh -c 'echo x >/srv/part/new'
        equal "$STATUS" 2 "the status of writing to what was mounted later"
        expect_err 'Read-only file system'
        absent "$PROJECT/src/part/new"
        umount "$PROJECT/src/part"
        ok fc down
        umount "$PROJECT/src"
}

testcase_objects_and_files() {
        project shop
        as_dev sh -c 'echo one-file >"$1/motd"; mkdir "$1/other"' sh "$PROJECT"
        spec "$(tiny one '' ', "volumes": [
                {"source": "motd", "target": "/etc/motd", "readOnly": true},
                {"source": "other", "target": "/srv/deep/er"}]')"
        ok fc up
        ok fc exec one -- cat /etc/motd
        equal "$OUT" one-file
        ok fc exec one -- sh -c 'echo x >/srv/deep/er/file'
        equal "$(stat -c %U "$PROJECT/other/file")" "$DEV"
        run fc exec one -- sh -c 'echo x >/etc/motd'
        equal "$STATUS" 2 "the status of writing to the read-only file"
        ok fc down
}

# A named one lies in .containers and survives down; what owns what in it is the container's business.
testcase_named() {
        project shop
        spec "$(web httpserver ', "volumes": ["@data:/data"]')"
        ok fc up
        ok fc exec httpserver -- sh -c 'echo kept >/data/file && chown www-data /data/file'
        ok fc down
        exists "$PROJECT/.containers/volumes/data/file"
        ok fc up
        ok fc exec httpserver -- stat -c %U /data/file
        equal "$OUT" www-data "the owner inside after a restart"
        ok fc down
}

testcase_changes_show_both_ways() {
        project shop
        spec "$(tiny one '' ', "volumes": ["src:/src"]')"
        ok fc up
        as_dev sh -c 'echo outside >"$1/src/a"' sh "$PROJECT"
        ok fc exec one -- cat /src/a
        equal "$OUT" outside
        ok fc exec one -- sh -c 'mv /src/a /src/b; rm /src/index.html'
        equal "$(ls "$PROJECT/src")" b
        ok fc down
}

# would ACTION [REASON..]: what `up` would do with the container "one", and that `status` says the same.
would() {
        ok fc --json up --dry-run
        equal "$(jq -r '.containers[0] | .action, .reasons[]' <<<"$OUT")" "$(printf '%s\n' "$@")" "what up would do"
        shift
        ok fc --json status
        equal "$(jq -r '.containers[0].notes[]' <<<"$OUT")" "$(printf '%s, run up\n' "$@" | sed 's/^, run up//')" "the notes of status"
}

# A mount keeps the file that it was made of. What an editor saves by a rename, and a directory that is made again, is
# another one.
testcase_source_that_is_replaced() {
        project shop
        cd "$PROJECT"
        as_dev sh -c 'echo one >motd; mkdir data other; ln -s data link'
        spec "$(tiny one '' ', "network": {"mode": "none"}, "volumes": ["motd:/motd", "./data:/data:ro", "link:/link", "@kept:/kept"]')"
        ok fc up
        # Written in place it is the same.
        as_dev sh -c 'echo two >motd; touch data/new'
        would nothing
        as_dev sh -c 'echo three >motd.new; mv motd.new motd; ln -sfn other link; rm -r .containers/volumes/kept; mkdir .containers/volumes/kept'
        would restart "volume 'motd' was replaced on the host" "volume 'link' was replaced on the host" \
                "volume '@kept' was replaced on the host"
        ok as_dev "$FC" status
        expect_out "volume 'motd' was replaced on the host, run up"
        ok fc exec one -- cat /motd
        equal "$OUT" two "what is mounted still"
        ok fc up
        would nothing
        ok fc exec one -- cat /motd
        equal "$OUT" three
        # What a start would refuse is told, and what runs goes on.
        as_dev ln -sfn /etc link
        would restart "volume 'link' was replaced on the host"
        run_status 5 fc up
        expect_err "volumes\[2\]: '$PROJECT/link' leads out of the project"
        as_dev ln -sfn other link
        as_dev rm -r data
        would restart "volume './data' does not exist on the host any more"
        run_status 2 fc up
        expect_err "volumes\[1\]: '$PROJECT/./data' does not exist"
        equal "$(state_of one)" running
        # A state of before this was remembered.
        jq 'del(.volumeSources)' .containers/one/state.json >"$TMP/state"
        cp "$TMP/state" .containers/one/state.json
        would nothing
        ok fc down
}

testcase_missing_source() {
        project shop
        spec "$(tiny one '' ', "volumes": ["no-such-folder:/data"]')"
        run fc up
        equal "$STATUS" 2 "the status"
        expect_err 'no-such-folder'
        absent "$PROJECT/no-such-folder"
        no_machine_left "something was started"
        equal "$(state_of one)" stopped
}

testcase_source_that_is_made() {
        project shop
        cd "$PROJECT"
        spec "$(tiny one '' ', "network": {"mode": "none"}, "volumes": [{"source": "new/data", "target": "/data", "create": true},
                {"source": "./logs", "target": "/logs", "create": true, "readOnly": true}, "no-such-folder:/other"]')"
        # Last of all, when nothing is refused.
        run_status 2 fc up
        expect_err 'no-such-folder'
        absent new
        absent logs
        as_dev mkdir no-such-folder
        ok fc up --dry-run
        absent new
        ok fc up
        equal "$(stat -c %n:%F:%u:%g:%a new new/data logs)" "new:directory:$DEV_UID:$DEV_GID:755
new/data:directory:$DEV_UID:$DEV_GID:755
logs:directory:$DEV_UID:$DEV_GID:755"
        ok fc exec one -- sh -c 'stat -c %u:%g /data && touch /data/file'
        equal "$OUT" 0:0
        equal "$(stat -c %U:%G new/data/file)" "$DEV:$DEV"
        run fc exec one -- touch /logs/file
        expect_err 'Read-only file system'
        ok fc down
        # What is there stays as it is.
        chmod 700 new/data
        ok fc up
        equal "$(stat -c %a new/data)" 700
        # That it is made is not a difference.
        spec "$(tiny one '' ', "network": {"mode": "none"}, "volumes": ["new/data:/data", "./logs:/logs:ro", "no-such-folder:/other"]')"
        would nothing
        ok fc down
}

# From where the user is, until the next start.
testcase_volume_for_once() {
        local once

        project shop
        asker
        once=("${ASKER[@]}" env -C deep "$FC" up)
        as_dev mkdir "$PROJECT/deep" "$PROJECT/extra"
        spec "$(tiny one '' ', "network": {"mode": "none"}, "volumes": ["src:/src"]'), $(tiny two '' ', "network": {"mode": "none"}')"
        run_status 2 "${once[@]}" --volume ../extra:/extra
        expect_err '--volume is for one container, whose name must be given'
        run_status 2 "${once[@]}" one two --volume ../extra:/extra
        run_status 2 "${once[@]}" one --volume ../extra
        expect_err "--volume: '../extra': expected SOURCE:TARGET"
        run_status 2 "${once[@]}" one --volume ../extra:/extra:overlay
        expect_err "--volume: '../extra:/extra:overlay': overlay: what it keeps would be there the next time"
        run_status 2 "${once[@]}" one --volume ../extra:/src
        expect_err "--volume: .*target '/src' is taken already"
        nothing_made
        run_status 2 "${once[@]}" one --volume none:/extra
        expect_err "--volume: '$PROJECT/deep/none' does not exist"
        no_machine_left "something was started"
        ok "${once[@]}" one --volume ../extra:/extra -v ../src/index.html:/page:ro -v @kept:/kept
        ok fc exec one -- sh -c 'cat /page; touch /extra/made /kept/made; ls -d /src'
        expect_out 'page of shop'
        equal "$(stat -c %U:%G "$PROJECT/extra/made")" "$DEV:$DEV"
        run fc exec one -- sh -c 'echo x >/page'
        expect_err 'Read-only file system'
        equal "$(state_of two)" stopped
        # The same again is the same.
        ok "${once[@]}" one --volume ../extra:/extra -v ../src/index.html:/page:ro -v @kept:/kept
        expect_err 'one: unchanged +already up'
        ok fc status one
        expect_out 'definition changed, run up'
        ok fc up --dry-run one
        expect_out "no longer: volumes\[1\].source $PROJECT/extra"
        ok fc up one
        ok fc exec one -- ls -A /extra
        equal "$OUT" '' "what is left of it"
        ok fc down
        # What is kept of it is the container's.
        ok fc rm --dry-run -v one
        refute_out '@kept'
}

# sees PATH TEXT: the container "one" does.
sees() {
        ok fc exec one -- cat "$1"
        equal "$OUT" "$2" "what is in $1 inside"
}

# all_of DIRECTORY: owners, modes and contents.
all_of() { (cd "$1" && find . -printf '%p %y %U:%G %m %l\n' | sort && find . -type f -exec sha256sum {} +); }

# What is written is kept apart, with the ids that it has inside, as a named volume is.
testcase_overlay() {
        local users before kept

        project shop
        cd "$PROJECT"
        as_dev sh -c 'mkdir -p fixtures/dir/deep fixtures/strange; cd fixtures; echo first >file; echo first >gone; echo first >other
                echo deep >dir/deep/file; ln -s file link; chmod 700 dir; chmod 2775 .'
        chgrp 12345 fixtures/strange
        before=$(all_of fixtures)
        for users in private host; do
                spec "$(tiny one '' ', "users": "'"$users"'", "network": {"mode": "none"}, "volumes": ["fixtures:/srv/f:overlay", "src:/srv/f/new/src:ro"]')"
                ok fc up
                kept=$(ls .containers/volumes)
                equal "$kept" "$(grep -x 'overlay-one-srv-f-[0-9a-f]\{8\}' <<<"$kept")" "what is kept"
                equal "$(stat -c %u:%g:%a ".containers/volumes/$kept")" 0:0:700
                ok fc exec one -- sh -c 'stat -c %u:%g:%a /srv/f /srv/f/file; ls /srv/f/new/src'
                [[ $users == host ]] || equal "$OUT" $'0:0:2775\n0:0:644\nindex.html'
                ok fc exec one -- sh -c 'set -e; cd /srv/f; echo second >file; rm gone; echo x >strange/new; mkdir -p made/dir
                        echo y >dir/deep/new; mv dir moved; chown 33:34 other; touch made/a; chown 33:34 made'
                ok fc exec one -- setpriv --reuid 33 --regid 34 --clear-groups sh -c 'echo service >/srv/f/made/dir2; echo more >>/srv/f/other'
                equal "$(all_of fixtures)" "$before" "the source"
                [[ $users == host ]] ||
                        equal "$(cd ".containers/volumes/$kept/upper" && stat -c %u:%g file other made made/dir2 moved/deep/new)" \
                                $'0:0\n33:34\n33:34\n33:34\n0:0' "the owners on the disk"
                ok fc down
                [[ $users != host ]] || break
                # Of what it has not written it sees what there is now.
                as_dev sh -c 'echo third >fixtures/file; echo third >fixtures/late'
                ok fc up
                sees /srv/f/late third
                sees /srv/f/file second
                sees /srv/f/other $'first\nmore'
                ok fc exec one -- sh -c '! test -e /srv/f/gone && ! test -e /srv/f/dir && cat /srv/f/moved/deep/new /srv/f/moved/deep/file /srv/f/strange/new'
                equal "$OUT" $'y\ndeep\nx'
                as_dev sh -c 'rm fixtures/late; echo first >fixtures/file'

                # As a named volume.
                ok fc --json status --size
                equal "$(jq -r '.containers[0].size.volumes[].name' <<<"$OUT")" "$kept"
                ok fc snapshot save before
                ok fc exec one -- sh -c 'echo worse >/srv/f/file; rm -r /srv/f/moved'
                ok fc snapshot restore before
                sees /srv/f/file second
                sees /srv/f/moved/deep/new y
                ok fc snapshot rm --yes before
                ok fc reset --yes --volumes one
                sees /srv/f/file first
                ok fc exec one -- ls /srv/f/gone /srv/f/dir
                ok fc down
                # Also when no specification has it any more.
                spec "$(tiny one '' ', "network": {"mode": "none"}')"
                ok fc rm --dry-run -v one
                expect_out "@$kept +[0-9]"
                ok fc rm --yes -v one
                absent ".containers/volumes/$kept"
        done
}

testcase_overlays_that_are_refused() {
        project shop
        cd "$PROJECT"
        spec "$(tiny one '' ', "volumes": ["./src/index.html:/a:overlay"]')"
        run_status 2 fc up
        expect_err "volumes\\[0\\]: '$PROJECT/./src/index.html' is not a directory, which an overlay needs"
        spec "$(tiny one '' ', "volumes": [".:/a:overlay"]')"
        run_status 2 fc up
        expect_err "volumes\\[0\\]: '$PROJECT/.' has the project's '.containers' in it, where an overlay keeps what is written"
        # What runs goes on when the kernel cannot do it: overlayfs is not good for an upper layer.
        spec "$(tiny one '' ', "users": "host", "network": {"mode": "none"}')"
        ok fc up
        mkdir -p "$SCRATCH/over/upper" "$SCRATCH/over/work" .containers/volumes
        mount -t overlay -o "lowerdir=$PROJECT/src,upperdir=$SCRATCH/over/upper,workdir=$SCRATCH/over/work" overlay .containers/volumes
        spec "$(tiny one '' ', "users": "host", "network": {"mode": "none"}, "volumes": ["src:/src:overlay"]')"
        run_status 6 fc up
        expect_err "volumes\[0\]: an overlay of '$PROJECT/src' cannot be made here: Invalid argument"
        equal "$(state_of one)" running
        equal "$(ls -A .containers/volumes)" index.html "what was tried"
        ok fc down
        umount .containers/volumes
        rm -r "$SCRATCH/over"
}

# A path that a shell, nspawn, systemd or JSON could take for something else.
testcase_odd_characters() {
        local name i=0 volumes=() names=("with space" "dollar \$HOME \${x}" "percent %h %%" "colon:here" "back\\slash"
                "quote\"double" "quote'single" "ünïcode" "-dash" "comma,equals=x")

        project shop
        for name in "${names[@]}"; do
                as_dev mkdir "$PROJECT/./$name"
                volumes+=("$(jq -n --arg source "./$name" --arg target "/v/$i" '{source: $source, target: $target}')")
                i=$((i + 1))
        done
        spec "$(tiny one '' ", \"volumes\": [$(IFS=,; echo "${volumes[*]}")]")"
        ok fc up
        for ((i = 0; i < ${#names[@]}; i++)); do
                ok fc exec one -- sh -c "echo $i >/v/$i/file"
                equal "$(cat -- "$PROJECT/./${names[i]}/file")" "$i" "what lies in ${names[i]}"
        done
        ok fc down
}

# As in "the sources are here, run them": with .containers in it, and below nspawn's own /tmp.
testcase_project_itself() {
        project shop
        spec "$(tiny one '' ', "volumes": [".:/tmp/src"]')"
        ok fc up
        ok fc exec one -- cat /tmp/src/src/index.html
        expect_out 'page of shop'
        ok fc exec one -- touch /tmp/src/made
        equal "$(stat -c %U:%G "$PROJECT/made")" "$DEV:$DEV" "owner of a new file"
        ok fc restart
        ok fc exec one -- rm /tmp/src/made
        ok fc down
        # What lies beside the project is found as before: the guest has no say in that.
        as_dev mkdir "$PROJECT/../beside"
        spec "$(tiny one '' ', "volumes": [".:/tmp/src", "../beside:/beside"]')"
        ok fc up
        ok fc exec one -- touch /beside/made
        exists "$PROJECT/../beside/made"
        ok fc down
}

# A guest that has the whole project neither reads nor changes what is believed at the next start.
testcase_state_is_hidden() {
        local before

        project shop
        spec "$(web web ', "volumes": [".:/tmp/src", "..:/above:ro"]')"
        ok fc up
        before=$(sha256sum "$PROJECT/.containers/state.json" "$PROJECT/.containers/web/state.json")
        for place in /tmp/src /above/shop; do
                ok fc exec web -- ls -A "$place/.containers"
                equal "$OUT" ''
                for attempt in "umount $place/.containers" "mv $place/.containers $place/other" "touch $place/.containers/x" \
                        "rmdir $place/.containers" "mount -o remount,rw,bind $place/.containers"; do
                        # shellcheck disable=SC2086
                        run fc exec web -- $attempt
                        ((STATUS != 0)) || flunk "the guest can: $attempt"
                done
        done
        ok fc exec web -- sh -c 'echo mine >/tmp/src/src/seen'
        equal "$(<"$PROJECT/src/seen")" mine
        equal "$(sha256sum "$PROJECT/.containers/state.json" "$PROJECT/.containers/web/state.json")" "$before"
        ok fc restart
        ok fc down
        # By another name, and a part of it.
        as_dev ln -s "$PROJECT" "${PROJECT%/*}/link"
        spec "$(web web ", \"volumes\": [\"${PROJECT%/*}/link:/tmp/src\"]")"
        run_status 2 fc up
        expect_err "containers.web.volumes\[0\]: .*link' has the project's '.containers' in it, by another path"
        spec "$(web web ', "volumes": ["./.containers/web:/tmp/src"]')"
        run_status 2 fc up
        expect_err "containers.web.volumes\[0\]: source: './.containers/web': nothing in '.containers' is a volume"
}

testcase_source_that_is_not_one() {
        project shop
        as_dev ln -s loop "$PROJECT/loop"
        spec "$(tiny one '' ', "volumes": ["./loop:/a"]')"
        run_status 2 fc up
        expect_err 'containers.one.volumes\[0\]: open .*/loop.: Too many levels of symbolic links'
        spec "$(tiny one '' ', "volumes": ["./src/index.html/more:/a"]')"
        run_status 2 fc up
        expect_err 'containers.one.volumes\[0\]: open .*/more.: Not a directory'
        spec "$(tiny one '' ", \"volumes\": [\"./src:/$(printf 'a%.0s' {1..256})\"]")"
        run_status 2 fc up
        expect_err 'containers.one.volumes\[0\]: target: .*a part of a path has at most 255 bytes'
}

live_main "$@"
