# What the flake module takes and refuses, to be compared with the runner: each text in each option that takes one. -> [
# { place, text, message, excused, raw, made } ], where `raw` is the specification that has the text as it is, and
# `made` the one that the module makes of it; the latter only where `message`, the refusal, is null.
{
  # Strings, as many as there are.
  texts,
}:
let
  spec = import ../../../flake-module/spec.nix;

  store = builtins.storeDir;
  toplevel = "${store}/00000000000000000000000000000000-system";
  repeat = n: text: builtins.concatStringsSep "" (builtins.genList (_: text) n);

  # Plain texts, and wrong ones.
  known = [
    "" " " "." ".." "/" "//" "~" "~/x" "~x" "\${HOME}/x" "$HOME" "$HOME/x" "./~" "a" "src" "./src" "../src" "/a" "/a/" "/a//b"
    "/a/./b" "/a/../b" "/a b" "/a:b" "a:b" "a\nb" "a\tb" "/a\nb" "\\" "a\\:b:/c" "a\\b:/c" "src:/t" "src:t" "src:" ":/t"
    "src:/t:ro" "src:/t:rw" "src:/t:overlay" "@data:/t:overlay" "@overlay-x:/t" "@overlay-" "src:/t:idmap" "src:/t:" "src:/t:ro:x" "~/x:/y" "$HOME/x:/y" "@data:/t" "@:/t" "@Data:/t" "@data"
    "@a_b" "src:/proc/x" "src:/run" "src:/run/x" "src:/run/host" "src:/etc/hosts" "src:/etc/hostsx" "src:/" "/t"
    "${store}" "${store}/x" "src:${store}/x" "${toplevel}/init" "/etc/hosts" "/etc/hosts/x" "/run" "/run/x"
    "80" "80:80" "80:80:80" "8080:80/tcp" "80/tcp" "80/udp" "80/" "80/tcp/x" "0:80" "65536:80" "080:80" "auto:80" "auto"
    "auto:auto" "80:auto" "99999999999999999999:1" "-1:80" "+80" " 80" "80 " "8080:" ":80" "1:2:3:4" "[::1]:80:80" "[::1]:80"
    "[]:80:80" "[::]:80:80" "::1:80:80" "[fe80::1]:80:80" "[febf::]:1:1" "[fec0::]:1:1" "[ff02::1]:80:80" "[::ffff:1.2.3.4]:1:1"
    "[::1.2.3.4]:1:1" "[1::1.2.3.4]:1:1" "[1:2:3:4:5:6:7:8]:1:1" "[1:2:3:4:5:6:7::]:1:1" "[1:2:3:4:5:6:7:8::]:1:1" "[1::2::3]:1:1"
    "[:::]:1:1" "[:1::]:1:1" "[12345::]:1:1" "[0::0001]:1:1" "[::1]:auto:1" "127.0.0.1:80:80" "0.0.0.0:80:80" "0.0.0.1:80:80"
    "1.2.3:80:80" "1.2.3.4.5:80:80" "01.2.3.4:80:80" "256.1.1.1:80:80" "224.0.0.1:80:80" "239.1.1.1:1:1" "240.0.0.1:1:1"
    "255.255.255.255:1:1" "localhost:80:80" "*:80:80" "http:80" "80-90:80"
    "80-90:80-90" "80-90" "90-80" "90-80:80-90" "auto:80-90" "auto-90:80" "80-" "80-65536" "0-80" "80--90" "1-101" "auto:1-101"
    "80-090" "[::1]:80-81:1-2" "127.0.0.1:80-81:1-2/tcp" "127.0.0.1:80-81" "1-99999999999999999999" "80-80:1"
    "0.0.0.0" "127.0.0.1" "::" "::1" "0::1" "::2" "1::" "fe80::1" "ff00::" "::ffff:1.2.3.4" "1.2.3.4" "1.2.3" "x"
    "10.0.0.1" "10.0.0.2" "10.0.0.255" "10.0.0.02" "172.15.0.2" "172.31.0.254" "172.32.0.2" "192.168.0.7" "192.169.0.7" "100.64.0.2" "100.128.0.2"
    "02:00:00:00:00:01" "00:00:00:00:00:00" "01:00:00:00:00:01" "aE:00:00:00:00:01" "02:00:00:00:00" "02:00:00:00:00:01:02" "2:0:0:0:0:1"
    "NET_ADMIN" "CAP_NET_ADMIN" "cap_net_admin" "CAP_ALL" "all" "CAP_NET_ADMIN "
    "nginx" "nginx.service" "nginx.servic" ".service" "getty@.service" "getty@tty1.service" "@a.service" "a@b@.service" "a@.b.service"
    "a b.service" "a.b.socket" "a\\x2d.mount" "ä.service" "a.service.d" "a."
    "1GB" "1G" "1g" "512M" "512 M" "512MiB" "0" "1" "1048575" "1048576" "1023K" "1024K" "50%" "0%" "100%" "101%" "200%" "1000000%"
    "1000001%" "50.5%" "infinity" "Infinity" "max" "-1" "007" "10000" "10001" "2147483647" "2147483648" "4611686018427387904"
    "4611686018427387905" "4T" "4194304T" "4194305T" "99999999999999999999" "1e3"
    "-U" "-b" "--" "--=" "--=x" "--b" "--boot" "--boo" "--bootx" "--boot=yes" "--bind=/a" "--bind=/a:/etc/hosts" "--bind-ro=/etc/hosts"
    "--bind=/etc/hosts.allow" "--bind=/x/etc/hosts:/etc/hosts" "--bind=/a\n:/etc/hosts" "--rlimit=NOFILE=1" "--rlimit NOFILE=1" "-rlimit" "rlimit"
    "--private-users" "--priv" "--p" "--system-call-filter=x" "---" "--capability=all"
    "PATH" "A_B" "1A" "A-B" "A=B" "" "container" "NOTIFY_SOCKET" "é"
    "1777" "0755" "755" "0" "77" "01777" "0888" "4095" "4096" "4K" "3K" "size=1M" "mode=0700" "size=1M,mode=700" "size=1M,size=2M" "size" "mode" ","
    "r" "w" "m" "rw" "rwm" "mr" "rr" "rx" "mw" "R"
    "/dev/kvm" "/dev/net/tun" "/dev/null" "/dev/shm/x" "/dev" "/dev/" "/dev/../x" "/devx" "/dev/logx" "/dev/log/x" "/dev/fd" "/dev/fd/3"
    "/health" "/a%20b" "/ä" "health" "/?x=1" "pg.password" "a/b" "a b" "a:b" "a\\b"
    "web" "Web" "my_db" "db-" "-db" "a.b" "volumes" "snapshots" "web-2"
    ".containers" "./.containers/a" "../.containers" "/.containers" "a/.containers" ".containersx" ".//./.containers/.." "..//."
    "/${repeat 255 "a"}" "/a/${repeat 256 "a"}" "${repeat 256 "a"}/b"
    (repeat 63 "a") (repeat 64 "a") (repeat 255 "a") (repeat 256 "a") "/${repeat 4094 "a"}" "/${repeat 4095 "a"}" "/${repeat 4096 "a"}"
    "${repeat 247 "a"}.service" "${repeat 248 "a"}.service"
    (builtins.fromJSON ''"a\u0001"'') (builtins.fromJSON ''"a\u007f"'') (builtins.fromJSON ''"a\u001b[0m"'')
  ];

  # As long as an argument can be, around --setenv=X= and without.
  long = map (n: repeat n "a") [ 131061 131062 131071 131072 ];

  all = known ++ texts;
  plain = text: [ text ];
  option = words: text: builtins.foldl' (value: word: { ${word} = value; }) text words;

  # The place of a text, innermost name first, and the options that it is tried with.
  place = name: make: attributes: { inherit name make; raw = make; variants = plain; long = [ ]; } // attributes;
  list = names: place (builtins.concatStringsSep "." names) (text: option names [ text ]);
  mounted = text: [ text "${text}/x" ];
  # What `volumes-ro` asks for with such a text.
  isOverlay = text: builtins.match ".*:overlay" text != null;
  readOnlyOverlay = { source = "a"; target = "/t"; overlay = true; readOnly = true; };
  places = [
    (list [ "ports" ] { })
    (place "ports.address" (text: { ports = [ { address = text; host = 1; container = 1; } ]; }) { })
    (place "ports.protocol" (text: { ports = [ { protocol = text; host = 1; container = 1; } ]; }) { })
    (list [ "sockets" ] { variants = text: [ text "a:${text}" "${text}:/t" ]; })
    (place "sockets.name" (text: { sockets = [ { name = text; path = "/t"; } ]; }) { })
    (place "sockets.path" (text: { sockets = [ { name = "a"; path = text; } ]; }) { })
    # "/a" alone is ours, see `made`.
    (list [ "volumes" ] { variants = text: [ text "src:${text}" "${text}:/t" ]; })
    (place "volumes-ro" (text: { volumes-ro = [ text ]; }) { raw = text: { volumes = [ (if isOverlay text then readOnlyOverlay else text) ]; }; })
    (place "volumes.source" (text: { volumes = [ { source = text; target = "/t"; } ]; }) { variants = text: [ text "@${text}" ]; })
    (place "volumes.overlay" (text: { volumes = [ { source = text; target = "/t"; overlay = true; } ]; }) { variants = text: [ text "@${text}" ]; })
    (place "volumes.create" (text: { volumes = [ { source = text; target = "/t"; create = true; } ]; }) { variants = text: [ text "@${text}" ]; })
    (place "volumes.target" (text: { volumes = [ { source = "s"; target = text; } ]; }) { variants = mounted; })
    (list [ "tmpfs" ] { variants = text: [ text "${text}/x" "/t:${text}" "/t:size=${text}" "/t:mode=${text},size=1M" ]; })
    (place "tmpfs.target" (text: { tmpfs = [ { target = text; } ]; }) { variants = mounted; })
    (place "tmpfs.size" (text: { tmpfs = [ { target = "/t"; size = text; } ]; }) { })
    (place "tmpfs.mode" (text: { tmpfs = [ { target = "/t"; mode = text; } ]; }) { })
    (place "network.address" (text: { network.address = text; }) { })
    (place "network.namespace" (text: { network.mode = "namespace"; network.namespace = text; }) { })
    (place "network.interface" (text: { network.mode = "bridge"; network.interface = text; }) { })
    (place "network.address attached" (text: { network.mode = "macvlan"; network.interface = "eth0"; network.address = text; }) { variants = text: [ text "${text}/24" "10.0.0.2/${text}" ]; })
    (place "network.gateway" (text: { network.mode = "bridge"; network.interface = "br0"; network.address = "10.0.1.2/23"; network.gateway = text; }) { })
    (place "network.address6" (text: { network.mode = "bridge"; network.interface = "br0"; network.address = "10.0.1.2/23"; network.address6 = text; }) { variants = text: [ text "${text}/64" "fd00::2/${text}" ]; })
    (place "network.address6 private" (text: { network.address6 = text; }) { variants = text: [ text "fd00::${text}" "fd00:1:2:${text}::2" ]; })
    (place "network.gateway6" (text: { network.mode = "bridge"; network.interface = "br0"; network.address = "10.0.1.2/23"; network.address6 = "fd00::2/64"; network.gateway6 = text; }) { })
    (place "network.mac" (text: { network.mac = text; }) { })
    (place "network.networks" (text: { network.networks = [ text ]; }) { })
    (place "environment name" (text: { environment.${text} = "x"; }) { })
    (place "environment" (text: { environment.X = text; }) { inherit long; })
    (place "exports" (text: { ports = [ "80" ]; exports.X = text; }) { variants = text: [ text "\${${text}}" "$${text}" ]; })
    (place "exports name" (text: { exports.${text} = "x"; }) { })
    (list [ "envFile" ] { })
    (place "environmentUnits" (text: { environment.X = "x"; environmentUnits = [ text ]; }) { variants = text: [ text "a${text}" "${text}.service" ]; })
    (place "profiles" (text: { profiles = [ text ]; }) { variants = text: [ text "a${text}" ]; })
    (place "credentials name" (text: { credentials.${text} = "x"; }) { })
    (place "credentials" (text: { credentials.x = text; }) { })
    (place "credentials" (text: { credentials.x.file = text; }) { })
    (place "credentials.environment" (text: { credentials.x.environment = text; }) { })
    (place "credentials.command" (text: { credentials.x.command = [ text ]; }) { })
    (list [ "add" "capabilities" ] { variants = text: [ text "CAP_${text}" ]; })
    (list [ "drop" "capabilities" ] { })
    (list [ "devices" ] { variants = text: [ text "/dev/${text}" "/dev/${text}/x" ]; })
    (place "devices.path" (text: { devices = [ { path = text; } ]; }) { })
    (place "devices.permissions" (text: { devices = [ { path = "/dev/kvm"; permissions = text; } ]; }) { })
    (place "resources name" (text: { resources.${text} = "50%"; }) { })
    (list [ "nspawnArgs" ] { variants = text: [ text "--${text}" "--${text}=1" ]; })
    (list [ "units" "ready" ] { variants = text: [ text "a${text}" ]; })
    (list [ "unix" "ready" ] { })
    (place "ready.http.path" (text: { ready.http = [ { port = 1; path = text; } ]; }) { })
    (place "ready.exec" (text: { ready.exec = [ [ text ] ]; }) { })
    (place "ready.exec words" (text: { ready.exec = [ [ "a" text ] ]; }) { inherit long; })
    (place "seed.run" (text: { seed = [ { run = [ text ]; } ]; }) { })
    (place "seed.run words" (text: { seed = [ { run = [ "a" text ]; } ]; }) { inherit long; })
    (place "seed.sql" (text: { seed = [ { sql = text; } ]; }) { })
    (place "seed.database" (text: { seed = [ { sql = "s"; database = text; } ]; }) { })
    (place "seed.user" (text: { seed = [ { run = [ "a" ]; user = text; } ]; }) { })
    (place "runCommand" (text: { runCommand = [ text ]; command = [ text ]; }) { raw = text: { command = [ text ]; }; })
    (place "init" (text: { init = text; }) { raw = text: { system = { inherit toplevel; init = text; }; }; })
  ]
  ++ map (limit: place "resources.${limit}" (text: { resources.${limit} = text; }) { }) [
    "CPUQuota"
    "CPUWeight"
    "IOWeight"
    "MemoryHigh"
    "MemoryMax"
    "MemorySwapMax"
    "TasksMax"
  ];

  # Several options together, or options without text: { options, raw }.
  same = options: { inherit options; raw = options; };
  others = [
    (same { })
    (same { ready.http = [ { port = 1; status = [ 200 ]; } ]; })
    (same { ready.http = [ { port = 1; status = [ 200 100 ]; } ]; })
    (same { ready.http = [ { port = 1; status = [ 99 200 ]; } ]; })
    (same { ready.http = [ { port = 1; status = [ 100 599 ]; } ]; })
    (same { ready.http = [ { port = 1; status = [ 100 600 ]; } ]; })
    (same { ready.exec = [ [ ] ]; })
    (same { seed = [ { } ]; })
    (same { seed = [ { run = [ ]; } ]; })
    (same { seed = [ { run = [ "a" ]; sql = "b"; } ]; })
    (same { seed = [ { run = [ "a" ]; database = "b"; } ]; })
    (same { seed = [ { run = [ "a" ]; user = 65534; timeout = 5; } { sql = "b"; database = "c"; user = "d"; } ]; })
    (same { seed = [ { run = [ "a" ]; user = 65535; } ]; })
    (same { oneShot = true; seed = [ { run = [ "a" ]; } ]; })
    (same { ready.notify = false; ready.units = [ "a.service" ]; })
    (same { environmentUnits = [ "a.service" ]; })
    (same { envFile = [ ".env" ]; environmentUnits = [ "a.service" "b.service" "a.service" ]; })
    (same { credentials."flake-containers.x" = "x"; })
    (same { oneShot = true; restart = "on-failure"; })
    (same { oneShot = true; ready.tcp = [ 80 ]; })
    (same { oneShot = true; shared = true; })
    (same { shared = true; ports = [ "80" ]; })
    (same { network.hostAccess = [ 5432 80 ]; })
    (same { network.hostAccess = [ 80 81 80 ]; })
    (same { network.mode = "none"; network.hostAccess = [ 80 ]; })
    (same { network = { networks = [ "a" "b" ]; address = "192.168.7.254"; mac = "02:00:5E:00:00:0a"; }; })
    (same { network.networks = [ "a" "a" ]; })
    (same { network.mode = "namespace"; })
    (same { network.namespace = "vpn"; })
    (same { network = { mode = "namespace"; namespace = "vpn"; }; ports = [ "80" ]; })
    (same { network = { mode = "namespace"; namespace = "vpn"; internet = true; }; })
    (same { network.mode = "container"; })
    (same { network.container = "b"; })
    (same { network = { mode = "container"; container = "none"; }; })
    (same { network = { mode = "container"; container = "a"; }; ports = [ "80" ]; })
    (same { network.mode = "bridge"; })
    (same { network.interface = "br0"; })
    (same { network.gateway = "10.0.0.1"; })
    (same { network = { mode = "bridge"; interface = "br0"; gateway = "10.0.0.1"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.2"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.2/24"; gateway = "10.0.0.2"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.2/24"; gateway = "10.0.1.1"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.2/24"; gateway = "10.0.0.1"; }; ports = [ "80" ]; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.0/24"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.255/23"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "0.0.0.5/8"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "127.0.0.2/24"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "223.0.0.2/24"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "224.0.0.2/24"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.2/24"; gateway = "10.0.0.0"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.2/24"; gateway = "10.0.0.255"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.2/24"; gateway = "127.0.0.1"; }; })
    (same { network.mode = "interface"; })
    (same { network = { mode = "interface"; interface = "eth0"; }; })
    (same { network = { mode = "interface"; interface = "eth0"; mac = "02:00:5E:00:00:0a"; }; })
    (same { network = { mode = "macvlan"; interface = "eth0"; internet = true; }; })
    (same { network = { mode = "macvlan"; interface = "eth0"; networks = [ "a" ]; }; })
    (same { network = { mode = "macvlan"; interface = "eth0"; mac = "02:00:5E:00:00:0a"; }; })
    (same { network = { mode = "macvlan"; interface = "eth0"; hostAccess = [ 80 ]; }; })
    (same { network.address = "10.0.0.2/24"; })
    (same { network.address6 = "fd00::2/64"; })
    (same { network.address6 = "fd00::2"; })
    (same { network.address6 = "fd00::1"; })
    (same { network.address6 = "fd00::254"; })
    (same { network.address6 = "fd00::255"; })
    (same { network.address6 = "fd00::2a"; })
    (same { network.address6 = "fd00::1:2"; })
    (same { network.address6 = "fe00::2"; })
    (same { network.address6 = "fbff::2"; })
    (same { network = { address = "10.0.0.2"; address6 = "fd00::2"; }; })
    (same { network = { address = "10.0.0.2"; address6 = "fd00::3"; }; })
    (same { network = { mode = "none"; address6 = "fd00::2"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.2/24"; address6 = "fd00::2"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address6 = "fd00::2/64"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.2/24"; gateway6 = "fe80::1"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.2/24"; address6 = "fe80::2/64"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.2/24"; address6 = "::ffff:1.2.3.4/64"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.2/24"; address6 = "fd00::2/64"; gateway6 = "fe80::1"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.2/24"; address6 = "fd00::2/64"; gateway6 = "::1"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.2/24"; address6 = "fd00::2/64"; gateway6 = "ff02::1"; }; })
    (same { network = { mode = "bridge"; interface = "br0"; address = "10.0.0.2/24"; address6 = "fd00::2/64"; gateway6 = "::ffff:1.2.3.4"; }; })
    (same { network.networks = builtins.genList (i: "a${toString i}") 9; })
    (same { network.mode = "none"; network.networks = [ "a" ]; })
    (same { network.mode = "none"; network.mac = "02:00:5E:00:00:0a"; })
    (same { network.mode = "host"; network.address = "10.0.0.2"; })
    (same { oneShot = true; ready.timeout = 5; })
    (same { network.mode = "host"; ports = [ "80" ]; })
    (same { ports = [ { host = 1; container = 1; proxyProtocol = true; } ]; })
    (same { ports = [ { host = 1; container = 1; protocol = "udp"; proxyProtocol = true; } ]; })
    (same { ports = [ { host = 1; container = 1; protocol = "udp"; proxyProtocol = false; } ]; })
    (same { network.mode = "none"; sockets = [ "a:/a" "b:/a:b" ]; })
    (same { sockets = [ "a:/a" { name = "a"; path = "/b"; } ]; })
    (same { sockets = builtins.genList (i: "a${toString i}:/a") 9; })
    (same { network.mode = "none"; ports = [ "80" ]; })
    (same { volumes = [ "a:/t" "b:/t" ]; })
    (same { volumes = [ "a:/t" ]; tmpfs = [ "/t" ]; })
    (same { tmpfs = [ "/t" "/t" ]; })
    (same { tmpfs = [ "/t" "/t:size=1M" ]; })
    (same { tmpfs = [ { target = "/t"; size = 4096; } ]; })
    (same { tmpfs = [ { target = "/t"; size = 4095; } ]; })
    (same { tmpfs = [ { target = "/t"; mode = "1777"; } { target = "/t"; } ]; })
    (same { devices = [ "/dev/kvm" { path = "/dev/kvm"; } ]; })
    (same { capabilities = { add = [ "CAP_BPF" ]; drop = [ "CAP_BPF" ]; }; })
    (same { capabilities.add = [ "CAP_BPF" "CAP_BPF" ]; })
    (same { resources.MemoryMax = 512; })
    (same { resources.MemoryMax = 1048576; })
    (same { resources.TasksMax = -1; })
    (same { ports = [ "[::1]:80:80" "[0::1]:80:81" ]; })
    (same { ports = [ "80" "[::1]:80:81" ]; })
    (same { ports = [ "80" "127.0.0.2:80:81" ]; })
    (same { ports = [ "80" "0.0.0.0:80:81" ]; })
    (same { ports = [ "auto:80" "auto:80" ]; })
    (same { dependsOn.c = "started"; })
    (same { dependsOn.other = "started"; })
    { options = { runCommand = [ ]; command = [ ]; }; raw.command = [ ]; }
    { options = { runCommand = [ "a" ]; command = [ "a" ]; init = "${toplevel}/init"; }; raw = { command = [ "a" ]; system = { inherit toplevel; init = "${toplevel}/init"; }; }; }
    { options = { runCommand = [ "a" ]; command = [ "a" ]; ready.units = [ "a.service" ]; }; raw = { command = [ "a" ]; ready.units = [ "a.service" ]; }; }
    { options = { runCommand = [ "a" ]; command = [ "a" ]; environment.A = "b"; environmentUnits = [ "a.service" ]; }; raw = { command = [ "a" ]; environment.A = "b"; environmentUnits = [ "a.service" ]; }; }
  ];

  document = name: container: spec.document { } { ${name} = { system = { inherit toplevel; }; } // container; };

  row =
    name: what: options: raw: excused:
    let
      messages =
        spec.projectErrors { ${name} = options; } ++ map (spec.said name) (spec.containerErrors options);
      refused = messages != [ ];
    in
    {
      inherit what excused;
      message = if refused then builtins.head messages else null;
      document =
        if refused then
          document name raw
        else
          document name (
            spec.containerSpec (
              options
              // {
                system = {
                  inherit toplevel;
                  init = options.init or null;
                };
              }
            )
          );
    };

  # Where the module is stricter: texts that a shell would have expanded, and secrets that every user could read.
  starts = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
  excuse =
    place: text:
    builtins.any (home: text == home || starts "${home}/" text || starts "${home}:" text) [ "$HOME" "\${HOME}" ]
    || (builtins.elem place.name [ "credentials" "envFile" ] && starts store text);
in
builtins.concatMap (
  place:
  builtins.concatMap (
    text: map (text: row "c" "${place.name} = ${builtins.toJSON (builtins.substring 0 60 text)}" (place.make text) (place.raw text) (excuse place text)) (place.variants text)
  ) (all ++ place.long)
) places
++ map (text: row text "the name ${builtins.toJSON (builtins.substring 0 60 text)}" { } { } false) all
++ map (other: row "c" (builtins.toJSON other.options) other.options other.raw false) others
