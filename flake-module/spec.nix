# The options of containers -> the runner's specification (docs/SPEC.md), as attribute sets for builtins.toJSON. Pure, and
# of builtins only: no lib, no pkgs; so tables can test it. What is wrong with options is in check.nix.
let
  inherit (builtins)
    attrNames
    concatMap
    filter
    isString
    map
    mapAttrs
    removeAttrs
    toString
    ;

  inherit (import ./syntax/text.nix) get;

  check = import ./check.nix;
  syntax = import ./syntax;

  # Without what says nothing: null, [] and {}. The runner fills in its defaults.
  compact =
    set:
    removeAttrs set (
      filter (name: set.${name} == null || set.${name} == [ ] || set.${name} == { }) (attrNames set)
    );

  # `volumes-ro` is the original's, and the same but for being read-only.
  volumes =
    container:
    map syntax.parseVolume (container.volumes or [ ])
    ++ map syntax.parseReadOnlyVolume (container.volumes-ro or [ ]);

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
      shared = unless false (get "shared" container);
      profiles = get "profiles" container;
      ephemeral = unless false (get "ephemeral" container);
      restart = unless "no" (get "restart" container);
      network = compact {
        mode = unless "private" (get "mode" network);
        internet = unless false (get "internet" network);
        hostAccess = unless [ ] (get "hostAccess" network);
        namespace = get "namespace" network;
        container = get "container" network;
        interface = get "interface" network;
        gateway = get "gateway" network;
        address6 = get "address6" network;
        gateway6 = get "gateway6" network;
        networks = get "networks" network;
        address = get "address" network;
        mac = get "mac" network;
      };
      ports = map compact (concatMap syntax.parsePorts (container.ports or [ ]));
      sockets = get "sockets" container;
      volumes = map (
        volume:
        compact (
          volume
          // {
            readOnly = unless false volume.readOnly;
            create = unless false volume.create;
            overlay = unless false volume.overlay;
          }
        )
      ) (volumes container);
      tmpfs = map (
        tmpfs: if isString tmpfs then tmpfs else compact (syntax.parseTmpfs tmpfs)
      ) (container.tmpfs or [ ]);
      devices = map (
        device: if isString device || get "permissions" device != null then device else device.path
      ) (container.devices or [ ]);
      environment = mapAttrs (_: toString) (container.environment or { });
      envFile = get "envFile" container;
      environmentUnits = get "environmentUnits" container;
      exports = get "exports" container;
      credentials = mapAttrs (_: value: if isString value then value else compact value) (
        container.credentials or { }
      );
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
      seed = map compact (container.seed or [ ]);
      hooks = compact {
        afterReady = get "afterReady" (container.hooks or { });
        beforeDown = get "beforeDown" (container.hooks or { });
      };
      stop = compact {
        timeout = get "timeout" (container.stop or { });
        signal = get "signal" (container.stop or { });
      };
    };
in
{
  inherit containerSpec;
  inherit (check) closure containerErrors part projectErrors said;
  inherit (syntax)
    allowedName
    isAccountName
    isName
    parsePort
    parsePorts
    parseVolume
    ;

  # The options of all containers of a project -> what fixed addresses say of its networks. A specification of some of
  # them has it as well, so that all agree.
  networksOf =
    containers:
    let
      network = name: containers.${name}.network or { };
      nameOf = name: if (network name).networks or [ ] == [ ] then "default" else builtins.head (network name).networks;
      # What is not an address the runner refuses, with the name of its container.
      said =
        option: key: subnetOf:
        map (name: { ${nameOf name}.${key} = subnetOf (network name).${option}; }) (
          filter (
            name: get option (network name) != null && subnetOf (network name).${option} != null
          ) (attrNames containers)
        );
    in
    builtins.foldl' (all: one: all // builtins.mapAttrs (name: value: all.${name} or { } // value) one) { } (
      said "address" "subnet" syntax.subnetOf ++ said "address6" "subnet6" syntax.subnet6Of
    );

  # { NAME = containerSpec; } -> the whole document.
  document =
    networks: containers:
    {
      version = 1;
      inherit containers;
    }
    // (if networks == { } then { } else { inherit networks; });
}
