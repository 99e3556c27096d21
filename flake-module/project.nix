# The containers of one project on one system, and the commands for them: the same options in
# `perSystem.flake-containers` and in `evalContainers` (lib.nix). Given `nixpkgsArguments`, the config and overlays with
# which a container's own nixpkgs is imported, and `self`, the flake, or null.
{
  config,
  lib,
  nixpkgsArguments,
  self,
  ...
}:
let
  inherit (lib) literalExpression mkOption types;

  containerType = types.submoduleWith {
    # As in NixOS's containers, where `config` is an option.
    shorthandOnlyDefinesConfig = true;
    modules = [
      ./container.nix
      config.defaults
    ];
    specialArgs = {
      inherit lib;
      context = {
        inherit nixpkgsArguments;
        inherit (config) pkgs modules specialArgs;
      };
    };
  };

  commands =
    place:
    import ./commands.nix {
      inherit lib place;
      inherit (config)
        pkgs
        package
        sudo
        rootless
        containers
        tests
        ;
    };
  ours = commands (if self == null then null else import ./place.nix self);
in
{
  options = {
    enable = mkOption {
      type = types.bool;
      default = config.containers != { };
      defaultText = literalExpression "containers != { }";
      description = ''
        Whether there are commands, a shell and a check for the containers. In `perSystem` this is about one system, and
        counts more than the same at the top.
      '';
    };

    pkgs = mkOption {
      type = types.raw;
      description = "The instance of Nixpkgs that the containers and the commands are made of.";
    };

    package = mkOption {
      type = types.package;
      default = config.pkgs.callPackage ./package.nix { };
      defaultText = literalExpression "pkgs.callPackage ./package.nix { }";
      description = "The program that runs the containers. It takes nixpkgs 22.11 or newer to build it.";
    };

    modules = mkOption {
      type = types.listOf types.deferredModule;
      default = [ ];
      example = literalExpression ''[ { time.timeZone = "Europe/Berlin"; } ]'';
      description = "NixOS modules for all containers.";
    };

    specialArgs = mkOption {
      type = types.lazyAttrsOf types.raw;
      default = { };
      example = literalExpression "{ inherit inputs; }";
      description = ''
        More arguments for the modules of all containers, usable in their `imports`. In a flake of flake-parts `inputs`
        and `self` are there already.
      '';
    };

    defaults = mkOption {
      type = (import ./types.nix lib).containerModule;
      default = { };
      example = literalExpression ''
        { lib, ... }: {
          ready.timeout = lib.mkDefault 120;
          environment.TZ = "Europe/Berlin";
        }
      '';
      description = ''
        Options that all containers have, as a module that is merged into each: lists become longer, and what a container
        may set otherwise is an `mkDefault`. (For their NixOS configurations: `modules`.)
      '';
    };

    check = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether `nix flake check` evaluates all containers and has the program read what it would be told
        (`checks.SYSTEM.flake-containers`). It builds none of them.
      '';
    };

    sudo = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether the development shell brings a `sudo` that finds the commands of the shell, and else is the sudo behind
        it, where sudo has a `PATH` of its own (`secure_path`).
      '';
    };

    rootless = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether a user's commands run the containers without root, in a user namespace with the user's subordinate ids,
        where sudo would have run them as root. `flake-containers doctor` tells what that takes; `sudo NAME-up` still runs
        them as root, of which a project has one or the other.
      '';
    };

    containers = mkOption {
      type = import ./containers-type.nix { inherit lib; } containerType;
      default = { };
      example = (import ./types.nix lib).containersExample;
      description = "The containers, by name. The name is the host name, too.";
    };

    tests = mkOption {
      type = types.lazyAttrsOf (
        types.submoduleWith {
          modules = [ ./options/test.nix ];
          specialArgs = {
            inherit lib;
            inherit (config) pkgs;
            containerNames = builtins.attrNames config.containers;
            defaultNames = builtins.filter (name: config.containers.${name}.profiles == [ ]) (
              builtins.attrNames config.containers
            );
          };
        }
      );
      default = { };
      example = (import ./types.nix lib).testsExample;
      description = ''
        Programs that want containers of their own, by name: `packages.NAME-test`, and an app of the same name, so that
        `nix run .#NAME-test` starts a fresh instance of the containers, runs the program as the developer, with the
        variables of `env`, and removes the instance. Any number may run at once.
      '';
    };

    outputs = mkOption {
      type = types.raw;
      readOnly = true;
      description = ''
        What is made of all this: `packages`, `apps`, `devShell`, `checks`, and `testMachine`, a module for a machine of a
        NixOS test, where the commands are installed and `/project` is a project.
      '';
    };
  };

  config.outputs = {
    packages = lib.optionalAttrs config.enable ours.packages;
    apps = lib.optionalAttrs config.enable ours.apps;
    inherit (ours) devShell;
    checks = lib.optionalAttrs (config.enable && config.check) { flake-containers = ours.check; };
    testMachine = import ./vm-test.nix { inherit (commands null) packages; };
  };
}
