#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The package for a user's flake, built by the real nix as nixpkgs' stdenv would. The inputs are the stand-ins.

# shellcheck source=tests/nix/lib.bash
. "$(dirname "$0")/lib.bash"

# All of the runner is compiled, beside other tests.
readonly BUILD_TIMEOUT=1500

# The package, built by stdenv's phases with the machine's compiler.
testcase_package() {
        inputs
        need cmake ninja gcc pkg-config
        NIX_TIMEOUT=$BUILD_TIMEOUT ok nix build -L --out-link "$SCRATCH/package" --impure --expr "
                let
                  ours = builtins.getFlake \"path:$INPUTS/flake-containers\";
                in
                (import $INPUTS/nixpkgs { overlays = [ ours.overlays.default ]; }).flake-containers"
        ok "$SCRATCH/package/bin/flake-containers" version
        # What a flake without an overlay says is the same.
        evaluate "
                let
                  ours = builtins.getFlake \"path:$INPUTS/flake-containers\";
                in
                map toString [
                  (import $INPUTS/nixpkgs { overlays = [ ours.overlays.default ]; }).flake-containers
                  (ours.lib.package (import $INPUTS/nixpkgs { }))
                ]"
        equal "$(jq -r 'unique | .[]' <<<"$OUT")" "$(realpath "$SCRATCH/package")" "the package"
        [[ -s $SCRATCH/package/share/doc/flake-containers/docs/SPEC.md ]] || flunk "there are no documents"
        # Installed, its helpers are where it looks for them.
        equal "$(ls "$SCRATCH/package/libexec/flake-containers")" "$(find "$INPUTS/runner/libexec" -type f -printf '%f\n' | sort)" \
                "the helpers"
        [[ -e $SCRATCH/package/share/bash-completion/completions/flake-containers ]] || flunk "there is no completion"
        [[ -e $SCRATCH/package/share/man/man1/flake-containers.1 ]] || flunk "there is no manual page"
        [[ -s $SCRATCH/package/share/flake-containers/spec.schema.json ]] || flunk "there is no schema"
        [[ -s $SCRATCH/package/share/flake-containers/templates/default/flake.nix ]] || flunk "there is no template"
}

nix_main "$@"
