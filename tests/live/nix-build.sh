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

# flake CONTAINERS [COMMAND]: makes the current project one. COMMAND is run by the builder before; the project's name says
# who the builder is.
flake() {
        mkdir -p /mnt/store /mnt/var
        chown "$DEV:" /mnt /mnt/store
        chown -R "$DEV:" /mnt/var
        cat >"$PROJECT/flake.nix" <<-FLAKE
		{
		  outputs = { self }:
		    let
		      containers = builtins.fromJSON ''{$1}'';
		      spec = derivation {
		        name = "flake-containers.json";
		        system = "$(uname -m)-linux";
		        builder = "/bin/sh";
		        args = [ "-c" ''
		          ${2:-:}
		          printf '{"version":1,"project":{"name":"built-by-%s"},"containers":%s}' \$(/usr/bin/id -u) "\$containers" >\$out
		        '' ];
		        containers = builtins.toJSON containers;
		      };
		    in {
		      packages."$(uname -m)-linux".flake-containers = spec // { inherit spec; };
		    };
		}
	FLAKE
        chown "$DEV:" "$PROJECT/flake.nix"
        as_dev git -C "$PROJECT" add flake.nix
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

# As the developer before anybody is root.
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

        # Killed, it leaves nobody behind either; that is what comparing the host before and after says.
        fc_background "$TMP/again" up
        line_in "$TMP/again" 'building' >/dev/null
        kill -KILL "$FC_PID"
        finished "$FC_PID"
        try_until 10 no_nix_runs
}

no_nix_runs() { ! grep -qsa '^nix' /proc/[0-9]*/comm; }

live_main "$@"
