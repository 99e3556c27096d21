#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A real NixOS, evaluated, built and booted, by NAME-up and as a developer without privileges: the modules are those of
# the tree that FC_NIXPKGS names, the programs Debian's (tests/nix/real/complete). To be run by hand, since CI has no such
# tree:
#
#     tests/nix/real/make-image IMAGE
#     FC_NIXPKGS=.. FC_NIXPKGS_LIB=.. FC_FLAKE_PARTS=.. FC_DEBIAN=IMAGE ctest -R nix/boot --verbose
#
# On a host that systemd manages: tests/host/in-host, whose FC_HOST_SEEN makes these folders seen there. The image has to
# be one of the same release.
#
# tests/lib/nixos.bash says what these are. Where the first build takes longer than two minutes: FC_TIMEOUT=900.

export LIVE_SCRATCH=disk LIVE_NIX=1

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"
# shellcheck source=tests/lib/nixos.bash
. "$LIVE_TOP/tests/lib/nixos.bash"
# shellcheck source=tests/lib/examples.bash
. "$LIVE_TOP/tests/lib/examples.bash"

# nixos CONFIGURATION [MORE OPTIONS]: a project with a container "web", which comes up.
nixos() {
        local began

        write_flake "$@"
        began=${EPOCHREALTIME/./}
        ok dev nix build --no-link .#web-up
        note "evaluated and built in $(((${EPOCHREALTIME/./} - began) / 1000)) ms"
        began=${EPOCHREALTIME/./}
        ok dev nix run .#web-up
        note "nix run .#web-up: $(((${EPOCHREALTIME/./} - began) / 1000)) ms; $(grep '^web: ready' <<<"$ERR")"
        content
}

# Nothing has failed, nothing is in the way, and nothing complains.
content() {
        ok fleet exec web -- systemctl is-system-running
        equal "$OUT" running "the state of the container"
        ok fleet exec web -- systemctl list-jobs --no-legend
        equal "$OUT" '' "jobs"
        cp "$PROJECT/.containers/web/console.log" "$TMP/console"
        run grep -aiE 'denied|fail|error|not permitted|read-only' "$TMP/console"
        equal "$OUT" '' "complaints on the console"
        ok fleet exec web -- journalctl --boot --priority=err --no-pager -o cat
        equal "$OUT" '' "errors in the journal"
}

done_with() {
        ok dev nix run .#web-down
        stop_daemon
}

testcase_nothing_said() {
        need_nixos
        project shop
        nixos '{ }'
        # It is NixOS.
        ok fleet exec web -- readlink /run/current-system /etc/static
        expect_out '^/nix/store/[^/]*-nixos-system-web-'
        ok fleet exec web -- hostname
        equal "$OUT" web "the host name"
        # Each user may ping, which is what NixOS sets a group range for.
        ok fleet exec web -- cat /proc/sys/net/ipv4/ping_group_range
        equal "$OUT" $'0\t65535' "the groups that may ping"
        ok dev nix run .#web-down
        # What is there is no trouble the second time.
        ok dev nix run .#web-up
        content
        done_with
}

# The README's.
testcase_httpserver() {
        need_nixos
        project shop
        nixos '{
                services.httpd = {
                  enable = true;
                  adminAddr = "morty@example.org";
                  virtualHosts.localhost.documentRoot = "/srv/www";
                };
        }' 'ports = [ "8080:80" ]; volumes = [ "src:/srv/www" ];'
        equal "$(page 8080)" "<p>page of shop</p>"
        done_with
}

# With the host's ids /var/empty is immutable, and nothing is denied.
testcase_host_users() {
        need_nixos
        project shop
        nixos '{ }' 'users = "host";'
        ok dev nix run .#web-down
        ok dev nix run .#web-up
        content
        done_with
        chattr -i "$PROJECT/.containers/web/root/var/empty"
}

# Its own networkd and resolved leave the interface alone, and wait for nothing.
testcase_networkd() {
        need_nixos
        project shop
        nixos '{ networking.useNetworkd = true; services.resolved.enable = true; }'
        ok fleet exec web -- networkctl --no-legend --no-pager list host0
        expect_out 'unmanaged'
        done_with
}

testcase_nix_daemon() {
        need_nixos
        project shop
        nixos '{ }' 'nixDaemon = true;'
        ok fleet exec web -- nix --extra-experimental-features nix-command store ping
        expect_err 'Store URL: daemon'
        ok fleet exec web -- systemctl show --property LoadState --value nix-daemon.socket nix-daemon.service
        equal "$OUT" $'masked\n\nmasked' "the daemon's units inside"
        done_with
}

testcase_network_host() {
        need_nixos
        project shop
        nixos '{ }' 'network.mode = "host";'
        done_with
}

# PostgreSQL with first data, as the README of the example shows it.
testcase_example_database() {
        need_nixos
        command -v psql >/dev/null || skip "psql is not installed"
        example database
        example_program
        example_flake db-{up,down}
        tell database
        stop_daemon
}

# Users are made by systemd-sysusers instead of a script of NixOS's.
testcase_sysusers() {
        need_nixos
        project shop
        nixos '{
                systemd.sysusers.enable = true;
                users.mutableUsers = false;
                users.users.worker = { isSystemUser = true; group = "worker"; };
                users.groups.worker = { };
        }'
        ok fleet exec web -- systemctl is-active systemd-sysusers.service
        ok fleet exec web -- id --name --user worker
        equal "$OUT" worker "the user"
        ok dev nix run .#web-down
        # The files of users are there, and mounts of the last time are not.
        ok dev nix run .#web-up
        content
        done_with
}

# inside COMMAND..: what it says in the container.
inside() {
        ok fleet exec web -- "$@"
        printf '%s\n' "$OUT"
}

# What has changed is switched to by NixOS's own program, and what fails is taken back.
testcase_switch() {
        local first booted journal

        need_nixos
        project shop
        nixos "$(app one 'exec sleep infinity')"
        first=$(inside readlink /run/current-system)
        booted=$(inside systemctl show --value --property UserspaceTimestampMonotonic)
        journal=$(inside systemctl show --value --property InvocationID systemd-journald)

        # A description alone would be no change to it.
        write_flake "$(app two 'exec sleep 1000000')"
        ok dev nix run .#web-up -- --dry-run
        expect_out 'web: switch'
        ok dev nix run .#web-up
        expect_err 'web: switching  stopping app\.service'
        expect_err 'web: switching  activating'
        equal "$(inside systemctl show --value --property Description app)" two "what runs"
        equal "$(inside systemctl show --value --property UserspaceTimestampMonotonic)" "$booted" "when it booted"
        equal "$(inside systemctl show --value --property InvocationID systemd-journald)" "$journal" "what has not changed"
        content

        write_flake "$(app three 'echo no such database >&2; exit 3' 'serviceConfig.Type = "oneshot";')"
        run dev nix run .#web-up
        equal "$STATUS" 3 "the status of a switch that fails"
        expect_err 'app\.service failed: exit status 3'
        expect_err 'no such database'
        expect_err 'it runs again with the system that it had before'
        equal "$(inside systemctl show --value --property Description app)" two "what runs"
        equal "$(inside systemctl is-system-running)" running "its state"

        # The program builds the specification of what runs, which that of NAME-up is not for other commands.
        write_flake "$(app two 'exec sleep 1000000')"
        ok fleet up
        expect_err 'web: unchanged'
        ok fleet rollback web
        equal "$(inside readlink /run/current-system)" "$first" "the system after a rollback"
        done_with
}

# What a configuration for a machine has that a container cannot have.
testcase_etc_overlay() {
        need_nixos
        project shop
        write_flake '{ system.etc.overlay.enable = true; }'
        run dev nix build --no-link .#web-up
        equal "$STATUS" 1 "the status of a build"
        expect_err 'web: system.etc.overlay.enable needs a stage 1'
        stop_daemon
}

live_main "$@"
