# The containers of one project on one system, and the commands for them: the same options in
# `perSystem.flake-containers` and in `evalContainers` (lib.nix). Given `nixpkgsArguments`, the config and overlays with
# which a container's own nixpkgs is imported.
{
  config,
  lib,
  nixpkgsArguments,
  ...
}:
let
  inherit (lib) literalExpression mkOption types;

  containerType = types.submoduleWith {
    # As in NixOS's containers, where `config` is an option.
    shorthandOnlyDefinesConfig = true;
    modules = [ ./container.nix ];
    specialArgs = {
      inherit lib;
      context = {
        inherit nixpkgsArguments;
        inherit (config) pkgs modules;
      };
    };
  };
in
{
  options = {
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

    sudo = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether the development shell brings a `sudo` that finds the commands of the shell, and else is the sudo behind
        it, where sudo has a `PATH` of its own (`secure_path`).
      '';
    };

    containers = mkOption {
      type = types.lazyAttrsOf containerType;
      default = { };
      example = literalExpression ''
        {
          httpserver = {
            ports = [ "8080:80" ];
            configuration.services.httpd = {
              enable = true;
              adminAddr = "morty@example.org";
            };
          };
        }
      '';
      description = "The containers, by name. The name is the host name, too.";
    };

    outputs = mkOption {
      type = types.raw;
      readOnly = true;
      description = "What is made of all this: `packages` and `devShell`.";
    };
  };

  config.outputs = import ./commands.nix {
    inherit lib;
    inherit (config)
      pkgs
      package
      sudo
      containers
      ;
  };
}
