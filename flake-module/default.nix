# The flake-parts module: the options on both levels, and the outputs.
{
  config,
  flake-parts-lib,
  inputs,
  lib,
  options,
  self,
  withSystem,
  ...
}:
let
  inherit (lib)
    literalExpression
    mkIf
    mkOption
    mkOverride
    types
    ;

  top = config.flake-containers;

  nixpkgsArguments = { inherit (top.nixpkgs) config overlays; };

  nixpkgsIsSet =
    top.nixpkgs.nixpkgs != null || top.nixpkgs.config != { } || top.nixpkgs.overlays != [ ];

  inherit (import ./types.nix lib) containerModule containersExample testsExample;

  # Nothing else would say why there are no commands. The names at the top tell it, and need no system.
  warnOfSystems = lib.warnIf (top.containers != { } && !lib.any (lib.hasSuffix "-linux") config.systems) "flake-containers: `systems` has no Linux, and containers are for Linux only, so there are no commands for them";

  enableIsSet = options.flake-containers.enable.highestPrio < (lib.mkOptionDefault null).priority;
in
{
  options.flake-containers = {
    enable = mkOption {
      type = types.bool;
      default = top.containers != { };
      defaultText = literalExpression "containers != { }";
      description = "Whether there are commands, a shell and a check for the containers, on all systems.";
    };

    nixpkgs = {
      nixpkgs = mkOption {
        type = types.nullOr types.path;
        default = null;
        example = literalExpression "inputs.nixpkgs-unstable";
        description = ''
          The nixpkgs of the containers, `inputs.nixpkgs` when only `config` or `overlays` are given. When none of the
          three is, the containers are made of the `pkgs` of `perSystem`, which stays as it is in any case.
        '';
      };
      config = mkOption {
        type = types.attrs;
        default = { };
        example = literalExpression "{ allowUnfree = true; }";
        description = "The configuration with which nixpkgs is imported for the containers.";
      };
      overlays = mkOption {
        type = types.listOf types.raw;
        default = [ ];
        example = literalExpression "[ inputs.fenix.overlays.default ]";
        description = "The overlays with which nixpkgs is imported for the containers.";
      };
    };

    modules = mkOption {
      type = types.listOf types.deferredModule;
      default = [ ];
      example = literalExpression ''[ { time.timeZone = "Europe/Berlin"; } ]'';
      description = "NixOS modules for all containers, on both levels.";
    };

    specialArgs = mkOption {
      type = types.lazyAttrsOf types.raw;
      default = { };
      example = literalExpression "{ hosts = import ./hosts.nix; }";
      description = ''
        More arguments for the modules of all containers, on both levels, usable in their `imports`. `inputs` and `self`
        are there already.
      '';
    };

    defaults = mkOption {
      type = containerModule;
      default = { };
      example = literalExpression "{ restart = \"on-failure\"; }";
      description = "Options that all containers have, on both levels; see `perSystem.flake-containers.defaults`.";
    };

    nixosConfigurations = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "x86_64-linux";
      description = ''
        The system whose containers are outputs `nixosConfigurations.NAME`, too, where programs look for them that know
        NixOS (`nixos-option`, `nix-diff`, `nix repl`). There is no machine to deploy them to.
      '';
    };

    containers = mkOption {
      type = import ./containers-type.nix { inherit lib; } containerModule;
      default = { };
      example = containersExample;
      description = ''
        The containers on all systems, by name; the options are those of `perSystem.flake-containers.containers`. A
        container that is defined on both levels is merged.
      '';
    };

    tests = mkOption {
      type = types.lazyAttrsOf types.deferredModule;
      default = { };
      example = testsExample;
      description = "Tests on all systems, by name, and merged as containers are; see `perSystem.flake-containers.tests`.";
    };
  };

  options.perSystem = flake-parts-lib.mkPerSystemOption (
    {
      config,
      pkgs,
      system,
      ...
    }:
    let
      cfg = config.flake-containers;
      # Not around the definitions: flake-parts looks at what they define without a system.
      isLinux = lib.hasSuffix "-linux" system;
    in
    {
      _file = ./default.nix;

      options.flake-containers = mkOption {
        type = types.submoduleWith {
          modules = [ ./project.nix ];
          specialArgs = { inherit nixpkgsArguments self; };
        };
        default = { };
        description = "The containers on this system.";
      };

      config = {
        flake-containers = {
          pkgs = lib.mkOptionDefault (
            if !nixpkgsIsSet then
              pkgs
            else
              import (
                if top.nixpkgs.nixpkgs != null then
                  top.nixpkgs.nixpkgs
                else
                  inputs.nixpkgs or (throw "flake-containers.nixpkgs: there is no input 'nixpkgs', set flake-containers.nixpkgs.nixpkgs")
              ) (nixpkgsArguments // { inherit system; })
          );
          enable = mkIf enableIsSet (lib.mkDefault top.enable);
          inherit (top) modules;
          specialArgs = lib.mapAttrs (_: lib.mkDefault) { inherit inputs self; } // top.specialArgs;
          defaults = _: { imports = [ top.defaults ]; };
          containers = lib.mapAttrs (_: definition: _: { imports = [ definition ]; }) top.containers;
          tests = lib.mapAttrs (_: definition: _: { imports = [ definition ]; }) top.tests;
        };

        # flake-parts has no pkgs where Nix (before 2.14) does not say what a flake is, or where nixpkgs is none.
        # Weaker than any other definition.
        _module.args.pkgs = mkIf (inputs ? nixpkgs && inputs.nixpkgs._type or null != "flake") (
          mkOverride 1400 (inputs.nixpkgs.legacyPackages.${system} or (import inputs.nixpkgs { inherit system; }))
        );

        packages = warnOfSystems (mkIf isLinux cfg.outputs.packages);
        apps = mkIf isLinux cfg.outputs.apps;
        checks = mkIf isLinux cfg.outputs.checks;
        devShells = mkIf (isLinux && cfg.enable) { flake-containers = cfg.outputs.devShell; };
      };
    }
  );

  config.flake = mkIf (top.nixosConfigurations != null) {
    nixosConfigurations = withSystem top.nixosConfigurations (
      { config, ... }:
      lib.mapAttrs (
        name: container:
        if container.build.nixos != null then
          container.build.nixos
        else
          throw "nixosConfigurations.${name}: with a toplevel there is no NixOS configuration"
      ) config.flake-containers.containers
    );
  };
}
