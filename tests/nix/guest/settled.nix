# What guest.nix leaves of `defaults` for a guest: settled.json, from which tests/live/nixos.sh makes a guest. Each of
# NixOS's own settings is a mkDefault here, as there.
{
  lib,
  guest,
  defaults,
}:
let
  inherit (lib) mkDefault mkOption types;

  entries = map (lib.splitString " ") (
    lib.filter (line: line != "" && !lib.hasPrefix "#" line) (
      lib.splitString "\n" (builtins.readFile defaults)
    )
  );
  # of KIND: values as they stand
  all = kind: map (entry: lib.concatStringsSep " " (lib.drop 2 entry)) (
    lib.filter (entry: builtins.head entry == kind) entries
  );

  base = {
    name = "web";
    network = "private";
    networks = 1;
    internet = false;
    privateUsers = true;
    isAttached = false;
    asksForAddress = false;
    nixDaemon = false;
    trustHost = false;
    existing = false;
  };

  evaluate =
    {
      isNspawnContainer ? false,
      arguments ? { },
      with-guest ? true,
    }:
    lib.evalModules {
      class = "nixos";
      modules =
        lib.optional with-guest (
          import guest (base // arguments)
        )
        ++ lib.optional isNspawnContainer {
          options.boot.isNspawnContainer = mkOption {
            type = types.bool;
            default = false;
          };
        }
        ++ lib.singleton {
          freeformType = types.lazyAttrsOf types.anything;
          options = {
            assertions = mkOption {
              type = types.listOf types.anything;
              default = [ ];
            };
            warnings = mkOption {
              type = types.listOf types.str;
              default = [ ];
            };
            boot.kernel.sysctl = mkOption { type = types.attrsOf types.str; };
            networking.hostName = mkOption {
              type = types.str;
              default = "nixos";
            };
            networking.hosts = mkOption {
              type = types.attrsOf types.anything;
              default = { };
            };
            networking.extraHosts = mkOption {
              type = types.lines;
              default = "";
            };
            # Otherwise a path into a value without options would not be an option.
            systemd.paths = mkOption {
              type = types.lazyAttrsOf types.anything;
              default = { };
            };
          };
          config = {
            boot.kernel.sysctl = builtins.listToAttrs (
              map (
                line:
                let
                  parts = lib.splitString "=" line;
                in
                {
                  name = builtins.head parts;
                  value = mkDefault (lib.concatStringsSep "=" (builtins.tail parts));
                }
              ) (all "sysctl")
            );
            system.build.earlyMountScript = "/etc/nixos-mounts";
            # NixOS's own.
            system.activationScripts.specialfs = ''
              specialMount() {
                local device="$1" mountPoint="$2" options="$3" fsType="$4"
                if mountpoint -q "$mountPoint"; then
                  options="remount,$options"
                else
                  mkdir -p "$mountPoint"
                fi
                mount -t "$fsType" -o "$options" "$device" "$mountPoint"
              }
              source /etc/nixos-mounts
            '';
          };
        };
    };

  settled =
    arguments:
    let
      inherit (evaluate arguments) config;
    in
    {
      inherit (config.boot.kernel) sysctl;
      tmpfiles = all "tmpfiles";
      units = all "unit";
      # A release that has the option mounts only what is below.
      mounts = if config.boot.isNspawnContainer or false then [ "ramfs /run/keys nosuid,nodev,mode=750 ramfs" ] else all "mount";
      specialfs = config.system.activationScripts.specialfs;
      paths = lib.filter (path: config.systemd.paths.${path}.enable or true) (all "path");
      masked = lib.filter (path: !(config.systemd.paths.${path}.enable or true)) (all "path");
    };
  # The settings of each part of the module: one that two parts set would be lost without a merge.
  twice =
    arguments:
    let
      evaluated = evaluate { inherit arguments; };
      module = import guest (base // arguments) { inherit lib; inherit (evaluated) config options; };
      leaves =
        path: value:
        if builtins.isAttrs value && !(value ? _type) then
          lib.concatLists (lib.mapAttrsToList (name: leaves (path ++ [ name ])) value)
        else
          [ (lib.concatStringsSep "." path) ];
      all = lib.concatLists (map (leaves [ ]) module.config.contents);
    in
    # These two are lists.
    lib.filter (
      path: path != "assertions" && path != "warnings" && builtins.length (lib.filter (p: p == path) all) > 1
    ) all;

  asking = {
    network = "macvlan";
    isAttached = true;
    asksForAddress = true;
    networks = 0;
  };

  attached =
    arguments:
    let
      inherit (evaluate { inherit arguments; }) config;
    in
    {
      firewall = config.networking.firewall.enable;
      dhcp = config.networking.interfaces.host0.useDHCP or false;
    };

  daemon =
    arguments:
    let
      inherit (evaluate arguments) config;
    in
    {
      service = config.systemd.services.nix-daemon.enable;
      socket = config.systemd.sockets.nix-daemon.enable;
      environment = config.systemd.extraConfig;
    };
in
{
  attached = attached { network = "bridge"; isAttached = true; networks = 1; };
  attachedAsks = attached asking;
  ofTheProject = attached { };
  twice = twice { } ++ twice asking ++ twice { nixDaemon = true; existing = true; trustHost = true; };
  daemon = daemon { arguments.nixDaemon = true; };
  # Before boot.isNspawnContainer, and with it.
  private = settled { };
  newest = settled { isNspawnContainer = true; };
  host = settled { arguments.privateUsers = false; };
  # As NixOS has it.
  unsettled = settled { with-guest = false; };
}
