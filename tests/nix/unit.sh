#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What can be told without building anything: each Nix file parses, the tables of unit/ hold.

# shellcheck source=tests/nix/lib.bash
. "$(dirname "$0")/lib.bash"

testcase_parse() {
        local files=()

        mapfile -t files < <(find "$TOP" \( -path "$TOP/build" -o -path '*/images' -o -name .containers -o -name .git \) -prune -o \
                -name '*.nix' -print | sort)
        ((${#files[@]} > 10)) || flunk "only ${#files[@]} files found"
        ok nix-instantiate --parse "${files[@]}"
}

# table EXPRESSION: { NAME = { expr; expected; }; }, all as expected.
table() {
        evaluate "
                let
                  table = $1;
                  failed = builtins.filter (name: !(table.\${name}.expr == table.\${name}.expected)) (builtins.attrNames table);
                in
                {
                  count = builtins.length (builtins.attrNames table);
                  failed = map (name: { inherit name; } // table.\${name}) failed;
                }"
        # Not what a reader of a failure wants to see.
        # shellcheck disable=SC2034 # of lib.bash
        RAN=''
        note "$(jq .count <<<"$OUT") rows"
        [[ $(jq '.failed | length' <<<"$OUT") == 0 ]] || flunk "$(jq -r '.failed[] | "not as expected: " + tojson' <<<"$OUT")"
}

# options INPUTS: what the module makes of options, with lib, flake-parts and nixpkgs of INPUTS.
options() {
        local file=$NIX_TESTS/unit/options.nix name message fragment

        table "(import $file $1).rows"
        evaluate "(import $file $1).says"
        cp "$SCRATCH/out" "$SCRATCH/says"
        note "$(jq length "$SCRATCH/says") refusals"
        for name in $(jq -r 'keys[]' "$SCRATCH/says"); do
                fails nix-instantiate --eval --strict --expr "(import $file $1).refusals.$name"
                # Without the indentation, and the lines that it is broken into.
                message=$(tr -s ' \n' ' ' <<<"$ERR")
                while IFS= read -r fragment; do
                        [[ $message == *"$fragment"* ]] || flunk "$name: the message has no: $fragment"
                done < <(jq -r --arg name "$name" '.[$name][]' "$SCRATCH/says")
                # What it says must come first, before any trace.
                [[ $ERR != *"infinite recursion"* ]] || flunk "$name: infinite recursion"
        done
}

testcase_spec() { table "import $NIX_TESTS/unit/spec.nix"; }

testcase_place() { table "import $NIX_TESTS/unit/place.nix"; }

testcase_options() { options "$(standin_inputs)"; }

testcase_options_real() {
        need_nixpkgs_lib
        need_flake_parts
        options "$(real_inputs)"
}

# reference TREE: docs/options.md is what the options are, by the lib/ of TREE.
reference() {
        ok env FC_NIXPKGS_LIB="$1" "$TOP/docs/make-options"
        same "$TOP/docs/options.md" "$SCRATCH/out" "docs/options.md is not what the options are, see docs/make-options"
}

testcase_reference() { reference "$NIX_TESTS/standin"; }

testcase_reference_real() {
        need_nixpkgs_lib
        reference "$FC_NIXPKGS_LIB"
}

nix_main "$@"
