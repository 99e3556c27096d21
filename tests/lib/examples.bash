# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The stories of the examples: what examples/NAME/try prints is the transcript in examples/NAME/README.md, but for times
# and the like. To be sourced after live.bash. Where READMEs have to be written anew: FC_UPDATE_EXAMPLES=1.

# masked: without what differs from run to run and from machine to machine, and without Nix's remarks on the network.
masked() {
        # What it waits for and how far it has come, it says when that takes a while; what Nix builds, when it
        # has not before.
        sed -E -e '/^((evaluation )?warning|trace): /d; /^sudo: unable to resolve/d; /^building /d; /^@?[a-z]+: (booting|waiting|saving)  /d' \
                -e 's#/(nix|mnt)/store/[^ ]*#STORE#g; s#[^ ]*/images/#IMAGES/#; s#^\x27.*/(shop\x27 has)#DIR/\1#' \
                -e 's/([0-9]+(\.[0-9]+)?(h|min|m|s|ms)\b ?)+/TIME /g' \
                -e 's/^[^ ]* \(id ([a-z-]+)-[0-9a-f]{4}\): /PATH (id \1-HASH): /' \
                -e 's/10\.[0-9]+\.[0-9]+\.[0-9]+/ADDRESS/g; s/-[0-9a-f]{4}-([a-z]+)/-HASH-\1/g' \
                -e 's/ +/ /g; s/ +$//; s/(->[0-9]+) ([0-9.]+ [KMG]?B|-) /\1 MEMORY /' |
                # Containers go their way beside one another.
                sorted_runs '^[a-z]+: [a-z]'
}

# What a README shows is in one block.
readonly BLOCK='```console'
transcript() { sed "1,/^$BLOCK/d" "$1" | sed '/^```$/,$d'; }

# tell NAME [SECONDS]: runs the story of an example, which lies in the current project.
tell() {
        local readme=$LIVE_TOP/examples/$1/README.md

        ok as_dev env PATH="$LIVE_RUN:$PATH" TMPDIR="$SCRATCH/home" timeout --kill-after=10 "${2:-$FC_TIMEOUT}" "$PROJECT/try"
        printf '%s\n' "$OUT" >"$TMP/told"
        if [[ ${FC_UPDATE_EXAMPLES:-} == 1 ]]; then
                {
                        sed "/^$BLOCK/q" "$readme"
                        grep -vE '^(warning: |trace: |building )' "$TMP/told"
                        sed "1,/^$BLOCK/d" "$readme" | sed -n '/^```$/,$p'
                } >"$TMP/readme"
                cp "$TMP/readme" "$readme"
        fi
        same_files <(transcript "$readme" | masked) <(masked <"$TMP/told") "the story of $1 is another (- README.md, + told)"
        equal "$ERR" '' "what try says on stderr"
}

# example NAME: a project that is a copy of it.
example() {
        project "$1"
        rm -rf "$PROJECT/src"
        tar -C "$LIVE_TOP/examples" --exclude=images --exclude=.containers -c "$1" | tar -C "$PROJECT/.." -x
        cp "$LIVE_TOP/examples/try" "$PROJECT/.."
        chown -R "$DEV:" "$PROJECT" "$PROJECT/../try"
}

# example_flake OUTPUT..: the current example gets the inputs of $SCRATCH/inputs/flake.nix (tests/nix/standin/make), a lock
# file, and what would be built while it runs.
example_flake() {
        local input line

        for input in nixpkgs flake-parts flake-root flake-containers; do
                line=$(grep -m 1 -E "^ *$input(\.url)? = " "$SCRATCH/inputs/flake.nix") || continue
                sed -i "s|^ *$input.url = .*|$line|" "$PROJECT/flake.nix"
        done
        as_dev git -C "$PROJECT" add -A
        ok dev nix flake lock
        as_dev git -C "$PROJECT" add -A
        ok dev nix build --no-link "${@/#/.#}"
}

# example_program: the flake-containers of $SCRATCH/inputs has the program as it is built here, so that no example builds
# it again.
example_program() {
        local module=$SCRATCH/inputs/flake-containers/flake-module

        [[ ! -d $module/built ]] || return 0
        cp -r "$SCRATCH/inputs/runner" "$module/built"
        # shellcheck disable=SC2016 # Nix
        echo '{ runCommand }: runCommand "flake-containers-built" { } "cp -r ${./built} $out"' >"$module/package.nix"
}
