# Mistakes in a flake and the messages for them, before anything is built: options of one container `web` in flake.nix,
# and all messages, each without the container's place. -> rows as in unit.sh
{ lib, ... }@inputs:
let
  module = import ./module.nix inputs;

  toplevel = "${builtins.storeDir}/00000000000000000000000000000000-system";

  says = options: messages: {
    expr = (module.problems { web = if builtins.isAttrs options then { inherit toplevel; } // options else options; }).web;
    expected = map (message: "flake-containers.containers.web.${message}") messages;
  };
  # In the file where they are written.
  mistake = options: message: says options [ "${message} (in flake.nix)" ];
  fine = options: says options [ ];

  # A module in a file of its own.
  other = file: options: {
    _file = file;
    config = options;
  };
in
{
  # --- the syntax of strings
  portTriple = mistake { ports = [ "80:80:80" ]; } "ports: '80:80:80': '80': not a numeric IPv4 or IPv6 address";
  portName = mistake { ports = [ "http" ]; } "ports: 'http': expected [ADDRESS:]HOST:CONTAINER or PORT, the address numeric, IPv6 in brackets";
  portLocalhost = mistake { ports = [ "localhost:8080:80" ]; } "ports: 'localhost:8080:80': 'localhost': not a numeric IPv4 or IPv6 address";
  portRange = mistake { ports = [ "8000-8010:80" ]; } "ports: '8000-8010:80': there must be as many ports on the host as in the container, not 11 and 1";
  portReversed = mistake { ports = [ "8010-8000" ]; } "ports: '8010-8000': a range begins with the lower port";
  portMany = mistake { ports = [ "8000-8099" "auto:80" ]; } "ports: a container publishes at most 100 ports, not 101";
  portHigh = mistake { ports = [ "80:70000" ]; } "ports: '80:70000': a port is a number from 1 to 65535";
  portSctp = mistake { ports = [ "53:53/sctp" ]; } "ports: '53:53/sctp': 'sctp' is not a protocol, use 'tcp' or 'udp'";
  portSet = mistake { ports = [ { host = 80; container = 80; address = "0.0.0.256"; } ]; }
    ''ports: '{"address":"0.0.0.256","container":80,"host":80}': '0.0.0.256': not a numeric IPv4 or IPv6 address'';
  socketForm = mistake { sockets = [ "/run/a" ]; } "sockets: '/run/a': expected NAME:PATH";
  socketTwice = mistake { sockets = [ "a:/a" "a:/b" ]; } "sockets: the name 'a' is used already";
  portsWithHost = mistake { ports = [ "80:80" ]; network.mode = "host"; } ''ports: only with network.mode = "private", here it is "host"'';
  volumeHome = mistake { volumes = [ "~/x:/y" ]; }
    "volumes: '~/x:/y': source '~/x': '~' is not expanded here: write a path relative to the project, an absolute one, or './~/x' for what has that name";
  volumeVariable = mistake { volumes = [ "$HOME/x:/y" ]; }
    "volumes: '$HOME/x:/y': source '$HOME/x': '$HOME' is not expanded here: write a path relative to the project, an absolute one, or './$HOME/x' for what has that name";
  volumeSetHome = mistake { volumes = [ { source = "~/x"; target = "/y"; } ]; }
    "volumes: '~/x': '~' is not expanded here: write a path relative to the project, an absolute one, or './~/x' for what has that name";
  volumeNoTarget = mistake { volumes = [ "./src" ]; } "volumes: volume './src' has no target: write './src:/where/it/appears'";
  volumeRelative = mistake { volumes = [ "src:srv" ]; } "volumes: 'src:srv': target 'srv': a path inside the container must be absolute";
  volumeSlash = mistake { volumes = [ "src:/srv/" ]; }
    "volumes: 'src:/srv/': target '/srv/': a path inside the container must have no '.', '..' or empty part, and no '/' at its end";
  volumeProc = mistake { volumes = [ "src:/proc" ]; } "volumes: 'src:/proc': target '/proc': '/proc' is mounted already";
  volumeStore = mistake { volumes = [ "src:${toplevel}/x" ]; } "volumes: '${toplevel}/x' is in the store, which is mounted already";
  volumeMode = mistake { volumes = [ "src:/srv:readonly" ]; } "volumes: 'src:/srv:readonly': expected 'ro', 'rw' or 'overlay' after the target, not 'readonly'";
  volumeName = mistake { volumes = [ "@my_data:/srv" ]; }
    "volumes: '@my_data:/srv': source '@my_data' cannot name a volume: use 1 to 63 of a-z, 0-9 and '-', with no '-' at either end; a directory of that name is written './@my_data'";
  volumeOwner = mistake { volumes = [ { source = "x"; target = "/y"; owner = "33"; } ]; }
    "volumes: 'x': owner must be 'user', 'container', 'host', an account's name, its number (0 to 65534) or 'UID:GID', is '33'";
  volumeOwnerIds = mistake { volumes = [ { source = "x"; target = "/y"; owner = "33:65535"; } ]; }
    "volumes: 'x': owner must be 'user', 'container', 'host', an account's name, its number (0 to 65534) or 'UID:GID', is '33:65535'";
  volumeCreate = mistake { volumes = [ { source = "a/../../x"; target = "/y"; create = true; } ]; }
    "volumes: 'a/../../x': create: 'a/../../x' is not made: only a path in the project, without '..', is";
  volumeCreateAbsolute = mistake { volumes = [ { source = "/x"; target = "/y"; create = true; } ]; }
    "volumes: '/x': create: '/x' is not made: only a path in the project, without '..', is";
  volumeCreateNamed = mistake { volumes = [ { source = "@x"; target = "/y"; create = true; } ]; }
    "volumes: '@x': create: '@x' is made in any case";
  volumesRoOverlay = mistake { volumes-ro = [ "x:/y:overlay" ]; }
    "volumes-ro: 'x:/y:overlay': overlay: what is read-only needs none, leave one of the two";
  volumeOverlayNamed = mistake { volumes = [ "@x:/y:overlay" ]; }
    "volumes: '@x:/y:overlay': overlay: '@x' is the container's own, an overlay is for what is not";
  volumeOverlayReadOnly = mistake { volumes = [ { source = "x"; target = "/y"; overlay = true; readOnly = true; } ]; }
    "volumes: 'x': overlay: what is read-only needs none, leave one of the two";
  volumeOverlayName = mistake { volumes = [ "@overlay-x:/y" ]; }
    "volumes: '@overlay-x:/y': source '@overlay-x': what overlays keep is called so, and is not a volume";
  volumesRo = mistake { volumes-ro = [ "~" ]; } "volumes-ro: volume '~' has no target: write '~:/where/it/appears'";
  targetTwice = mistake { volumes = [ "a:/srv" "b:/srv" ]; } "volumes: '/srv' is mounted on twice";
  tmpfs = mistake { tmpfs = [ "cache" ]; } "tmpfs: 'cache': a path inside the container must be absolute";
  tmpfsOption = mistake { tmpfs = [ "/cache:noexec" ]; } "tmpfs: '/cache:noexec': 'noexec' must be one of size=SIZE, mode=MODE";
  tmpfsTwice = mistake { tmpfs = [ "/cache:size=1M,size=2M" ]; } "tmpfs: '/cache:size=1M,size=2M': 'size' is given twice";
  tmpfsSize = mistake { tmpfs = [ { target = "/cache"; size = "infinity"; } ]; }
    "tmpfs: '/cache': 'infinity': must be bytes such as '512M' (with K, M, G or T), or a percentage of the memory such as '50%'";
  tmpfsMode = mistake { tmpfs = [ { target = "/cache"; mode = "rwx"; } ]; } "tmpfs: '/cache': 'rwx': a mode is three or four octal digits such as '1777'";
  tmpfsTarget = mistake { tmpfs = [ { size = "1M"; } ]; } "tmpfs: 'tmpfs': it has no target";
  tmpfsColon = mistake { tmpfs = [ "/a:size=1M:b" ]; } "tmpfs: '/a:size=1M:b': expected TARGET[:size=SIZE][,mode=MODE], a ':' in a path is written '\\:'";
  credentialName = mistake { credentials."a b" = "x"; }
    "credentials.a b: 'a b' cannot name a credential: allowed are 1 to 255 printable ASCII characters without space, ':', '/' and '\\'";
  credentialStore = mistake { credentials.key = "${toplevel}/key"; } "credentials.key: it is in the store, where every user can read it: give a path outside, as a string";
  credentialHome = mistake { credentials.key = "~/.ssh/id"; }
    "credentials.key: '~/.ssh/id': '~' is not expanded here: write a path relative to the project, an absolute one, or './~/.ssh/id' for what has that name";
  credentialForms = mistake { credentials.key = { file = "a"; environment = "B"; }; } "credentials.key: must have one of 'file', 'environment' and 'command'";
  credentialVariable = mistake { credentials.key.environment = "A-B"; } "credentials.key: 'A-B' cannot name a variable: allowed are letters, digits and '_', not a digit first";
  credentialCommand = mistake { credentials.key.command = [ "" ]; } "credentials.key: the first word must name a program";
  credentialFileStore = mistake { credentials.key.file = "${toplevel}/key"; } "credentials.key: it is in the store, where every user can read it: give a path outside, as a string";
  credentialOurs = mistake { credentials."flake-containers.environment" = "x"; } "credentials.flake-containers.environment: 'flake-containers.environment' cannot name a credential: what begins with 'flake-containers.' is ours";
  envFileHome = mistake { envFile = [ ".env" "~/env" ]; } "envFile: '~/env': '~' is not expanded here: write a path relative to the project, an absolute one, or './~/env' for what has that name";
  envFileStore = mistake { envFile = [ "${builtins.storeDir}/x" ]; } "envFile: it is in the store, where every user can read it: give a path outside, as a string";
  exportPlaceholder = mistake { exports.A = "http://\${hosts}/"; } "exports.A: '\${hosts}' must be one of \${host}, \${port}, \${port:N}, \${name}, or $$ for a $";
  exportDollar = mistake { exports.A = "a$"; } "exports.A: '$' must be one of \${host}, \${port}, \${port:N}, \${name}, or $$ for a $";
  exportName = mistake { exports.A-B = "x"; } "exports.A-B: 'A-B' cannot name a variable: allowed are letters, digits and '_', not a digit first";
  exports = fine { exports.A = "a\${host}:\${port}\${port:80}\${name}$$"; };
  unitsTemplate = mistake { environment.A = "b"; environmentUnits = [ "a@.service" ]; } "environmentUnits: 'a@.service' is a template, not a unit";
  unitsSocket = mistake { environment.A = "b"; environmentUnits = [ "a.socket" ]; } "environmentUnits: 'a.socket' is not a service";
  profileAny = mistake { profiles = [ "*" ]; } "profiles: '*' is not a profile: 1 to 63 letters, digits, '_', '.' and '-', beginning with a letter or a digit";
  profileTwice = mistake { profiles = [ "a" "b" "a" ]; } "profiles: 'a' is given twice";
  unitsTwice = mistake { environment.A = "b"; environmentUnits = [ "a.service" "a.service" ]; } "environmentUnits: 'a.service' is named twice";
  unitsOfNothing = mistake { environmentUnits = [ "a.service" ]; } "environmentUnits: there is neither environment nor envFile";
  unitsOfFiles = fine { envFile = ".env"; environmentUnits = [ "a.service" ]; };
  unitsOfCommand = mistake { runCommand = [ "a" ]; environment.A = "b"; environmentUnits = [ "a.service" ]; } "environmentUnits: a container with runCommand has no units";
  variable = mistake { environment.A-B = "x"; } "environment.A-B: 'A-B' cannot name a variable: allowed are letters, digits and '_', not a digit first";
  variableOfServices = mistake { environment.MAINPID = "1"; } "environment.MAINPID: systemd sets this variable itself, and hands no other value on to services";
  variableReserved = mistake { environment.container = "x"; } "environment.container: the variable 'container' is set by systemd-nspawn";
  resourceName = mistake { resources.MemroyMax = "1G"; }
    "resources.MemroyMax: there is no such limit; there are CPUQuota, CPUWeight, IOWeight, MemoryHigh, MemoryMax, MemorySwapMax, TasksMax";
  resourceForm = mistake { resources.MemoryMax = "1GB"; }
    "resources.MemoryMax: '1GB': must be bytes such as '512M' (with K, M, G or T), a percentage of the memory such as '50%', or 'infinity'";
  resourceSmall = mistake { resources.MemoryMax = 512; } "resources.MemoryMax: '512': must be at least 1048576 bytes, written with K, M, G or T";
  resourceQuota = mistake { resources.CPUQuota = 2; } "resources.CPUQuota: '2': must be a percentage of one processor such as '50%' or '200%'";
  capability = mistake { capabilities.add = [ "NET_ADMIN" ]; } "capabilities.add: 'NET_ADMIN' is not a capability, write 'CAP_NET_ADMIN'";
  capabilityLower = mistake { capabilities.drop = [ "cap_net_raw" ]; } "capabilities.drop: 'cap_net_raw' is not a capability, write 'CAP_NET_RAW'";
  capabilityAll = mistake { capabilities.add = [ "all" ]; } "capabilities.add: 'all' is not a capability: they are written like CAP_NET_ADMIN";
  deviceName = mistake { devices = [ "kvm" ]; } "devices: 'kvm': a path inside the container must be absolute";
  devicePermissions = mistake { devices = [ { path = "/dev/kvm"; permissions = "rx"; } ]; } "devices: 'rx': must be of 'r', 'w' and 'm', each once, and not 'm' alone";
  nspawnShort = mistake { nspawnArgs = [ "-U" ]; }
    "nspawnArgs: '-U': an option of systemd-nspawn is written --OPTION or --OPTION=VALUE, in one string, and this one cannot be given here: use users";
  nspawnBlank = mistake { nspawnArgs = [ "--bind /x" ]; } "nspawnArgs: '--bind /x': an option of systemd-nspawn is written --OPTION or --OPTION=VALUE, in one string";
  nspawnOwned = mistake { nspawnArgs = [ "--bind-ro=/x" "--port=80" ]; } "nspawnArgs: '--port=80': --port cannot be given here: use ports";
  unit = mistake { ready.units = [ "nginx" ]; } "ready.units: 'nginx' does not end in the type of a unit: write 'nginx.service'";
  unitTemplate = mistake { ready.units = [ "getty@.service" ]; } "ready.units: 'getty@.service' is a template, not a unit";
  unix = mistake { ready.unix = [ "run/x" ]; } "ready.unix: 'run/x': a path inside the container must be absolute";
  execEmpty = mistake { ready.exec = [ [ ] ]; } "ready.exec: the first word must name a program";
  hookEmpty = mistake { hooks.afterReady = [ [ ] ]; } "hooks.afterReady: the first word must name a program";
  seedStep = mistake { seed = [ { run = [ "a" ]; sql = "b"; } ]; } "seed: must have one of 'run' and 'sql'";
  seedDatabase = mistake { seed = [ { sql = "b"; database = "host=x"; } ]; } "seed: 'host=x' cannot name a database: use 1 to 63 of letters, digits, '_', '.' and '-', with no '-' in front";
  seedUser = mistake { seed = [ { run = [ "a" ]; user = "0"; } ]; } "seed: user must be an account's name, or its number (0 to 65534), is '0'";
  httpPath = mistake { ready.http = [ { port = 80; path = "health"; } ]; } "ready.http: 'health': a path begins with '/'";
  httpStatus = mistake { ready.http = [ { port = 80; status = [ 200 ]; } ]; } "ready.http: must be two numbers, the first and the last status";
  init = mistake { init = "/sbin/init"; } "init: '/sbin/init' is not in the store, and nothing else is there when the container starts";
  commandEmpty = mistake { runCommand = [ ]; } "runCommand: the first word must name a program";
  # Each has its message, with the place where it is written.
  several = says
    {
      imports = [
        { inherit toplevel; }
        (other "ports.nix" { ports = [ "a" "80" ]; })
        (other "more.nix" { ports = [ "b" ]; environment.container = "x"; })
      ];
    }
    [
      "imports: an attribute set only has options: write a function, containers.web = { ... }: { imports = [ .. ]; }; modules of NixOS go into configuration.imports (in flake.nix)"
    ];
  severalFiles = says
    (_: {
      imports = [
        { inherit toplevel; }
        (other "ports.nix" { ports = [ "a" "80" ]; })
        (other "${builtins.storeDir}/00000000000000000000000000000000-source/nix/more.nix" { ports = lib.mkBefore [ "b" ]; environment.container = "x"; })
      ];
    })
    [
      "ports: 'b': expected [ADDRESS:]HOST:CONTAINER or PORT, the address numeric, IPv6 in brackets (in nix/more.nix)"
      "ports: 'a': expected [ADDRESS:]HOST:CONTAINER or PORT, the address numeric, IPv6 in brackets (in ports.nix)"
      "environment.container: the variable 'container' is set by systemd-nspawn (in nix/more.nix)"
    ];

  # --- what does not go together
  twoSystems = says { configuration = { }; } [ "configuration, toplevel: give one of them, they all say what the system is" ];
  commandAndInit = says { runCommand = [ "a" ]; init = "${toplevel}/init"; } [ "runCommand, init: give one of them, both say what runs" ];
  commandUnits = mistake { runCommand = [ "a" ]; ready.units = [ "a.service" ]; } "ready.units: a container with runCommand has no units";
  notify = mistake { ready = { notify = false; units = [ "a.service" ]; }; } "ready.units: with ready.notify = false it is not known when the units can be asked for";
  internet = mistake { network = { internet = true; mode = "none"; }; } ''network.internet: only with network.mode = "private", here it is "none"'';
  hostAccess = mistake { network = { hostAccess = [ 5432 ]; mode = "host"; }; } ''network.hostAccess: only with network.mode = "private", here it is "host"'';
  hostAccessTwice = mistake { network.hostAccess = [ 80 81 80 ]; } "network.hostAccess: a port is given twice";

  # --- options at the wrong place
  services = mistake { services.nginx.enable = true; } "services: it is an option of NixOS: write configuration.services";
  servicesTwice = says
    (_: {
      imports = [
        { inherit toplevel; services = { }; }
        (other "web.nix" { services.nginx.enable = true; })
      ];
    })
    [ "services: it is an option of NixOS: write configuration.services (in web.nix, flake.nix)" ];
  networking = mistake { networking.firewall.enable = false; } "networking: it is an option of NixOS: write configuration.networking";
  imports = mistake { imports = [ ./module.nix ]; }
    "imports: an attribute set only has options: write a function, containers.web = { ... }: { imports = [ .. ]; }; modules of NixOS go into configuration.imports";
  enable = mistake { enable = true; } "enable: a container that is defined is there: use lib.mkIf to have it at times only";
  image = mistake { image = "postgres:16"; } "image: containers are made of a NixOS configuration, or of a toplevel; a root file system goes into a flake-containers.json";

  # --- names of others: what is told names what was written
  extraFlags = mistake { extraFlags = [ "-U" ]; }
    "extraFlags: '-U': an option of systemd-nspawn is written --OPTION or --OPTION=VALUE, in one string, and this one cannot be given here: use users";
  bindMounts = mistake { bindMounts."/data".hostPath = "~/data"; }
    "bindMounts: '~/data': '~' is not expanded here: write a path relative to the project, an absolute one, or './~/data' for what has that name";
  forwardPorts = mistake { forwardPorts = builtins.genList (i: { hostPort = i + 1; protocol = "udp"; }) 101; }
    "forwardPorts: a container publishes at most 100 ports, not 101";
  additionalCapabilities = mistake { additionalCapabilities = [ "CAP_X" ]; } "additionalCapabilities: 'CAP_X' is not a capability: they are written like CAP_NET_ADMIN";
  allowedDevices = mistake { allowedDevices = [ { node = "/x"; modifier = "rw"; } ]; } "allowedDevices: '/x': a device is below /dev";
  localAddress = mistake { localAddress = "10.0.0.1"; } "localAddress: '10.0.0.1' must end in 2 to 254: the host has 1";
  networkNamespace = mistake { networkNamespace = "/proc/1/ns/net"; } "networkNamespace: '/proc/1/ns/net' is not in /run/netns, where network.namespace looks";
  networkNamespaceName = mistake { networkNamespace = "/run/netns/a b"; } "networkNamespace: 'a b' is not the name of a network namespace, as ip-netns(8) has it";
  localMacAddress = mistake { localMacAddress = "x"; } "localMacAddress: 'x' is not a MAC address, such as 02:00:00:00:00:01";
  hostAddress = mistake { localAddress = "10.0.0.2"; hostAddress = "10.0.0.3"; } "hostAddress: '10.0.0.3' cannot be given, with this network.address the host has 10.0.0.1";
  hostAddressAlone = mistake { hostAddress = "10.0.0.1"; } "hostAddress: the host has the address that ends in 1, of the subnet of network.address: give that";
  addressPrefix = mistake { extra.addressPrefix = "10.0"; } "extra.addressPrefix: '10.0.2' is not an IPv4 address, such as 10.250.0.2";
  enableWAN = mistake { extra.enableWAN = true; network.mode = "host"; } ''extra.enableWAN: only with network.mode = "private", here it is "host"'';
  besides = says { extraFlags = [ "-U" ]; nspawnArgs = [ "-b" ]; } [
    "nspawnArgs: '-b': an option of systemd-nspawn is written --OPTION or --OPTION=VALUE, in one string, and this one cannot be given here: use init (in flake.nix)"
    "extraFlags: '-U': an option of systemd-nspawn is written --OPTION or --OPTION=VALUE, in one string, and this one cannot be given here: use users (in flake.nix)"
  ];
  configAndPath = says { toplevel = lib.mkForce null; config = { }; path = toplevel; } [ "config, path: give one of them, they all say what the system is" ];
  macvlans = mistake { macvlans = [ "eth0" "eth1" ]; } "macvlans: a container is attached to one interface of the host's, here these are 'eth0', 'eth1'";
  hostBridgeToo = mistake { macvlans = [ "eth0" ]; hostBridge = "br0"; } "hostBridge: a container is attached to one interface of the host's, here these are 'br0', 'eth0'";
  hostBridgeName = mistake { hostBridge = "a/b"; } "hostBridge: 'a/b' is not the name of a network interface, such as br0";
  hostBridgeAddress = mistake { hostBridge = "br0"; localAddress = "10.0.0.2"; } "localAddress: with this network.mode it has a prefix, such as '10.0.0.2/24'";
  hostBridgeHost = mistake { hostBridge = "br0"; hostAddress = "10.0.0.1"; } "hostAddress: the host's address in that network is the host's to set; what leads out of it is network.gateway";
  attached = fine {
    hostBridge = "br0";
    privateNetwork = true;
    localAddress = "10.0.0.2/24";
  };
  localAddress6 = fine { localAddress6 = "fd00::2"; };
  localAddress6Prefix = mistake { localAddress6 = "fd00::2/64"; } "localAddress6: 'fd00::2/64' is not an IPv6 address, such as fd00::20";
  localAddress6Attached = mistake { hostBridge = "br0"; localAddress = "10.0.0.2/24"; localAddress6 = "fd00::2"; } "localAddress6: with this network.mode it has a prefix, such as 'fd00::2/64'";
  attachedToOne = fine {
    macvlans = [ "eth0" ];
    privateNetwork = true;
  };
  interfaces = mistake { interfaces = [ "eth0" "eth1" ]; } "interfaces: a container is attached to one interface of the host's, here these are 'eth0', 'eth1'";
  interfacesMac = mistake { interfaces = [ "eth0" ]; localMacAddress = "02:00:00:00:00:01"; } "localMacAddress: with network.mode = \"interface\" it is that of the host's interface";
  vethHost = mistake { network.veth.config.host = { networkConfig.DHCPServer = false; }; } ''network.veth.config.host: the host's end of the network is the project's: use network.networks, network.address, network.internet and ports, or network.mode = "bridge" for a network that the host's networkd sets'';
  vethContainer = mistake { network.veth.config.container = { DHCP = "yes"; }; } ''network.veth.config.container: the runner sets host0 before the first unit starts: use network.address, or network.mode = "bridge" and systemd.network in the configuration'';
  privateUsers = mistake { privateUsers = 65536; } ''privateUsers: '65536' is not supported, the runner chooses the ids itself: use users = "private" or "host"'';
  privateUsersIdentity = mistake { privateUsers = "identity"; } ''privateUsers: 'identity' is not supported, the runner chooses the ids itself: use users = "private" or "host"'';
  autoStart = mistake { autoStart = true; } "autoStart: containers of a project are started by 'up' only";
  timeoutStartSec = mistake { timeoutStartSec = "soon"; } "timeoutStartSec: 'soon' is not a number of seconds, use ready.timeout";
  exposeLocalhost = mistake { extra.exposeLocalhost = true; } "extra.exposeLocalhost: use ports: a published port reaches what listens on the container's 127.0.0.1";

  # --- and what is none: what these have by default
  defaults = fine {
    additionalCapabilities = [ ];
    allowedDevices = [ ];
    autoStart = false;
    bindMounts = { };
    enableTun = false;
    extraFlags = [ ];
    extraVeths = { };
    flake = null;
    forwardPorts = [ ];
    hostAddress = null;
    hostAddress6 = null;
    hostBridge = null;
    interfaces = [ ];
    localAddress = null;
    localAddress6 = null;
    localMacAddress = null;
    macvlans = [ ];
    networkNamespace = null;
    restartIfChanged = true;
    timeoutStartSec = "1min";
    tmpfs = [ ];
    extra = {
      addressPrefix = null;
      enableSSH = false;
      enableWAN = false;
      exposeLocalhost = false;
      firewallAllowHost = false;
    };
  };
  volumeSources = fine { volumes = [ "./src:/a" "../x:/b" "/abs:/c" "@data:/d" "a b:/e" "$x:/f" "/g" ]; };
}
