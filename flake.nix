{
  description = "Project-local NixOS containers for developers, run by systemd-nspawn";

  # No inputs: the runner and the containers are made of the user's nixpkgs. What the tests need is in tests/flake.nix.
  outputs =
    { self, ... }:
    {
      flakeModules.default = ./flake-module;
      flakeModule = self.flakeModules.default;

      lib = import ./flake-module/lib.nix;

      # The examples that the tests evaluate.
      templates =
        let
          template = name: description: {
            path = ./examples + "/${name}";
            inherit description;
            welcomeText = ''
              Put the address of flake-containers into `flake.nix`, and add that to git, then:

                  nix develop .#flake-containers
                  flake-containers up
            '';
          };
        in
        {
          default = self.templates.database;
          database = template "database" "A PostgreSQL database for a project";
          compose = template "compose" "A database, an application and a web server that need one another";
          httpserver = template "httpserver" "A web server that serves a directory of the project";
          jupyter = template "jupyter" "Jupyter on the files of the project, without a whole system";
          without-flake-parts = template "without-flake-parts" "A database in a flake that uses no flake-parts";
        };

      overlays.default = final: prev: {
        flake-containers = final.callPackage ./flake-module/package.nix { };
      };
    };
}
