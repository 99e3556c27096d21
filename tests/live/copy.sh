#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `cp`: into a container, out of it, between two, as tar; running and stopped; what it refuses; and what a guest puts in
# its way.
# shellcheck disable=SC2016 # the other shells expand these

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

readonly ODD='a $HOME %s:b "c'

# tree_of DIR: names, kinds, modes, times, links, contents.
tree_of() {
        (
                cd "$1"
                find . -mindepth 1 -printf '%P|%y|%m|%T@|%l\n' | sed -E 's/\.[0-9]{10}\|/|/' | sort
                find . -type f -print0 | sort -z | xargs -0 md5sum
        )
}

# make_tree DIR: a folder of the developer's with all that is copied.
make_tree() {
        mkdir -p "$1/deep/er" "$1/empty" "$1/locked"
        echo one >"$1/one"
        head -c 300001 /dev/urandom >"$1/deep/random"
        : >"$1/deep/er/nothing"
        printf 'odd' >"$1/$ODD"
        ln -s ../one "$1/deep/link"
        ln -s /nonexistent "$1/dangling"
        ln "$1/deep/random" "$1/second"
        truncate -s 12M "$1/sparse"
        printf end >>"$1/sparse"
        printf middle | dd of="$1/sparse" bs=1M seek=10 conv=notrunc status=none
        echo kept >"$1/locked/file"
        chmod 755 "$1"
        chmod 711 "$1/deep/er"
        chmod 600 "$1/one"
        chmod 500 "$1/locked"
        touch -d '2001-02-03 04:05:06' "$1/deep" "$1/second" "$1/dangling" -h
        chown -hR "$DEV:" -- "$1"
}

# Without the file that takes long to read: it is compared on its own.
small_tree_of() { tree_of "$1" | grep -v sparse; }

# owners_of DIR
owners_of() { find "$1" -printf '%u:%g\n' | sort -u; }

testcase_both_ways() {
        local holder copy lock

        project shop
        spec "$(tiny one), $(tiny two)"
        ok fc up
        make_tree "$PROJECT/tree"
        ok fc cp tree one:/srv
        equal "$OUT$ERR" "" "what is said of success"
        # A name that is not there is made, one that is gets the folder in it.
        ok fc exec one -- sh -c 'cat /srv/one || cat /srv/tree/one'
        equal "$OUT" one
        ok fc exec one -- mkdir -p /data
        ok fc cp tree one:/data
        ok fc exec one -- sh -c 'cat /data/tree/deep/link; stat -c %a /data/tree/one'
        equal "$OUT" $'one\n600'
        (($(stat -c %b "$PROJECT/.containers/one/root/data/tree/sparse") < 1000)) || flunk "the holes were filled inside"
        equal "$(owners_of "$PROJECT/.containers/one/root/data/tree")" root:root "owners inside"

        ok fc cp one:/data/tree back
        same_files <(tree_of "$PROJECT/tree") <(tree_of "$PROJECT/back") "what came back"
        equal "$(owners_of "$PROJECT/back")" "$DEV:$DEV" "owners of what came back"
        true_that "a hard link stays one" test "$PROJECT/back/second" -ef "$PROJECT/back/deep/random"
        (($(stat -c %b "$PROJECT/back/sparse") < 1000)) || flunk "the holes were filled"
        # Again: into the folder of that name, and its content over itself.
        ok fc cp one:/data/tree back
        true_that "it is in the folder" test -f "$PROJECT/back/tree/one"
        rm -r "$PROJECT/back/tree"
        # The developer may not write to this one.
        run_status 6 fc cp one:/data/tree/. back
        expect_err "'locked/file' in 'back': Permission denied"
        chmod 700 "$PROJECT/back/locked"
        ok fc cp one:/data/tree/. back
        chmod 500 "$PROJECT/back/locked"
        # A folder that is there keeps its mode and time.
        same_files <(small_tree_of "$PROJECT/tree" | grep -v '|d|') <(small_tree_of "$PROJECT/back" | grep -v '|d|') \
                "what was copied over itself"

        # From one container into the other, with the owners that it has there.
        ok fc exec one -- chown -R 33:34 /data/tree/deep
        ok fc cp one:/data/tree two:/copy
        ok fc exec two -- stat -c %u:%g /copy/one /copy/deep/random /copy/deep/link
        equal "$OUT" $'0:0\n33:34\n33:34' "owners in the other container"

        # Files, and their names.
        ok fc cp "tree/$ODD" "one:/data/x $ODD"
        ok fc exec one -- cat "/data/x $ODD"
        equal "$OUT" odd
        ok fc cp "one:/data/x $ODD" "./n:ame"
        equal "$(<"$PROJECT/n:ame")" odd
        ok fc -C src cp ../tree/one one:etc/from-src
        ok fc exec one -- stat -c %a /etc/from-src
        equal "$OUT" 600 "the mode"
        ok fc cp one:/proc/version src/
        (($(stat -c %s "$PROJECT/src/version") > 10)) || flunk "a file of /proc is empty"
        chmod -R u+w "$PROJECT"/{tree,back}
        ok fc down

        # Of two that do not run each is kept from other commands.
        lock=$(echo /run/flake-containers/shop-????/two.lock)
        flock --no-fork "$lock" sleep infinity &
        holder=$!
        try_until "$WAIT" lock_is ': FLOCK' "$lock"
        fc_background "$TMP/log" cp one:/etc/from-src two:/from-one
        copy=$FC_PID
        try_until "$WAIT" lock_is '-> FLOCK' "$lock"
        kill "$holder"
        gone "$holder"
        finished "$copy"
        equal "$STATUS" 0 "the status of cp ($(<"$TMP/log"))"
        exists "$PROJECT/.containers/two/root/from-one"
}

# A directory's owner is that of what is put there; a file that was there gets its place at once.
testcase_owner_of_the_directory() {
        project shop
        spec "$(tiny one)"
        ok fc up
        ok fc exec one -- sh -c 'mkdir /var/app; echo old >/var/app/file; chown -R 33:34 /var/app; exec 3</var/app/file; ln /var/app/file /old'
        echo new >"$PROJECT/file"
        ok fc cp file one:/var/app
        ok fc exec one -- sh -c 'cat /old /var/app/file; stat -c %u:%g /var/app/file'
        equal "$OUT" $'old\nnew\n33:34'
        ok fc down
}

testcase_tar() {
        local flavour

        project shop
        spec "$(tiny one)"
        ok fc up
        make_tree "$PROJECT/tree"
        ok fc exec one -- mkdir /in
        for flavour in gnu pax ustar; do
                (
                        cd "$PROJECT/tree"
                        tar --format="$flavour" --exclude sparse --owner=5 --group=6 --numeric-owner -cf - .
                ) >"$TMP/$flavour.tar"
                ok fc exec one -- sh -c 'rm -rf /in/*'
                run_status 0 fc cp - one:/in <"$TMP/$flavour.tar"
                ok fc exec one -- stat -c %u:%g /in/one /in/deep/random
                equal "$OUT" $'5:6\n5:6' "owners of $flavour"
                ok fc cp one:/in "out-$flavour"
                same_files <(small_tree_of "$PROJECT/tree") <(small_tree_of "$PROJECT/out-$flavour") "what was in $flavour"
        done
        # GNU's own holes of the newer format, and ours read by it.
        (cd "$PROJECT/tree" && tar --format=posix -Scf - sparse) | fc cp - one:/in
        (($(stat -c %b "$PROJECT/.containers/one/root/in/sparse") < 1000)) || flunk "the holes were filled"
        mkdir "$TMP/real"
        fc cp one:/in - >"$TMP/in.tar" || flunk "write tar"
        (($(stat -c %s "$TMP/in.tar") < 5000000)) || flunk "the holes are in the archive"
        tar -xf "$TMP/in.tar" -C "$TMP/real"
        same_files <(tree_of "$PROJECT/tree") <(tree_of "$TMP/real/in") "what the real tar reads"
        equal "$(tar -tf "$TMP/in.tar" | sed -n 1p)" in/
        equal "$(fc cp one:/in/. - | tar -t | sed -n 1p)" ./

        # Names that are too long for a header.
        long=$(printf 'x%.0s' {1..200})
        mkdir -p "$PROJECT/long/$long/$long"
        echo deep >"$PROJECT/long/$long/$long/$long"
        ok fc cp long one:/
        equal "$(fc cp one:/long - | tar -xO "long/$long/$long/$long")" deep
        equal "$(tar -C "$PROJECT" -c long | fc cp - one:/in && fc exec one -- cat "/in/long/$long/$long/$long")" deep

        # Not one, one that is cut off, one that is compressed, one that leads out.
        run_status 2 fc cp - one:/in <<<"$(head -c 2000 /dev/zero | tr '\0' x)"
        expect_err 'is not a tar archive'
        gzip <"$TMP/pax.tar" >"$TMP/pax.tgz"
        run_status 2 fc cp - one:/in <"$TMP/pax.tgz"
        expect_err 'gzip -dc'
        head -c 100000 "$TMP/pax.tar" >"$TMP/cut.tar"
        run_status 2 fc cp - one:/in <"$TMP/cut.tar"
        expect_err 'ends too early'
        echo out >"$TMP/escape"
        tar -P -cf "$TMP/escape.tar" -C "$TMP/real" --transform 's,^,../,' ./in/one
        run_status 2 fc cp - one:/in <"$TMP/escape.tar"
        expect_err 'leads out of it'
        # A link in it is not a way to elsewhere.
        mkdir "$TMP/evil"
        ln -s /etc "$TMP/evil/x"
        tar -cf "$TMP/evil.tar" -C "$TMP/evil" x
        rm "$TMP/evil/x"
        mkdir "$TMP/evil/x"
        echo evil >"$TMP/evil/x/evil"
        tar -rf "$TMP/evil.tar" -C "$TMP/evil" x/evil
        run_status 5 fc cp - one:/in <"$TMP/evil.tar"
        expect_err 'symbolic link'
        absent "$PROJECT/.containers/one/root/etc/evil"
        equal "$(find "$PROJECT/.containers/one/root" -name '.fc-cp-*')" "" "half files"
        chmod -R u+w "$PROJECT" "$TMP"
        ok fc down
}

testcase_stopped() {
        project shop
        spec "$(tiny one '' ', "volumes": ["src:/data/src", "@kept:/data/kept"], "tmpfs": ["/data/memory"]')"
        echo x >"$PROJECT/x"
        run_status 7 fc cp x one:/
        expect_err 'is not running'
        spec "$(tiny one '["/bin/sleep", "infinity"]' ', "volumes": ["src:/data/src", "@kept:/data/kept"], "tmpfs": ["/data/memory"]')"
        ok fc up
        # While it runs its volumes are there.
        ok fc cp x one:/data/src/
        equal "$(<"$PROJECT/src/x")" x
        equal "$(stat -c %U "$PROJECT/src/x")" "$DEV" "owner of what was put into a volume"
        ok fc cp x one:/data/memory/
        ok fc cp one:/data/src/index.html page
        true_that "it is the volume's" cmp "$PROJECT/page" "$PROJECT/src/index.html"
        ok fc down
        ok fc cp x one:/srv-x
        equal "$(stat -c %u:%g "$PROJECT/.containers/one/root/srv-x")" 0:0 "owner in the root"
        ok fc cp one:/srv-x back
        equal "$(stat -c %U:%a "$PROJECT/back")" "$DEV:644"
        run_status 7 fc cp x one:/data/src/y
        expect_err 'in the volume ./data/src.'
        expect_err 'what is mounted there: src'
        run_status 7 fc cp one:/data/memory .
        expect_err 'in memory'
        ok fc cp one:/data data
        expect_err 'only what is in its root'
        # A link of a guest's is one in its root.
        ln -s /etc "$PROJECT/.containers/one/root/way"
        echo of-host >"$TMP/fc-cp-test"
        ok fc cp "$TMP/fc-cp-test" one:/way/
        absent /etc/fc-cp-test
        exists "$PROJECT/.containers/one/root/etc/fc-cp-test"
        # `up` waits until it has ended.
        mkfifo "$TMP/pipe"
        fc_background "$TMP/log" cp one:/ - >/dev/null
        finished "$FC_PID"
        ok fc up
        ok fc exec one -- cat /srv-x
        equal "$OUT" x
        ok fc down
}

testcase_refusals() {
        project shop
        spec "$(tiny one)"
        ok fc up
        echo x >"$PROJECT/x"
        run_status 2 fc cp x y
        expect_err "neither 'x' nor 'y' is in a container"
        run_status 2 fc cp x one:
        expect_err 'one:/'
        run_status 2 fc cp x X:/y
        expect_err '[.]/X:/y'
        run_status 2 fc cp x nobody:/y
        expect_err "no container 'nobody'"
        run_status 2 fc cp '' one:/
        run_status 2 fc cp x
        run_status 2 fc cp x one:/ z
        run_status 2 fc cp missing one:/
        expect_err "missing"
        run_status 2 fc cp one:/missing .
        expect_err "'one:/missing' does not exist"
        run_status 2 fc cp x one:/missing/y
        run_status 2 fc cp x one:/missing/
        run_status 2 fc cp one:/etc/passwd missing/y
        run_status 2 fc cp one:/etc/passwd x/
        run_status 2 fc cp one:/etc/passwd x/y
        run_status 2 fc cp one:/dev/null .
        expect_err 'neither a file nor a directory'
        run_status 5 fc cp one:/etc x
        expect_err 'not a directory'
        run_status 2 fc --dry-run cp x one:/
        equal "$(<"$PROJECT/x")" x
        ok fc exec one -- sh -c 'mkdir /odd; ln -s fifo /odd/link; echo x >/odd/file'
        mkfifo "$PROJECT/.containers/one/root/odd/fifo"
        ok fc cp one:/odd odd
        expect_err "left out: './fifo' is a FIFO"
        equal "$(cd "$PROJECT/odd" && echo *)" "file link"
        # The whole of it, but for what the kernel mounts.
        ok fc cp one:/ whole
        # The first of them are named, in the order that the file system has.
        expect_err "left out: '[a-z/.]+' is the kernel's"
        absent "$PROJECT/whole/proc"
        absent "$PROJECT/whole/dev/mqueue"
        ok fc down
}

# With the rights of the developer, and none of root's.
testcase_rights() {
        project shop
        spec "$(tiny one)"
        ok fc up
        mkdir -m 755 "$TMP/of-root" "$TMP/open"
        chmod 1777 "$TMP/open"
        echo secret >"$TMP/of-root/secret"
        chmod 600 "$TMP/of-root/secret"
        run_status 6 fc cp "$TMP/of-root/secret" one:/
        run_status 6 fc cp "$TMP/of-root" one:/
        run_status 6 fc cp one:/etc/passwd "$TMP/of-root/"
        run_status 6 fc cp one:/etc/passwd "$TMP/of-root/secret"
        equal "$(<"$TMP/of-root/secret")" secret
        equal "$(ls -A "$TMP/of-root")" secret
        # A set-user-id program of the guest's is not one of the developer's.
        ok fc exec one -- sh -c 'cat /bin/true >/suid && chmod 6755 /suid; mkdir -m 777 /wide'
        ok fc cp one:/suid .
        equal "$(stat -c %a:%U "$PROJECT/suid")" "755:$DEV"
        ok fc cp one:/wide .
        equal "$(stat -c %a:%U "$PROJECT/wide")" "755:$DEV"
        # Where root asks, it belongs to whom the folder belongs.
        (cd "$PROJECT/src" && ok "$FC" --root .. cp one:/etc/passwd .)
        equal "$(stat -c %U "$PROJECT/src/passwd")" "$DEV"
        # By sudo, with a path that only the developer can go.
        if command -v sudo >/dev/null && as_dev sudo -n true 2>/dev/null; then
                as_dev mkdir -m 700 "$PROJECT/private"
                ok as_dev env -C "$PROJECT/private" "$FC" cp one:/etc/passwd .
                ok as_dev env -C "$PROJECT/private" "$FC" -C ../src cp one:/etc/passwd in-src
                equal "$(stat -c %U "$PROJECT/private/passwd" "$PROJECT/src/in-src")" "$DEV"$'\n'"$DEV"
        fi
        ok fc down
}

# A guest exchanges places for links while it goes on: nothing outside of its root is read or written.
testcase_racing_guest() {
        local i racer outside=$SCRATCH/projects/outside

        project shop
        spec "$(tiny one '["/bin/sleep", "infinity"]' ', "volumes": ["src:/src"]')"
        ok fc up
        mkdir "$outside"
        echo of-the-developer >"$outside/secret"
        chown -R "$DEV:" "$outside"
        # In its root.
        mkdir -p "$PROJECT/.containers/one/root/a/sub"
        echo inside >"$PROJECT/.containers/one/root/a/sub/secret"
        ln -s "$outside" "$PROJECT/.containers/one/root/b"
        # In a volume, so that the host's side is the guest's as well.
        mkdir -p "$PROJECT/src/a"
        ln -s "$outside" "$PROJECT/src/b"
        chown -hR "$DEV:" "$PROJECT/src"
        "$FC_HELPERS/racer" exchange "$PROJECT/.containers/one/root/a/sub" "$PROJECT/.containers/one/root/b" &
        racer=$!
        "$FC_HELPERS/racer" exchange "$PROJECT/src/a" "$PROJECT/src/b" &
        for ((i = 0; i < 6; i++)); do
                rm -rf "$PROJECT/out"
                run fc cp one:/a out
                run fc cp one:/a/sub out2
                run fc cp flake-containers.json one:/a/sub/written
                run fc cp one:/etc/passwd src/a/written
                run fc cp one:/etc src/a
                equal "$(cd "$outside" && echo *)" secret "what is outside"
                equal "$(<"$outside/secret")" of-the-developer
                ! grep -rqs of-the-developer "$PROJECT"/out* || flunk "what is outside was read"
        done
        kill -KILL "$racer" $!
        wait "$racer" $! 2>/dev/null || :
        rm -rf "$outside"
        ok fc down
}

# Files that have no end, or that change.
testcase_hostile_files() {
        project shop
        spec "$(tiny one '["/bin/sh", "-c", "mkdir /grow; while :; do head -c 100000 /dev/zero >>/grow/file; head -c 1000 /dev/zero >/grow/short; : >/grow/short; done"]')"
        ok fc up
        try_until "$WAIT" test -s "$PROJECT/.containers/one/root/grow/file"
        ok fc cp one:/grow grow
        truncate -s 4T "$PROJECT/.containers/one/root/huge"
        takes_at_most 20 fc cp one:/huge huge
        equal "$STATUS" 0 "the status"
        equal "$(stat -c %s:%b "$PROJECT/huge")" 4398046511104:0
        rm "$PROJECT/huge" "$PROJECT/.containers/one/root/huge"
        ok fc down
}

small_disk() {
        command -v mkfs.ext4 >/dev/null || skip "mkfs.ext4 is not installed"
        mkdir "$SCRATCH/projects/small"
        truncate -s 8M "$SCRATCH/projects/disk"
        mkfs.ext4 -q -m 0 "$SCRATCH/projects/disk"
        mount -o loop "$SCRATCH/projects/disk" "$SCRATCH/projects/small" || skip "there are no loop devices here"
        chown "$DEV:" "$SCRATCH/projects/small"
}

testcase_no_space() {
        project shop
        small_disk
        spec "$(tiny one)"
        ok fc up
        head -c 20000000 /dev/urandom >"$PROJECT/.containers/one/root/big"
        echo old >"$SCRATCH/projects/small/big"
        chown "$DEV:" "$SCRATCH/projects/small/big"
        run_status 6 fc cp one:/big "$SCRATCH/projects/small/"
        expect_err "'big' in '.*small/': No space left"
        equal "$(<"$SCRATCH/projects/small/big")" old "what was there"
        equal "$(find "$SCRATCH/projects/small" -mindepth 1 -maxdepth 1 -not -name lost+found -printf %f)" big "what is there"
        ok fc cp one:/etc/passwd "$SCRATCH/projects/small/"
        umount "$SCRATCH/projects/small"
        ok fc down
}

half_file() { compgen -G "$PROJECT/.containers/one/root/in/src/.fc-cp-*" >/dev/null; }
no_half_file() { ! half_file; }

# Ctrl-C, kill -9, the container's end: no half file, and no process that goes on.
testcase_interrupted() {
        local signal

        project shop
        spec "$(tiny one)"
        ok fc up
        mkfifo "$TMP/pipe"
        ok fc exec one -- mkdir -p /in
        for signal in INT TERM KILL; do
                exec {hold}<>"$TMP/pipe"
                (by_asker env --default-signal=INT "$FC" cp - one:/in) <"$TMP/pipe" >"$TMP/log" 2>&1 &
                FC_PID=$!
                (cd "$PROJECT" && tar --format=ustar -c src/index.html) | head -c 520 >&"$hold"
                try_until "$WAIT" half_file
                kill -"$signal" "$FC_PID"
                finished "$FC_PID"
                case $signal in
                KILL) equal "$STATUS" 137 ;;
                *) equal "$STATUS" 130 "the status" ;;
                esac
                try_until "$WAIT" no_half_file
                exec {hold}>&-
        done
        # What the archive has no entry for is not for every user to write to.
        equal "$(stat -c %a "$PROJECT/.containers/one/root/in/src")" 755 "the mode of a directory"
        # Of a file there is always something to read.
        mkdir "$TMP/src"
        truncate -s 8000000000 "$TMP/src/large"
        { tar --format=ustar -C "$TMP" -c src/large || true; } 2>/dev/null | head -c 512 >"$TMP/large.tar"
        truncate -s 8000000512 "$TMP/large.tar"
        (by_asker "$FC" cp - one:/in) <"$TMP/large.tar" >"$TMP/log" 2>&1 &
        FC_PID=$!
        try_until "$WAIT" half_file
        kill -KILL "$FC_PID"
        finished "$FC_PID"
        try_until "$WAIT" no_half_file
        absent "$PROJECT/.containers/one/root/in/src/large"
        ok fc down
}

live_main "$@"
