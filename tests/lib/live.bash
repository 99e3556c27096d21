# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests in tests/live have in common. A script sources this, defines functions testcase_* and ends with
# `live_main "$@"`; arguments choose test cases by name. What a test case may use is in assert.bash, run.bash, wait.bash,
# project.bash and image.bash; what it runs on is made by host.bash.
#
# The real program runs real containers as root, on the real kernel, but in a "host" of the script's own: namespaces
# for processes, mounts, network, IPC and cgroups, an empty /run, and an /etc/passwd with a developer in it. So the
# developer's machine keeps out of the tests (a port in use, another project's bridge), the tests keep out of it,
# nothing survives them whatever happens, and "the host is as it was before" can be compared in full.
#
#   FC_BINARY     the program; its libexec/ lies beside it
#   FC_HELPERS    folder of the helper programs (tests/live/wait-for.c)
#   FC_IMAGES     folder with the example's images
#   FC_TEST_TMP   where scratch folders are made [/var/tmp]
#   LIVE_SCRATCH  "disk": really there; "memory": in a tmpfs of the script's own. Each first `up` copies a root file
#                 system of 200 MB, so this is where the time goes. Unset: in memory where that is big enough and the
#                 kernel can map the owners of its files (since Linux 6.3). Scripts about files say "disk".
#   FC_LIVE_HOST  "booted": this machine is there for the tests alone, and systemd is its PID 1 (tests/host): no
#                 namespaces, and containers are units
#   FC_LIVE_MODE  "rootless": the developer's commands have no root (tests/lib/rootless.bash)
#   LIVE_NIX      1: what is at /mnt, Nix's store, is also at /nix, which this machine may lack
#   FC_TEST_KEEP  not empty: leave the scratch folder of a failed script
#   MUST_RUN      1: what would be skipped has failed
#   FC_THOROUGH   OFF: without test cases that take long, and are about what others try in part

set -Eeuo pipefail
shopt -s inherit_errexit

LIVE_SCRIPT=$(realpath -- "$0")
LIVE_NAME=${LIVE_SCRIPT##*/} LIVE_NAME=${LIVE_NAME%.sh}
LIVE_TOP=$(cd -- "${BASH_SOURCE[0]%/*}/../.." && pwd -P)
readonly LIVE_SCRIPT LIVE_NAME LIVE_TOP

# shellcheck source=tests/lib/environment.bash
. "$LIVE_TOP/tests/lib/environment.bash"
# shellcheck source=tests/lib/testcases.bash
. "$LIVE_TOP/tests/lib/testcases.bash"
# shellcheck source=tests/lib/scratch.bash
. "$LIVE_TOP/tests/lib/scratch.bash"

# The developer in the tests' /etc/passwd, who owns the projects.
readonly DEV=fcdev DEV_UID=54321 DEV_GID=54321

# A container needs well below a second of work; this is for machines that are busy with something else.
readonly FC_TIMEOUT=${FC_TIMEOUT:-120}
readonly WAIT=30

# shellcheck source=tests/lib/assert.bash
. "$LIVE_TOP/tests/lib/assert.bash"
# shellcheck source=tests/lib/run.bash
. "$LIVE_TOP/tests/lib/run.bash"
# shellcheck source=tests/lib/wait.bash
. "$LIVE_TOP/tests/lib/wait.bash"
# shellcheck source=tests/lib/project.bash
. "$LIVE_TOP/tests/lib/project.bash"
# shellcheck source=tests/lib/image.bash
. "$LIVE_TOP/tests/lib/image.bash"
# shellcheck source=tests/lib/rootless.bash
. "$LIVE_TOP/tests/lib/rootless.bash"
# shellcheck source=tests/lib/host.bash
. "$LIVE_TOP/tests/lib/host.bash"

live_require() {
        local program

        ((EUID == 0)) || skip "needs root"
        [[ -n ${FC_BINARY:-} && -x ${FC_BINARY:-} ]] || skip "FC_BINARY names no program; tests/run sets it"
        [[ -n ${FC_HELPERS:-} && -x $FC_HELPERS/wait-for ]] || skip "FC_HELPERS has no wait-for; tests/run sets it"
        for program in systemd-nspawn unshare setpriv git jq curl ip ss; do
                command -v "$program" >/dev/null || skip "$program is not installed"
        done
        FC_IMAGES=${FC_IMAGES:-$LIVE_TOP/examples/debian/images}
        [[ -d $FC_IMAGES/httpserver ]] || skip "there is no $FC_IMAGES/httpserver; examples/debian/make-images makes it"
        scratch_cgroup2 || skip "no cgroup2 is mounted"
        export FC_IMAGES CGROUP2_MOUNT
}

# Outside: makes the namespaces, waits, cleans up.
live_outside() {
        local status=0

        live_require
        scratch_make fc-live
        # Whatever ends this script ends the others' PID namespace, and so all of it.
        trap live_outside_end EXIT
        trap 'exit 130' INT TERM HUP
        export SCRATCH
        # In the machine's own root, since a mount needs something to be mounted on.
        [[ -z ${LIVE_NIX:-} || -d /nix ]] || { mkdir /nix && LIVE_MADE=/nix; }

        if is_booted; then
                LIVE_INSIDE=1 bash -c 'exec "$@"' bash "$LIVE_SCRIPT" "$@" {SCRATCH_LOCK}<&- </dev/null &
        else
                # The shell in between is PID 1 of the namespace: it collects orphans, and a script that is PID 1 itself
                # would ignore signals.
                # shellcheck disable=SC2016 # expanded inside
                LIVE_INSIDE=1 bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' bash "$SCRATCH_CGROUP" \
                        setpriv --pdeathsig KILL \
                        unshare --kill-child --fork --pid --mount --net --ipc --uts --cgroup \
                        bash -c '"$@"; exit $?' bash "$LIVE_SCRIPT" "$@" {SCRATCH_LOCK}<&- </dev/null &
        fi
        wait $! || status=$?
        exit "$status"
}

# shellcheck disable=SC2317 # called by the trap
live_outside_end() {
        local status=$?

        # A booted host goes as a whole.
        [[ -z ${LIVE_MADE:-} ]] || is_booted || rmdir -- "$LIVE_MADE" || :
        [[ -z ${FC_TEST_KEEP:-} || $status == 0 ]] || return
        ! is_booted || umount --recursive --lazy -- "$SCRATCH" 2>/dev/null || :
        scratch_remove
}

run_testcase() {
        local before after

        trap 'live_on_error "$BASH_COMMAND"' ERR
        # shellcheck disable=SC2034 # FC_PID is for the test cases
        PROJECT='' RAN='' STATUS=0 OUT='' ERR='' FC_PID='' LIVE_PROJECTS=()
        # Each test case is a subshell of its own.
        TMP=$SCRATCH/tmp.$BASHPID
        mkdir "$TMP"
        # Of the first one, since nothing may differ later either; looked at anew after one that failed.
        [[ -e $SCRATCH/host-before ]] || host_snapshot >"$SCRATCH/host-before"
        "$1"
        # Each test case stops what it started, and then the host must be as before. Compared by the shell, since it mostly is.
        host_snapshot >"$TMP/host-after"
        mapfile before <"$SCRATCH/host-before"
        mapfile after <"$TMP/host-after"
        [[ ${before[*]} == "${after[*]}" ]] ||
                same_files "$SCRATCH/host-before" "$TMP/host-after" "the host is not as it was before (- before, + after)"
}

live_inside() {
        local names

        LIVE_RUN=/run/flake-containers-build
        live_make_host
        TINY_IMAGE=$SCRATCH/tiny
        SLIM_IMAGE=$SCRATCH/httpserver
        if is_rootless && (($# == 0)); then
                mapfile -t names < <(rootless_testcases)
                ((${#names[@]} > 0)) || skip "none of it can be without root"
                set -- "${names[@]}"
        fi
        testcases_run "$LIVE_NAME" "$@"
}

after_testcase() {
        [[ -z ${FC_TEST_KEEP:-} || $1 == 0 || $1 == 77 ]] || return
        # What passed has been seen to leave the host as it was.
        if [[ $1 != 0 ]]; then
                rm -f "$SCRATCH/host-before"
                live_reset
        fi
        live_remove_files
}

live_main() {
        if [[ -n ${LIVE_INSIDE:-} ]]; then
                unset LIVE_INSIDE
                live_inside "$@"
        else
                live_outside "$@"
        fi
}
