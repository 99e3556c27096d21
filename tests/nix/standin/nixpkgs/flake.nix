{
  description = "Stand-in for nixpkgs, see ../README.md";
  # ../lib is copied beside this file: a flake sees nothing outside of its folder.
  outputs =
    _:
    let
      lib = import ./lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
      ];
    in
    {
      lib = lib // {
        nixosSystem = import ./nixos/lib/eval-config.nix;
      };
      legacyPackages = lib.genAttrs systems (system: import ./. { inherit system; });
    };
}
