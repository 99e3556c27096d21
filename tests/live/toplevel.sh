#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A container of a NixOS system: an empty root, the store, an init in it.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# nixos NAME [MORE JSON KEYS]
nixos() { printf '"%s": {"system": {"toplevel": "%s"}%s}' "$1" "$TOPLEVEL" "${2:-}"; }

# The same with a part of the store.
closed() {
        printf '"%s": {"system": {"toplevel": "%s", "closure": "%s-closure"}, "store": "closure"%s}' \
                "$1" "$TOPLEVEL" "$TOPLEVEL" "${2:-}"
}

# What stage 2 could not do, and whether systemd is content.
no_trouble() {
        local root=$PROJECT/.containers/$1/root

        [[ ! -e $root/stage2-trouble ]] || flunk "$(cat "$root/stage2-trouble")"
        ok fc exec "$1" -- systemctl is-system-running
}

testcase_boots_and_boots_again() {
        local i owner=0

        # Without root it is a stranger's.
        ! is_rootless || owner=65534
        toplevel web
        project shop
        spec "$(nixos web ', "ports": ["8080:80"], "volumes": ["src:/var/www/html", "src:/data/deep/src"]')"
        for i in 1 2; do
                ok fc up
                equal "$(page 8080)" "<p>page of shop</p>"
                no_trouble web
                # The store is root's, and no other user can write to it.
                ok fc exec web -- stat -c '%u %g' "$STORE" "$TOPLEVEL" "$TOPLEVEL/init"
                equal "$(uniq <<<"$OUT")" "$owner $owner" "owners in the store"
                for command in "1 touch $STORE/x" "32 mount -o remount,rw,bind $STORE" "32 umount $STORE"; do
                        # shellcheck disable=SC2086 # words
                        run fc exec web -- ${command#* }
                        equal "$STATUS" "${command%% *}" "the status of ${command#* }"
                done
                # A wrapper of a set-user-id program.
                ok fc exec web -- sh -c 'cp /usr/bin/id /run/wrappers/bin && chmod u+s /run/wrappers/bin/id &&
                        setpriv --reuid 33 --clear-groups /run/wrappers/bin/id -u'
                equal "$OUT" 0 "who it runs as"
                # A folder that is made for the sake of what is mounted in it is no less the container's own.
                ok fc exec web -- stat -c %u / /bin /data /data/deep /data/deep/src
                equal "$OUT" $'0\n0\n0\n0\n0' "owners"
                # Each file where NixOS would have it, and names of the project by way of ours.
                ok fc exec web -- readlink /etc/apache2 /run/current-system
                equal "$OUT" $'/etc/static/apache2\n'"$TOPLEVEL" "links"
                ok fc exec web -- getent hosts web
                ok fc exec web -- cat /etc/machine-id
                [[ $OUT =~ ^[0-9a-f]{32}$ ]] || flunk "/etc/machine-id is '$OUT'"
                equal "$OUT" "${machine_id:-$OUT}" "the machine id of the second boot"
                local machine_id=$OUT
                ok fc logs web --all -n 3
                expect_out '[a-z]'
                if ((i == 1)); then
                        # What runs as it should is left alone.
                        ok fc up
                        expect_err 'unchanged'
                        ok fc restart
                fi
        done
        ok fc down
}

# Of the store's files there is none in the root: a first start makes no copy of anything.
testcase_root_is_empty() {
        toplevel web
        project shop
        spec "$(nixos web)"
        # Without its init nothing comes up, so what is there is ours.
        mv "$BUILT/init" "$BUILT/init.off"
        run_status 3 fc up
        expect_err '/init'
        mv "$BUILT/init.off" "$BUILT/init"
        (cd "$PROJECT/.containers/web/root" && find . -mindepth 1 -not -type d -printf '%P %y %s\n') | sort >"$TMP/got"
        printf 'etc/hosts f 0\netc/machine-id f 0\ninit l %s\n' "$((${#TOPLEVEL} + 5))" >"$TMP/want"
        same_files "$TMP/want" "$TMP/got" "files in the new root (- wanted, + found)"
        ok fc down
}

testcase_changed_toplevel() {
        local first

        toplevel web
        first=$TOPLEVEL
        project shop
        spec "$(nixos web)"
        ok fc up
        ok fc exec web -- touch /var/lib/kept
        toplevel web2
        spec "$(nixos web)"
        ok fc up --dry-run
        expect_out "web: restart"
        expect_out "no longer: system.toplevel $first"
        expect_out "new: system.toplevel $TOPLEVEL"
        expect_out 'not in place: the new system has no bin/switch-to-configuration'
        ok fc exec web -- readlink /run/current-system
        equal "$OUT" "$first" "the toplevel after --dry-run"
        ok fc up
        ok fc exec web -- readlink /run/current-system
        equal "$OUT" "$TOPLEVEL" "the toplevel"
        ok fc exec web -- test -e /var/lib/kept
        no_trouble web
        ok fc down
}

# Of the store only what the system needs.
testcase_closure() {
        local extra=$SCRATCH/nix/store/11111111111111111111111111111111 command

        thorough || return 0
        toplevel web
        project shop
        mkdir "$extra-folder" "$extra-secret"
        echo file >"$extra-folder/file"
        echo text >"$extra-text"
        ln -s "$STORE/${extra##*/}-text" "$extra-link"
        printf '%s\n' "$TOPLEVEL" "$STORE/${extra##*/}"-{folder,text,link} >"$BUILT-closure"
        spec "$(closed web ', "ports": ["8080:80"], "volumes": ["src:/var/www/html", "@data:/data/deep"]'),
                $(closed job ", \"command\": [\"$TOPLEVEL/stage1\", \"$TOPLEVEL/wait\"]")"
        echo 'exec sleep infinity' >"$BUILT/wait"
        ok fc up
        equal "$(page 8080)" "<p>page of shop</p>"
        no_trouble web
        ok fc exec web -- find "$STORE" -maxdepth 1 -printf '%P %y %u %g\n'
        equal "$(sort <<<"$OUT")" "$(printf '%s root root\n' ' d' "${TOPLEVEL##*/} d" "${extra##*/}"-{'folder d','link l','text f'} |
                sort)" "the store"
        ok fc exec web -- cat "$STORE/${extra##*/}-folder/file" "$STORE/${extra##*/}-link"
        equal "$OUT" $'file\ntext'
        for command in "1 touch $STORE/x" "1 touch $TOPLEVEL/x" "32 mount -o remount,rw,bind $TOPLEVEL" "32 umount $TOPLEVEL"; do
                # shellcheck disable=SC2086 # words
                run fc exec web -- ${command#* }
                equal "$STATUS" "${command%% *}" "the status of ${command#* }"
        done
        ok fc exec web -- sh -c 'touch /kept && stat -c %u /kept /data'
        equal "$OUT" $'0\n0' "owners"
        equal "$(stat -c %u "$PROJECT/.containers/web/root/kept")" 0 "owner on the disk"
        ok fc exec job -- readlink /run/current-system/sw
        ok fc up
        expect_err '(^|'$'\n'')(web, job|job, web): unchanged +already up$'
        # From one to the other with the same root.
        spec "$(nixos web)"
        ok fc up
        ok fc exec web -- test -e /kept
        no_trouble web
        ok fc down

        # An image has the links of the store, too.
        spec "$(closed web)"
        ok fc export --format oci --output image
        equal "$(for blob in "$PROJECT"/image/blobs/sha256/*; do tar -tf "$blob" 2>/dev/null || true; done |
                sed -n "s,^\\.$STORE/${extra##*/}-\\([a-z]*\\)/*$,\\1,p" | sort | xargs)" "folder link text" "store paths in the image"
        rm -r "$PROJECT/image"

        # A list that is none, and one of what is not there.
        echo "$STORE/${extra##*/}-gone" >>"$BUILT-closure"
        spec "$(closed web)"
        run_status 2 fc up
        expect_err "store path '$STORE/${extra##*/}-gone' does not exist"
        echo /etc/passwd >"$BUILT-closure"
        run_status 2 fc up
        expect_err "line 1: '/etc/passwd' is not a path of the store"
        rm -rf "$extra"-* "$BUILT-closure"
}

# No init, so no activation: what programs need of a root file system is there nevertheless.
testcase_command() {
        toplevel job
        cat >"$BUILT/job" <<-'JOB'
		set -e
		export PATH=/run/current-system/sw/bin
		ls -l /bin/sh /usr/bin /etc/os-release
		id -un
		getent hosts job
		grep ^ID= /etc/os-release
		echo done
		exec sleep infinity
	JOB
        project shop
        spec "$(nixos job ", \"command\": [\"$TOPLEVEL/stage1\", \"$TOPLEVEL/job\"], \"environment\": {\"FOO\": \"bar\"}")"
        ok fc up job
        line_in "$PROJECT/.containers/job/console.log" '^done$'
        line_in "$PROJECT/.containers/job/console.log" '^root$'
        line_in "$PROJECT/.containers/job/console.log" '^ID=debian$'
        ok fc exec job -- readlink /bin/sh
        equal "$OUT" /run/current-system/sw/bin/sh "links"
        # Programs without a path are found where NixOS has them.
        # shellcheck disable=SC2016 # expanded inside
        ok fc exec job -- sh -c 'echo $PATH'
        expect_out '/run/current-system/sw/bin'
        ok fc down
        ok fc up job
        ok fc down
}

# gc_roots: what Nix's collector would find, from its folder on.
gc_roots() {
        local link

        for link in "$STORE"/../var/nix/gcroots/auto/*; do
                readlink -- "$(readlink -- "$link")" || echo "$link leads nowhere"
        done | sort -u
}

# Not only the guest needs files: the end of a container executes programs that lie beside ours.
testcase_program_is_protected() {
        local package=$STORE/00000000000000000000000000000000-program outside=$FC

        project shop
        spec "$(tiny one)"
        mkdir -p "$package/bin"
        cp -a "$(dirname -- "$FC")/libexec" "$package/"
        cp -a "$FC" "$package/bin/"
        FC=$package/bin/$(basename -- "$FC")
        ok fc up
        equal "$(gc_roots)" "$FC" "what is protected"
        ok fc restart
        equal "$(gc_roots)" "$FC" "what is protected"
        FC=$outside
        ok fc restart
        equal "$(gc_roots | sed /nowhere/d)" "" "what is protected then"
        ok fc down
        rm -r "$package"
}

testcase_gc_roots() {
        local first

        toplevel web
        first=$TOPLEVEL
        project shop
        spec "$(nixos web)"
        # As NAME-up has it.
        cp "$PROJECT/flake-containers.json" "$BUILT-spec.json"
        ok fc --spec "$TOPLEVEL-spec.json" up
        equal "$(gc_roots)" "$TOPLEVEL"$'\n'"$TOPLEVEL-spec.json" "what is protected"
        equal "$(stat -c %U "$PROJECT/.containers/web/system")" "$DEV" "owner of the link"
        equal "$(readlink "$PROJECT/.containers/web/system")" "$TOPLEVEL" "the link"

        # What runs is protected for as long as it does: another one that does not come up changes nothing.
        toplevel web2
        spec "$(nixos web ', "volumes": ["none:/srv"]')"
        run_status 2 fc up
        equal "$(gc_roots)" "$first"$'\n'"$first-spec.json" "what is protected"
        spec "$(nixos web)"
        ok fc up
        # That of the specification leads nowhere now, and the collector removes it. The first system is kept as a generation.
        equal "$(gc_roots | grep -v nowhere)" "$(printf '%s\n' "$first" "$TOPLEVEL" | sort)" "what is protected then"
        ok fc down
        equal "$(readlink "$PROJECT/.containers/web/system")" "$TOPLEVEL" "the link of what is to be started again"

        # Where the collector's folder cannot be written to, that is said, and no more.
        chattr +i "$SCRATCH/nix/var/nix/gcroots/auto"
        rm "$PROJECT/.containers/web/system"
        project other
        spec "$(nixos web)"
        run fc up
        chattr -i "$SCRATCH/nix/var/nix/gcroots/auto"
        equal "$STATUS" 0 "the status"
        expect_err 'ignoring'
        ok fc down
}

# Without root that folder is not the user's, and Nix's daemon makes the links.
testcase_kept_by_the_daemon() {
        local daemon where=("NIX_STORE_DIR=$STORE" "NIX_STATE_DIR=${STORE%/*}/var/nix" "NIX_LOG_DIR=$TMP" "NIX_CONF_DIR=$TMP")

        is_rootless || return 0
        command -v nix-daemon >/dev/null || skip "nix is not installed (Debian: nix-bin)"
        toplevel web
        echo 'exec sleep infinity' >"$BUILT/sleeper"
        project shop
        spec "$(nixos job ", \"command\": [\"$TOPLEVEL/stage1\", \"$TOPLEVEL/sleeper\"], \"network\": {\"mode\": \"none\"}")"
        ok fc up
        expect_err 'so Nix may collect what runs, ignoring'
        ok fc down
        mkdir -p "$STORE/../var/nix/daemon-socket"
        env "${where[@]}" nix-daemon </dev/null >"$TMP/daemon" 2>&1 &
        daemon=$!
        try_until "$WAIT" test -S "$STORE/../var/nix/daemon-socket/socket"
        ok fc up
        refute_err ignoring
        equal "$(gc_roots)" "$TOPLEVEL" "what is protected"
        ok fc down
        kill "$daemon"
        finished "$daemon"
}

testcase_host_users() {
        toplevel web
        project shop
        spec "$(nixos web ', "users": "host", "ports": ["8080:80"], "volumes": ["src:/var/www/html"]')"
        ok fc up
        equal "$(page 8080)" "<p>page of shop</p>"
        no_trouble web
        ok fc down
}

testcase_other_networks() {
        local job

        toplevel web
        echo 'exec sleep infinity' >"$BUILT/wait"
        job=', "command": ["'$TOPLEVEL/stage1'", "'$TOPLEVEL/wait'"]'
        project shop
        spec "$(nixos web ', "network": {"mode": "none"}'), $(nixos alone ", \"network\": {\"mode\": \"none\"}$job"),
                $(nixos open ", \"network\": {\"mode\": \"host\"}$job")"
        ok fc up
        no_trouble web
        ok fc exec alone -- getent hosts localhost
        ok fc exec open -- getent hosts localhost
        # The host's resolvers are of use where the network is the host's.
        ok fc exec open -- cat /etc/resolv.conf
        run fc exec alone -- test -e /etc/resolv.conf
        equal "$STATUS" 1 "whether there is one without a network"
        ok fc down
}

testcase_refusals() {
        toplevel web
        project shop
        spec '"web": {"system": {"toplevel": "'"$STORE"'/none"}}'
        run_status 2 fc up
        expect_err "toplevel '$STORE/none' does not exist"
        absent "$PROJECT/.containers/web/root"

        # A store that cannot be mapped, said before anything of it runs.
        mkdir "$TMP/store" && mkdir "$TMP/store/system"
        mount -t proc proc "$TMP/store"
        spec '"web": {"system": {"toplevel": "'"$TMP"'/store/self"}}'
        run_status 6 fc up
        expect_err 'id-mapped'
        expect_err '"users": "host"'
        run fc doctor
        expect_out "BAD +id-mapped mounts +the file system of '$TMP/store' has none"
        umount "$TMP/store"

        # The root of the one is no root for the other.
        spec "$(tiny web)"
        ok fc up
        ok fc down
        spec "$(nixos web)"
        run_status 5 fc up
        expect_err 'root'
        rm -rf "$PROJECT/.containers/web/root"
        ok fc up
        ok fc down
        spec "$(tiny web)"
        run_status 5 fc up
        absent "$CGROUP2/flake-containers/$(basename "$PROJECT")"
}

live_main "$@"
