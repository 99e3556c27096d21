# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A real NixOS by a flake: the modules are those of the tree that FC_NIXPKGS names, the programs Debian's
# (tests/nix/real/complete). To be sourced after live.bash, by scripts with LIVE_SCRATCH=disk and LIVE_NIX=1.
#
#   FC_NIXPKGS      a tree that has nixos/, of nixpkgs or a fork that keeps no more of it
#   FC_NIXPKGS_LIB  one that has lib/; for flake-parts with a flake.nix
#   FC_FLAKE_PARTS  a tree of flake-parts
#   FC_DEBIAN       a root file system of Debian's, of this machine's release (tests/nix/real/make-image)

# The store is where it always is: NixOS knows no other place.
export NIX_REMOTE=daemon NIX_STATE_DIR=/nix/var/nix NIX_CONF_DIR=/nix/etc

# shellcheck source=tests/lib/nix-daemon.bash
. "$LIVE_TOP/tests/lib/nix-daemon.bash"

readonly REAL=$LIVE_TOP/tests/nix/real

need_tree() {
        if [[ -z ${!1:-} ]]; then
                # Also with MUST_RUN.
                note "skipped: $1 names no tree of $2"
                exit 77
        fi
        exists "${!1}/$3"
}

# kept NAME FOLDER: puts it into the store, where it stays, and prints the path. Named as inputs are, Nix takes it as it is.
kept() {
        local path

        path=$(nix store add-path --name source "$2")
        ln -s "$path" "$NIX_STATE_DIR/gcroots/$1"
        printf '%s\n' "$path"
}

# The inputs of the flakes, made once for all test cases: what is here goes with the scratch folder.
need_nixos() {
        need_tree FC_NIXPKGS NixOS nixos/lib/eval-config.nix
        need_tree FC_NIXPKGS_LIB "nixpkgs' lib" lib/default.nix
        need_tree FC_FLAKE_PARTS flake-parts lib.nix
        need_tree FC_DEBIAN "a root file system" usr/lib/systemd/systemd
        need_nix_daemon
        start_daemon
        [[ ! -d $SCRATCH/inputs ]] || return 0

        local inputs=$SCRATCH/inputs tree lib nixpkgs parts

        "$LIVE_TOP/tests/nix/standin/make" "$inputs" "$FC_BINARY"
        "$REAL/make-tree" "$SCRATCH/tree" "$FC_DEBIAN"
        tree=$(kept tree "$SCRATCH/tree")
        lib=$(kept lib "$FC_NIXPKGS_LIB")
        parts=$(kept flake-parts "$FC_FLAKE_PARTS")
        "$REAL/complete" "$SCRATCH/nixpkgs" "$FC_NIXPKGS" "$FC_NIXPKGS_LIB" "$tree"
        nixpkgs=$(kept nixpkgs "$SCRATCH/nixpkgs")
        chmod -R u+w "$SCRATCH/tree"
        rm -rf "$SCRATCH/tree" "$SCRATCH/nixpkgs"
        sed -i -e "s|nixpkgs.url = .*|nixpkgs.url = \"path:$nixpkgs\";|" \
                -e "s|flake-parts.url = .*|flake-parts = { url = \"path:$parts\"; inputs.nixpkgs-lib.url = \"path:$lib\"; };|" \
                "$inputs/flake.nix"
}

# write_flake CONFIGURATION [MORE OPTIONS]: a container "web".
write_flake() {
        cp "$SCRATCH/inputs/flake.nix" "$PROJECT/flake.nix"
        cat >"$PROJECT/containers.nix" <<-NIX
		{
		  flake-containers = {
		    enable = true;
		    containers.web = { configuration = $1; ${2:-} };
		  };
		}
	NIX
        chown "$DEV:" "$PROJECT"/{flake,containers}.nix
        as_dev git -C "$PROJECT" add -A
}

# app DESCRIPTION COMMAND [MORE]: a configuration with a unit that runs COMMAND.
app() {
        printf '{ systemd.services.app = { description = "%s"; wantedBy = [ "multi-user.target" ]; script = "%s"; %s }; }' \
                "$1" "$2" "${3:-}"
}
