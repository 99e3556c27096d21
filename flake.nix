{
  description = "Project-local NixOS containers for developers, run by systemd-nspawn";

  # No inputs: the runner and the containers are made of the user's nixpkgs, and a user's lock file gets one node.
  outputs =
    { self, ... }:
    let
      # Where this is published, and all that has to be changed here when it is elsewhere. The templates have to say it as
      # text: `tests/check-address --fix` puts it there.
      address = "github:flake-containers/flake-containers";

      # For the outputs below that are this flake's own: that of the tests (tests/flake.nix), fetched when it is asked
      # for.
      nixpkgs = builtins.fetchTree (builtins.fromJSON (builtins.readFile ./tests/flake.lock)).nodes.nixpkgs.locked;

      forSystems =
        f:
        builtins.listToAttrs (
          map
            (system: {
              name = system;
              value = f (import nixpkgs.outPath { inherit system; });
            })
            [
              "x86_64-linux"
              "aarch64-linux"
            ]
        );
    in
    {
      flakeModules.default = ./flake-module;
      flakeModule = self.flakeModules.default;

      nixosModules.default.imports = [ ./flake-module/nixos-module.nix ];

      lib = import ./flake-module/lib.nix;

      # The least that works when it is copied. What can be done with it is in examples/.
      templates =
        let
          template = name: description: {
            path = ./templates + "/${name}";
            inherit description;
            welcomeText = ''
              This uses ${address}. Add `flake.nix` to git, then:

                  nix develop .#flake-containers
                  flake-containers up
            '';
          };
        in
        {
          default = template "default" "A PostgreSQL database for a project";
          without-flake-parts = template "without-flake-parts" "The same in a flake that uses no flake-parts";
        };

      overlays.default = final: prev: {
        flake-containers = final.callPackage ./flake-module/package.nix { };
      };

      packages = forSystems (pkgs: rec {
        flake-containers = pkgs.callPackage ./flake-module/package.nix { };
        default = flake-containers;
      });

      apps = forSystems (pkgs: {
        default = {
          type = "app";
          program = "${self.packages.${pkgs.stdenv.hostPlatform.system}.default}/bin/flake-containers";
        };
      });

      formatter = forSystems (pkgs: pkgs.nixfmt-tree);
    };
}
