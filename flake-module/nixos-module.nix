# A NixOS module for a developer's machine: the program for all projects, of the machine's nixpkgs. A project does not
# need it, since it brings the program itself.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) literalExpression mkOption types;

  cfg = config.programs.flake-containers;
in
{
  options.programs.flake-containers = {
    enable = lib.mkEnableOption "flake-containers, the program that runs the containers of a project";

    package = mkOption {
      type = types.package;
      default = pkgs.callPackage ./package.nix { };
      defaultText = literalExpression "pkgs.callPackage ./package.nix { }";
      description = "The program.";
    };
  };

  config = lib.mkIf cfg.enable { environment.systemPackages = [ cfg.package ]; };
}
