# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the scripts about installing and packing have in common. To be sourced by those in this folder, which get a build
# folder as their argument: sets TOP, BUILD and SCRATCH.

PACKAGE_TESTS=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
TOP=${PACKAGE_TESTS%/tests/package}
BUILD=$(realpath -e -- "${1:?which build folder?}")
readonly PACKAGE_TESTS TOP BUILD

# shellcheck source=tests/lib/environment.bash
. "$TOP/tests/lib/environment.bash"

flunk() {
        printf '%s: FAILED: %s\n' "${0##*/}" "$*" >&2
        exit 1
}

skip() {
        printf '%s: skipped: %s\n' "${0##*/}" "$*" >&2
        [[ ${MUST_RUN:-} == 1 ]] && exit 1
        exit 77
}

# need PROGRAM PACKAGE
need() { command -v "$1" >/dev/null || skip "$1 is not installed (Debian: $2)"; }

equal() { [[ $1 == "$2" ]] || flunk "$3 is '$1', not '$2'"; }

# cached NAME: what CMake was told for it.
cached() { sed -n "s/^$1:[^=]*=//p" "$BUILD/CMakeCache.txt"; }

SCRATCH=$(mktemp -d "${FC_TEST_TMP:-/var/tmp}/fc-package.XXXXXX")
trap 'rm -rf -- "$SCRATCH"' EXIT
trap 'exit 130' INT TERM HUP
