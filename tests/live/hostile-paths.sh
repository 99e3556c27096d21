#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a guest, or a program that runs as the developer, puts in the way of root: nothing outside of the project is read
# or written for it.
# shellcheck disable=SC2016 # the other shells expand these

# Containers on a real disk, as users have them.
export LIVE_SCRATCH=${LIVE_SCRATCH:-disk}
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# outside: a folder that only root can enter, with a file in it.
outside() {
        OUTSIDE=$SCRATCH/projects/outside
        mkdir -m 700 "$OUTSIDE"
        (umask 077 && echo of-root >"$OUTSIDE/secret")
        OUTSIDE_BEFORE=$(outside_now)
}

outside_now() { (cd "$OUTSIDE" && find . -exec stat -c '%n %F %a %u:%g %s %Y' {} + | sort); }

outside_is_as_before() { equal "$(outside_now)" "$OUTSIDE_BEFORE" "what lies outside"; }

# race WHAT A B: a program of the developer's, until race_over.
race() {
        setpriv --reuid "$DEV_UID" --regid "$DEV_GID" --init-groups -- "$FC_HELPERS/racer" "$@" &
        RACER=$!
}

race_over() {
        kill -KILL "$RACER"
        wait "$RACER" 2>/dev/null || :
}

# Another process puts a link where the image is going to be copied to.
testcase_link_for_a_copy() {
        local i

        project shop
        outside
        spec "$(tiny one)"
        ok fc up
        ok fc down
        for ((i = 0; i < 10; i++)); do
                rm -rf --one-file-system "$PROJECT/.containers/one/root"
                race link "$OUTSIDE" "$PROJECT/.containers/one/root.new"
                run fc up
                race_over
                outside_is_as_before
                ok fc down
                rm -f "$PROJECT/.containers/one/root.new"
        done
        ok fc up
        ok fc exec one -- true
        ok fc down
        outside_is_as_before
}

# refused REGEX: `up` is refused, with that on stderr; nothing outside has changed or can be seen.
refused() {
        run_status 5 fc up
        expect_err "$1"
        no_machine_left "something was started"
        outside_is_as_before
}

# A guest exchanges a folder that it can write to, which is the source of something else, for a link.
testcase_link_for_a_source() {
        project shop
        outside
        as_dev mkdir "$PROJECT/src/public" "$PROJECT/secrets"
        as_dev sh -c 'echo of-the-developer >"$1/secrets/key"; echo page >"$1/src/public/page"' sh "$PROJECT"
        spec "$(tiny one '' ', "volumes": ["src:/src", "src/public:/srv/www"]'),
                $(tiny two '' ', "credentials": {"token": "src/public/token"}')"
        as_dev touch "$PROJECT/src/public/token"
        ok fc up
        ok fc exec one -- cat /srv/www/page
        equal "$OUT" page
        ok fc exec one -- sh -c 'mv /src/public /src/gone; mkdir /src/public; echo other >/src/public/page'
        ok fc restart one
        ok fc exec one -- cat /srv/www/page
        equal "$OUT" other "what is in the folder that took its place"

        ok fc exec one -- sh -c "rm -r /src/public; ln -s '$OUTSIDE' /src/public"
        run_status 5 fc restart one
        expect_err "one.volumes\[1\]: '.*/src/public' leads out of a directory that a container can write to"
        outside_is_as_before
        ok fc exec one -- true
        ok fc down
        refused 'leads out of a directory that a container can write to'

        # To what is the project's, but not the guest's; and to a file that root alone can read.
        ln -sfn ../secrets "$PROJECT/src/public"
        refused 'one.volumes\[1\].* leads out of a directory that a container can write to'
        rm "$PROJECT/src/public"
        as_dev mkdir "$PROJECT/src/public"
        ln -s "$OUTSIDE/secret" "$PROJECT/src/public/token"
        refused 'two.credentials.token.* leads out of a directory that a container can write to'
        rm "$PROJECT/src/public/token"
        (umask 077 && echo of-root >"$PROJECT/src/public/token")
        run_status 6 fc up
        expect_err 'two.credentials.token: open .* Permission denied'
        rm "$PROJECT/src/public/token"
        as_dev mkfifo "$PROJECT/src/public/token"
        run_status 2 fc up
        expect_err 'two.credentials.token: .* is not a regular file'
        rm "$PROJECT/src/public/token"
        as_dev touch "$PROJECT/src/public/token"
        ok fc up
        ok fc down
}

# A directory that a guest could write to before stays untrusted when the specification changes.
testcase_link_from_before() {
        project shop
        outside
        as_dev mkdir "$PROJECT/src/public" "$PROJECT/secrets"
        as_dev touch "$PROJECT/secrets/key"
        spec "$(tiny one '' ', "volumes": ["src:/src"]')"
        ok fc up
        ok fc exec one -- sh -c "rm -r /src/public; ln -s ../secrets /src/public; ln -s '$OUTSIDE' /src/token"
        ok fc down

        spec "$(tiny one '' ', "volumes": ["src/public:/srv/www"]')"
        refused "one.volumes\[0\]: '.*/src/public' leads out of a directory that a container can write to"
        expect_err 'one that has been a writable volume once is not trusted again'
        # Also when nothing of before is left but the directory, with another container and another kind of source.
        rm -r "$PROJECT/.containers"
        mv "$PROJECT/src" "$PROJECT/code"
        spec "$(tiny two '' ', "credentials": {"token": "code/token"}')"
        refused "two.credentials.token: '.*/code/token' leads out of a directory that a container can write to"
        spec "$(tiny two '' ', "volumes": ["code:/code:ro"]')"
        ok fc up
        ok fc exec two -- sh -c '[ -L /code/public ]'
        ok fc down
        outside_is_as_before
}

# A guest that has the whole project as its volume writes the files that declare a project.
testcase_two_specifications() {
        local verb

        project shop
        spec "$(tiny one '' ', "volumes": [".:/work"]')"
        ok fc up
        refute_err 'is used'
        ok fc exec one -- sh -c 'echo "{ }" >/work/flake.nix'
        for verb in up restart config; do
                ok fc "$verb"
                expect_err "'$PROJECT' has a flake-containers.json and a flake.nix: flake-containers.json is used"
        done
        ok fc --spec "$PROJECT/flake-containers.json" up
        refute_err 'is used'
        ok fc down
}

# What another project's guest has, in that one's .containers.
testcase_link_of_another_project() {
        local shop

        project shop
        shop=$PROJECT
        outside
        as_dev mkdir "$PROJECT/../keys"
        as_dev sh -c 'echo of-the-developer >"$1"' sh "$PROJECT/../keys/key"
        spec "$(tiny one '' ', "volumes": ["@data:/data"]')"
        ok fc up
        ok fc exec one -- sh -c "mkdir /data/public; echo page >/data/public/page; ln -s public /data/same
                ln -s '$shop/../keys' /data/keys; ln -s ../../../../keys /data/up; ln -s '$OUTSIDE' /data/out"

        project other
        spec "$(tiny two '' ', "volumes": ["../shop/.containers/volumes/data/same:/srv/www:ro"]')"
        ok fc up
        ok fc exec two -- cat /srv/www/page
        equal "$OUT" page
        ok fc down
        for link in keys up out; do
                spec "$(tiny two '' ", \"volumes\": [\"../shop/.containers/volumes/data/$link:/srv/www:ro\"]")"
                run_status 5 fc up
                expect_err "two.volumes\[0\]: '.*/data/$link' leads out of a directory that a container can write to"
        done
        PROJECT=$shop
        ok fc down
}

testcase_link_for_an_image() {
        project shop
        outside
        spec "$(tiny one '' ', "volumes": ["src:/src"]'),
                \"two\": {\"system\": {\"rootfs\": \"src/image\"}, \"command\": [\"/bin/sleep\", \"infinity\"]},
                \"three\": {\"system\": {\"rootfs\": \"src/image\"}, \"command\": [\"/bin/sleep\", \"infinity\"], \"ephemeral\": true}"
        ok fc up one
        ok fc exec one -- ln -s "$OUTSIDE" /src/image
        for i in two three; do
                run_status 5 fc up "$i"
                expect_err "$i: image '.*/src/image' leads out of a directory that a container can write to"
        done
        absent "$PROJECT/.containers/two/root"
        ok fc down
        rm "$PROJECT/src/image"
        cp -a "$TINY_IMAGE" "$PROJECT/src/image"
        ok fc up
        ok fc exec three -- true
        ok fc down
        outside_is_as_before
}

# Whose files the container's root may write as their owner.
testcase_owners() {
        project shop
        outside
        chmod 755 "$OUTSIDE"
        OUTSIDE_BEFORE=$(outside_now)
        spec "$(tiny one '' ", \"volumes\": [\"$OUTSIDE:/srv\"]")"
        refused "one.volumes\\[0\\]: '$OUTSIDE' belongs to root, .* neither to $DEV nor to the owner of the project"
        spec "$(tiny one '' ", \"volumes\": [\"$OUTSIDE:/srv:ro\"]")"
        ok fc up
        refute_err 'set-user-id'
        ok fc down
        mkdir "$PROJECT/of-root"
        spec "$(tiny one '' ', "volumes": ["of-root:/srv"]')"
        refused 'belongs to root'
        spec "$(tiny one '' ', "volumes": [{"source": "of-root", "target": "/srv", "owner": "container"}]')"
        ok fc up
        ok fc down

        # A project of root's.
        project office root
        spec "$(tiny one '' ', "volumes": ["src:/srv"]')"
        ok fc up
        expect_err "one.volumes\\[0\\]: '$PROJECT/src' belongs to root: .* set-user-id programs of the host's root"
        ok fc up
        refute_err 'set-user-id'
        ok fc down
}

# A repository with other kinds of files in the place of git's is refused.
testcase_repository() {
        local name

        project shop
        spec "$(tiny one)"
        for name in index config HEAD; do
                mv "$PROJECT/.git/$name" "$PROJECT/kept" 2>/dev/null || :
                as_dev mkfifo "$PROJECT/.git/$name"
                run_status 5 fc up
                expect_err "'.*/.git/$name' is not a regular file"
                rm "$PROJECT/.git/$name"
                mv "$PROJECT/kept" "$PROJECT/.git/$name" 2>/dev/null || :
        done
        mv "$PROJECT/.git" "$PROJECT/kept"
        truncate -s 3G "$PROJECT/.git"
        run_status 5 fc status
        expect_err "'.*/.git' is larger than"
}

# What is a file when it is looked at, and a FIFO when it is opened; or what only git's configuration names.
testcase_repository_that_blocks() {
        local i began

        project shop
        spec "$(tiny one)"
        as_dev mkfifo "$PROJECT/.git/fifo"
        cp -p "$PROJECT/.git/config" "$PROJECT/.git/config.kept"
        printf '[include]\n\tpath = fifo\n' >>"$PROJECT/.git/config"
        run_status 5 fc up
        expect_err "read the git repository of '$PROJECT': not done after 5 s"
        # Where signals wait for an event loop.
        as_dev touch "$PROJECT/.git/index"
        fc_background "$TMP/up" --root "$PROJECT" up
        try_until "$WAIT" pgrep -P "$FC_PID" >/dev/null
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130
        [[ $(<"$TMP/up") == *'interrupted while reading the git repository'* ]] || flunk "it says: $(<"$TMP/up")"
        no_machine_left "something was started"

        mv "$PROJECT/.git/config.kept" "$PROJECT/.git/config"
        race exchange "$PROJECT/.git/config" "$PROJECT/.git/fifo"
        for ((i = 0; i < 8; i++)); do
                began=$SECONDS
                run fc status
                ((SECONDS - began <= 10)) || flunk "status took $((SECONDS - began)) s"
                [[ $STATUS == 0 ]] || expect_err "not done after 5 s|is not a regular file"
        done
        race_over
        equal "$(pgrep -f "^[^ ]*flake-containers" || :)" '' "processes that go on"
}

# More directories in each other than a process may have descriptors.
testcase_deep_tree() {
        project shop
        spec "$(tiny one '' ', "ephemeral": true')"
        ok fc up
        ok fc exec one -- sh -c 'cd /tmp && for i in $(seq 1500); do mkdir d && cd d || exit; done'
        ok fc down
        absent "$PROJECT/.containers/one/ephemeral"
        ok fc up
        ok fc down
}

# What a guest's root has made of the places that systemd-nspawn enters by their names: at the next start, and at its own
# reboot.
testcase_places_of_nspawn() {
        local outside=$SCRATCH/outside place root

        project shop
        mkdir -p "$outside"
        spec "$(fake one '"FAKE_MODE": "ok"')"
        ok fc up
        root=$PROJECT/.containers/one/root
        for place in dev proc run sys; do
                ok fc down
                mv "$root/$place" "$root/kept"
                ln -s "$outside" "$root/$place"
                run_status 3 fc up
                expect_err "'/$place' of the container's root is not a directory"
                rm "$root/$place"
                mv "$root/kept" "$root/$place"
                ok fc up
        done
        mv "$root/run" "$root/kept"
        ln -s "$outside" "$root/run"
        kill -USR1 "$(fc --json status | jq '.containers[0].leader')"
        ok fc wait --for stopped one
        ok fc status
        expect_out "'/run' of the container's root is not a directory"
        equal "$(ls -A "$outside")" '' "what nspawn has written outside"
        ok fc down
}

# A guest that has the directory above the project moves that, and boots again: what hid `.containers` goes along.
testcase_project_is_moved() {
        local moved=$SCRATCH/projects/moved

        project shop
        spec "$(tiny one '["/bin/sh", "-c", "echo >>/boots; exec sleep infinity"]' ', "volumes": ["..:/above"]')"
        ok fc up
        equal "$(fc exec one -- ls -A /above/shop/.containers)" '' "what is hidden"
        exists "$PROJECT/.containers/one"
        ok fc exec one -- mv /above/shop /above/moved
        PROJECT=$moved
        equal "$(fc exec one -- ls -A /above/moved/.containers)" '' "what is hidden where it is now"
        run fc exec one -- kill -INT 1
        try_until "$WAIT" fc exec one -- sh -c '{ read -r _ && read -r _; } </boots'
        equal "$(fc exec one -- ls -A /above/moved/.containers)" '' "what is hidden after a boot"
        absent "$SCRATCH/projects/shop"
        ok fc down
        rm -r "$moved"
}

# Another guest that has that directory puts an empty one in the place of `.containers` while this one is started.
testcase_decoy() {
        ! has_sanitizers || { note "not with the sanitizers: a traced process cannot look for leaks" && return; }
        project shop
        spec "$(tiny one '' ', "volumes": ["..:/above"]')"
        ok fc up
        ok fc down
        asker
        "${ASKER[@]}" "$FC_HELPERS/fault" --from console.log stop 1 "$FC" up >"$TMP/up" 2>&1 &
        FC_PID=$!
        line_in "$TMP/up" '^fault: stopped' >/dev/null
        mv "$PROJECT/.containers" "$PROJECT/moved"
        as_dev mkdir "$PROJECT/.containers"
        kill -CONT "$(pgrep -P "$FC_PID")"
        finished "$FC_PID"
        equal "$STATUS" 5 "the status of an up that finds another .containers"
        line_in "$TMP/up" "has another '.containers' now than when this command began" >/dev/null
        no_machine_left
        rmdir "$PROJECT/.containers"
        mv "$PROJECT/moved" "$PROJECT/.containers"
        ok fc up
        ok fc down
}

# Where the host's root is meant, whatever it is called.
testcase_root_of_the_host() {
        local rootfs

        project shop
        ln -s / "$PROJECT/slash"
        for rootfs in /tmp/.. /proc/self/root "$PROJECT/slash" "$PROJECT/../../../../../../../.."; do
                spec "\"one\": {\"system\": {\"rootfs\": \"$rootfs\"}, \"command\": [\"/bin/true\"], \"ephemeral\": true}"
                run_status 2 fc up
                expect_err "image '$rootfs' is the host's root"
        done
        absent "$PROJECT/.containers/one/ephemeral/upper"
}

# The same place is a folder and a link to another one, as fast as a program can make it so: whichever `up` meets, the
# guest never has the other one.
testcase_source_that_changes() {
        local i seen=0

        project shop
        outside
        as_dev mkdir "$PROJECT/src/public"
        as_dev touch "$PROJECT/src/public/page"
        as_dev ln -s "$OUTSIDE" "$PROJECT/src/link"
        spec "$(tiny one '' ', "volumes": ["src:/src", "src/public:/srv/www"]')"
        ok fc up
        ok fc down
        race exchange "$PROJECT/src/public" "$PROJECT/src/link"
        for ((i = 0; i < 12; i++)); do
                run fc up
                if [[ $STATUS == 0 ]]; then
                        seen=$((seen + 1))
                        ok fc exec one -- cat /srv/www/page
                else
                        equal "$STATUS" 5
                        expect_err 'leads out of a directory that a container can write to'
                fi
                ok fc down
        done
        race_over
        outside_is_as_before
        note "$seen of 12 came up"
}

# A source elsewhere is named by its absolute path, and looked up as the user.
testcase_places_elsewhere() {
        project shop
        outside
        as_dev mkdir "$PROJECT/releases" "$PROJECT/releases/3" "$SCRATCH/projects/other"
        as_dev ln -s releases/3 "$PROJECT/current"
        as_dev ln -s "$SCRATCH/projects/other" "$PROJECT/elsewhere"
        as_dev touch "$PROJECT/releases/3/three" "$SCRATCH/projects/other/other"
        spec "$(tiny one '' ", \"volumes\": [\"current:/a\", \"../other:/b\", \"$PROJECT/elsewhere:/c\"]")"
        ok fc up
        ok fc exec one -- cat /a/three /b/other /c/other
        ok fc down
        spec "$(tiny one '' ', "volumes": ["elsewhere:/c"]')"
        refused "one.volumes\[0\]: '.*/elsewhere' leads out of the project"
        expect_err 'write the absolute path of the place itself'
        spec "$(tiny one '' ", \"volumes\": [\"$OUTSIDE/secret:/c:ro\"]")"
        run_status 6 fc up
        expect_err "open '$OUTSIDE/secret': Permission denied"
        expect_err "looked up with the permissions of $DEV"
}

live_main "$@"
