# A database in a project without a flake:
#
#     nix run -f containers.nix packages.db-up
#     nix run -f containers.nix packages.flake-containers -- status
#
# The project is the git repository that it lies in.
{
  pkgs ? import <nixpkgs> { },
  flake-containers ? builtins.getFlake "github:flake-containers/flake-containers",
}:
flake-containers.lib.evalContainers {
  inherit pkgs;
  modules = [
    {
      containers.db = {
        ports = [ "5432:5432" ];
        ready.tcp = [ 5432 ];
        configuration = {
          # Decides on the release of PostgreSQL: kept, the data outlast an upgrade of nixpkgs.
          system.stateVersion = "26.05";

          services.postgresql.enable = true;
        };
      };
    }
  ];
}
