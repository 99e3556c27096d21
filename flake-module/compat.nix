# The names that NixOS's `containers.NAME` and extra-container use: what carries over is mapped to our options, the rest
# is refused with the reason or with the option to use. Nothing else knows these names.
{
  config,
  lib,
  name,
  options,
  ...
}:
let
  inherit (lib)
    mkIf
    mkOption
    types
    ;

  mkCompat =
    type: description:
    mkOption {
      type = types.nullOr type;
      default = null;
      inherit description;
    };

  where = import ./where.nix;
  syntax = import ./syntax;

  problem =
    option: message:
    "flake-containers.containers.${name}.${option}: ${message}${
      where.files ((lib.attrByPath (lib.splitString "." option) { } options).files or [ ])
    }";

  # Option -> reason. The default of NixOS, and any other value that changes nothing, is not refused.
  refused = {
    hostAddress6 = "the host's IPv6 address is derived from the project's id: containers find each other by their names";
    extraVeths = "use network.networks for networks of the project, or network.mode = \"bridge\" for one of the host's";
    copyResolvConf = "with network.mode = \"host\" the host's resolvers are used, else there are none";
    flake = "use toplevel = inputs.NAME.nixosConfigurations.NAME.config.system.build.toplevel, or nixosConfiguration";
  };
  refusedExtra = {
    enableSSH = "'${name}-shell' opens a shell without SSH; else enable services.openssh in the configuration";
    exposeLocalhost = "use ports: a published port reaches what listens on the container's 127.0.0.1";
  };

  # Of nixos-nspawn.
  refusedVeth = {
    host = "the host's end of the network is the project's: use network.networks, network.address, network.internet and ports, or network.mode = \"bridge\" for a network that the host's networkd sets";
    container = "the runner sets host0 before the first unit starts: use network.address, or network.mode = \"bridge\" and systemd.network in the configuration";
  };

  mkRefused = lib.mapAttrs (
    _: reason:
    mkOption {
      type = types.raw;
      description = "Refused: ${reason}.";
    }
  );
  refusals =
    prefix: declared: reasons:
    map (option: problem (prefix + option) reasons.${option}) (
      builtins.filter (
        option:
        declared.${option}.isDefined
        && !builtins.elem declared.${option}.value [
          null
          false
          [ ]
          { }
        ]
      ) (builtins.attrNames reasons)
    );

  # "1min", "90s", "90" or 90 -> seconds.
  units = {
    s = 1;
    sec = 1;
    m = 60;
    min = 60;
    h = 3600;
  };
  parsed = builtins.match "([1-9][0-9]{0,4}) *(s|sec|m|min|h)?" (toString config.timeoutStartSec);
  seconds =
    if parsed == null then
      null
    else
      lib.toInt (builtins.head parsed)
      * units.${if builtins.elemAt parsed 1 == null then "s" else builtins.elemAt parsed 1};

  # The one that goes with a fixed address; null: there is none.
  subnet = if config.network.address == null then null else syntax.subnetOf config.network.address;
  hostAddress = if subnet == null then null else lib.removeSuffix "0/24" subnet + "1";

  # Of "/run/netns/vpn".
  namespacePath =
    if config.networkNamespace == null then null else builtins.match "/run/netns/([^/]+)" (toString config.networkNamespace);
  namespace = if namespacePath == null then null else builtins.head namespacePath;

  # At most one says that the network is the host's.
  uplinks =
    lib.optional (config.hostBridge != null) config.hostBridge
    ++ (if config.macvlans == null then [ ] else config.macvlans)
    ++ (if config.interfaces == null then [ ] else config.interfaces);
  isAttached = builtins.elem config.network.mode [
    "bridge"
    "macvlan"
    "interface"
  ];

  privateUsers = {
    no = "host";
    pick = "private";
  };
  # Option -> the same in our options.
  mappings = {
    config = mkIf (config.config != null) { configuration = config.config; };
    path = mkIf (config.path != null) { toplevel = config.path; };
    bindMounts = mkIf (config.bindMounts != null) {
      volumes = lib.mapAttrsToList (_: mount: {
        source = if mount.hostPath == null then mount.mountPoint else mount.hostPath;
        target = mount.mountPoint;
        readOnly = mount.isReadOnly;
      }) config.bindMounts;
    };
    forwardPorts = mkIf (config.forwardPorts != null) {
      ports = map (port: {
        host = port.hostPort;
        container = if port.containerPort == null then port.hostPort else port.containerPort;
        inherit (port) protocol;
      }) config.forwardPorts;
    };
    hostBridge = mkIf (config.hostBridge != null) {
      network = {
        mode = "bridge";
        interface = config.hostBridge;
      };
    };
    macvlans = mkIf (config.macvlans == uplinks && builtins.length uplinks == 1) {
      network = {
        mode = "macvlan";
        interface = builtins.head uplinks;
      };
    };
    interfaces = mkIf (config.interfaces == uplinks && builtins.length uplinks == 1) {
      network = {
        mode = "interface";
        interface = builtins.head uplinks;
      };
    };
    # NixOS wants it beside the two.
    privateNetwork = mkIf (config.privateNetwork != null && (uplinks == [ ] || !config.privateNetwork)) {
      network.mode = if config.privateNetwork then "private" else "host";
    };
    localAddress = mkIf (config.localAddress != null) { network.address = config.localAddress; };
    localAddress6 = mkIf (config.localAddress6 != null) { network.address6 = config.localAddress6; };
    networkNamespace = mkIf (namespace != null) {
      network = {
        mode = "namespace";
        inherit namespace;
      };
    };
    localMacAddress = mkIf (config.localMacAddress != null) { network.mac = config.localMacAddress; };
    "extra.addressPrefix" = mkIf (config.extra.addressPrefix != null) {
      network.address = "${config.extra.addressPrefix}.2";
    };
    privateUsers = mkIf (privateUsers ? ${toString config.privateUsers}) {
      users = privateUsers.${config.privateUsers};
    };
    additionalCapabilities = mkIf (config.additionalCapabilities != null) {
      capabilities.add = config.additionalCapabilities;
    };
    allowedDevices = mkIf (config.allowedDevices != null) {
      devices = map (device: {
        path = device.node;
        permissions = device.modifier;
      }) config.allowedDevices;
    };
    enableTun = mkIf (config.enableTun == true) {
      devices = [ "/dev/net/tun" ];
      capabilities.add = [ "CAP_NET_ADMIN" ];
    };
    extraFlags = mkIf (config.extraFlags != null) { nspawnArgs = config.extraFlags; };
    timeoutStartSec = mkIf (config.timeoutStartSec != null && seconds != null) { ready.timeout = seconds; };
    "extra.enableWAN" = mkIf (config.extra.enableWAN != null) { network.internet = config.extra.enableWAN; };
  };
in
{
  options = mkRefused refused // {
    config = mkCompat types.deferredModule "`configuration`.";
    path = mkCompat types.path "`toplevel`.";
    bindMounts =
      mkCompat
        (types.attrsOf (
          types.submodule (
            { name, ... }:
            {
              options = {
                mountPoint = mkOption {
                  type = types.str;
                  default = name;
                  description = "`volumes.*.target`.";
                };
                hostPath = mkOption {
                  type = types.nullOr types.str;
                  default = null;
                  description = "`volumes.*.source`.";
                };
                isReadOnly = mkOption {
                  type = types.bool;
                  default = true;
                  description = "`volumes.*.readOnly`.";
                };
              };
            }
          )
        ))
        "`volumes`.";
    forwardPorts = mkCompat (types.listOf (
      types.submodule {
        options = {
          protocol = mkOption {
            type = types.enum [
              "tcp"
              "udp"
            ];
            default = "tcp";
            description = "`ports.*.protocol`.";
          };
          hostPort = mkOption {
            type = types.port;
            description = "`ports.*.host`.";
          };
          containerPort = mkOption {
            type = types.nullOr types.port;
            default = null;
            description = "`ports.*.container`.";
          };
        };
      }
    )) "`ports`. Published on `127.0.0.1` and `::1`, not on all addresses.";
    privateNetwork = mkCompat types.bool "`network.mode`: `\"private\"` or `\"host\"`.";
    localAddress = mkCompat types.str "`network.address`.";
    hostBridge = mkCompat types.str "`network.mode = \"bridge\"` with `network.interface`. The interface is called `host0` inside.";
    macvlans = mkCompat (types.listOf types.str) "`network.mode = \"macvlan\"` with `network.interface`: one. The interface is called `host0` inside.";
    interfaces = mkCompat (types.listOf types.str) "`network.mode = \"interface\"` with `network.interface`: one, which the host keeps and does not use. The interface is called `host0` inside.";
    localAddress6 = mkCompat types.str "`network.address6`, which ends in `::` and a number from 2 to 254, but with `hostBridge` or one of `macvlans`.";
    networkNamespace = mkCompat types.path "`network.namespace`, of a path in `/run/netns`; another one is refused.";
    localMacAddress = mkCompat types.str "`network.mac`.";
    hostAddress = mkCompat types.str "The host has the address of the container's subnet that ends in 1, so another one is refused.";
    privateUsers = mkCompat (types.either types.ints.unsigned types.str) "`users`: `\"no\"` is `\"host\"`, `\"pick\"` is `\"private\"`.";
    additionalCapabilities = mkCompat (types.listOf types.str) "`capabilities.add`.";
    allowedDevices = mkCompat (types.listOf (
      types.submodule {
        options = {
          node = mkOption {
            type = types.str;
            description = "`devices.*.path`.";
          };
          modifier = mkOption {
            type = types.str;
            description = "`devices.*.permissions`.";
          };
        };
      }
    )) "`devices`.";
    enableTun = mkCompat types.bool "`/dev/net/tun` in `devices` and `CAP_NET_ADMIN` in `capabilities.add`.";
    extraFlags = mkCompat (types.listOf types.str) "`nspawnArgs`.";
    timeoutStartSec = mkCompat (types.either types.int types.str) "`ready.timeout`.";
    autoStart = mkCompat types.bool "Containers of a project are started by `up` only, so true is refused.";
    restartIfChanged = mkCompat types.bool "`up` applies what has changed, so false is refused.";
    network.veth.config = mkRefused refusedVeth;
    extra = mkRefused refusedExtra // {
      addressPrefix = mkCompat types.str "`network.address`: the same with `.2`. The host has `.1`.";
      enableWAN = mkCompat types.bool "`network.internet`.";
      firewallAllowHost = mkOption {
        type = types.bool;
        default = false;
        description = "Trusts the interface to the host in the NixOS firewall, which is off unless the configuration enables it.";
      };
    };
  };

  # Each as if it stood in a file of its own, so that the module system and problems.nix name the option that was
  # written.
  imports = map (option: {
    _file = where.mapped option;
    config = mappings.${option};
  }) (builtins.attrNames mappings);

  config.build.problems =
    refusals "" options refused
    ++ refusals "extra." options.extra refusedExtra
    ++ refusals "network.veth.config." options.network.veth.config refusedVeth
    ++ lib.optional (builtins.length uplinks > 1) (
      problem (if config.hostBridge != null then "hostBridge" else if config.macvlans != null then "macvlans" else "interfaces") "a container is attached to one interface of the host's, here these are ${lib.concatMapStringsSep ", " (uplink: "'${uplink}'") uplinks}"
    )
    ++ lib.optional (config.privateUsers != null && !(privateUsers ? ${toString config.privateUsers})) (
      problem "privateUsers" "'${toString config.privateUsers}' is not supported, the runner chooses the ids itself: use users = \"private\" or \"host\""
    )
    ++ lib.optional (config.timeoutStartSec != null && seconds == null) (
      problem "timeoutStartSec" "'${toString config.timeoutStartSec}' is not a number of seconds, use ready.timeout"
    )
    ++ lib.optional (config.networkNamespace != null && namespace == null) (
      problem "networkNamespace" "'${toString config.networkNamespace}' is not in /run/netns, where network.namespace looks"
    )
    ++ lib.optional (config.hostAddress != null && config.hostAddress != hostAddress) (
      problem "hostAddress" (
        if isAttached then
          "the host's address in that network is the host's to set; what leads out of it is network.gateway"
        else if hostAddress == null then
          "the host has the address that ends in 1, of the subnet of network.address: give that"
        else
          "'${config.hostAddress}' cannot be given, with this network.address the host has ${hostAddress}"
      )
    )
    ++ lib.optional (config.autoStart == true) (
      problem "autoStart" "containers of a project are started by 'up' only"
    )
    ++ lib.optional (config.restartIfChanged == false) (
      problem "restartIfChanged" "'up' applies what has changed, and says before by --dry-run what that is"
    );
}
