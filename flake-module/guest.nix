# The NixOS module that every container gets: what a container of the runner is, whatever else it does. Options are set
# where the nixpkgs of the container has them, so that it evaluates with releases of many years.
{
  name,
  # network.mode: private, host or none
  network,
  nixDaemon,
  trustHost,
  # An evaluation that was made for something else, with a host name and more of its own.
  existing,
}:
{
  config,
  lib,
  options,
  ...
}:
let
  inherit (lib)
    attrByPath
    hasAttrByPath
    mkForce
    mkIf
    mkMerge
    mkOverride
    optional
    setAttrByPath
    ;

  # Weaker than mkDefault: who says anything else means it, and two mkDefaults would be in conflict.
  mkWeak = mkOverride 1200;
  # Stronger than what is said plainly, weaker than mkForce.
  mkGuest = mkOverride 90;

  # An option that has been removed or renamed is there as well, to say so; it is not visible.
  has = path: hasAttrByPath path options && (attrByPath path { } options).visible or true != false;

  set = path: value: if has path then setAttrByPath path value else { };

  # The entries that NixOS makes itself are no loss.
  ownHosts = lib.filterAttrs (address: _: builtins.match "127\\..*|::1" address == null) (
    attrByPath [ "networking" "hosts" ] { } config
  );
in
{
  _file = ./guest.nix;

  config = mkMerge [
    {
      boot.isContainer = true;

      networking.hostName = (if existing then mkGuest else mkWeak) name;
      networking.useDHCP = mkGuest false;
      # The network belongs to the project, and published ports come in through the container's own loopback.
      networking.firewall.enable = mkWeak false;
      # With the host's network its resolvers, too; else there is nobody to ask.
      networking.useHostResolvConf = mkGuest (network == "host");

      assertions = [
        {
          assertion = config.networking.hostName == name;
          message = "flake-containers.containers.${name}: networking.hostName is '${config.networking.hostName}'; a container's host name is its name";
        }
      ];

      # Without a warning: most containers keep nothing that depends on it. Those that do set it, see the examples.
      system.stateVersion = mkWeak lib.trivial.release;
    }
    (set [ "boot" "isNspawnContainer" ] (mkWeak true))

    # --- network: the runner sets up the interface host0, and nobody else touches it --------------
    (set [ "networking" "dhcpcd" "denyInterfaces" ] [ "host0" ])
    (set [ "networking" "networkmanager" "unmanaged" ] [ "interface-name:host0" ])
    # Before systemd's own 80-container-host0.network, which asks for DHCP.
    (set [ "systemd" "network" "networks" ] {
      "10-flake-containers" = {
        matchConfig.Name = "host0";
        linkConfig.Unmanaged = true;
      };
    })
    # Nothing that it could see would ever be online.
    (
      if has [ "systemd" "network" "wait-online" "enable" ] then
        { systemd.network.wait-online.enable = mkWeak false; }
      else
        { systemd.services.systemd-networkd-wait-online.enable = mkWeak false; }
    )
    (if trustHost then { networking.firewall.trustedInterfaces = [ "host0" ]; } else { })

    # Before the network counts as up it would write an empty resolv.conf and start nscd again.
    (set [ "networking" "resolvconf" "enable" ] (
      mkIf (
        network != "host"
        && !attrByPath [ "networking" "resolvconf" "useLocalResolver" ] false config
        && attrByPath [ "networking" "nameservers" ] [ ] config == [ ]
      ) (mkWeak false)
    ))

    # --- names: the runner mounts the project's hosts file, which activation cannot replace -------
    (
      if network == "private" then
        {
          environment.etc.hosts.enable = mkForce false;
          warnings = optional (config.networking.extraHosts != "" || ownHosts != { })
            "flake-containers.containers.${name}: networking.hosts and networking.extraHosts have no effect, /etc/hosts is the project's";
        }
      else
        { }
    )

    # --- Nix: the store is read-only and the host's -----------------------------------------------
    (
      if nixDaemon then
        {
          environment.variables.NIX_REMOTE = mkWeak "daemon";
          systemd.services.nix-daemon.enable = mkGuest false;
          systemd.sockets.nix-daemon.enable = mkGuest false;
        }
        # For services and for what `exec` runs. Without it root's nix takes the store for its own.
        // (
          if has [ "systemd" "settings" "Manager" ] then
            { systemd.settings.Manager.DefaultEnvironment = mkWeak "NIX_REMOTE=daemon"; }
          else
            { systemd.extraConfig = "DefaultEnvironment=NIX_REMOTE=daemon"; }
        )
      else if has [ "nix" "enable" ] then
        { nix.enable = mkWeak false; }
      else
        {
          systemd.services.nix-daemon.enable = mkWeak false;
          systemd.sockets.nix-daemon.enable = mkWeak false;
        }
    )
    (set [ "nix" "gc" "automatic" ] (mkWeak false))
    (set [ "nix" "optimise" "automatic" ] (mkWeak false))

    # --- a quick boot: nothing that a container of a project has no use for -----------------------
    (set [ "documentation" "enable" ] (mkWeak false))
    (set [ "documentation" "nixos" "enable" ] (mkWeak false))
    (set [ "programs" "command-not-found" "enable" ] (mkWeak false))
    (set [ "services" "udisks2" "enable" ] (mkWeak false))
    # Fails in a user namespace.
    (set [ "services" "logrotate" "enable" ] (mkWeak false))
    (set [ "services" "lvm" "enable" ] (mkWeak false))
    # The host does that.
    (set [ "services" "timesyncd" "enable" ] (mkWeak false))
    (set [ "systemd" "oomd" "enable" ] (mkWeak false))
    # Those that change the system, which only the flake does.
    (set [ "system" "disableInstallerTools" ] (mkWeak true))
    (set [ "xdg" "autostart" "enable" ] (mkWeak false))
    (set [ "xdg" "icons" "enable" ] (mkWeak false))
    (set [ "xdg" "mime" "enable" ] (mkWeak false))
    (set [ "xdg" "sounds" "enable" ] (mkWeak false))
    # The console is a log, nobody logs in there.
    { systemd.services.console-getty.enable = mkGuest false; }
  ];
}
