# The NixOS module that every container gets: what a container of the runner is, whatever else it does. Options are set
# where the nixpkgs of the container has them, so that it evaluates with releases of many years.
{
  name,
  # network.mode
  network,
  # How many of its interfaces are set by the runner: one in each of the project's networks.
  networks,
  # It is in a network of the host's, and sets its interface itself.
  isAttached,
  asksForAddress,
  # network.internet
  internet,
  # Whether the container has a range of user ids of its own, which ends at 65535.
  privateUsers,
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
  # Stronger than NixOS's own mkDefault, weaker than the user's values.
  mkInstead = mkOverride 990;
  # Stronger than what is said plainly, weaker than mkForce.
  mkGuest = mkOverride 90;

  # An option that has been removed or renamed is there as well, to say so; it is not visible.
  has = path: hasAttrByPath path options && (attrByPath path { } options).visible or true != false;

  set = path: value: if has path then setAttrByPath path value else { };

  # Another container's, which may be in any of the project's networks.
  isShared = network == "container";
  # One in each of the project's networks, and the way to the internet.
  hostInterfaces = if isShared then [ "host*" ] else builtins.genList (i: "host${toString i}") networks;
  interfaces = hostInterfaces ++ optional (internet || isShared) "internet0";

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
      # The network belongs to the project, and published ports come in through the container's own loopback. In one of
      # the host's there may be any machine.
      networking.firewall.enable = mkWeak isAttached;
      # With the host's network its resolvers, too. Else there is none to ask, or the one that the runner mounts.
      networking.useHostResolvConf = mkGuest (network == "host" || network == "namespace");

      assertions = [
        {
          assertion = config.networking.hostName == name;
          message = "flake-containers.containers.${name}: networking.hostName is '${config.networking.hostName}'; a container's host name is its name";
        }
      ];

      # Without a warning: most containers keep nothing that depends on it. Those that do set it, see the examples.
      system.stateVersion = mkWeak lib.trivial.release;
    }

    # --- network: only the runner sets up its interfaces -------------------
    (set [ "networking" "dhcpcd" "denyInterfaces" ] interfaces)
    (set [ "networking" "networkmanager" "unmanaged" ] (map (name: "interface-name:${name}") interfaces))
    # Before systemd's own 80-container-host0.network, which asks for DHCP.
    (set [ "systemd" "network" "networks" ] (
      mkIf (interfaces != [ ]) {
        "10-flake-containers" = {
          matchConfig.Name = builtins.concatStringsSep " " interfaces;
          linkConfig.Unmanaged = true;
        };
      }
    ))
    (if asksForAddress then { networking.interfaces.host0.useDHCP = mkWeak true; } else { })
    # Nothing that it could see would ever be online.
    (
      if has [ "systemd" "network" "wait-online" "enable" ] then
        { systemd.network.wait-online.enable = mkWeak false; }
      else
        { systemd.services.systemd-networkd-wait-online.enable = mkWeak false; }
    )
    (if trustHost && !isAttached && !isShared then { networking.firewall.trustedInterfaces = hostInterfaces; } else { })

    # Before the network counts as up it would write an empty resolv.conf and start nscd again.
    (set [ "networking" "resolvconf" "enable" ] (
      mkIf (
        network != "host"
        && network != "namespace"
        && !isAttached
        && !attrByPath [ "networking" "resolvconf" "useLocalResolver" ] false config
        && attrByPath [ "networking" "nameservers" ] [ ] config == [ ]
      ) (mkWeak false)
    ))

    # --- names: the runner mounts the project's hosts file, which activation cannot replace -------
    (
      if network == "private" || isShared then
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
      else if has [ "nix" "enable" ] then
        { nix.enable = mkWeak false; }
      else
        {
          systemd.services.nix-daemon.enable = mkWeak false;
          systemd.sockets.nix-daemon.enable = mkWeak false;
        }
    )
    # For services and for the programs of `exec`. Without it root's nix takes the store for its own.
    (
      if !nixDaemon then
        { }
      else if has [ "systemd" "settings" "Manager" ] then
        { systemd.settings.Manager.DefaultEnvironment = mkWeak "NIX_REMOTE=daemon"; }
      else
        { systemd.extraConfig = "DefaultEnvironment=NIX_REMOTE=daemon"; }
    )
    (set [ "nix" "gc" "automatic" ] (mkWeak false))
    (set [ "nix" "optimise" "automatic" ] (mkWeak false))

    # --- what NixOS switches on and a container cannot have --------------------------------------- For all groups of
    # the container: the kernel does not know higher ones in this user namespace, and refuses (NixOS since 24.05).
    (
      if privateUsers && network != "host" && network != "namespace" && !isShared then
        { boot.kernel.sysctl."net.ipv4.ping_group_range" = mkInstead "0 65535"; }
      else
        { }
    )
    # nspawn has mounted /proc, /dev, /run and what is below them. Mounting them anew, as NixOS does without
    # boot.isNspawnContainer (26.05), is denied, or would undo what nspawn has done. Other file systems are mounted.
    (
      if has [ "boot" "isNspawnContainer" ] then
        { boot.isNspawnContainer = mkWeak true; }
      else
        {
          system.activationScripts.specialfs = mkGuest ''
            specialMount() {
              mountpoint -q "$2" || { mkdir -p "$2" && chmod 0755 "$2" && mount -t "$4" -o "$3" "$1" "$2"; }
            }
            source ${config.system.build.earlyMountScript}
          '';
        }
    )
    # systemd's stage 1 takes the init's place in the toplevel (until 25.11), and a container has no stage 1.
    (set [ "boot" "initrd" "systemd" "enable" ] (mkGuest false))
    (set [ "system" "nixos-init" "enable" ] (mkWeak false))
    # An image of /etc needs a loop device and erofs, which only the host's root may mount.
    (
      if has [ "system" "etc" "overlay" "enable" ] then
        {
          assertions = [
            {
              assertion = !config.system.etc.overlay.enable;
              message = "flake-containers.containers.${name}: system.etc.overlay.enable needs a stage 1 that mounts an image, which a container does not have";
            }
          ];
        }
      else
        { }
    )
    # These are disks of the machine that the evaluation was made for.
    (
      if existing then
        {
          fileSystems = mkGuest { };
          swapDevices = mkGuest [ ];
        }
      else
        { }
    )
    # It makes a system that a machine goes back to when it ends. A container would make it at each stop.
    (set [ "systemd" "shutdownRamfs" "enable" ] (mkWeak false))
    # Emergency mode asks on the console what to do, and the console has no input. Without it the boot goes on, and `up`
    # says what failed.
    (set [ "systemd" "enableEmergencyMode" ] (mkWeak false))
    # These wait for passwords of disks, and would take two of root's few inotify instances for each container.
    {
      systemd.paths.systemd-ask-password-console.enable = mkWeak false;
      systemd.paths.systemd-ask-password-wall.enable = mkWeak false;
    }
    # It checks its configuration at boot, as a user that a user namespace does not have.
    (set [ "services" "logrotate" "enable" ] (mkWeak false))
    (set [ "services" "lvm" "enable" ] (mkWeak false))
    # The host does that.
    (set [ "services" "timesyncd" "enable" ] (mkWeak false))
    (set [ "systemd" "oomd" "enable" ] (mkWeak false))
    # The console is a log without input.
    { systemd.services.console-getty.enable = mkGuest false; }
    # `NAME-shell` needs no password, so that none has to be said where users cannot be changed inside.
    (set [ "users" "allowNoPasswordLogin" ] (mkWeak true))

    # --- a quick boot: nothing that a container of a project has no use for -----------------------
    (set [ "documentation" "enable" ] (mkWeak false))
    (set [ "documentation" "nixos" "enable" ] (mkWeak false))
    (set [ "programs" "command-not-found" "enable" ] (mkWeak false))
    (set [ "services" "udisks2" "enable" ] (mkWeak false))
    # Off unless the configuration has containers in containers.
    (set [ "boot" "enableContainers" ] (
      mkIf (attrByPath [ "containers" ] { } config == { }) (mkWeak false)
    ))
    # Those that change the system, which only the flake does.
    (set [ "system" "disableInstallerTools" ] (mkWeak true))
    (set [ "xdg" "autostart" "enable" ] (mkWeak false))
    (set [ "xdg" "icons" "enable" ] (mkWeak false))
    (set [ "xdg" "mime" "enable" ] (mkWeak false))
    (set [ "xdg" "sounds" "enable" ] (mkWeak false))
  ];
}
