{
  description = "A database in a flake that uses no flake-parts";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    flake-containers.url = "github:flake-containers/flake-containers";
  };

  outputs =
    {
      self,
      nixpkgs,
      flake-containers,
      ...
    }:
    let
      system = "x86_64-linux";

      project = flake-containers.lib.evalContainers {
        inherit self;
        pkgs = nixpkgs.legacyPackages.${system};
        modules = [
          {
            containers.db = {
              ports = [ "5432:5432" ];
              ready.tcp = [ 5432 ];
              configuration = {
                # Decides on the release of PostgreSQL: kept, the data outlast an upgrade of nixpkgs.
                system.stateVersion = "26.05";

                services.postgresql.enable = true;
                # psql -h 127.0.0.1 -U postgres
                services.postgresql.authentication = "host all all 127.0.0.1/32 trust";
              };
            };
          }
        ];
      };
    in
    {
      packages.${system} = project.packages;
      devShells.${system}.flake-containers = project.devShell;
      checks.${system} = project.checks;
    };
}
