# The flake-parts module: the options on both levels, and the outputs.
{
  config,
  flake-parts-lib,
  inputs,
  lib,
  ...
}:
let
  inherit (lib)
    literalExpression
    mkEnableOption
    mkIf
    mkOption
    mkOverride
    types
    ;

  top = config.flake-containers;

  nixpkgsArguments = { inherit (top.nixpkgs) config overlays; };

  nixpkgsIsSet =
    top.nixpkgs.nixpkgs != null || top.nixpkgs.config != { } || top.nixpkgs.overlays != [ ];

  # A definition as an attribute set says nothing but config, as it does in perSystem, where the type sees to it.
  containerModule = types.coercedTo types.attrs (definition: { config = definition; }) types.deferredModule;
in
{
  options.flake-containers = {
    enable = mkEnableOption "the containers that are defined here; those of `perSystem` need no enabling";

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

    containers = mkOption {
      type = types.lazyAttrsOf containerModule;
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
      description = ''
        The containers on all systems, by name; the options are those of `perSystem.flake-containers.containers`. A
        container that is defined on both levels is merged.
      '';
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
      hasContainers = top.enable || cfg.containers != { };
    in
    {
      _file = ./default.nix;

      options.flake-containers = mkOption {
        type = types.submoduleWith {
          modules = [ ./project.nix ];
          specialArgs = { inherit nixpkgsArguments; };
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
          modules = top.modules;
          containers = mkIf top.enable (lib.mapAttrs (_: definition: _: { imports = [ definition ]; }) top.containers);
        };

        # flake-parts has no pkgs where Nix (before 2.14) does not say what a flake is, or where nixpkgs is none.
        # Weaker than what anybody else says.
        _module.args.pkgs = mkIf (inputs ? nixpkgs && inputs.nixpkgs._type or null != "flake") (
          mkOverride 1400 (inputs.nixpkgs.legacyPackages.${system} or (import inputs.nixpkgs { inherit system; }))
        );

        packages = mkIf (isLinux && hasContainers) cfg.outputs.packages;
        devShells = mkIf (isLinux && hasContainers) { flake-containers = cfg.outputs.devShell; };
      };
    }
  );
}
