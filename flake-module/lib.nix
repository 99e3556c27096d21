# For flakes without flake-parts, and for no flake at all.
let
  # What the options need of lib, and a nixpkgs before 22.11 has not.
  extend =
    lib:
    lib
    // {
      literalExpression = lib.literalExpression or lib.literalExample;
      types = {
        raw = lib.types.unspecified;
        functionTo =
          _:
          lib.mkOptionType {
            name = "function";
            check = lib.isFunction;
            merge = lib.mergeOneOption;
          };
        deferredModule = lib.mkOptionType {
          name = "deferredModule";
          check = module: builtins.isAttrs module || lib.isFunction module || lib.types.path.check module;
          merge = _: definitions: {
            imports = map (definition: {
              _file = definition.file;
              imports = [ definition.value ];
            }) definitions;
          };
        };
      }
      // lib.types;
    };
in
{
  # The containers that `modules` define, made of `pkgs`, as { packages, devShell, checks, testMachine, config, options
  # }. The options are those of `perSystem.flake-containers`. With the flake's `self`, whose `packages` must be where a
  # flake has them, the commands build what they need when they are run; without it, what they need is built with them.
  evalContainers =
    {
      pkgs,
      modules,
      lib ? pkgs.lib,
      nixpkgsArguments ? { },
      self ? null,
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
        specialArgs = {
          inherit nixpkgsArguments self;
          lib = extend lib;
        };
      };
    in
    evaluation.config.outputs // { inherit (evaluation) config options; };
}
