{
  description = "Project-local NixOS containers for developers, run by systemd-nspawn";

  # No inputs: the runner and the containers are made of the user's nixpkgs. What the tests need is in tests/flake.nix.
  outputs =
    { self, ... }:
    {
      flakeModules.default = ./flake-module;
      flakeModule = self.flakeModules.default;

      lib = import ./flake-module/lib.nix;

      overlays.default = final: _: {
        flake-containers = final.callPackage ./flake-module/package.nix { };
      };
    };
}
