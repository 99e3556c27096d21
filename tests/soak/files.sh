#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Things that have no business there, in all places of a project that the program reads or writes as root; and places that
# are exchanged while it works. Nothing outside may change, nothing may hang, and when the thing is gone all is well.
# FC_SOAK_ROUNDS: how many things; ten times as many swaps of a second each.

export LIVE_SCRATCH=disk

# shellcheck source=tests/soak/lib.bash
. "$(dirname "$0")/lib.bash"

readonly PLACES=(
        .containers .containers/state.json .containers/events.jsonl .containers/events.1.jsonl .containers/volumes
        .containers/volumes/state .containers/one .containers/one/state.json .containers/one/root .containers/one/root.new
        .containers/one/journal .containers/one/console.log .containers/one/console.log.1 .containers/one/console.times .containers/one/ephemeral
        .containers/one/system .containers/one/spec .containers/one/root/etc .containers/one/root/etc/passwd
        .containers/one/root/etc/hosts .containers/one/root/etc/os-release .containers/one/root/var/log
        .containers/one/root/run .containers/one/root/data .containers/one/root/usr
        .git .git/HEAD .git/config .git/index .git/objects flake-containers.json data secret
)
readonly KINDS=(
        link-to-file link-to-directory link-to-root link-to-nothing link-to-itself link-upwards
        fifo socket device hard-link sparse immutable directory deep empty garbage closed set-user-id
)

# This must stay as it is: it belongs to root and is closed to all others.
make_outside() {
        OUTSIDE=$SCRATCH/outside
        rm -rf -- "$OUTSIDE"
        mkdir -m 700 "$OUTSIDE" "$OUTSIDE/directory"
        printf 'root:x:0:0::/:/bin/sh\n' >"$OUTSIDE/file"
        printf '{"version": 1}\n' >"$OUTSIDE/directory/state.json"
        chmod 600 "$OUTSIDE/file" "$OUTSIDE/directory/state.json"
        outside_snapshot >"$TMP/outside"
}

outside_snapshot() {
        find "$OUTSIDE" -printf '%P %y %u %g %m %s %T@ %l\n' | sort
        find "$OUTSIDE" -type f -exec md5sum {} +
        # What a link to the root or upwards leads to.
        find / "$SCRATCH" "$SCRATCH/projects" -mindepth 1 -maxdepth 1 -not -name 'run.*' -not -name 'tmp.*' \
                -printf '%h/%f %y %u %g %m %l\n' | sort
}

# put KIND PATH: false when this file system cannot have it.
put() {
        local path=$2

        case $1 in
        link-to-file) ln -s "$OUTSIDE/file" "$path" ;;
        link-to-directory) ln -s "$OUTSIDE/directory" "$path" ;;
        link-to-root) ln -s / "$path" ;;
        link-to-nothing) ln -s "$OUTSIDE/new" "$path" ;;
        link-to-itself) ln -s "${path##*/}" "$path" ;;
        link-upwards) ln -s ../../.. "$path" ;;
        fifo) mkfifo "$path" ;;
        socket) "$FC_HELPERS/bind-socket" "$path" ;;
        device) mknod "$path" c 1 5 ;;
        hard-link) ln "$OUTSIDE/file" "$path" ;;
        sparse) truncate -s 2G "$path" ;;
        immutable) : >"$path" && chattr +i "$path" 2>/dev/null ;;
        directory) mkdir "$path" ;;
        deep) deep "$path" ;;
        empty) : >"$path" ;;
        garbage) head -c 100000 /dev/urandom >"$path" ;;
        closed) printf 'x' >"$path" && chmod 000 "$path" ;;
        set-user-id) printf '#!/bin/sh\n' >"$path" && chmod 4755 "$path" ;;
        esac || return 1
        [[ $1 == immutable || $1 == hard-link ]] || chown -h "$DEV:" "$path"
}

# More levels than there are descriptors.
deep() {
        (
                local i

                mkdir "$1"
                cd "$1"
                for ((i = 0; i < 1200; i++)); do
                        mkdir d
                        cd d
                done
        )
}

take_away() {
        [[ -L $1 || ! -e $1 ]] || chattr -i -- "$1" 2>/dev/null || :
        rm -rf --one-file-system -- "$1"
}

outside_is_as_before() {
        local difference

        difference=$(diff -U0 "$TMP/outside" <(outside_snapshot) | tail -n +3) || :
        [[ -z $difference ]] || soak_flunk "something outside has changed:"$'\n'"$difference"
}

# All that reads or writes; what it says does not matter here, as long as it says it in time.
all_commands() {
        local command

        for command in 'status' 'up' '--json status' 'logs -n 3' 'events' 'exec one -- true' 'restart' 'port one' 'config' 'down'; do
                # shellcheck disable=SC2086 # words
                bounded $command >/dev/null
                outside_is_as_before
        done
}

project_with_files() {
        project_with_two
        printf 'secret\n' >"$PROJECT/secret"
        chown "$DEV:" "$PROJECT/secret"
        spec "$(tiny one '' ', "ports": ["8080:80"], "volumes": ["data:/data", "@state:/state"], "credentials": {"a": "secret"},
                "stop": {"timeout": 1}')"
        soak_recovers
        bounded restart
        soak_stops
}

testcase_things() {
        local place kind before refused=0

        soak_begin 12
        project_with_files
        make_outside
        while soak_round "the project again"; do
                pick "${PLACES[@]}" && place=$PICKED
                pick "${KINDS[@]}" && kind=$PICKED
                pick stopped running && before=$PICKED
                SOAK_NOW="$kind at $place, $before"
                [[ $before == stopped ]] || soak_recovers

                rm -rf -- "$TMP/saved"
                [[ ! -e $PROJECT/$place && ! -L $PROJECT/$place ]] || mv -- "$PROJECT/$place" "$TMP/saved"
                if [[ -d $(dirname -- "$PROJECT/$place") ]] && put "$kind" "$PROJECT/$place"; then
                        all_commands
                else
                        refused=$((refused + 1))
                fi
                take_away "$PROJECT/$place"
                [[ ! -e $TMP/saved ]] || mv -- "$TMP/saved" "$PROJECT/$place"
                outside_is_as_before
                # The end of what ran was told in the file that has been taken away.
                [[ $place == .containers/events.jsonl ]] || soak_stops
                soak_recovers
                soak_stops
        done
        note "$SOAK_DONE things, $refused of them this file system cannot have"
        rm -rf -- "$OUTSIDE"
}

# The developer's program, beside root's.
testcase_exchanged() {
        local place target swaps=0 commands=0 racer end as

        soak_begin 24
        project_with_files
        make_outside
        ROUNDS=$(((ROUNDS + 9) / 10))
        while soak_round "the project again"; do
                pick "${PLACES[@]}" && place=$PICKED
                pick file directory new && target=$PICKED
                SOAK_NOW="$place and a link to outside/$target"
                [[ -d $(dirname -- "$PROJECT/$place") ]] || continue
                rm -rf -- "$TMP/saved"
                [[ ! -e $PROJECT/$place ]] || cp -a -- "$PROJECT/$place" "$TMP/saved"
                [[ -e $PROJECT/$place ]] || as_dev mkdir "$PROJECT/$place"
                as_dev ln -s "$OUTSIDE/$target" "$PROJECT/other" || continue
                as=("--reuid=$DEV_UID" "--regid=$DEV_GID" --init-groups)
                # What lies in a guest's directories the guest exchanges. One of the guest's own only root moves elsewhere.
                as_dev test -w "$(dirname -- "$PROJECT/$place")" || as=(--reuid=0)
                [[ ! -d $PROJECT/$place ]] || as_dev test -w "$PROJECT/$place" || as=(--reuid=0)
                : >"$TMP/swaps"
                setpriv "${as[@]}" "$FC_HELPERS/exchange" "$PROJECT/$place" "$PROJECT/other" >"$TMP/swaps" 2>&1 &
                racer=$!
                line_in "$TMP/swaps" 0 >/dev/null
                end=$((SECONDS + 4))
                while ((SECONDS < end)); do
                        all_commands
                        commands=$((commands + 10))
                done
                {
                        kill -9 "$racer" || soak_flunk "the racer has given up: $(tail -n 1 "$TMP/swaps")"
                        wait "$racer" || :
                } 2>/dev/null
                swaps=$((swaps + $(tail -n 1 "$TMP/swaps")))

                take_away "$PROJECT/$place"
                take_away "$PROJECT/other"
                [[ ! -e $TMP/saved ]] || mv -- "$TMP/saved" "$PROJECT/$place"
                outside_is_as_before
                soak_stops
                soak_recovers
                soak_stops
        done
        note "$SOAK_DONE places, $swaps swaps or more, $commands commands"
        rm -rf -- "$OUTSIDE"
}

live_main "$@"
