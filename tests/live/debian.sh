#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Root file systems that are made of Debian's packages when they are first needed (system.debian).
#
#   FC_DEBIAN_CACHE   where the real one is kept, which takes a minute to make [FC_IMAGES/.made]

# shellcheck disable=SC2016 # the container's shell expands these

# A script has a network of its own; this is the one with a mirror in it.
[[ -n ${HOST_NET:-} ]] || exec {HOST_NET}</proc/self/ns/net
export HOST_NET
# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# cache DIRECTORY
cache() {
        command -v mmdebstrap >/dev/null || skip "mmdebstrap is not installed"
        begin_cache "$1"
}

# with_mirror COMMAND..: where Debian's mirror is reached.
with_mirror() {
        dev_words
        is_rootless || AS_DEV=(env SUDO_UID="$DEV_UID" SUDO_GID="$DEV_GID" SUDO_USER="$DEV")
        nsenter --net="/proc/self/fd/$HOST_NET" env -C "$PROJECT" "${AS_DEV[@]}" "$@"
}

# of PACKAGE..: a command in an image of these.
of() {
        printf '"one": {"system": {"debian": {"suite": "bookworm", "packages": [%s]}}, "network": {"mode": "none"},
                "command": ["/bin/bash", "-c", "echo debian $(</etc/debian_version), id of $(stat -c %%s /etc/machine-id)"],
                "oneShot": true}' "$(printf '"%s"\n' "$@" | paste -sd, | sed 's/^""$//')"
}

# What lies there beside locks.
made() { find "$CACHE" -mindepth 1 -maxdepth 1 ! -name '.*.lock' -printf '%P\n' | sort | xargs; }

# an_image: puts a small one where that of the specification belongs, without making it.
an_image() {
        local path

        tiny_image
        path=$(fc --dry-run --json up | jq -er '.. | .image? // empty')
        mkdir "$(dirname "$path")"
        cp -a -- "$TINY_IMAGE" "$path"
        # Of which definition it is, as the program writes it.
        printf 'recipe 2\nsuite bookworm\ncomponents main\nmirror \npackages %s\n' "$1" >"$(dirname "$path")/definition"
        KEY=$(basename "$(dirname "$path")")
}

# The real thing, once: it stays beside the images.
testcase_made() {
        local own=''

        ! is_rootless || own=.rootless
        cache "${FC_DEBIAN_CACHE:-$FC_IMAGES/.made}$own"
        project shop
        spec "$(of '')"
        ok with_mirror timeout 500 "$FC" --progress plain up
        ok fc logs -o cat one
        expect_out '^debian 12\.[0-9]+, id of 0$'
        equal "$(stat -c %a:%u "$CACHE")" "700:$(if is_rootless; then echo "$DEV_UID"; else echo 0; fi)" "mode and owner of the cache"
        differ "$(made)" ""
        # Another project has it at once.
        project other
        spec "$(of '')"
        ok fc up
        refute_err building
        end_cache
}

testcase_two_at_once() {
        local first second

        cache "$SCRATCH/cache"
        project shop
        spec "$(of hello)"
        fc_background "$TMP/first" --progress plain up
        first=$FC_PID
        line_in "$TMP/first" 'building' >/dev/null
        project other
        spec "$(of hello)"
        fc_background "$TMP/second" --progress plain up
        second=$FC_PID
        line_in "$TMP/second" 'building +waiting for another command' >/dev/null
        kill -INT "$first"
        finished "$first"
        equal "$STATUS" 130 "the first one's exit status"
        line_in "$TMP/second" 'building +[^w]' >/dev/null
        # It ends with all that it has started, and what it has made goes with the next one.
        kill -KILL "$second"
        finished "$second"
        try_until "$WAIT" nothing_builds
        [[ $(made) =~ ^\.[0-9a-f]{16}\.new$ ]] || flunk "there is: $(made)"
        ok fc gc
        expect_out 'image +.*\.new: a command was killed while it made it'
        equal "$(made)" '' "what is left"
        # What was killed has held the network.
        ok fc down
        end_cache
}

nothing_builds() { ! pgrep -x mmdebstrap >/dev/null; }

testcase_fails() {
        cache "$SCRATCH/cache"
        project shop
        spec "$(of '' | sed 's|"packages"|"mirror": "http://127.0.0.1:1/debian", "packages"|')"
        echo 'Acquire::Retries "0";' >"$TMP/apt.conf"
        APT_CONFIG=$TMP/apt.conf run_status 3 fc up
        expect_err 'mmdebstrap has ended with exit status'
        expect_err '127\.0\.0\.1'
        equal "$(made)" '' "what is left"
        absent "$PROJECT/.containers/one/root"
        end_cache

        # No room.
        mkdir "$SCRATCH/small"
        mount -t tmpfs -o size=64k,mode=700 tmpfs "$SCRATCH/small"
        cache "$SCRATCH/small"
        run_status 3 fc up
        expect_err "the disk of '$CACHE' is full"
        equal "$(made)" '' "what is left"
        end_cache
        umount "$SCRATCH/small"
}

testcase_without_mmdebstrap() {
        cache "$SCRATCH/cache"
        project shop
        spec "$(of '')"
        mount --bind /dev/null /usr/bin/mmdebstrap
        run_status 6 fc up
        expect_err 'mmdebstrap, which makes .* is not installed'
        expect_err 'apt-get install mmdebstrap'
        run_status 6 fc doctor
        expect_out 'one: system\.debian: mmdebstrap, which makes .* is not installed'
        umount /usr/bin/mmdebstrap
        end_cache
}

testcase_used_by_none() {
        cache "$SCRATCH/cache"
        project shop
        spec "$(of hello)"
        an_image hello
        ok fc up
        ok fc gc
        exists "$CACHE/$KEY/root"
        # Another definition is another image, and the root stays until it is asked for.
        spec "$(of hello figlet)"
        an_image 'figlet hello'
        ok fc up
        expect_err "its root was made of another 'system.debian'"
        ok fc reset --yes one
        refute_err 'its root was made of another'
        ok fc gc
        equal "$(made)" "$KEY" "images"
        rm -r "$PROJECT"
        mkdir "$PROJECT"
        ok fc gc
        expect_out "image +$CACHE/$KEY: no container uses it"
        equal "$(made)" '' "images"
        equal "$(find "$CACHE" -mindepth 1)" '' "what is left, with the locks"
        end_cache
}

# The command that has made an image keeps it until its own end, which another one does not wait for.
testcase_waits_for_the_image_alone() {
        local lock

        cache "$SCRATCH/cache"
        project shop
        spec "$(of hello)"
        an_image hello
        mv "$CACHE/$KEY" "$CACHE/aside"
        exec {lock}>"$CACHE/.$KEY.lock"
        flock -x "$lock"
        fc_background "$TMP/out" --progress plain up {lock}>&-
        line_in "$TMP/out" 'building +waiting for another command' >/dev/null
        mv "$CACHE/aside" "$CACHE/$KEY"
        flock -s "$lock"
        finished "$FC_PID"
        equal "$STATUS" 0 "the exit status"
        exec {lock}>&-
        end_cache
}

# It is the lower layer of what runs, wherever that is now, and whatever is where that was.
testcase_below_one_that_runs() {
        local moved

        cache "$SCRATCH/below"
        project shop
        spec '"one": {"system": {"debian": {"suite": "bookworm", "packages": ["hello"]}}, "network": {"mode": "none"},
              "command": ["/bin/sleep", "infinity"], "ephemeral": true}'
        an_image hello
        ok fc up
        moved=$PROJECT-moved
        mv "$PROJECT" "$moved"
        project shop
        spec "$(tiny one)"
        ok fc up
        ok fc down
        PROJECT=$moved
        ok fc gc
        expect_err "$CACHE/$KEY: left alone: a container that used it is not where it was"
        ok fc exec one -- /bin/ls /usr/bin/tee
        ok fc down
        ok fc gc
        expect_out "image +$CACHE/$KEY: no container uses it"
        equal "$(made)" '' "images"
        end_cache
}

# What another user could have a hand in is not booted.
testcase_not_roots_alone() {
        mkdir "$SCRATCH/open"
        cache "$SCRATCH/open"
        project shop
        spec "$(of hello)"
        an_image hello
        chmod 777 "$SCRATCH/open"
        run_status 5 fc up
        expect_err "'$CACHE' is not root's alone: its mode is 0777"
        chmod 700 "$SCRATCH/open"
        chown "$DEV" "$SCRATCH/open"
        run_status 5 fc up
        expect_err "'$CACHE' is not root's alone"
        end_cache
}

live_main "$@"
