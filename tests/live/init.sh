#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# init: a specification to begin with, the developer's, which is never written over another one.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

# in_path WITH: a PATH with git in it, and Nix or not.
in_path() {
        mkdir -p "$SCRATCH/$1"
        ln -sf "$(command -v git)" "$SCRATCH/$1/git"
        [[ $1 != nix ]] || printf '#!/bin/sh\nexit 1\n' >"$SCRATCH/$1/nix"
        [[ $1 != nix ]] || chmod 755 "$SCRATCH/$1/nix"
        printf '%s' "$SCRATCH/$1"
}

# dev WITH ARGUMENT..: the program without root, in the project.
dev() { as_dev env -C "$PROJECT" PATH="$(in_path "$1")" "$FC" "${@:2}"; }

testcase_without_nix() {
        project shop
        ok dev none init --dry-run
        absent "$PROJECT/flake-containers.json"
        ok dev none init
        expect_err '^flake-containers\.json: '
        expect_err $'\n''next:  flake-containers up'$'\n'
        equal "$(stat -c %U:%a "$PROJECT/flake-containers.json")" "$DEV:644" "owner and mode"
        ok fc --json config
        equal "$(jq -r '.containers.db.system.debian.packages[]' <<<"$OUT")" postgresql
        # Nothing is written over it, nor beside it.
        sha256sum "$PROJECT/flake-containers.json" >"$TMP/sum"
        for template in debian default; do
                run_status 5 dev none init --template "$template"
                expect_err "'flake-containers.json' is there already"
        done
        run sha256sum --check --quiet "$TMP/sum"
        equal "$STATUS" 0 "the file is as it was:"
        absent "$PROJECT/flake.nix"
}

testcase_with_nix() {
        project shop
        # By root for the developer, as sudo does.
        PATH=$(in_path nix):$PATH ok fc init
        expect_err '^flake\.nix: .*'$'\n''next:  git add flake\.nix'$'\n'
        run cmp "$PROJECT/flake.nix" "$LIVE_TOP/templates/default/flake.nix"
        equal "$STATUS" 0 "the flake is the template:"
        equal "$(stat -c %U "$PROJECT/flake.nix")" "$DEV" "the owner"
        run_status 5 dev nix init --template without-flake-parts
}

testcase_refused() {
        project shop
        ok dev none init --list
        expect_out '(^|'$'\n'')debian +A PostgreSQL'
        equal "$(dev none --json init --list | jq -r '.templates[].name' | xargs)" "default without-flake-parts debian"
        run_status 2 dev none init --template debain
        expect_err "did you mean 'debian'"
        # What a link leads to is not written.
        ln -s "$TMP/elsewhere" "$PROJECT/flake-containers.json"
        chmod 777 "$TMP"
        run_status 5 dev none init
        absent "$TMP/elsewhere"
        rm -r "$PROJECT/.git" "$PROJECT/flake-containers.json"
        run_status 2 dev none init
        expect_err 'git'
        ok dev none --root . init
        exists "$PROJECT/flake-containers.json"
}

live_main "$@"
