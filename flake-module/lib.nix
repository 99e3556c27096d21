# For flakes without flake-parts, and for no flake at all.
{
  # The containers that `modules` define, made of `pkgs` (nixpkgs 22.11 or newer, or with the `lib` of such a one), as
  # { packages, devShell, config }. The options are those of `perSystem.flake-containers`.
  evalContainers =
    {
      pkgs,
      modules,
      lib ? pkgs.lib,
      nixpkgsArguments ? { },
    }:
    let
      evaluation = lib.evalModules {
        modules = [
          ./project.nix
          {
            _file = ./lib.nix;
            pkgs = lib.mkOptionDefault pkgs;
          }
        ]
        ++ modules;
        prefix = [ "flake-containers" ];
        specialArgs = { inherit nixpkgsArguments; };
      };
    in
    evaluation.config.outputs // { inherit (evaluation) config options; };
}
