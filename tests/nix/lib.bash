# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests in tests/nix have in common. They run the real nix, of whatever version there is, without network, in a
# store of their own (NIX_STORE_DIR and the like), so neither root nor /nix is needed and nothing is left. A script
# sources this, defines functions testcase_* and ends with `nix_main "$@"`; arguments choose test cases by name.
#
#   FC_BINARY       the program
#   FC_NIXPKGS_LIB  a tree that has nixpkgs' lib/ [without: what needs it is skipped, also with MUST_RUN]
#   FC_FLAKE_PARTS  a tree of flake-parts [the same]
#   FC_NIXPKGS      a tree that has nixos/ [the same]
#   MUST_RUN        1: what would be skipped has failed

set -Eeuo pipefail
shopt -s inherit_errexit

NIX_SCRIPT=$(realpath -- "$0")
NIX_TESTS=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
TOP=${NIX_TESTS%/tests/nix}
# shellcheck disable=SC2034 # for the scripts
readonly NIX_SCRIPT NIX_TESTS TOP

# shellcheck source=tests/lib/environment.bash
. "$TOP/tests/lib/environment.bash"
# shellcheck source=tests/lib/testcases.bash
. "$TOP/tests/lib/testcases.bash"

# Nearly each command below is done in a second or two; this is for machines that are busy with something else.
NIX_TIMEOUT=${NIX_TIMEOUT:-300}

# The script's own output, also where a function's is redirected.
exec {NIX_OUT}>&1

note() { printf '    %s\n' "$*" >&"$NIX_OUT"; }
indent() { sed "s/^/$1/"; }

skip() {
        if [[ ${MUST_RUN:-} == 1 ]]; then
                note "cannot run here, and MUST_RUN is set: $*"
                exit 1
        fi
        skip_always "$@"
}

# skip_always REASON: also with MUST_RUN, for what a CI without the real nixpkgs cannot do.
skip_always() {
        note "skipped: $*"
        exit 77
}

flunk() {
        trap - ERR
        note "FAILED: $*"
        if [[ -n ${RAN:-} ]]; then
                note "last run: $RAN -> $STATUS"
                head -n 40 <<<"$OUT" | cut -c 1-400 | indent '      out| ' >&"$NIX_OUT"
                head -n 40 <<<"$ERR" | cut -c 1-400 | indent '      err| ' >&"$NIX_OUT"
        fi
        exit 1
}

nix_on_error() {
        local status=$?

        trap - ERR
        note "FAILED: status $status of: $1 (line $2)"
        exit 1
}

# run COMMAND..: sets STATUS, OUT and ERR, never fails by itself.
run() {
        RAN=$*
        STATUS=0
        timeout --kill-after=5 "$NIX_TIMEOUT" "$@" >"$SCRATCH/out" 2>"$SCRATCH/err" </dev/null || STATUS=$?
        OUT=$(<"$SCRATCH/out")
        ERR=$(<"$SCRATCH/err")
}

ok() {
        run "$@"
        [[ $STATUS == 0 ]] || flunk "status $STATUS, not 0"
}

fails() {
        run "$@"
        [[ $STATUS != 0 ]] || flunk "status 0"
}

equal() { [[ $1 == "$2" ]] || flunk "${3:-value} is '$1', not '$2'"; }
expect_out() { [[ $OUT == *"$1"* ]] || flunk "stdout has no: $1"; }
expect_err() { [[ $ERR == *"$1"* ]] || flunk "stderr has no: $1"; }
refute_out() { [[ $OUT != *"$1"* ]] || flunk "stdout has: $1"; }
refute_err() { [[ $ERR != *"$1"* ]] || flunk "stderr has: $1"; }

# same WANT GOT TEXT: two files; shows the difference.
same() {
        local difference

        difference=$(diff -U2 -- "$1" "$2" | tail -n +3) || :
        [[ -z $difference ]] || flunk "$3:"$'\n'"$(indent '      ' <<<"$difference")"
}

# evaluate EXPRESSION: its value as JSON in OUT.
evaluate() { ok nix-instantiate --eval --strict --json --expr "$1"; }

# Real inputs, or it leaves the test case.
need_nixpkgs_lib() {
        [[ -n ${FC_NIXPKGS_LIB:-} ]] || skip_always "FC_NIXPKGS_LIB names no tree with nixpkgs' lib"
        [[ -f $FC_NIXPKGS_LIB/lib/default.nix ]] || flunk "FC_NIXPKGS_LIB: there is no $FC_NIXPKGS_LIB/lib/default.nix"
}

need_nixpkgs() {
        [[ -n ${FC_NIXPKGS:-} ]] || skip_always "FC_NIXPKGS names no tree of nixpkgs"
        [[ -f $FC_NIXPKGS/nixos/lib/eval-config.nix ]] || flunk "FC_NIXPKGS: there is no $FC_NIXPKGS/nixos/lib/eval-config.nix"
}

need_flake_parts() {
        [[ -n ${FC_FLAKE_PARTS:-} ]] || skip_always "FC_FLAKE_PARTS names no tree of flake-parts"
        [[ -f $FC_FLAKE_PARTS/lib.nix ]] || flunk "FC_FLAKE_PARTS: there is no $FC_FLAKE_PARTS/lib.nix"
}

# The lib, flake-parts and nixpkgs that an expression is given. There is no real nixpkgs small enough to be carried along,
# so that stays the stand-in.
standin_inputs() {
        local standin=$NIX_TESTS/standin

        [[ -d $SCRATCH/standin ]] || "$standin/make" "$SCRATCH/standin" >&2
        printf '{ lib = import %s; flake-parts.lib = import %s { lib = import %s; }; nixpkgs = %s; }' \
                "$standin/lib" "$standin/flake-parts/lib.nix" "$standin/lib" "$SCRATCH/standin/nixpkgs"
}

# need PROGRAM..: skips the test where one is not installed.
need() {
        local program

        for program; do
                command -v "$program" >/dev/null || skip "$program is not installed"
        done
}

# inputs: sets INPUTS, the stand-ins of what a flake names, made once.
inputs() {
        INPUTS=$SCRATCH/inputs
        [[ ! -d $INPUTS ]] || return 0
        need git
        [[ -x ${FC_BINARY:-} ]] || skip "FC_BINARY names no program; ctest sets it"
        "$NIX_TESTS/standin/make" "$INPUTS" "$FC_BINARY"
}

real_flake_parts() {
        printf '((import %s).outputs { self = { }; nixpkgs-lib.lib = import %s; })' "$FC_FLAKE_PARTS/flake.nix" "$FC_NIXPKGS_LIB/lib"
}

real_inputs() {
        [[ -d $SCRATCH/standin ]] || "$NIX_TESTS/standin/make" "$SCRATCH/standin"
        printf '{ lib = import %s; flake-parts = %s; nixpkgs = %s; }' \
                "$FC_NIXPKGS_LIB/lib" "$(real_flake_parts)" "$SCRATCH/standin/nixpkgs"
}

# nix_environment FOLDER: a store below FOLDER, and nothing of the user's own settings.
nix_environment() {
        export NIX_STORE_DIR=$1/store NIX_STATE_DIR=$1/var/nix NIX_LOG_DIR=$1/var/log/nix NIX_CONF_DIR=$1/etc
        export NIX_CONFIG=$'experimental-features = nix-command flakes\nsandbox = false\nbuild-users-group =\nsubstituters =\nflake-registry =\nwarn-dirty = false'
        # "nix develop" leaves a folder in TMPDIR.
        export HOME=$1/home TMPDIR=$1
        unset NIX_PATH NIX_REMOTE NIX_USER_CONF_FILES XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_STATE_HOME
        mkdir -p "$HOME"
}

our_flake() { "$NIX_TESTS/our-flake" "$1"; }

run_testcase() {
        trap 'nix_on_error "$BASH_COMMAND" "$LINENO"' ERR
        RAN='' STATUS=0 OUT='' ERR=''
        "$1"
}

after_testcase() { :; }

nix_main() {
        local name

        for name in nix nix-instantiate; do
                command -v "$name" >/dev/null || skip "$name is not installed (Debian: nix-bin)"
        done
        command -v jq >/dev/null || skip "jq is not installed"

        SCRATCH=$(mktemp -d "${FC_TEST_TMP:-/var/tmp}/fc-nix.XXXXXX")
        # Nix makes what is in the store read-only.
        trap 'chmod -R u+w -- "$SCRATCH" && rm -rf -- "$SCRATCH"' EXIT
        trap 'exit 130' INT TERM HUP
        nix_environment "$SCRATCH/nix"

        testcases_run "$(basename -- "$NIX_SCRIPT" .sh)" "$@"
}
