# A container's system as a node of a NixOS test: its configuration, without what makes a container of it (guest.nix), and
# as open to the other nodes as containers are to each other. What only a container has, volumes and ports above all, a
# node does not have.
{
  config,
  context,
  lib,
  name,
  ...
}:
let
  # As in guest.nix.
  mkWeak = lib.mkOverride 1200;

  module =
    { lib, ... }:
    {
      _file = ./node.nix;
      imports = context.modules ++ config.extraModules ++ lib.optional (config.configuration != null) config.configuration;

      config = {
        # Of the container alone: those of the project are usable in `imports` as well, where lib.nixosTest makes the test.
        _module.args = lib.mapAttrs (_: lib.mkDefault) (context.specialArgs // config.specialArgs);

        networking.firewall.enable = mkWeak false;
        system.stateVersion = mkWeak lib.trivial.release;
        systemd.globalEnvironment = lib.mapAttrs (_: toString) config.environment;
      };
    };

  problem =
    if config.nixosConfiguration != null then
      "nixosConfiguration: it is a system already: import its modules into the node"
    else if config.toplevel != null then
      "toplevel: it is a system already, of which no node can be made"
    else if config.runCommand != null then
      "runCommand: a command instead of an init runs in a container only"
    else
      null;
in
{
  config.build = {
    node =
      if problem == null then
        module
      else
        throw "\n- flake-containers.containers.${name}.${problem}";

    # With which all nodes of a test are evaluated.
    nodeArgs = removeAttrs context.specialArgs (builtins.attrNames config.specialArgs);
  };
}
