# What a single value of an option may be. Each check takes it and returns null, or what is wrong with it; ports and
# volumes are also read, to attribute sets or to { error }. Pure, and of builtins only.
#
# The rules of runner/spec/*.c are the ones that count. They stand here as well, so that a developer hears of a mistake
# before anything is built. tests/nix/unit.sh holds the two against each other.
let
  inherit (builtins)
    any
    concatLists
    concatStringsSep
    elem
    elemAt
    filter
    foldl'
    genList
    head
    isAttrs
    isInt
    isList
    isString
    length
    map
    match
    replaceStrings
    stringLength
    substring
    toJSON
    toString
    ;

  get = name: set: set.${name} or null;
  startsWith = prefix: text: substring 0 (stringLength prefix) text == prefix;
  splitAt = separator: text: filter isString (builtins.split separator text);

  # The first message of several checks.
  first = checks: foldl' (found: check: if found != null then found else check) null checks;
  unless = condition: message: if condition then null else message;

  # --- characters ---------------------------------------------------------------------------------

  # Not by regular expressions, whose matcher has no room for long texts.
  character =
    code:
    let
      digit = n: substring n 1 "0123456789abcdef";
    in
    builtins.fromJSON "\"\\u00${digit (code / 16)}${digit (code - code / 16 * 16)}\"";
  range = from: to: genList (i: character (from + i)) (to - from + 1);
  without = characters: text: replaceStrings characters (map (_: "") characters) text;
  has = characters: text: without characters text != text;
  isMadeOf = characters: text: without characters text == "";

  controls = range 1 31 ++ [ (character 127) ];
  printable = range 33 126;
  except = characters: filter (c: !elem c characters);

  # --- numbers ------------------------------------------------------------------------------------

  # Digits without a leading zero, as many as cannot overflow; else null.
  number = digits: if match "0|[1-9][0-9]{0,17}|[1-8][0-9]{18}" digits != null then builtins.fromJSON digits else null;

  # --- paths --------------------------------------------------------------------------------------

  pathSize = 4096;
  argumentSize = 128 * 1024;

  characters =
    path:
    if path == "" then
      "the path is empty"
    else if has controls path then
      "'${path}': a path must not contain control characters"
    else
      unless (stringLength path < pathSize) "'${substring 0 40 path}...': a path has at most ${
        toString (pathSize - 1)
      } bytes";

  hostPath =
    path:
    first [
      (characters path)
      (unless (match "(~|\\$HOME|\\$\\{HOME})(/.*)?" path == null)
        "'${path}': '${head (splitAt "/" path)}' is not expanded here: write a path relative to the project, an absolute one, or './${path}' for what has that name"
      )
    ];

  insidePath =
    path:
    first [
      (characters path)
      (unless (startsWith "/" path) "'${path}': a path inside the container must be absolute")
      (unless (path != "/") "'/' is the container's whole root")
      (unless (
        !any (
          part:
          elem part [
            ""
            "."
            ".."
          ]
        ) (builtins.tail (splitAt "/" path))
      ) "'${path}': a path inside the container must have no '.', '..' or empty part, and no '/' at its end")
    ];

  isBelow = directory: path: path == directory || startsWith "${directory}/" path;

  mountPoint =
    path:
    let
      taken = filter (directory: isBelow directory path) [
        "/dev"
        "/proc"
        "/run/host"
        "/sys"
        "/etc/hosts"
        "/run/flake-containers"
        "/var/log/journal"
      ];
    in
    first [
      (insidePath path)
      (unless (path != "/run") "'/run' is mounted by systemd-nspawn")
      (if taken == [ ] then null else "'${path}': '${head taken}' is mounted already")
    ];

  # --- names --------------------------------------------------------------------------------------

  isName = name: match "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?" name != null;
  allowedName = "use 1 to 63 of a-z, 0-9 and '-', with no '-' at either end";

  containerName =
    name:
    first [
      (unless (isName name) "'${name}' cannot be a host name: ${allowedName}")
      (unless (
        !elem name [
          "volumes"
          "snapshots"
        ]
      ) "'${name}' cannot name a container: it is a directory of .containers/")
    ];

  # --- ports --------------------------------------------------------------------------------------

  isPort = n: isInt n && n >= 1 && n <= 65535;

  octets =
    text:
    let
      fields = match "([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})" text;
      values = map number fields;
    in
    if fields == null || any (n: n == null || n > 255) values then null else values;

  # inet_pton(3): eight numbers, or null.
  groups =
    text:
    let
      halves = splitAt "::" text;
      group =
        last: text:
        let
          four = octets text;
        in
        if match "[0-9A-Fa-f]{1,4}" text != null then
          [ (builtins.fromTOML "n = 0x${text}").n ]
        else if last && four != null then
          [
            (elemAt four 0 * 256 + elemAt four 1)
            (elemAt four 2 * 256 + elemAt four 3)
          ]
        else
          [ null ];
      read =
        last: half:
        let
          parts = splitAt ":" half;
        in
        if half == "" then
          [ ]
        else
          concatLists (genList (i: group (last && i == length parts - 1) (elemAt parts i)) (length parts));
      front = read (length halves == 1) (head halves);
      back = read true (elemAt halves 1);
      all =
        if length halves == 1 then
          front
        else
          front ++ genList (_: 0) (8 - length front - length back) ++ back;
    in
    if
      length halves > 2
      || (length halves == 2 && length front + length back > 7)
      || length all != 8
      || elem null all
    then
      null
    else
      all;

  zeros = from: to: numbers: builtins.all (i: elemAt numbers i == 0) (genList (i: from + i) (to - from));

  address =
    text:
    let
      four = octets text;
      six = groups text;
      one = head four;
      lead = head six;
      wrong = why: "'${text}': ${why}";
    in
    if four != null then
      unless (
        text == "0.0.0.0" || (one != 0 && !(one >= 224 && one <= 239) && text != "255.255.255.255")
      ) (wrong "not an address that can be listened on")
    else if six == null then
      wrong "not a numeric IPv4 or IPv6 address"
    else if
      zeros 0 5 six
      && (
        elemAt six 5 == 65535
        || (elemAt six 5 == 0 && (elemAt six 6 != 0 || elemAt six 7 > 1))
      )
    then
      wrong "write an IPv4 address without '::'"
    else if lead >= 65280 then
      wrong "not an address that can be listened on"
    else
      unless (!(lead >= 65152 && lead <= 65215)) (wrong "a link-local address cannot be used");

  # "[ADDRESS:]HOST:CONTAINER[/PROTOCOL]", "PORT" or 80 -> { address, host, container, protocol }, or { error }.
  parsePort =
    port:
    if isAttrs port then
      checkPort (toJSON (compact port)) {
        address = get "address" port;
        host = get "host" port;
        container = get "container" port;
        protocol = get "protocol" port;
      }
    else if isInt port then
      checkPort (toString port) {
        address = null;
        host = port;
        container = port;
        protocol = null;
      }
    else
      let
        short = substring 0 100 port;
        single = match "([0-9]+)(/([^/]*))?" short;
        pair = match "((\\[([^]]*)]|([^]:[]*)):)?(auto|[0-9]+):([0-9]+)(/([^/]*))?" short;
        bracketed = elemAt pair 2;
        host = elemAt pair 4;
      in
      if single != null then
        checkPort port {
          address = null;
          host = number (head single);
          container = number (head single);
          protocol = elemAt single 2;
        }
      else if pair != null then
        checkPort port {
          address = if bracketed != null then bracketed else elemAt pair 3;
          host = if host == "auto" then host else number host;
          container = number (elemAt pair 5);
          protocol = elemAt pair 7;
        }
      else
        { error = "'${port}': expected [ADDRESS:]HOST:CONTAINER or PORT, the address numeric, IPv6 in brackets"; };

  compact = set: builtins.removeAttrs set (filter (name: set.${name} == null) (builtins.attrNames set));

  checkPort =
    text: port:
    let
      badAddress = if port.address == null then null else address port.address;
    in
    if !(port.host == "auto" || isPort port.host) || !isPort port.container then
      { error = "'${text}': a port is a number from 1 to 65535"; }
    else if badAddress != null then
      { error = "'${text}': ${badAddress}"; }
    else if port.protocol == "udp" then
      { error = "'${text}': protocol 'udp' is not supported by this version"; }
    else if
      !elem port.protocol [
        null
        "tcp"
      ]
    then
      { error = "'${text}': '${port.protocol}' is not a protocol, use 'tcp'"; }
    else
      port // { protocol = null; };

  # --- volumes ------------------------------------------------------------------------------------

  volumeSource =
    source:
    if startsWith "@" source then
      unless (isName (substring 1 (-1) source)) "'${source}' cannot name a volume: ${allowedName}; a directory of that name is written './${source}'"
    else
      hostPath source;

  # "SOURCE:TARGET[:ro|:rw]", or "/PATH" for "/PATH:/PATH" -> { source, target, readOnly, owner }, or { error }.
  # In strings '\:' is a colon in a path and '\\' a backslash.
  parseVolume =
    volume:
    if isAttrs volume then
      checkVolume (if get "source" volume == null then "volume" else "'${volume.source}'") {
        source = get "source" volume;
        target = get "target" volume;
        readOnly = (get "readOnly" volume) == true;
        owner = get "owner" volume;
      }
    else
      let
        path = "([^:\\\\]|\\\\[:\\\\])+";
        fields = match "(${path})(:(${path}))?(:([^:]*))?" volume;
        plain = replaceStrings [ "\\:" "\\\\" ] [ ":" "\\" ];
        source = plain (head fields);
        target = elemAt fields 3;
        mode = elemAt fields 6;
      in
      if stringLength volume > 3 * pathSize then
        { error = "'${substring 0 40 volume}...': a path has at most ${toString (pathSize - 1)} bytes"; }
      else if fields == null then
        { error = "'${volume}': expected SOURCE:TARGET[:ro|:rw], a ':' in a path is written '\\:'"; }
      else if target == null && !startsWith "/" source then
        { error = "volume '${volume}' has no target: write '${volume}:/where/it/appears'"; }
      else if
        elem mode [
          "idmap"
          "noidmap"
          "rootidmap"
          "owneridmap"
        ]
      then
        { error = "'${volume}': instead of '${mode}' set owner = \"user\" or owner = \"container\" in { source; target; owner; }"; }
      else if
        !elem mode [
          null
          "ro"
          "rw"
        ]
      then
        { error = "'${volume}': behind the target stands 'ro' or 'rw', not '${mode}'"; }
      else
        checkVolume "'${volume}'" {
          inherit source;
          target = if target == null then source else plain target;
          readOnly = mode == "ro";
          owner = null;
        };

  checkVolume =
    text: volume:
    let
      source = volumeSource volume.source;
      target = mountPoint volume.target;
    in
    if volume.source == null then
      { error = "${text} has no source"; }
    else if volume.target == null then
      { error = "${text} has no target"; }
    else if source != null then
      { error = if text == "'${volume.source}'" then source else "${text}: source ${source}"; }
    else if target != null then
      { error = "${text}: target ${target}"; }
    else
      volume;

  # --- what PID 1 gets ----------------------------------------------------------------------------

  argument =
    text:
    unless (stringLength text < argumentSize) "'${substring 0 40 text}...': longer than the ${
      toString (argumentSize - 1)
    } bytes that Linux passes";

  command =
    words:
    if words == [ ] || head words == "" then
      "the first word must name a program"
    else
      first (map argument words);

  variable =
    name: value:
    first [
      (unless (name != "") "the name of a variable is empty")
      (unless (
        stringLength name < argumentSize
        && isMadeOf (range 48 57 ++ range 65 90 ++ range 97 122 ++ [ "_" ]) name
        && match "[0-9]" (substring 0 1 name) == null
      ) "'${substring 0 100 name}' cannot name a variable: allowed are letters, digits and '_', not a digit first")
      (unless (
        !elem name [
          "CREDENTIALS_DIRECTORY"
          "LISTEN_FDNAMES"
          "LISTEN_FDS"
          "LISTEN_PID"
          "NOTIFY_SOCKET"
          "container"
          "container_host_id"
          "container_uuid"
        ]
      ) "the variable '${name}' is set by systemd-nspawn")
      (unless (stringLength "--setenv=${name}=${value}" < argumentSize)
        "the variable '${name}' is longer than the ${toString (argumentSize - 1)} bytes that Linux passes"
      )
      (unless (!has (except [ "\t" "\n" ] controls) value) "the value of '${name}' contains a control character")
    ];

  credential =
    id:
    unless (
      id != ""
      && stringLength id <= 255
      && !elem id [
        "."
        ".."
      ]
      && isMadeOf (except [ ":" "/" "\\" ] printable) id
    ) "'${id}' cannot name a credential: allowed are 1 to 255 printable ASCII characters without space, ':', '/' and '\\'";

  # --- rights and limits --------------------------------------------------------------------------

  capabilities = map (name: "CAP_${name}") (
    splitAt " " (
      "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
      + "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT "
      + "SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL "
      + "SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
    )
  );

  upper = replaceStrings (range 97 122) (range 65 90);

  capability =
    name:
    let
      full = if startsWith "CAP_" (upper name) then upper name else "CAP_${upper name}";
    in
    unless (elem name capabilities) "'${name}' is not a capability${
      if elem full capabilities then ", write '${full}'" else ": they are written like CAP_NET_ADMIN"
    }";

  device =
    path:
    let
      own = filter (name: path == "/dev/${name}") (
        splitAt " " "null zero full random urandom tty ptmx console stdin stdout stderr core log kmsg"
      );
      ownFolders = filter (name: isBelow "/dev/${name}" path) (splitAt " " "fd pts shm mqueue hugepages");
    in
    first [
      (insidePath path)
      (unless (startsWith "/dev/" path) "'${path}': a device is below /dev")
      (unless (own ++ ownFolders == [ ]) "'${path}': every container has one of its own")
    ];

  permissions =
    text:
    unless (
      match "[rwm]{1,3}" text != null
      && text != "m"
      && !any (c: length (splitAt c text) > 2) [ "r" "w" "m" ]
    ) "'${text}': must be of 'r', 'w' and 'm', each once, and not 'm' alone";

  mebibyte = 1024 * 1024;
  sizeMax = 4611686018427387904;
  resources = {
    MemoryMax = size mebibyte;
    MemoryHigh = size mebibyte;
    MemorySwapMax = size 0;
    CPUQuota = count "%" 1 1000000 "a percentage of one processor such as '50%' or '200%'";
    CPUWeight = count "" 1 10000 "a number";
    IOWeight = count "" 1 10000 "a number";
    TasksMax =
      text: if text == "infinity" then null else count "" 1 2147483647 "a number or 'infinity'" text;
  };

  size =
    least: text:
    let
      fields = match "([0-9]+)([KMGT%]?)" text;
      amount = number (head fields);
      unit = elemAt fields 1;
      factor = { "" = 1; K = 1024; M = mebibyte; G = 1024 * mebibyte; T = mebibyte * mebibyte; }.${unit};
      form = "'${text}': must be bytes such as '512M' (with K, M, G or T), a percentage of the memory such as '50%', or 'infinity'";
    in
    if text == "infinity" then
      null
    else if fields == null || amount == null then
      form
    else if unit == "%" then
      unless (amount >= 1 && amount <= 100) "'${text}': must be between 1% and 100%"
    else
      first [
        (unless (amount <= sizeMax / factor) form)
        (unless (amount * factor >= least) "'${text}': must be at least ${toString least} bytes, written with K, M, G or T")
      ];

  count =
    suffix: from: to: form: text:
    let
      fields = match "([0-9]+)${suffix}" text;
      amount = number (head fields);
    in
    if fields == null || amount == null then
      "'${text}': must be ${form}"
    else
      unless (amount >= from && amount <= to) "'${text}': must be between ${toString from} and ${toString to}";

  # Longer than any number is; the matcher has no room for long texts.
  resource =
    name: value:
    if !(resources ? ${name}) then
      "there is no such limit; there are ${concatStringsSep ", " (builtins.attrNames resources)}"
    else
      resources.${name} (substring 0 100 (toString value));

  # --- options of systemd-nspawn ------------------------------------------------------------------

  # The options that the runner sets itself, each with the option to use instead, or the reason why there is none.
  ownedBy = instead: names: map (name: { inherit name instead; }) (splitAt " " names);
  owned =
    ownedBy "use runCommand" "as-pid2"
    ++ ownedBy "use init" "boot"
    ++ ownedBy "use configuration or toplevel" (
      "directory image image-policy oci-bundle pivot-root root-hash root-hash-sig template verity-data"
    )
    ++ ownedBy "use network" (
      "network-bridge network-interface network-ipvlan network-macvlan network-namespace-path network-veth "
      + "network-veth-extra network-zone private-network"
    )
    ++ ownedBy "use ports" "port"
    ++ ownedBy "use users" (
      "private-users private-users-chown private-users-delegate private-users-ownership"
    )
    ++ ownedBy "use environment" "setenv"
    ++ ownedBy "use ready.notify" "notify-ready"
    ++ ownedBy "use ephemeral" "ephemeral volatile"
    ++ ownedBy "use resources" "property slice"
    ++ ownedBy "the host name is the container's name" "hostname"
    ++ ownedBy "the machine name is made from the project and the container's name" "machine"
    ++ ownedBy "the runner does that itself" (
      "cleanup console keep-unit kill-signal link-journal pipe register settings"
    )
    ++ ownedBy "it starts no container" "help version";

  # The short ones that people know from elsewhere.
  shortOptions = {
    U = "use users";
    b = "use init";
    n = "use network";
    p = "use ports";
    E = "use environment";
    u = "use configuration or toplevel";
  };

  nspawnArgument =
    text:
    let
      fields = match "--([a-z0-9-]+)(=.*)?" (replaceStrings [ "\n" ] [ " " ] (substring 0 pathSize text));
      name = head fields;
      value = elemAt fields 1;
      hidden = filter (option: startsWith name option.name) owned;
      instead = shortOptions.${substring 1 1 text} or null;
    in
    first [
      (argument text)
      (unless (
        fields != null
      ) "'${text}': an option of systemd-nspawn is written --OPTION or --OPTION=VALUE, in one string${
        if startsWith "-" text && instead != null then ", and this one cannot be given here: ${instead}" else ""
      }")
      (
        if hidden == [ ] then
          null
        else
          "'${text}': --${(head hidden).name} cannot be given here: ${(head hidden).instead}"
      )
      (unless (
        !(
          startsWith "bind" name && value != null && match "=(.*:)?/etc/hosts(:.*)?" value != null
        )
      ) "'${text}': the runner writes /etc/hosts")
    ];

  # --- readiness ----------------------------------------------------------------------------------

  unitKinds = "service|socket|target|mount|automount|path|timer|device|swap|slice|scope";

  unit =
    name:
    let
      letters = range 48 57 ++ range 65 90 ++ range 97 122 ++ splitAt " " ": - _ . \\ @";
    in
    first [
      (unless (name != "") "the name of the unit is empty")
      (unless (
        stringLength name <= 255 && isMadeOf letters name && !startsWith "@" name
      ) "'${name}' cannot name a unit")
      (unless (match ".+\\.(${unitKinds})" name != null) "'${name}' names no kind of unit: write '${name}.service'")
      (unless (match "[^@]*@\\.[^.]*" name == null) "'${name}' is a template, not a unit")
    ];

  httpPath =
    path:
    first [
      (unless (startsWith "/" path) "'${path}': a path begins with '/'")
      (unless (stringLength path <= pathSize) "'${substring 0 40 path}...': the path is too long")
      (unless (isMadeOf printable path)
        "'${path}': only printable ASCII without spaces can stand in a path, all else as %XX"
      )
    ];

  httpStatus =
    range:
    if length range != 2 then
      "must be two numbers, the first and the last status"
    else if any (n: n < 100 || n > 599) range then
      "a status is a number from 100 to 599"
    else
      unless (head range <= elemAt range 1) "the range from ${toString (head range)} to ${
        toString (elemAt range 1)
      } is empty";
in
{
  inherit
    argument
    capability
    command
    containerName
    credential
    device
    hostPath
    httpPath
    httpStatus
    insidePath
    isBelow
    isName
    mountPoint
    nspawnArgument
    parsePort
    parseVolume
    permissions
    resource
    unit
    variable
    ;

  # Two spellings of one address are one.
  canonicalAddress = text: if octets text != null then text else toJSON (groups text);
}
