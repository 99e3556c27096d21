# What runs in a container: a NixOS configuration, or a system that is there already, or a command.
{
  config,
  context,
  lib,
  ...
}:
let
  inherit (lib) literalExpression mkOption types;
  inherit (import ../types.nix lib)
    hinted
    isSet
    listOf
    mkNullable
    nixosModule
    whenIs
    ;
in
{
  options = {
    configuration = mkNullable nixosModule {
      example = literalExpression ''
        { pkgs, ... }: {
          services.postgresql.enable = true;
        }
      '';
      description = ''
        The NixOS configuration of the container: a module as in `configuration.nix`. Given several times, and on both
        levels, the modules are merged. `system.stateVersion` is the release of the container's nixpkgs unless it says
        otherwise: set it where data are to outlast an upgrade of nixpkgs, as those of PostgreSQL are.
      '';
    };

    pkgs = mkOption {
      type = types.raw;
      default =
        if config.nixpkgs == null then
          context.pkgs
        else
          import config.nixpkgs (
            context.nixpkgsArguments // { inherit (context.pkgs.stdenv.hostPlatform) system; }
          );
      defaultText = literalExpression "perSystem.flake-containers.pkgs";
      description = "The instance of Nixpkgs that the container is made of. A container that is a function gets it as `pkgs`.";
    };

    nixpkgs =
      mkNullable (hinted types.path (whenIs isSet "here it is the nixpkgs that is imported: the options of that name go into configuration.nixpkgs, or for all containers into flake-containers.nixpkgs"))
        {
      example = literalExpression "inputs.nixpkgs-unstable";
      description = "Another nixpkgs for this container, imported with `flake-containers.nixpkgs.{config,overlays}`.";
    };

    specialArgs = mkOption {
      type = types.lazyAttrsOf types.raw;
      default = { };
      example = literalExpression "{ inherit inputs; }";
      description = "More arguments for the modules of `configuration`, usable in their `imports`.";
    };

    extraModules = mkOption {
      type = listOf nixosModule;
      default = [ ];
      example = literalExpression "[ inputs.sops-nix.nixosModules.sops ]";
      description = "More NixOS modules, beside `configuration` or on top of `nixosConfiguration`.";
    };

    nixosConfiguration = mkNullable (hinted types.raw (whenIs (value: !(value ? extendModules)) "it is not what nixosSystem returns: write self.nixosConfigurations.NAME")) {
      example = literalExpression "self.nixosConfigurations.web";
      description = ''
        An existing NixOS evaluation to run instead of a `configuration`. It is extended by what a container needs.
      '';
    };

    toplevel = mkNullable (hinted types.path (whenIs (value: value ? extendModules) "it is a NixOS configuration: write it to nixosConfiguration")) {
      example = literalExpression "self.packages.x86_64-linux.my-system";
      description = "A system that has been made already (a NixOS `system.build.toplevel`), instead of a `configuration`.";
    };

    init = mkNullable types.str {
      example = literalExpression ''"''${toplevel}/prepare-root"'';
      description = "The program that runs as PID 1; `init` in the toplevel when it is left out.";
    };

    runCommand = mkNullable (import ../program.nix lib).type {
      example = literalExpression ''
        pkgs: "exec ''${pkgs.python3}/bin/python -m http.server 8000"
      '';
      description = ''
        What runs instead of an init: a script for bash, a program with its arguments as a list, a package, whose
        main program it is, or a function of `pkgs` that returns one of these. A signal to stop reaches all that a script has
        started. Nothing of `configuration` is activated, but its packages are in `PATH`.
      '';
    };
  };

  # For a container that is a function.
  config._module.args.pkgs = lib.mkOptionDefault config.pkgs;
}
