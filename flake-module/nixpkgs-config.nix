# The module that gives a NixOS configuration its packages: those of the container, and where the configuration says
# `nixpkgs.config` itself, the same nixpkgs once more, configured by both.
{
  # The instance of Nixpkgs.
  given,
}:
{ lib, options, ... }:
let
  isConfigured = options.nixpkgs.config.highestPrio or 1500 < 1500;
in
{
  _file = ./nixpkgs-config.nix;

  options.nixpkgs.config = lib.mkOption {
    apply =
      said: if isConfigured && builtins.isAttrs said then lib.recursiveUpdate given.config said else said;
  };

  config.nixpkgs = {
    pkgs = lib.mkIf (!isConfigured) (lib.mkDefault given);
    overlays = lib.mkIf isConfigured (lib.mkBefore (given.overlays or [ ]));
  };
}
