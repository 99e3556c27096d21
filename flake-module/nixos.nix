# The NixOS of a container: its configuration, evaluated with what makes a container of it (guest.nix).
{
  config,
  context,
  lib,
  name,
  options,
  ...
}:
let
  where = import ./where.nix;

  isAttached = builtins.elem config.network.mode [
    "bridge"
    "macvlan"
    "interface"
  ];
  asksForAddress = isAttached && config.network.address == null;

  guest = import ./guest.nix {
    inherit name;
    inherit (config) nixDaemon;
    network = config.network.mode;
    networks = if asksForAddress then 0 else lib.max 1 (builtins.length config.network.networks);
    inherit asksForAddress isAttached;
    internet = config.network.internet == true;
    privateUsers = config.users != "host";
    trustHost = config.extra.firewallAllowHost;
    existing = config.nixosConfiguration != null;
  };

  modules = [ guest ] ++ context.modules ++ config.extraModules;

  # The packages are those of the container, and where the configuration says `nixpkgs.config` itself, the same nixpkgs
  # once more, configured by both.
  packages =
    { lib, options, ... }:
    let
      isConfigured = options.nixpkgs.config.highestPrio or 1500 < 1500;
    in
    {
      _file = ./nixos.nix;

      options.nixpkgs.config = lib.mkOption {
        apply =
          said:
          if isConfigured && builtins.isAttrs said then lib.recursiveUpdate config.pkgs.config said else said;
      };

      config.nixpkgs = {
        pkgs = lib.mkIf (!isConfigured) (lib.mkDefault config.pkgs);
        overlays = lib.mkIf isConfigured (lib.mkBefore (config.pkgs.overlays or [ ]));
      };
    };

  evaluation =
    if config.nixosConfiguration != null then
      config.nixosConfiguration.extendModules {
        inherit modules;
        # Not the project's `inputs` and `self`: the evaluation may have others of the same names.
        inherit (config) specialArgs;
      }
    else if config.toplevel != null then
      null
    else
      # Not pkgs.nixos, which takes no specialArgs.
      import (config.pkgs.path + "/nixos/lib/eval-config.nix") {
        inherit (config.pkgs) lib;
        inherit (config.pkgs.stdenv.hostPlatform) system;
        specialArgs = context.specialArgs // config.specialArgs;
        # What is wrong in a configuration is said with the container's name.
        prefix = [
          "flake-containers"
          "containers"
          name
          # As it was written.
          (if lib.all where.isMapped options.configuration.files then "config" else "configuration")
        ];
        modules =
          [ packages ] ++ modules ++ lib.optional (config.configuration != null) config.configuration;
      };
in
{
  config.build = {
    nixos = evaluation;
    config =
      if evaluation == null then
        throw "flake-containers.containers.${name}: with a toplevel there is no NixOS configuration"
      else
        evaluation.config;
    toplevel = "${if config.toplevel != null then config.toplevel else evaluation.config.system.build.toplevel}";
  };
}
