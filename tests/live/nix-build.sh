#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The specification that a flake makes: built by the real nix, as the developer, when it is wanted and only then.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

need_nix() { command -v nix >/dev/null || skip "nix is not installed"; }

# A single user's Nix in the script's own store; nothing to be had from elsewhere.
export NIX_STORE_DIR=/mnt/store NIX_STATE_DIR=/mnt/var/nix NIX_LOG_DIR=/mnt/var/log/nix
export NIX_CONFIG=$'build-users-group =\nsandbox = false\nsubstituters ='

# flake CONTAINERS [COMMAND [FOLDER]]: makes the current project one, or a folder of it. COMMAND is run by the builder
# before; the project's name says who the builder is, and for which containers.
flake() {
        local folder=$PROJECT${3:+/$3}

        mkdir -p /mnt/store /mnt/var
        chown "$DEV:" /mnt /mnt/store
        chown -R "$DEV:" /mnt/var
        as_dev mkdir -p "$folder"
        cat >"$folder/flake.nix" <<-FLAKE
		{
		  outputs = { self }:
		    let
		      containers = builtins.fromJSON ''{$1}'';
		      spec = names: derivation {
		        name = "flake-containers.json";
		        system = "$(uname -m)-linux";
		        builder = "/bin/sh";
		        args = [ "-c" ''
		          ${2:-:}
		          printf '{"version":1,"project":{"name":"built-by-%s"},"containers":%s}' \$(/usr/bin/id -u) "\$containers" >\$out
		        '' ];
		        containers = builtins.toJSON (builtins.intersectAttrs (builtins.listToAttrs (map (name: { inherit name; value = 1; }) names)) containers);
		      };
		      choose = names: { spec = spec names; "with" = builtins.mapAttrs (name: _: choose (names ++ [ name ])) containers; };
		    in {
		      packages."$(uname -m)-linux".flake-containers = spec [ ] // choose [ ] // {
		        names = builtins.attrNames containers;
		        spec = spec (builtins.attrNames containers); };
		    };
		}
	FLAKE
        chown "$DEV:" "$folder/flake.nix"
        as_dev git -C "$folder" add flake.nix
}

testcase_up() {
        need_nix
        project shop
        tiny_image
        flake "$(tiny one)"
        # Nothing of the project changes by looking.
        run_status 2 fc status
        expect_err "the specification of '$PROJECT/flake.nix' is not built"
        expect_err 'flake-containers up'
        ok fc config
        expect_out '"built-by-'"$DEV_UID"'"'
        ok fc up --dry-run
        expect_out 'one: start'
        absent "$PROJECT/.containers"
        equal "$(find /tmp -maxdepth 1 -name 'flake-containers-*')" "" "what is left in /tmp"

        ok fc up
        ok fc exec one -- true
        equal "$(stat -c %U "$PROJECT/.containers/flake-containers.json")" "$DEV" "owner of the link"
        # The user's caches, not root's in the user's home.
        equal "$(find "$SCRATCH/home" -not -user "$DEV")" "" "what is not the user's in their home"
        exists "$SCRATCH/home/.cache/nix"
        ok fc up
        expect_err 'unchanged'

        # What was built last will do for the other verbs, whatever becomes of the flake.
        echo 'not a flake (' >"$PROJECT/flake.nix"
        ok fc status
        expect_out 'one +running'
        ok fc logs one
        ok fc down
        run_status 2 fc up
        expect_err 'syntax error'
        equal "$(state_of one)" stopped "the state after what nix refused"
        flake "$(tiny one), $(tiny two)"
        ok fc restart
        ok fc --json status
        equal "$(jq -r '[.containers[].name] | join(" ")' <<<"$OUT")" "one two" "the containers"
        ok fc down
}

# As the developer, before there is root.
testcase_without_root() {
        need_nix
        as_dev sudo -n true 2>/dev/null || skip "sudo does not work here"
        project shop
        flake "$(tiny one)"
        as_dev mkdir "$PROJECT/deep"
        ok as_dev env -C "$PROJECT/deep" "$FC" up
        ok as_dev env -C "$PROJECT/deep" "$FC" --json status
        expect_out "built-by-$DEV_UID"
        ok as_dev env -C "$PROJECT/deep" "$FC" down
}

# A file that is there is the specification, and so is one that is named: nix is not asked.
testcase_not_asked() {
        need_nix
        project shop
        flake '' 'exit 1'
        spec "$(tiny one)"
        ok fc up
        ok fc down
        mv "$PROJECT/flake-containers.json" "$TMP/named.json"
        ok fc --spec "$TMP/named.json" up
        ok fc --spec "$TMP/named.json" down
        run_status 2 fc up
        expect_err 'nix build'
}

testcase_nix_fails() {
        need_nix
        project shop
        flake "$(tiny one)" 'echo the reason; exit 1'
        run_status 2 fc up
        expect_err 'the reason'
        expect_err 'nix does not build the specification: exit status 1'
        # Where it must not be mixed with ours: after ours.
        run_status 2 fc --progress json up
        expect_err 'the reason'
        run_status 2 fc -q config
        expect_err 'the reason'
        absent "$CGROUP2/flake-containers"
}

testcase_no_nix() {
        local nix

        need_nix
        nix=$(command -v nix)
        project shop
        flake "$(tiny one)"
        mount --bind /dev/null "$nix"
        run fc up
        umount "$nix"
        equal "$STATUS" 6 "the status"
        expect_err 'needs nix'
}

testcase_interrupt() {
        need_nix
        project shop
        flake "$(tiny one)" 'echo now; exec /bin/sleep 1000'
        fc_background "$TMP/up" up
        line_in "$TMP/up" 'building' >/dev/null
        kill -INT "$FC_PID"
        finished "$FC_PID"
        equal "$STATUS" 130 "the status ($(<"$TMP/up"))"
        absent "$PROJECT/.containers/one"

        # Killed, it leaves no process behind either; that is what comparing the host before and after says.
        fc_background "$TMP/again" up
        line_in "$TMP/again" 'building' >/dev/null
        kill -KILL "$FC_PID"
        finished "$FC_PID"
        try_until 10 no_nix_runs
}

# From here on each run of nix leaves a line in NIX_RUNS.
watch_nix() {
        NIX_RUNS=$TMP/nix-runs
        mkdir "$TMP/bin"
        printf '#!/bin/bash\necho "$*" >>%q\nexec %q "$@"\n' "$NIX_RUNS" "$(command -v nix)" >"$TMP/bin/nix"
        chmod +x "$TMP/bin/nix"
        : >"$NIX_RUNS"
        chmod 666 "$NIX_RUNS"
        PATH=$TMP/bin:$PATH
}

# What has only just changed might change once more and look the same, so the first build after it may not count.
without_nix() {
        : >"$NIX_RUNS"
        ok "$@"
        [[ ! -s $NIX_RUNS ]]
}

# Nothing of the flake has changed: nix is not asked. Anything has: it is.
testcase_unchanged() {
        local change

        need_nix
        project shop
        flake "$(tiny one), $(tiny two)"
        as_dev tee "$PROJECT/tracked" <<<1 >/dev/null
        as_dev git -C "$PROJECT" add tracked
        watch_nix
        ok fc up
        [[ -s $NIX_RUNS ]] || flunk "nix was not run at first"
        try_until "$WAIT" without_nix fc up
        expect_err 'unchanged'
        # A part of it is another specification, and each is remembered.
        try_until "$WAIT" without_nix fc up one
        without_nix fc up || flunk "nix was run after a part was built: $(<"$NIX_RUNS")"
        ok fc up --dry-run
        ok fc config -q
        [[ ! -s $NIX_RUNS ]] || flunk "nix was run by verbs that only look: $(<"$NIX_RUNS")"
        # What git does not track Nix does not see either.
        as_dev touch "$PROJECT/untracked"
        without_nix fc up || flunk "nix was run after an untracked file: $(<"$NIX_RUNS")"

        for change in 'echo 2 >tracked' 'git add untracked' 'git -c user.name=x -c user.email=x commit -qm x' 'rm tracked' \
                'touch flake.nix' 'git rm -q --cached untracked'; do
                ok as_dev env -C "$PROJECT" bash -c "$change"
                ! without_nix fc up || flunk "nix was not run after: $change"
                [[ $change == 'touch'* ]] || try_until "$WAIT" without_nix fc up
        done
        # A container more, and one less: the commands know the present ones.
        flake "$(tiny one), $(tiny three)"
        ok fc --json config
        equal "$(jq -r '.containers | keys | join(" ")' <<<"$OUT")" "one three" "the containers"
        # A specification that is gone is built again.
        try_until "$WAIT" without_nix fc up
        rm "$PROJECT"/.containers/flake-containers{,.part}.json
        ok as_dev nix-store --gc
        ! without_nix fc up || flunk "nix was not run for what is gone"
        ok fc down
}

# An impure evaluation is made again.
testcase_impure() {
        need_nix
        project shop
        flake "$(tiny one)"
        as_dev sed -i 's/"flake-containers.json"/"flake-containers-impure.json"/' "$PROJECT/flake.nix"
        watch_nix
        ok fc up
        # Long enough for whatever can be settled to be so.
        as_dev touch -d '1 minute ago' "$PROJECT/flake.nix"
        after 100
        ok fc up
        ! without_nix fc up || flunk "nix was not run"
        absent "$PROJECT/.containers/flake-containers.built"
        ok fc down
}

# An input that has no place in the lock file can change, and nothing of the project does.
testcase_unlocked() {
        need_nix
        project shop
        flake "$(tiny one)"
        as_dev mkdir "$PROJECT/../other"
        as_dev tee "$PROJECT/../other/flake.nix" <<<'{ outputs = _: { }; }' >/dev/null
        as_dev sed -i "1a inputs.other.url = \"path:$(realpath "$PROJECT/..")/other\";" "$PROJECT/flake.nix"
        as_dev sed -i 's/outputs = { self }/outputs = { self, other }/' "$PROJECT/flake.nix"
        watch_nix
        # As releases of Nix do that know inputs which they do not lock.
        sed -i '2i [[ " $* " != *" build "* ]] || set -- "$@" --no-write-lock-file' "$TMP/bin/nix"
        ok fc up
        after 100
        ok fc up
        ! without_nix fc up || flunk "nix was not run"
        # Locked, it is what it was.
        sed -i 2d "$TMP/bin/nix"
        try_until "$WAIT" without_nix fc up
        ok fc down
}

# Two flakes in one repository are two projects; relative paths are relative to the flake.
testcase_two_flakes() {
        local folder

        need_nix
        project shop
        for folder in a b; do
                flake "$(tiny web '["/bin/sleep", "infinity"]' ', "volumes": ["src:/srv"]')" : "$folder"
                as_dev mkdir -p "$PROJECT/$folder/src/deep"
                as_dev tee "$PROJECT/$folder/src/page" <<<"page of $folder" >/dev/null
                ok fc -C "$folder" up
        done
        as_dev git -C "$PROJECT" add -A
        for folder in a b; do
                ok fc -C "$folder/src/deep" exec web -- cat /srv/page
                equal "$OUT" "page of $folder"
                exists "$PROJECT/$folder/.containers/web"
                ok fc --subdir "$folder" --json status
                equal "$(jq -r '.project.root + " " + .containers[0].state' <<<"$OUT")" "$PROJECT/$folder running"
        done
        absent "$PROJECT/.containers"
        equal "$(git -c safe.directory='*' -C "$PROJECT" status --short | grep containers/ || :)" "" "what git sees of the state"
        ok fc -C a down
        ok fc -C b --json status
        equal "$(jq -r '.containers[0].state' <<<"$OUT")" running "b's container, when a's is down"
        ok fc -C b down
        # Where there is none, and one elsewhere.
        run_status 2 fc up
        run_status 2 fc --subdir c up
        expect_err "no '$PROJECT/c/flake.nix'"
        run_status 2 fc --subdir .. up
        # State that git tracks is refused where it is.
        as_dev git -C "$PROJECT" add -f a/.containers/CACHEDIR.TAG
        run_status 5 fc -C a up
        expect_err "'$PROJECT/a/.containers' is tracked by git"
}

# The repository's root used to be the project's: what was kept there is not lost.
testcase_old_state() {
        need_nix
        project shop
        spec "$(tiny web)"
        ok fc up
        ok fc exec web -- touch /kept
        rm "$PROJECT/flake-containers.json"
        flake "$(tiny web)" : a
        ok fc -C a up
        expect_err "'$PROJECT/.containers' is not used here: the project is '$PROJECT/a'"
        # Only once, since now there is another.
        ok fc -C a up
        refute_err 'is not used here'
        ok fc -C a down
        rm -rf "$PROJECT/a/.containers"
        # As it says.
        ok fc --root "$PROJECT" down
        mv "$PROJECT/.containers" "$PROJECT/a/"
        ok fc -C a up
        ok fc -C a exec web -- cat /kept
        ok fc -C a down
}

# Verbs that work on what runs need neither a correct flake nor a build.
testcase_without_specification() {
        local what

        need_nix
        project shop
        flake "$(tiny web '["/bin/sh", "-c", "echo hello; exec sleep infinity"]' ', "stop": {"timeout": 30}')"
        as_dev git -C "$PROJECT" add -A
        # A name that never was is not running, whatever nothing says of it.
        run_status 7 fc exec web -- true
        run_status 7 fc shell web
        run_status 7 fc port web
        run_status 7 fc wait web
        ok fc down web
        run_status 2 fc exec We_b -- true
        ok fc up
        for what in broken gone invalid; do
                case $what in
                broken) echo 'not a flake (' >"$PROJECT/flake.nix" ;;
                gone) rm -f "$PROJECT/flake.nix" "$PROJECT"/.containers/flake-containers.* ;;
                invalid) echo '{"version": 1, "containers": {"web": {}}}' >"$PROJECT/flake-containers.json" ;;
                esac
                note "$what"
                watch_nix
                ok fc status
                expect_out 'web +running +yes'
                ok fc status web
                ok fc exec web -- true
                run_status 5 fc exec web -- sh -c 'exit 5'
                ok fc logs web
                expect_out hello
                ok fc port web
                ok fc events
                ok fc wait web
                ok fc --json status
                equal "$(jq -r '.containers[] | "\(.name) \(.state) \(.notes)"' <<<"$OUT")" 'web running []'
                ok fc completion names
                equal "$OUT" web
                [[ $what != invalid ]] || expect_err 'flake-containers.json: .*, ignoring'
                [[ ! -s $NIX_RUNS ]] || flunk "nix was run: $(<"$NIX_RUNS")"
                rm -r "${TMP:?}/bin"
        done
        # The reason why there is nothing that is known of it.
        run_status 2 fc exec other -- true
        expect_err "flake-containers.json: containers.web"
        ok fc down web
        run_status 7 fc exec web -- true
        ok fc status
        expect_out 'web +stopped'
}

# Nothing is built of what is not needed.
testcase_part() {
        need_nix
        project shop
        # shellcheck disable=SC2016 # expanded by the builder
        flake "$(tiny one), $(tiny two)" 'case "$containers" in *two*) echo two is broken; exit 1 ;; esac'
        run_status 2 fc up
        expect_err 'two is broken'
        ok fc up one
        ok fc exec one -- true
        ok fc restart one
        run_status 2 fc up one two
        expect_err "with.one.with.two.spec"
        run_status 2 fc up 'one.with.two'
        expect_err "'one.with.two' cannot name a container"
        ok fc status
        expect_out 'one +running'
        ok fc down
        # A wrong name is refused with the list of the right ones, although some of these containers are broken.
        run_status 2 fc up one three
        expect_err "no container 'three' in '$PROJECT/flake.nix'"
        expect_err 'there are: one, two'
}

no_nix_runs() { ! grep -qsa '^nix' /proc/[0-9]*/comm; }

live_main "$@"
