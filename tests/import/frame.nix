{
  description = "A PostgreSQL database for a project";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
  inputs.flake-parts.url = "github:hercules-ci/flake-parts";
  inputs.flake-containers.url = "github:example/flake-containers";

  outputs =
    inputs:
    inputs.flake-parts.lib.mkFlake { inherit inputs; } {
      imports = [ inputs.flake-containers.flakeModule ];
      systems = [ "x86_64-linux" "aarch64-linux" ];

      flake-containers.containers.db = {
        ports = [ "5432:5432" ]; # psql -h 127.0.0.1 -U postgres
        ready.tcp = [ 5432 ];
        configuration = {
          system.stateVersion = "26.05"; # The data outlast an upgrade of nixpkgs as long as this stays.
          services.postgresql.enable = true;
          services.postgresql.authentication = "host all all 127.0.0.1/32 trust";
        };
      };
    };
}
