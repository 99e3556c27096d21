#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What can be told without building anything: each Nix file parses, the tables of unit/ hold, and the module refuses what
# the program refuses.
#
#   FC_VERDICTS  the program that says what the runner makes of a specification, tests/nix/verdicts.c

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
        # Each is an evaluation of its own, since it ends with the first error.
        mkdir -p "$SCRATCH/refusals"
        # shellcheck disable=SC2016 # the other shell expands these
        jq -r 'keys[]' "$SCRATCH/says" | REFUSALS="(import $file $1).refusals" xargs -P "$(nproc)" -I NAME bash -c '
                ! timeout "$2" nix-instantiate --eval --strict --expr "$REFUSALS.$1" >"$0/$1" 2>&1 || : >"$0/$1.taken"
        ' "$SCRATCH/refusals" NAME "$NIX_TIMEOUT"
        for name in $(jq -r 'keys[]' "$SCRATCH/says"); do
                [[ ! -e $SCRATCH/refusals/$name.taken ]] || flunk "$name: it is taken"
                # Without the indentation, and the lines that it is broken into.
                message=$(tr -s ' \n' ' ' <"$SCRATCH/refusals/$name")
                while IFS= read -r fragment; do
                        [[ $message == *"$fragment"* ]] || flunk "$name: the message has no: $fragment"$'\n'"$message"
                done < <(jq -r --arg name "$name" '.[$name][]' "$SCRATCH/says")
                # What it says must come first, before any trace.
                [[ $message != *"infinite recursion"* ]] || flunk "$name: infinite recursion"
        done
}

# What the module takes the program takes as well, and what it refuses the program would not take either: each text of
# unit/verdicts.nix, and each that the program's own tables have, in each option.
testcase_verdicts() {
        local rows=$SCRATCH/rows

        [[ -x ${FC_VERDICTS:-} ]] || skip "FC_VERDICTS names no program; ctest sets it"
        grep -ohP '(?<!#include )"(?:[^"\\\n]|\\.)*"' "$TOP"/runner/spec/*.c | jq -R 'try fromjson catch empty' |
                jq -s unique >"$SCRATCH/texts"
        evaluate "import $NIX_TESTS/unit/verdicts.nix { texts = builtins.fromJSON (builtins.readFile $SCRATCH/texts); }"
        mv "$SCRATCH/out" "$rows"
        OUT=''
        jq -c '.[].document' "$rows" | "$FC_VERDICTS" >"$SCRATCH/verdicts"
        jq -r '.[] | [.what, .excused, .message == null] | @json' "$rows" | paste - "$SCRATCH/verdicts" >"$SCRATCH/both"
        note "$(wc -l <"$SCRATCH/both") texts, $(grep -c 'false\]'$'\t' "$SCRATCH/both") of them refused"
        awk -F '\t' '{ takes = $1 ~ /true\]$/; excused = $1 ~ /,true,false\]$/ }
                takes != ($2 == "ok") && !excused { print (takes ? "taken" : "refused") " by the module alone: " $0 }' \
                "$SCRATCH/both" >"$SCRATCH/differ"
        [[ ! -s $SCRATCH/differ ]] || flunk "$(head -n 20 "$SCRATCH/differ" | cut -c 1-300)"
}

# What guest.nix leaves of NixOS's defaults is what tests/live/nixos.sh boots a guest with. To write it anew:
#
#     tests/nix/unit.sh --record
settled() {
        evaluate "import $NIX_TESTS/guest/settled.nix {
                lib = import $1/lib; guest = $TOP/flake-module/guest.nix; defaults = $NIX_TESTS/guest/defaults; }"
        jq -S . "$SCRATCH/out" >"$SCRATCH/settled"
}

testcase_guest() {
        settled "$NIX_TESTS/standin"
        same "$NIX_TESTS/guest/settled.json" "$SCRATCH/settled" \
                "guest/settled.json is not what guest.nix leaves of NixOS's defaults (- file, + now)"
}

testcase_guest_real() {
        need_nixpkgs_lib
        settled "$FC_NIXPKGS_LIB"
        same "$NIX_TESTS/guest/settled.json" "$SCRATCH/settled" "with the real lib guest/settled.json is not the same"
}

testcase_spec() { table "import $NIX_TESTS/unit/spec.nix"; }

testcase_place() { table "import $NIX_TESTS/unit/place.nix"; }

testcase_mistakes() { table "import $NIX_TESTS/unit/mistakes.nix $(standin_inputs)"; }

testcase_mistakes_real() {
        need_nixpkgs_lib
        need_flake_parts
        table "import $NIX_TESTS/unit/mistakes.nix $(real_inputs)"
}

testcase_nixos() { table "let n = import $NIX_TESTS/unit/nixos.nix $(standin_inputs); in n.rows // n.packages"; }

# By the real NixOS, with a package set of nothing.
testcase_nixos_real() {
        need_nixpkgs_lib
        need_nixpkgs
        "$NIX_TESTS/standin/make" "$SCRATCH/standin-of-real" >&2
        "$NIX_TESTS/real/complete" "$SCRATCH/nixpkgs" "$FC_NIXPKGS" "$FC_NIXPKGS_LIB" "$NIX_STORE_DIR/00000000000000000000000000000000-tree"
        table "let n = import $NIX_TESTS/unit/nixos.nix { nixpkgs = $SCRATCH/nixpkgs; }; in n.rows // n.real"
}

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

if [[ ${1:-} == --record ]]; then
        testcase_record() {
                settled "$NIX_TESTS/standin"
                cp "$SCRATCH/settled" "$NIX_TESTS/guest/settled.json"
        }
        set -- record
fi
nix_main "$@"
