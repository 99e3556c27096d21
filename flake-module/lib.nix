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
  # The program, of the nixpkgs that `pkgs` is. A flake's own nixpkgs is not an input of ours.
  package = pkgs: pkgs.callPackage ./package.nix { };

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

  # A NixOS test whose nodes are the systems of these containers (`config.flake-containers.containers`, or some of them), each
  # under the container's name, by which the others reach it there, too. The rest is a test of nixpkgs: `testScript`,
  # `name`, more `nodes`, and what these containers are to have beside their configurations.
  nixosTest =
    {
      pkgs,
      containers,
      ...
    }@test:
    let
      inherit (pkgs) lib;
      builds = map (container: container.build) (builtins.attrValues containers);
    in
    (pkgs.testers.runNixOSTest
      or (throw "flake-containers.lib.nixosTest: this nixpkgs has no testers.runNixOSTest, which there is since 22.11")
    )
      {
        imports = [
          (removeAttrs test [
            "pkgs"
            "containers"
          ])
        ];
        name = lib.mkDefault "flake-containers";
        nodes = builtins.mapAttrs (_: container: container.build.node) containers;
        # What a container has of its own under a name of these counts there.
        node.specialArgs = builtins.foldl' builtins.intersectAttrs (builtins.head builds).nodeArgs (
          map (build: build.nodeArgs) builds
        );
      };
}
