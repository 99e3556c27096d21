# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Nix with its daemon, as a developer without privileges uses it. To be sourced after live.bash, by scripts that set
# NIX_REMOTE=daemon and, where their store is not /nix, NIX_STORE_DIR and the like.

# need_nix_daemon: what the test cases need, or it leaves.
need_nix_daemon() {
        command -v nix nix-daemon >/dev/null || skip "nix is not installed (Debian: nix-bin)"
        command -v sudo >/dev/null || skip "sudo is not installed"
        as_dev sudo -n true 2>"$TMP/sudo" || skip "sudo does not work here: $(<"$TMP/sudo")"
        [[ -e $NIX_CONF_DIR/nix.conf ]] && return
        mkdir -p "$NIX_CONF_DIR"
        printf '%s\n' 'experimental-features = nix-command flakes' 'sandbox = false' 'build-users-group =' \
                'substituters =' 'flake-registry =' 'warn-dirty = false' 'fsync-metadata = false' \
                >"$NIX_CONF_DIR/nix.conf"
}

# keep_nix_environment: sudo keeps these. Users with Nix in its usual place set none of them.
keep_nix_environment() {
        grep -q NIX_ /etc/sudoers ||
                echo 'Defaults env_keep += "NIX_REMOTE NIX_STORE_DIR NIX_STATE_DIR NIX_LOG_DIR NIX_CONF_DIR"' >>/etc/sudoers
}

start_daemon() {
        local socket=$NIX_STATE_DIR/daemon-socket/socket

        rm -f "$socket"
        mkdir -p "${socket%/*}"
        env -u NIX_REMOTE nix-daemon </dev/null >"$TMP/daemon" 2>&1 &
        DAEMON=$!
        try_until "$WAIT" connected
}

connected() { as_dev nix store ping 2>/dev/null; }

# It forks for each client, and what it forked ends on its own.
is_alone() { [[ -z $(<"/proc/$1/task/$1/children") ]]; }

stop_daemon() {
        try_until "$WAIT" is_alone "$DAEMON"
        kill "$DAEMON"
        finished "$DAEMON"
}

# dev COMMAND..: as the developer in the project's folder. "nix develop" leaves a folder in TMPDIR.
dev() { as_dev env -C "$PROJECT" TMPDIR="$SCRATCH/home" timeout --kill-after=10 "$FC_TIMEOUT" "$@"; }

# fleet ARGUMENT..: the program with the flake's specification.
fleet() { dev nix run .#flake-containers -- "$@"; }
