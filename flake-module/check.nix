# What is wrong with the options of containers, as a developer should hear it from the evaluation already: the rules of
# syntax/, applied to each option, and what concerns several options or containers. Pure, and of builtins only.
let
  inherit (builtins)
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
    genList
    genericClosure
    head
    isAttrs
    isString
    length
    map
    stringLength
    substring
    toString
    ;

  inherit (import ./syntax/text.nix) get optional;

  syntax = import ./syntax;

  lower = builtins.replaceStrings [ "A" "B" "C" "D" "E" "F" ] [ "a" "b" "c" "d" "e" "f" ];

  imap = f: list: genList (i: f i (elemAt list i)) (length list);

  # Options are named as in the flake; `at` names a container, for what concerns it as a whole.
  at =
    name: option: message:
    "flake-containers.containers.${name}.${option}: ${message}";

  said = name: finding: at name (concatStringsSep "." finding.option) finding.message;

  # A finding about an option: [ "ready" "units" ]. With `element` about one of a list, with `key` about one of a set,
  # so that it can be told where that is written.
  about = option: message: { inherit option message; };

  # --- one container ------------------------------------------------------------------------------

  # Each element of a list, each value of a set.
  elements =
    option: list: check:
    concatMap (
      element:
      let
        message = check element;
      in
      optional (message != null) (about option message // { inherit element; })
    ) list;
  members =
    option: set: check:
    concatMap (
      key:
      let
        message = check key set.${key};
      in
      optional (message != null) (about (option ++ [ key ]) message // { inherit key; })
    ) (attrNames set);

  parseError = parse: value: get "error" (parse value);

  portCount = ports: foldl' (n: port: n + (syntax.parsePort port).n or 1) 0 ports;

  twice =
    list:
    (foldl'
      (
        seen: x:
        if elem x seen.all then
          seen // { twice = seen.twice ++ optional (!elem x seen.twice) x; }
        else
          seen // { all = seen.all ++ [ x ]; }
      )
      {
        all = [ ];
        twice = [ ];
      }
      list
    ).twice;

  deviceError =
    device:
    let
      path = syntax.device (if isString device then device else device.path);
      permissions = get "permissions" device;
    in
    if path != null || isString device || permissions == null then path else syntax.permissions permissions;

  httpError =
    check:
    let
      path = if get "path" check == null then null else syntax.httpPath check.path;
    in
    if path != null || get "status" check == null then
      path
    else
      syntax.httpStatus check.status;

  stepError =
    step:
    let
      run = get "run" step;
      sql = get "sql" step;
      database = get "database" step;
      user = get "user" step;
      wrong = if run != null then syntax.command run else syntax.hostPath sql;
    in
    if (run == null) == (sql == null) then
      "must have one of 'run' and 'sql'"
    else if database != null && sql == null then
      "'database' needs 'sql'"
    else if wrong != null then
      wrong
    else if database != null && syntax.database database != null then
      syntax.database database
    else if user != null then
      syntax.seedUser user
    else
      null;

  variableError =
    container: name: value:
    let
      wrong = syntax.variable name (toString value);
    in
    if wrong == null && get "command" container == null then syntax.serviceVariable name else wrong;

  credentialFileError =
    path:
    if substring 0 (stringLength builtins.storeDir) path == builtins.storeDir then
      "it is in the store, where every user can read it: give a path outside, as a string"
    else
      syntax.hostPath path;

  credentialError =
    id: value:
    let
      wrong = syntax.credential id;
      given = builtins.filter (key: get key value != null) [
        "file"
        "environment"
        "command"
      ];
    in
    if wrong != null then
      wrong
    else if isString value then
      credentialFileError value
    else if builtins.length given != 1 then
      "must have one of 'file', 'environment' and 'command'"
    else if given == [ "file" ] then
      credentialFileError value.file
    else if given == [ "environment" ] then
      syntax.variableName value.environment
    else
      syntax.command value.command;

  # Nothing can be mounted in the store.
  storeOf =
    container:
    let
      toplevel = get "toplevel" container;
    in
    if toplevel == null then builtins.storeDir else dirOf (toString toplevel);

  targetError =
    container: option: target:
    map (about option) (
      optional (syntax.isBelow (storeOf container) target) "'${target}' is in the store, which is mounted already"
    );

  valueErrors =
    container:
    let
      ready = container.ready or { };
      capabilities = container.capabilities or { };
      volumes = container.volumes or [ ];
      volumes-ro = container.volumes-ro or [ ];
      tmpfs = container.tmpfs or [ ];
      targets =
        parse:
        concatMap (
          value:
          let
            parsed = parse value;
          in
          optional (!(parsed ? error)) parsed.target
        );
      volumeTargets = targets syntax.parseVolume;
      devices = map (device: if isString device then device else device.path) (container.devices or [ ]);
      envFiles = container.envFile or [ ];
      environmentUnits = container.environmentUnits or [ ];
      profiles = container.profiles or [ ];
      init = get "init" container;
      sockets = container.sockets or [ ];
      network = container.network or { };
      networks = if get "networks" network == null then [ ] else network.networks;
      address = get "address" network;
      mac = get "mac" network;
      namespace = get "namespace" network;
      interface = get "interface" network;
      address6 = get "address6" network;
      gateway = get "gateway" network;
      gateway6 = get "gateway6" network;
      isAttached = elem (network.mode or "private") [ "bridge" "macvlan" "interface" ];
      addressError = if isAttached then syntax.attachedAddress else syntax.fixedAddress;
      address6Error = if isAttached then syntax.attachedAddress6 else syntax.fixedAddress6;
      toplevel = get "toplevel" container;
      command = if get "command" container == null then null else syntax.command container.command;
    in
    elements [ "ports" ] (container.ports or [ ]) (parseError syntax.parsePort)
    ++ optional (portCount (container.ports or [ ]) > 100) (
      about [ "ports" ] "a container publishes at most 100 ports, not ${toString (portCount container.ports)}"
    )
    ++ elements [ "network" "networks" ] networks syntax.networkName
    ++ map (name: about [ "network" "networks" ] "'${name}' is given twice") (twice networks)
    ++ optional (length networks > 8) (
      about [ "network" "networks" ] "at most 8 networks, not ${toString (length networks)}"
    )
    ++ map (about [ "network" "address" ]) (
      optional (address != null && addressError address != null) (addressError address)
    )
    ++ map (about [ "network" "interface" ]) (
      optional (interface != null && syntax.interface interface != null) (syntax.interface interface)
    )
    ++ map (about [ "network" "address6" ]) (
      optional (address6 != null && address6Error address6 != null) (address6Error address6)
    )
    ++ map (about [ "network" "gateway6" ]) (
      optional (gateway6 != null && syntax.gateway6 gateway6 != null) (syntax.gateway6 gateway6)
    )
    ++ map (about [ "network" "gateway" ]) (
      optional (gateway != null && syntax.gateway (if address == null then "" else address) gateway != null) (
        syntax.gateway (if address == null then "" else address) gateway
      )
    )
    ++ map (about [ "network" "namespace" ]) (
      optional (namespace != null && syntax.namespace namespace != null) (syntax.namespace namespace)
    )
    ++ map (about [ "network" "mac" ]) (optional (mac != null && syntax.mac mac != null) (syntax.mac mac))
    ++ elements [ "sockets" ] sockets syntax.socket
    ++ optional (length sockets > 8) (
      about [ "sockets" ] "a container publishes at most 8 sockets, not ${toString (length sockets)}"
    )
    ++ map (name: about [ "sockets" ] "the name '${name}' is used already") (
      twice (map syntax.socketName sockets)
    )
    ++ elements [ "volumes" ] volumes (parseError syntax.parseVolume)
    ++ elements [ "volumes-ro" ] volumes-ro (parseError syntax.parseReadOnlyVolume)
    ++ elements [ "tmpfs" ] tmpfs (parseError syntax.parseTmpfs)
    ++ concatMap (targetError container [ "volumes" ]) (volumeTargets volumes)
    ++ concatMap (targetError container [ "volumes-ro" ]) (volumeTargets volumes-ro)
    ++ concatMap (targetError container [ "tmpfs" ]) (targets syntax.parseTmpfs tmpfs)
    ++ map (target: about [ "volumes" ] "'${target}' is mounted on twice") (
      twice (volumeTargets volumes ++ volumeTargets volumes-ro ++ targets syntax.parseTmpfs tmpfs)
    )
    ++ members [ "credentials" ] (container.credentials or { }) credentialError
    ++ members [ "environment" ] (container.environment or { }) (variableError container)
    ++ members [ "exports" ] (container.exports or { }) syntax.export
    ++ elements [ "envFile" ] envFiles credentialFileError
    ++ elements [ "environmentUnits" ] environmentUnits syntax.service
    ++ map (name: about [ "environmentUnits" ] "'${name}' is named twice") (twice environmentUnits)
    ++ elements [ "profiles" ] profiles syntax.profile
    ++ map (name: about [ "profiles" ] "'${name}' is given twice") (twice profiles)
    ++ members [ "resources" ] (container.resources or { }) syntax.resource
    ++ elements [ "devices" ] (container.devices or [ ]) deviceError
    ++ map (path: about [ "devices" ] "'${path}' is named twice") (twice devices)
    ++ elements [ "capabilities" "add" ] (capabilities.add or [ ]) syntax.capability
    ++ elements [ "capabilities" "drop" ] (capabilities.drop or [ ]) syntax.capability
    ++ map (name: about [ "capabilities" ] "'${name}' is named twice") (
      twice (capabilities.add or [ ] ++ capabilities.drop or [ ])
    )
    ++ elements [ "nspawnArgs" ] (container.nspawnArgs or [ ]) syntax.nspawnArgument
    ++ elements [ "ready" "units" ] (ready.units or [ ]) syntax.unit
    ++ elements [ "ready" "unix" ] (ready.unix or [ ]) syntax.insidePath
    ++ elements [ "ready" "exec" ] (ready.exec or [ ]) syntax.command
    ++ elements [ "ready" "http" ] (ready.http or [ ]) httpError
    ++ elements [ "seed" ] (container.seed or [ ]) stepError
    ++ elements [ "hooks" "afterReady" ] (container.hooks.afterReady or [ ]) syntax.command
    ++ elements [ "hooks" "beforeDown" ] (container.hooks.beforeDown or [ ]) syntax.command
    ++ optional (command != null) (about [ "runCommand" ] command)
    ++ optional (toplevel != null && storeOf container == "/") (
      about [ "toplevel" ] "'${toString toplevel}' is not in a store, as /nix/store/NAME is"
    )
    ++ map (about [ "init" ]) (
      optional (init != null && syntax.insidePath init != null) (syntax.insidePath init)
      ++ optional (
        init != null && syntax.insidePath init == null && !(syntax.isBelow (storeOf container) init && init != storeOf container)
      ) "'${init}' is not in the store, and nothing else is there when the container starts"
    );

  # What several options say together.
  togetherErrors =
    container:
    let
      # The name that was written: compat.nix maps the second to the first.
      written = ours: other: if get other container != null then other else ours;
      given = filter (option: get option container != null) [
        (written "configuration" "config")
        (written "toplevel" "path")
        "nixosConfiguration"
      ];
      ready = container.ready or { };
      network = container.network or { };
      mode = network.mode or "private";
      oneShot = container.oneShot or false;
      isCommand = get "runCommand" container != null;
      checks = filter (check: ready.${check} or [ ] != [ ]) [
        "units"
        "tcp"
        "http"
        "exec"
        "unix"
      ];
      hasUnits = elem "units" checks;
      environmentUnits = container.environmentUnits or [ ] != [ ];
      hostAccess = if get "hostAccess" network == null then [ ] else network.hostAccess;
      # They say something of a network of the project's.
      isAttached = elem mode [ "bridge" "macvlan" "interface" ];
      ofPrivate = filter (option: !elem (get option network) [ null [ ] ]) (
        [ "networks" ]
        ++ (
          if isAttached then
            [ ]
          else
            [
              "address"
              "address6"
              "mac"
            ]
        )
      );
    in
    optional (length given > 1) (
      about [ (concatStringsSep ", " given) ] "give one of them, they all say what the system is"
    )
    ++ optional (isCommand && get "init" container != null) (
      about [ "runCommand, init" ] "give one of them, both say what runs"
    )
    ++ optional (oneShot && !elem (get "restart" container) [ null "no" ]) (
      about [ "restart" ] "a container with oneShot = true is run once"
    )
    ++ optional (oneShot && container.shared or false) (
      about [ "shared" ] "a container with oneShot = true is each work tree's own"
    )
    ++ map (
      check: about [ "ready" check ] "a container with oneShot = true is never ready, only completed"
    ) (if oneShot then checks else [ ])
    ++ optional (isCommand && environmentUnits) (
      about [ "environmentUnits" ] "a container with runCommand has no units"
    )
    ++ optional (environmentUnits && !isCommand && container.environment or { } == { } && container.envFile or [ ] == [ ]) (
      about [ "environmentUnits" ] "there is neither environment nor envFile"
    )
    ++ optional (oneShot && container.hooks.afterReady or [ ] != [ ]) (
      about [ "hooks" "afterReady" ] "a container with oneShot = true is never ready, only completed"
    )
    ++ optional (oneShot && container.seed or [ ] != [ ]) (
      about [ "seed" ] "a container with oneShot = true is never ready, only completed"
    )
    ++ optional (isCommand && hasUnits) (about [ "ready" "units" ] "a container with runCommand has no units")
    ++ optional (!isCommand && hasUnits && get "notify" ready == false) (
      about [ "ready" "units" ] "with ready.notify = false it is not known when the units can be asked for"
    )
    ++ optional (container.ports or [ ] != [ ] && elem mode [ "host" "none" ]) (
      about [ "ports" ] "only with network.mode = \"private\", here it is \"${mode}\""
    )
    ++ optional (container.ports or [ ] != [ ] && mode == "container") (
      about [ "ports" ] "its network is another container's, and so are its ports: give them to that one"
    )
    ++ concatMap (
      option:
      optional (get option network != null && mode != option) (
        about [ "network" option ] "only with network.mode = \"${option}\", here it is \"${mode}\""
      )
      ++ optional (get option network == null && mode == option) (
        about [ "network" "mode" ] "'${option}' needs network.${option}"
      )
    ) [ "namespace" "container" ]
    ++ map (
      option: about [ "network" option ] "only with network.mode = \"bridge\", \"macvlan\" or \"interface\", here it is \"${mode}\""
    ) (filter (option: get option network != null && !isAttached) [ "interface" "gateway" "gateway6" ])
    ++ optional (get "mac" network != null && mode == "interface") (
      about [ "network" "mac" ] "with network.mode = \"interface\" it is that of the host's interface"
    )
    ++ optional (get "interface" network == null && isAttached) (
      about [ "network" "mode" ] "'${mode}' needs network.interface"
    )
    ++ optional (isAttached && get "gateway" network != null && get "address" network == null) (
      about [ "network" "gateway" ] "needs network.address; without it the system inside asks for both"
    )
    ++ optional (isAttached && get "address6" network != null && get "address" network == null) (
      about [ "network" "address6" ] "needs network.address; without it the system inside asks for both"
    )
    ++ optional (
      mode == "private"
      && get "address" network != null
      && get "address6" network != null
      && syntax.lastNumber6 network.address6 != null
      && syntax.lastNumber network.address != syntax.lastNumber6 network.address6
    ) (about [ "network" "address6" ] "'${network.address6}' must end as network.address, '${network.address}', does")
    ++ optional (isAttached && get "gateway6" network != null && get "address6" network == null) (
      about [ "network" "gateway6" ] "needs network.address6"
    )
    ++ optional (get "internet" network == true && mode != "private") (
      about [ "network" "internet" ] "only with network.mode = \"private\", here it is \"${mode}\""
    )
    ++ map (
      option: about [ "network" option ] "only with network.mode = \"private\", here it is \"${mode}\""
    ) (if mode == "private" then [ ] else ofPrivate)
    ++ optional (hostAccess != [ ] && mode != "private") (
      about [ "network" "hostAccess" ] "only with network.mode = \"private\", here it is \"${mode}\""
    )
    ++ optional (any (port: length (filter (other: other == port) hostAccess) > 1) hostAccess) (
      about [ "network" "hostAccess" ] "a port is given twice"
    );

  # All that is wrong with one container, as findings.
  containerErrors = container: togetherErrors container ++ valueErrors container;

  nameErrors =
    name:
    let
      message = syntax.containerName name;
    in
    optional (message != null) "flake-containers.containers.${name}: ${message}";

  # --- ports of several containers ----------------------------------------------------------------

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
  isSix = address: builtins.match ".*:.*" address != null;
  overlap =
    a: b:
    let
      both = map syntax.canonicalAddress [ a b ];
    in
    isSix a == isSix b
    && (
      head both == elemAt both 1
      || any (all: elem (syntax.canonicalAddress all) both) [
        "0.0.0.0"
        "::"
      ]
    );
  clash =
    a: b:
    a.port.host == b.port.host
    && a.port.protocol == b.port.protocol
    && (if a.port.host == "auto" then a.name == b.name && a.port.container == b.port.container else true)
    && any (x: any (overlap x) (addresses b.port)) (addresses a.port);

  # Each port that an earlier one has taken already, in one container or in several.
  portClashes =
    containers:
    let
      used = concatMap (
        name:
        map (port: { inherit name port; }) (
          filter (port: !(port ? error)) (concatMap syntax.parsePorts (containers.${name}.ports or [ ]))
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
          earlier = filter (first: clash first second) (genList (elemAt used) i);
        in
        optional (earlier != [ ]) (describe (head earlier) second)
      ) used
    );

  # --- dependencies -------------------------------------------------------------------------------

  ownerOf = container: get "container" (container.network or { });

  # With the one whose network it shares.
  dependencies =
    container:
    attrNames (
      container.dependsOn or { } // (if ownerOf container == null then { } else { ${ownerOf container} = "ready"; })
    );

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

  # What a command that is given `names` may handle: these, all that they need, and what shares the network of one of
  # them, which ends when that begins anew; with all that this needs.
  part =
    containers: names:
    let
      needed = closure containers names;
    in
    closure containers (
      needed ++ filter (name: elem (ownerOf containers.${name}) needed) (attrNames containers)
    );

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
        else if containers.${name}.shared or false && !(containers.${dependency}.shared or false) then
          [ (at name "dependsOn" "'${name}' is shared by work trees, and '${dependency}', which each has of its own, is not") ]
        else if condition == "ready" && containers.${dependency}.oneShot or false then
          [
            (at name "dependsOn" "'${dependency}' is never ready, since oneShot = true in it: say ${dependency} = \"completed\"")
          ]
        else if condition == "completed" && !(containers.${dependency}.oneShot or false) then
          [ (at name "dependsOn" "'${dependency}' never completes: that takes oneShot = true in it") ]
        else
          [ ]
      ) (attrNames (containers.${name}.dependsOn or { }))
    ) (attrNames containers)
    ++ cycleErrors containers;

  # One message for a whole cycle: the containers that depend on themselves.
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

  # Findings that concern several containers. The `build.problems` of each has those of its own.
  # What containers say of networks together. A container has its last number in all of its networks.
  addressErrors =
    containers:
    let
      network = name: containers.${name}.network or { };
      isAttached = name: elem ((network name).mode or "private") [ "bridge" "macvlan" "interface" ];
      having = option: filter (name: get option (network name) != null) (attrNames containers);
      # Of networks of the project's, and of the host's.
      addressed = filter (name: !isAttached name) (having "address");
      addressed6 = filter (name: !isAttached name) (having "address6");
      attached = filter isAttached (having "address");
      value = option: name: (network name).${option};
      taken = map (value "interface") (filter (name: (network name).mode or "" == "interface") (having "interface"));
      clashes =
        option: names: key: say:
        concatMap (
          name:
          let
            earlier = filter (other: other < name && key (value option other) == key (value option name)) names;
          in
          optional (earlier != [ ]) (at name "network.${option}" (say (value option name) (head earlier)))
        ) names;
      # Of its network the first address says the subnet.
      first = name: head ((if (network name).networks or [ ] == [ ] then [ "default" ] else (network name).networks));
      outside =
        option: subnetOf: names: word: name:
        let
          same = filter (other: first other == first name) names;
          subnet = subnetOf (value option (head same));
        in
        optional (subnetOf (value option name) != subnet) (
          at name "network.${option}"
            "'${value option name}' is not in ${toString subnet}, the ${word} of network '${first name}'"
        );
      # Whose number no container has in the other family: that is the same where it has both.
      only6 = filter (name: !elem name addressed) addressed6;
      numberOf =
        name:
        if elem name addressed then
          syntax.lastNumber (value "address" name)
        else
          syntax.lastNumber6 (value "address6" name);
      crossing =
        name:
        let
          others = filter (other: numberOf other == numberOf name) addressed;
        in
        optional (numberOf name != null && others != [ ]) (
          at name "network.address6"
            "'${value "address6" name}' ends like that of '${head others}', and a container has its last number in all networks"
        );
    in
    clashes "address" addressed syntax.lastNumber (
      text: other: "'${text}' ends like that of '${other}', and a container has its last number in all networks"
    )
    ++ clashes "address6" only6 syntax.lastNumber6 (
      text: other: "'${text}' ends like that of '${other}', and a container has its last number in all networks"
    )
    ++ concatMap crossing only6
    ++ clashes "address" attached (text: text) (text: other: "'${text}' is that of '${other}'")
    ++ clashes "address6" (filter isAttached (having "address6")) (text: text) (
      text: other: "'${text}' is that of '${other}'"
    )
    # What one container has to itself no other has.
    ++ clashes "interface" (filter (name: elem (value "interface" name) taken) (having "interface")) (name: name) (
      text: other: "'${text}' is that of '${other}', and with network.mode = \"interface\" of one container only"
    )
    ++ clashes "mac" (having "mac") lower (text: other: "'${text}' is that of '${other}'")
    ++ concatMap (outside "address" syntax.subnetOf addressed "subnet") addressed
    ++ concatMap (outside "address6" syntax.subnet6Of addressed6 "subnet6") addressed6;

  # Of networks that are shared, whose they are.
  shareErrors =
    containers:
    concatMap (
      name:
      let
        owner = ownerOf containers.${name};
        other = containers.${owner};
        mode = other.network.mode or "private";
        say = condition: text: optional condition (at name "network.container" text);
      in
      if !(containers ? ${owner}) then
        [ (at name "network.container" "there is no container '${owner}'") ]
      else if owner == name then
        [ (at name "network.container" "'${owner}' is the container itself") ]
      else
        say (mode == "container") "'${owner}' shares the network of another container itself: name that"
        ++ say (elem mode [ "host" "namespace" ]) "'${owner}' has a network of the host's: give this one the same"
        ++ say (other.oneShot or false) "'${owner}' has oneShot = true, and its network goes with its end"
        ++ say (
          (other.shared or false) != (containers.${name}.shared or false)
        ) "'${owner}' and '${name}' are not both shared by work trees"
    ) (filter (name: ownerOf containers.${name} != null) (attrNames containers));

  projectErrors =
    containers:
    concatMap nameErrors (attrNames containers)
    ++ shareErrors containers
    ++ portClashes containers
    ++ addressErrors containers
    ++ dependencyErrors containers;
in
{
  inherit
    at
    closure
    containerErrors
    part
    projectErrors
    said
    ;
}
