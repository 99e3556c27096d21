# The options of containers -> the runner's specification (docs/SPEC.md), as attribute sets for builtins.toJSON, and
# what is wrong with them, as lists of messages. Pure, and of builtins only: no lib, no pkgs; so tables can test it.
#
# The runner checks everything again. Here is checked what a developer should hear from the evaluation already: what
# concerns several options or containers, and the syntax of what is written as a string.
let
  inherit (builtins)
    all
    any
    attrNames
    attrValues
    concatLists
    concatMap
    concatStringsSep
    elem
    elemAt
    filter
    foldl'
    genericClosure
    head
    isAttrs
    isInt
    isString
    length
    listToAttrs
    map
    mapAttrs
    match
    removeAttrs
    replaceStrings
    stringLength
    substring
    toJSON
    toString
    ;

  imap = f: list: builtins.genList (i: f i (elemAt list i)) (length list);
  optional = condition: value: if condition then [ value ] else [ ];
  get = name: set: set.${name} or null;

  # Without what says nothing: null, [] and {}. The runner fills in its defaults.
  compact =
    set:
    removeAttrs set (
      filter (name: set.${name} == null || set.${name} == [ ] || set.${name} == { }) (attrNames set)
    );

  # A message, with the option as it stands in the flake.
  at =
    name: option: message:
    "flake-containers.containers.${name}.${option}: ${message}";

  # --- names --------------------------------------------------------------------------------------

  isName = name: match "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?" name != null;

  nameErrors =
    name:
    optional (!isName name)
      "flake-containers.containers.${name}: '${name}' is no host name: use 1 to 63 of a-z, 0-9 and '-', with no '-' at either end";

  # --- ports --------------------------------------------------------------------------------------

  # "[ADDRESS:]HOST:CONTAINER[/PROTOCOL]", "PORT" or 80 -> { address, host, container, protocol }, or { error }.
  parsePort =
    port:
    if isAttrs port then
      checkPort (toJSON port) {
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
        single = match "([0-9]+)(/([a-z]+))?" port;
        pair = match "((\\[([0-9A-Fa-f:.]+)]|([0-9.]+)):)?(auto|[0-9]+):([0-9]+)(/([a-z]+))?" port;
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

  # Neither 080, which fromJSON would not take, nor what overflows.
  number =
    digits:
    if match "[1-9][0-9]{0,4}" digits != null then builtins.fromJSON digits else 0;

  isPort = n: isInt n && n >= 1 && n <= 65535;

  checkPort =
    text: port:
    if !(port.host == "auto" || isPort port.host) || !isPort port.container then
      { error = "'${text}': a port is a number from 1 to 65535"; }
    else if port.protocol == "udp" then
      { error = "'${text}': protocol 'udp' is not supported by this version"; }
    else if !elem port.protocol [
      null
      "tcp"
    ] then
      { error = "'${text}': '${port.protocol}' is no protocol, use 'tcp'"; }
    else
      port // { protocol = null; };

  # The addresses on which a port is bound; "0.0.0.0" and "::" are all of their family.
  addresses =
    port:
    if port.address != null then
      [ port.address ]
    else
      [
        "127.0.0.1"
        "::1"
      ];
  isSix = address: match ".*:.*" address != null;
  overlap =
    a: b:
    isSix a == isSix b
    && (
      a == b
      || elem "0.0.0.0" [
        a
        b
      ]
      || elem "::" [
        a
        b
      ]
    );
  clash =
    a: b:
    a.port.host == b.port.host
    && (if a.port.host == "auto" then a.name == b.name && a.port.container == b.port.container else true)
    && any (x: any (overlap x) (addresses b.port)) (addresses a.port);

  # Each port that an earlier one has taken already, in one container or in several.
  portClashes =
    containers:
    let
      used = concatMap (
        name:
        map (port: { inherit name port; }) (
          filter (port: !(port ? error)) (map parsePort (containers.${name}.ports or [ ]))
        )
      ) (attrNames containers);
      describe =
        first: second:
        at second.name "ports" (
          if second.port.host == "auto" then
            "container port ${toString second.port.container} has an automatic host port already"
          else
            "host port ${toString second.port.host} is taken already, by "
            + (if first.name == second.name then "the same container" else "container '${first.name}'")
        );
    in
    concatLists (
      imap (
        i: second:
        let
          earlier = filter (first: clash first second) (builtins.genList (elemAt used) i);
        in
        optional (earlier != [ ]) (describe (head earlier) second)
      ) used
    );

  # --- volumes ------------------------------------------------------------------------------------

  # "SOURCE:TARGET[:ro|:rw]", or "/PATH" for "/PATH:/PATH" -> { source, target, readOnly, owner }, or { error }.
  # In strings '\:' is a colon in a path and '\\' a backslash.
  parseVolume =
    volume:
    if isAttrs volume then
      checkVolume (if get "source" volume == null then "volume" else "volume '${volume.source}'") {
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
      if fields == null then
        { error = "'${volume}': expected SOURCE:TARGET[:ro|:rw], a ':' in a path is written '\\:'"; }
      else if target == null && substring 0 1 source != "/" then
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
    if volume.source == null then
      { error = "${text} has no source"; }
    else if volume.target == null then
      { error = "${text} has no target"; }
    else if substring 0 1 volume.target != "/" then
      { error = "${text}: the target '${volume.target}' is not an absolute path"; }
    else
      volume;

  # `volumes-ro` is the original's, and the same but for being read-only.
  volumes =
    container:
    map parseVolume (container.volumes or [ ])
    ++ map (
      text:
      let
        volume = parseVolume text;
      in
      if volume ? error then volume else volume // { readOnly = true; }
    ) (container.volumes-ro or [ ]);

  targetErrors =
    name: container:
    let
      targets =
        map (volume: volume.target) (filter (volume: !(volume ? error)) (volumes container))
        ++ container.tmpfs or [ ];
      again = foldl' (
        seen: target:
        if elem target seen.all then
          seen // { twice = seen.twice ++ optional (!elem target seen.twice) target; }
        else
          seen // { all = seen.all ++ [ target ]; }
      ) { all = [ ]; twice = [ ]; } targets;
    in
    map (target: at name "volumes" "'${target}' is mounted on twice") again.twice;

  # --- dependencies -------------------------------------------------------------------------------

  dependencies = container: attrNames (container.dependsOn or { });

  # Of `names`, with all that they need, in turn.
  closure =
    containers: names:
    map (node: node.key) (genericClosure {
      startSet = map (key: { inherit key; }) names;
      operator =
        node:
        map (key: { inherit key; }) (
          filter (name: containers ? ${name}) (dependencies (containers.${node.key} or { }))
        );
    });

  dependencyErrors =
    containers:
    concatMap (
      name:
      concatMap (
        dependency:
        let
          condition = containers.${name}.dependsOn.${dependency};
        in
        if !(containers ? ${dependency}) then
          [ (at name "dependsOn" "there is no container '${dependency}'") ]
        else if condition == "ready" && containers.${dependency}.oneShot or false then
          [
            (at name "dependsOn" "'${dependency}' is never ready, since oneShot = true in it: say ${dependency} = \"completed\"")
          ]
        else if condition == "completed" && !(containers.${dependency}.oneShot or false) then
          [ (at name "dependsOn" "'${dependency}' never completes: that takes oneShot = true in it") ]
        else
          [ ]
      ) (dependencies containers.${name})
    ) (attrNames containers)
    ++ cycleErrors containers;

  # One message for all that stand on a cycle: what reaches itself.
  cycleErrors =
    containers:
    let
      reached = name: concatMap (next: closure containers [ next ]) (
        filter (next: containers ? ${next}) (dependencies containers.${name})
      );
      cyclic = filter (name: elem name (reached name)) (attrNames containers);
    in
    optional (cyclic != [ ]) (
      at (head cyclic) "dependsOn" "the containers ${
        concatStringsSep ", " (map (name: "'${name}'") cyclic)
      } depend on one another in a circle"
    );

  # --- one container ------------------------------------------------------------------------------

  # What several options say together, and what is written as a string.
  containerErrors =
    name: container:
    let
      given = filter (option: get option container != null) [
        "configuration"
        "toplevel"
        "nixosConfiguration"
      ];
      network = container.network or { };
      ready = container.ready or { };
      mode = network.mode or "private";
      ports = map parsePort (container.ports or [ ]);
      later =
        option: value:
        optional (
          !elem value [
            null
            false
          ]
        ) (at name option "is not supported by this version");
      parsed =
        option: list:
        map (element: at name option element.error) (filter (element: element ? error) list);
    in
    nameErrors name
    ++ optional (length given > 1) (
      at name (concatStringsSep ", " given) "give one of them, they all say what the system is"
    )
    ++ optional (get "runCommand" container != null && get "init" container != null) (
      at name "runCommand, init" "give one of them, both say what runs"
    )
    ++ optional (container.oneShot or false && !elem (get "restart" container) [ null "no" ]) (
      at name "restart" "a container with oneShot = true is run once"
    )
    ++ map (check: at name "ready.${check}" "a container with oneShot = true is never ready, only completed") (
      filter (check: container.oneShot or false && ready.${check} or [ ] != [ ]) [
        "units"
        "tcp"
        "http"
        "exec"
        "unix"
      ]
    )
    ++ optional (get "runCommand" container != null && ready.units or [ ] != [ ]) (
      at name "ready.units" "a container with runCommand has no units"
    )
    ++ parsed "ports" ports
    ++ optional (ports != [ ] && mode != "private") (
      at name "ports" "only with network.mode = \"private\", here it is \"${mode}\""
    )
    ++ parsed "volumes" (volumes container)
    ++ targetErrors name container
    ++ map (
      credential:
      at name "credentials" "'${credential}' is in the store, where everybody can read it: give a path outside, as a string"
    ) (
      filter (
        credential:
        substring 0 (stringLength builtins.storeDir) container.credentials.${credential} == builtins.storeDir
      ) (attrNames (container.credentials or { }))
    )
    ++ later "network.internet" (get "internet" network)
    ++ later "network.address" (get "address" network);

  # `system` is { toplevel, init, closure }, `command` a list or null; the rest is the options.
  containerSpec =
    container:
    let
      network = container.network or { };
      ready = container.ready or { };
      capabilities = container.capabilities or { };
      unless = default: value: if value == default then null else value;
    in
    compact {
      system = compact container.system;
      command = get "command" container;
      store = unless "all" (get "store" container);
      users = unless "private" (get "users" container);
      dependsOn = get "dependsOn" container;
      oneShot = unless false (get "oneShot" container);
      ephemeral = unless false (get "ephemeral" container);
      restart = unless "no" (get "restart" container);
      network = compact {
        mode = unless "private" (get "mode" network);
      };
      ports = map (port: compact (parsePort port)) (container.ports or [ ]);
      volumes = map (
        volume: compact (volume // { readOnly = unless false volume.readOnly; })
      ) (volumes container);
      tmpfs = get "tmpfs" container;
      devices = map (
        device: if isString device || get "permissions" device != null then device else device.path
      ) (container.devices or [ ]);
      environment = mapAttrs (_: toString) (container.environment or { });
      credentials = get "credentials" container;
      capabilities = compact {
        add = get "add" capabilities;
        drop = get "drop" capabilities;
      };
      resources = get "resources" container;
      nspawnArgs = get "nspawnArgs" container;
      ready = compact {
        timeout = get "timeout" ready;
        notify = get "notify" ready;
        units = get "units" ready;
        tcp = get "tcp" ready;
        http = map compact (ready.http or [ ]);
        exec = get "exec" ready;
        unix = get "unix" ready;
      };
      stop = compact { timeout = get "timeout" (container.stop or { }); };
    };

  # What concerns several containers, beside what is wrong with each.
  projectErrors =
    containers:
    concatMap (name: containerErrors name containers.${name}) (attrNames containers)
    ++ portClashes containers
    ++ dependencyErrors containers;
in
{
  inherit
    closure
    containerErrors
    containerSpec
    isName
    parsePort
    parseVolume
    projectErrors
    ;

  # { NAME = containerSpec; } -> the whole document.
  document = containers: {
    version = 1;
    inherit containers;
  };
}
