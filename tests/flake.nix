{
  description = "What flake-containers is developed, formatted and tested with, where Nix is";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    flake-parts.url = "github:hercules-ci/flake-parts";
    flake-parts.inputs.nixpkgs-lib.follows = "nixpkgs";
  };

  outputs =
    inputs@{ flake-parts, ... }:
    flake-parts.lib.mkFlake { inherit inputs; } {
      imports = [ ../flake-module ];

      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];

      perSystem =
        { config, pkgs, ... }:
        {
          checks = {
            inherit (config.flake-containers) package;

            vm = import ./nix/vm.nix { inherit pkgs; };
          };

          formatter = pkgs.nixfmt-tree;

          devShells.default = pkgs.mkShell {
            inputsFrom = [ config.flake-containers.package ];
            packages = [
              pkgs.clang-tools
              pkgs.nixfmt
              pkgs.shellcheck
            ];
          };
        };
    };
}
