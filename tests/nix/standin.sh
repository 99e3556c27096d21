#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The stand-ins for nixpkgs' lib and flake-parts say what the real ones say. What that is has been recorded
# (standin/*.recorded), so this holds where the real ones are not; where they are, the record is held against them. To
# record anew:
#
#     FC_NIXPKGS_LIB=.. FC_FLAKE_PARTS=.. tests/nix/standin.sh --record

# shellcheck source=tests/nix/lib.bash
. "$(dirname "$0")/lib.bash"

readonly STANDIN=$NIX_TESTS/standin

# record CASES: the values of all cases, and for each that throws how its message begins. How it goes on, with all the
# definitions and suggestions, is the real one's alone.
record() {
        local cases=$1 values name

        evaluate "($cases).values"
        values=$OUT
        evaluate "builtins.attrNames ($cases).errors"
        for name in $(jq -r '.[]' <<<"$OUT"); do
                fails nix-instantiate --eval --strict --expr "($cases).errors.$name"
                # Of late behind the way to it, and indented.
                sed -n '/^ *error: /{s/^ *error: //;s/ TypeError:.*//;s/ Definition values:.*//;p;q}' <<<"$ERR" |
                        jq -R --arg name "$name" '{($name): .}'
        done | jq -S -s --argjson values "$values" '{values: $values, errors: add}'
}

lib_cases() { printf 'import %s { lib = import %s; }' "$STANDIN/lib-cases.nix" "$1"; }

# flake_parts_cases FLAKE-PARTS LIB: expressions of the two.
flake_parts_cases() { printf 'import %s { flake-parts = %s; lib = %s; }' "$STANDIN/flake-parts-cases.nix" "$1" "$2"; }

lib_real() { lib_cases "$FC_NIXPKGS_LIB/lib"; }

flake_parts_real() { flake_parts_cases "$(real_flake_parts)" "(import $FC_NIXPKGS_LIB/lib)"; }

testcase_lib() {
        record "$(lib_cases "$STANDIN/lib")" >"$SCRATCH/standin"
        same "$STANDIN/lib.recorded" "$SCRATCH/standin" "the stand-in is not as the real lib was (- real, + stand-in)"
}

testcase_flake_parts() {
        local lib="(import $STANDIN/lib)"

        record "$(flake_parts_cases "{ lib = import $STANDIN/flake-parts/lib.nix { lib = $lib; }; }" "$lib")" >"$SCRATCH/standin"
        same "$STANDIN/flake-parts.recorded" "$SCRATCH/standin" \
                "the stand-in is not as the real flake-parts was (- real, + stand-in)"
}

testcase_lib_real() {
        need_nixpkgs_lib
        record "$(lib_real)" >"$SCRATCH/real"
        same "$STANDIN/lib.recorded" "$SCRATCH/real" "what was recorded is not what the real lib says (- recorded, + real)"
}

testcase_flake_parts_real() {
        need_nixpkgs_lib
        need_flake_parts
        record "$(flake_parts_real)" >"$SCRATCH/real"
        same "$STANDIN/flake-parts.recorded" "$SCRATCH/real" \
                "what was recorded is not what the real flake-parts says (- recorded, + real)"
}

# A name that only the stand-in has, or has elsewhere, would work in our tests and nowhere else.
testcase_lib_names() {
        need_nixpkgs_lib
        evaluate "
                let
                  standin = import $STANDIN/lib;
                  real = import $FC_NIXPKGS_LIB/lib;
                  only = a: b: builtins.filter (name: !(b ? \${name})) (builtins.attrNames a);
                in
                only standin real ++ only standin.types real.types"
        equal "$OUT" '[]' "what nixpkgs' lib does not have"
}

if [[ ${1:-} == --record ]]; then
        testcase_record() {
                need_nixpkgs_lib
                need_flake_parts
                record "$(lib_real)" >"$STANDIN/lib.recorded"
                record "$(flake_parts_real)" >"$STANDIN/flake-parts.recorded"
        }
        set -- record
fi
nix_main "$@"
