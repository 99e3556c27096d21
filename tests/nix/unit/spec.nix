# flake-module/spec.nix, without lib and without pkgs: { NAME = { expr; expected; }; }
let
  spec = import ../../../flake-module/spec.nix;

  # What a string becomes, without what it leaves to the runner.
  said = set: builtins.removeAttrs set (builtins.filter (name: set.${name} == null) (builtins.attrNames set));
  port = text: said (builtins.removeAttrs (spec.parsePort text) [ "n" ]);
  volume = text: said (spec.parseVolume text);

  equal = expr: expected: { inherit expr expected; };
  # refused PARSED: says why, and names what was written.
  refuses =
    parse: text:
    let
      parsed = parse text;
      written = if builtins.isString text then text else builtins.toJSON text;
    in
    {
      expr = parsed ? error && builtins.match ".*${builtins.replaceStrings [ "[" "]" "{" "}" "." "*" "\\" "\n" ] [ "\\[" "]" "\\{" "}" "\\." "\\*" "\\\\" "." ] written}.*" (builtins.replaceStrings [ "\n" ] [ "." ] parsed.error) != null;
      expected = true;
      got = parsed;
    };

  containers = {
    web = {
      dependsOn.api = "ready";
      ports = [ "8080:80" ];
    };
    api.dependsOn = {
      db = "started";
      migration = "completed";
    };
    migration = {
      dependsOn.db = "ready";
      oneShot = true;
    };
    db = { };
    alone = { };
  };
  errors =
    containers:
    spec.projectErrors containers
    ++ builtins.concatMap (name: map (spec.said name) (spec.containerErrors containers.${name})) (
      builtins.attrNames containers
    );
  # one { CONTAINERS } FRAGMENTS: exactly one message, and it has all of these.
  one =
    containers: fragments:
    let
      messages = errors containers;
      has = message: fragment: builtins.length (builtins.split (builtins.replaceStrings [ "[" "." "(" ")" ] [ "\\[" "\\." "\\(" "\\)" ] fragment) message) > 1;
    in
    {
      expr = builtins.length messages == 1 && builtins.all (has (builtins.head messages)) fragments;
      expected = true;
      got = messages;
    };
in
{
  # --- ports
  portPair = equal (port "8080:80") {
    host = 8080;
    container = 80;
  };
  portAlone = equal (port "80") {
    host = 80;
    container = 80;
  };
  portNumber = equal (port 80) {
    host = 80;
    container = 80;
  };
  portAuto = equal (port "auto:80") {
    host = "auto";
    container = 80;
  };
  portAddress = equal (builtins.removeAttrs (port "0.0.0.0:8080:80/tcp") [ "protocol" ]) {
    address = "0.0.0.0";
    host = 8080;
    container = 80;
  };
  portSix = equal (port "[::1]:8080:80") {
    address = "::1";
    host = 8080;
    container = 80;
  };
  portSet = equal (port {
    host = "auto";
    container = 65535;
  }) {
    host = "auto";
    container = 65535;
  };
  portRangePair = equal (spec.parsePorts "8000-8001:80-81") [
    {
      address = null;
      host = 8000;
      container = 80;
      protocol = null;
      proxyProtocol = null;
    }
    {
      address = null;
      host = 8001;
      container = 81;
      protocol = null;
      proxyProtocol = null;
    }
  ];
  portRangeAuto = equal (map (p: [ p.host p.container ]) (spec.parsePorts "auto:80-81")) [
    [ "auto" 80 ]
    [ "auto" 81 ]
  ];
  portRangeReversed = refuses spec.parsePort "8010-8000";
  portEmpty = refuses spec.parsePort "";
  portZero = refuses spec.parsePort "0:80";
  portHigh = refuses spec.parsePort "65536:80";
  portHuge = refuses spec.parsePort "99999999999999999999:80";
  portLeadingZero = refuses spec.parsePort "080:80";
  portSigned = refuses spec.parsePort "-1:80";
  portNoContainer = refuses spec.parsePort "8080:";
  portNoHost = refuses spec.parsePort ":80";
  portAutoInside = refuses spec.parsePort "80:auto";
  portAutoAlone = refuses spec.parsePort "auto";
  portBlank = refuses spec.parsePort "8080 :80";
  portNewline = refuses spec.parsePort "8080:80\n";
  portName = refuses spec.parsePort "localhost:8080:80";
  portSixBare = refuses spec.parsePort "::1:8080:80";
  portUdp = equal (port "53:53/udp") {
    host = 53;
    container = 53;
    protocol = "udp";
  };
  portSctp = refuses spec.parsePort "53:53/sctp";
  portUpper = refuses spec.parsePort "53:53/TCP";
  portRangeUnequal = refuses spec.parsePort "8000-8010:80";
  portFour = refuses spec.parsePort "127.0.0.1:8080:80:90";
  portSetZero = refuses spec.parsePort {
    container = 0;
    host = 1;
  };

  # --- volumes
  volumePair = equal (volume "src:/srv/www") {
    source = "src";
    target = "/srv/www";
    readOnly = false;
    create = false;
    overlay = false;
  };
  volumeReadOnly = equal (volume "src:/srv:ro").readOnly true;
  volumeReadWrite = equal (volume "src:/srv:rw").readOnly false;
  volumeNamed = equal (volume "@data:/var/lib/app").source "@data";
  # As the original took it.
  volumeAlone = equal (volume "/tmp") {
    source = "/tmp";
    target = "/tmp";
    readOnly = false;
    create = false;
    overlay = false;
  };
  volumeProject = equal (volume ".:/tmp/src").source ".";
  volumeColon = equal (volume "a\\:b:/c") {
    source = "a:b";
    target = "/c";
    readOnly = false;
    create = false;
    overlay = false;
  };
  volumeBackslash = equal (volume "a\\\\:/c").source "a\\";
  volumeBlanks = equal (volume "my files:/srv/my files").target "/srv/my files";
  volumeDollar = equal (volume "$HOME%n'\":/c").source "$HOME%n'\"";
  volumeSet = equal (volume {
    source = "a:b";
    target = "/c";
    readOnly = true;
    create = true;
    overlay = false;
    owner = "container";
  }) {
    source = "a:b";
    target = "/c";
    readOnly = true;
    create = true;
    overlay = false;
    owner = "container";
  };
  volumeOverlay = equal (volume "src:/srv:overlay").overlay true;
  volumeNoTarget = refuses spec.parseVolume "src";
  volumeNamedNoTarget = refuses spec.parseVolume "@data";
  volumeEmpty = refuses spec.parseVolume "";
  volumeEmptyTarget = refuses spec.parseVolume "src:";
  volumeEmptySource = refuses spec.parseVolume ":/srv";
  volumeRelativeTarget = refuses spec.parseVolume "src:srv";
  volumeMode = refuses spec.parseVolume "src:/srv:readonly";
  volumeEmptyMode = refuses spec.parseVolume "src:/srv:";
  volumeIdmap = refuses spec.parseVolume "src:/srv:idmap";
  volumeFour = refuses spec.parseVolume "src:/srv:ro:x";
  volumeEscape = refuses spec.parseVolume "a\\b:/c";
  volumeSetNoTarget = refuses (set: spec.parseVolume set // { }) {
    source = "data";
    target = null;
  } // { expr = (spec.parseVolume { source = "data"; target = null; }) ? error; };

  # --- what NAME-up carries
  closure = equal (builtins.sort builtins.lessThan (spec.closure containers [ "web" ])) [
    "api"
    "db"
    "migration"
    "web"
  ];
  closureAlone = equal (spec.closure containers [ "db" ]) [ "db" ];
  partShares = equal (builtins.sort builtins.lessThan (
    spec.part {
      vpn = { };
      app = { network.container = "vpn"; dependsOn.db = "ready"; };
      db = { };
      other.network.container = "db";
    } [ "vpn" ]
  )) [ "app" "db" "vpn" ];

  # --- a project
  fine = equal (errors containers) [ ];
  stranger = one { web.dependsOn.bd = "ready"; db = { }; } [ "containers.web.dependsOn" "'bd'" ];
  itself = one { web.dependsOn.web = "ready"; } [ "web" "dependsOn" ];
  circle = one {
    a.dependsOn.b = "ready";
    b.dependsOn.c = "started";
    c.dependsOn.a = "ready";
    d.dependsOn.a = "ready";
  } [ "dependsOn" "'a', 'b', 'c'" ];
  neverCompletes = one { web.dependsOn.db = "completed"; db = { }; } [ "containers.web.dependsOn" "'db'" "oneShot" ];
  neverReady = one { web.dependsOn.seed = "ready"; seed.oneShot = true; } [ "containers.web.dependsOn" "'seed'" "completed" ];
  sharedWaits = one { web = { shared = true; dependsOn.db = "ready"; }; db = { }; } [ "containers.web.dependsOn" "'db'" "shared" ];
  sharedBoth = equal (errors { web = { shared = true; dependsOn.db = "ready"; }; db.shared = true; api.dependsOn.db = "ready"; }) [ ];
  onceShared = one { seed = { oneShot = true; shared = true; }; } [ "containers.seed.shared" "oneShot" ];
  onceRestarted = one { seed = { oneShot = true; restart = "on-failure"; }; } [ "containers.seed.restart" "oneShot" ];
  onceChecked = one { seed = { oneShot = true; ready.tcp = [ 80 ]; }; } [ "containers.seed.ready.tcp" "never ready" ];
  onceHooked = one { seed = { oneShot = true; hooks.afterReady = [ [ "a" ] ]; }; } [ "containers.seed.hooks.afterReady" "never ready" ];
  onceSeeded = one { seed = { oneShot = true; seed = [ { run = [ "a" ]; } ]; }; } [ "containers.seed.seed" "never ready" ];
  onceUnits = one { seed = { oneShot = true; ready.units = [ "a.service" ]; }; } [ "containers.seed.ready.units" "never ready" ];
  onceTimed = equal (errors { seed = { oneShot = true; restart = "no"; ready = { timeout = 5; tcp = [ ]; units = [ ]; }; }; }) [ ];
  commandUnits = one { web = { runCommand = [ "a" ]; ready.units = [ "a.service" ]; }; } [ "containers.web.ready.units" "runCommand" ];
  secretInStore = one { web.credentials = { a = "secrets/a"; b = "${builtins.storeDir}/00000000000000000000000000000000-b"; }; } [ "containers.web.credentials.b:" "store" ];
  portTwiceInOne = one { web.ports = [ "8080:80" "8080:81" ]; } [ "containers.web.ports" "8080" ];
  portTwiceInTwo = one { a.ports = [ "8080:80" ]; b.ports = [ { host = 8080; container = 80; } ]; } [ "containers.b.ports" "8080" "'a'" ];
  portOnAll = one { a.ports = [ "8080:80" ]; b.ports = [ "0.0.0.0:8080:80" ]; } [ "containers.b.ports" "8080" ];
  portOnAllSix = one { a.ports = [ "[::]:8080:80" ]; b.ports = [ "[::1]:8080:80" ]; } [ "containers.b.ports" "8080" ];
  portOnTwoAddresses = equal (errors {
    a.ports = [ "127.0.0.2:8080:80" ];
    b.ports = [ "127.0.0.3:8080:80" ];
    c.ports = [ "[::1]:8080:80" ];
  }) [ ];
  portTwiceByProtocol = equal (errors { a.ports = [ "53" "53/udp" "auto:53" "auto:53/udp" ]; }) [ ];
  portUdpTwice = one { a.ports = [ "53/udp" ]; b.ports = [ "53/udp" ]; } [ "containers.b.ports" "53" "'a'" ];
  portAutoTwice = one { a.ports = [ "auto:80" "auto:80" ]; } [ "containers.a.ports" "80" ];
  portAutoOfTwo = equal (errors {
    a.ports = [ "auto:80" "auto:81" ];
    b.ports = [ "auto:80" ];
  }) [ ];
  portBad = one { web.ports = [ "eighty:80" ]; } [ "containers.web.ports" "eighty:80" ];
  portHostNetwork = one { web = { ports = [ "80" ]; network.mode = "host"; }; } [ "containers.web.ports" "host" ];
  volumeBad = one { db.volumes = [ "data" ]; } [ "containers.db.volumes" "data" ];
  targetTwice = one { db = { volumes = [ "a:/srv" "b:/srv" ]; }; } [ "containers.db.volumes" "/srv" ];
  targetTmpfs = one { db = { volumes = [ "a:/srv" ]; tmpfs = [ "/srv" ]; }; } [ "containers.db" "/srv" ];
  nameUpper = one { Web = { }; } [ "containers.Web" "host name" ];
  nameUnderscore = one { my_db = { }; } [ "containers.my_db" ];
  nameDash = one { "db-" = { }; } [ "containers.db-" ];
  nameDot = one { "a.b" = { }; } [ "a.b" ];
  nameEmpty = one { "" = { }; } [ "host name" ];
  nameLong = one { a234567890123456789012345678901234567890123456789012345678901234 = { }; } [ "63" ];
  nameLongest = equal (errors { a23456789012345678901234567890123456789012345678901234567890123 = { }; }) [ ];
  twoSystems = one { web = { configuration = { }; toplevel = "/nix/store/x"; }; } [ "containers.web" "configuration" "toplevel" ];
  threeSystems = one { web = { configuration = { }; toplevel = "/nix/store/x"; nixosConfiguration = { }; }; } [ "configuration" "toplevel" "nixosConfiguration" ];
  internet = one { web.network = { internet = true; mode = "host"; }; } [ "containers.web.network.internet" "host" ];
  hostAccess = one { web.network = { hostAccess = [ 80 ]; mode = "none"; }; } [ "containers.web.network.hostAccess" "none" ];
  address = one { web.network.address = "8.8.8.8"; } [ "containers.web.network.address" "192.168.0.0/16" ];
  sameNumber = one {
    web.network.address = "10.0.0.2";
    db.network = { networks = [ "back" ]; address = "10.0.1.2"; };
  } [ "containers.web.network.address" "ends like that of 'db'" ];
  otherSubnet = one {
    web.network.address = "10.0.0.2";
    db.network.address = "10.0.1.3";
  } [ "containers.web.network.address" "is not in 10.0.1.0/24, the subnet of network 'default'" ];
  address6 = one { web.network.address6 = "2001:db8::2"; } [ "containers.web.network.address6" "is not in fc00::/7" ];
  sameNumber6 = one {
    web.network.address6 = "fd00::42";
    db.network = { networks = [ "back" ]; address = "10.0.1.42"; };
  } [ "containers.web.network.address6" "ends like that of 'db'" ];
  otherNumber6 = one { web.network = { address = "10.0.0.2"; address6 = "fd00::3"; }; } [ "containers.web.network.address6" "must end as network.address" ];
  otherSubnet6 = one {
    web.network.address6 = "fd00::2";
    db.network.address6 = "fd00:0:0:1::3";
  } [ "containers.web.network.address6" "is not in fd00:0:0:1::/64, the subnet6 of network 'default'" ];
  sameMac = one {
    web.network.mac = "02:00:00:00:00:0A";
    db.network.mac = "02:00:00:00:00:0a";
  } [ "containers.web.network.mac" "is that of 'db'" ];
  # Each is told, not the first alone.
  several = equal (builtins.length (errors {
    web = { ports = [ "x" ]; volumes = [ "y" ]; };
    DB = { };
  })) 3;
}
