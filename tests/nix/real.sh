#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The flake module with the real nixpkgs: our examples, those of the original flake-containers, and the flakes in real/.
# Everything is evaluated, up to the last derivation, and nothing is built. Beside the variables of tests/nix/lib.bash:
#
#   FC_NIXPKGS     a tree of nixpkgs, of whatever age
#   FC_FLAKE_ROOT  a tree of flake-root, and
#   FC_ORIGINAL    one of the original flake-containers, for its examples

# shellcheck source=tests/nix/lib.bash
. "$(dirname "$0")/lib.bash"

SYSTEM=$(uname -m)-linux
readonly SYSTEM

need_tree() {
        [[ -n ${!1:-} ]] || skip_always "$1 names no tree of $2"
        [[ -f ${!1}/$3 ]] || flunk "$1: there is no ${!1}/$3"
}

# input NAME FOLDER: the options that give a flake FOLDER for its input NAME. It is put into the store once: Nix would
# copy it at every evaluation.
input() {
        local path

        path=$(nix store add-path --name source "$2")
        printf '%s\n' --override-input "$1" "path:$path" >>"$SCRATCH/inputs"
}

# tree NAME FOLDER: the same, without what git keeps of it.
tree() {
        mkdir "$SCRATCH/tree"
        tar -C "$2" --exclude=./.git --create . | tar -C "$SCRATCH/tree" --extract --no-same-owner
        input "$1" "$SCRATCH/tree"
        chmod -R u+w "$SCRATCH/tree"
        rm -rf "$SCRATCH/tree"
}

need_inputs() {
        need_nixpkgs_lib
        need_flake_parts
        need_tree FC_NIXPKGS nixpkgs nixos/lib/eval-config.nix
        [[ ! -f $SCRATCH/inputs ]] || return 0

        our_flake "$SCRATCH/ours"
        input flake-containers "$SCRATCH/ours"
        tree nixpkgs "$FC_NIXPKGS"
        tree flake-parts "$FC_FLAKE_PARTS"
        tree flake-parts/nixpkgs-lib "$FC_NIXPKGS_LIB"
        [[ -z ${FC_FLAKE_ROOT:-} ]] || tree flake-root "$FC_FLAKE_ROOT"
        # All that the original's example uses of it.
        mkdir "$SCRATCH/nur"
        echo '{ outputs = _: { overlay = _: prev: { nur.repos.caarlos0.timer = prev.hello; }; }; }' >"$SCRATCH/nur/flake.nix"
        input nur "$SCRATCH/nur"
}

# flake FOLDER: goes to a flake like a user's own. Of the original's examples only the address of flake-containers, which
# is the folder above them, becomes another.
flake() {
        rm -rf "$SCRATCH/flake"
        cp -r "$1" "$SCRATCH/flake"
        cd "$SCRATCH/flake"
        chmod -R u+w .
        rm -f flake.lock
        sed -i 's|"\.\./\.\."|"flake-containers"|' flake.nix
        git init -q
        git add -A
}

in_flake() {
        local inputs

        mapfile -t inputs <"$SCRATCH/inputs"
        run nix "$@" --offline --no-write-lock-file "${inputs[@]}"
}

# value ATTRIBUTE WANTED: as JSON.
value() {
        in_flake eval --json ".#$1"
        equal "$STATUS" 0 "status of $1"
        equal "$(jq -cS . <<<"$OUT")" "$2" "$1"
}

# complete CONTAINER..: the flake shows what belongs to these containers, and each derivation can be evaluated.
complete() {
        local name wanted output

        wanted=$(printf '%s\n' flake-containers "${@/%/-up}" "${@/%/-down}" "${@/%/-shell}" | sort)
        in_flake flake show --json
        equal "$STATUS" 0 "status of flake show"
        equal "$(jq -r ".packages[\"$SYSTEM\"] | keys[]" <<<"$OUT" | grep -vx own | sort)" "$wanted" packages
        equal "$(jq -r ".devShells[\"$SYSTEM\"][\"flake-containers\"].type" <<<"$OUT")" derivation shell
        for output in packages devShells; do
                in_flake eval --json ".#$output.$SYSTEM" --apply 'builtins.mapAttrs (_: d: d.drvPath)'
                equal "$STATUS" 0 "status of all $output"
                note "$(jq length <<<"$OUT") $output"
        done
}

example() {
        need_inputs
        flake "$TOP/examples/$1"
        complete "${@:2}"
}

original() {
        need_inputs
        need_tree FC_FLAKE_ROOT flake-root flake.nix
        need_tree FC_ORIGINAL "the original flake-containers" flake-module.nix
        flake "$FC_ORIGINAL/examples/$1"
        complete "$2"
}

testcase_httpserver_real() { example httpserver httpserver; }
testcase_jupyter_real() { example jupyter jupyter; }
testcase_database_real() { example database db; }
testcase_compose_real() { example compose app db web; }
testcase_original_real() {
        need_tree FC_FLAKE_ROOT flake-root flake.nix
        example original httpserver
}

template() {
        need_inputs
        flake "$TOP/templates/$1"
        complete "${@:2}"
}

testcase_template_default_real() { template default db; }
testcase_template_without_flake_parts_real() { template without-flake-parts db; }

testcase_original_httpserver_real() { original httpserver httpserver; }
testcase_original_jupyter_real() { original jupyter jupyter; }
testcase_original_nur_real() { original NUR nur; }

# Both levels, merged; no other pkgs is touched; a system that is not Linux has no containers.
testcase_levels_real() {
        need_inputs
        flake "$NIX_TESTS/real/levels"
        complete other web
        value web-up.config.environment.etc.top.text '"top"'
        value web-up.config.environment.etc.perSystem.enable true
        value web-up.config.environment.etc.everywhere.text '"perSystem"'
        value web-up.config.environment.etc.flavour.text '"vanilla"'
        value web-up.config.networking.hostName '"web"'
        value other-up.config.environment.etc.overlay.text '"true"'
        value own.text '"false"'

        in_flake eval --raw .#flake-containers.spec.text
        equal "$(jq -c '[.containers.web.ports[].host] | sort' <<<"$OUT")" '[8080,8443]' ports
        equal "$(jq -c .containers.other.volumes <<<"$OUT")" '[{"readOnly":true,"source":"data","target":"/data"}]' volumes

        in_flake flake check --no-build
        equal "$STATUS" 0 "status of flake check"
        in_flake flake show --json
        equal "$(jq -c '.packages["x86_64-darwin"] | keys' <<<"$OUT")" '["own"]' "packages on darwin"
        equal "$(jq -c '.devShells["x86_64-darwin"] // {}' <<<"$OUT")" '{}' "shells on darwin"
}

# What a configuration is, is looked at only when it is asked for.
testcase_lazy_real() {
        need_inputs
        flake "$NIX_TESTS/real/lazy"
        in_flake flake show
        equal "$STATUS" 0 "status of flake show"
        value sound-up.config.networking.hostName '"sound"'
        in_flake eval .#broken-up.drvPath
        equal "$STATUS" 1 "status of broken-up"
        expect_err "evaluated what was not asked for"
}

# What the guest module says to the real NixOS.
testcase_guest_real() {
        need_inputs
        flake "$NIX_TESTS/real/lazy"
        value sound-up.config.boot.isContainer true
        value sound-up.config.networking.useDHCP false
        value sound-up.config.networking.useHostResolvConf false
        value sound-up.config.networking.firewall.enable false
        value sound-up.config.environment.etc.hosts.enable false
        value sound-up.config.systemd.services.console-getty.enable false
        # An option of its own since 23.11.
        in_flake eval --json .#sound-up.config.systemd \
                --apply 's: s.network.wait-online.enable or s.services.systemd-networkd-wait-online.enable'
        equal "$OUT" false "whether networkd is waited for"
        value sound-up.config.xdg.mime.enable false
        value sound-up.config.warnings '[]'
}

nix_main "$@"
