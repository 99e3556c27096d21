{
  description = "A PostgreSQL database for a project";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    flake-parts.url = "github:hercules-ci/flake-parts";
    # Of a clone: "git+file:///home/me/flake-containers".
    flake-containers.url = "github:flake-containers/flake-containers";
  };

  outputs =
    inputs@{ flake-parts, ... }:
    flake-parts.lib.mkFlake { inherit inputs; } {
      imports = [ inputs.flake-containers.flakeModule ];

      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];

      perSystem.flake-containers.containers.db = {
        # psql -h localhost -U app app
        ports = [ "5432:5432" ];

        # `db-up` returns when a client gets an answer.
        ready.exec = [
          [
            "pg_isready"
            "--quiet"
            "--host=127.0.0.1"
            "--username=app"
          ]
        ];

        configuration = {
          # Decides on the release of PostgreSQL: kept, the data outlast an upgrade of nixpkgs.
          system.stateVersion = "26.05";

          services.postgresql = {
            enable = true;
            # Runs once, in a new and empty database; `rm -rf .containers/db` makes it new again.
            initialScript = ./seed.sql;
            # What is published connects from the container's own localhost.
            authentication = ''
              host app app 127.0.0.1/32 trust
            '';
          };
        };
      };
    };
}
