# The options of one container: `flake-containers.containers.NAME`, on both levels. Given a `context` of the project, as
# project.nix makes it. What they become is in spec.nix.
{
  config,
  context,
  lib,
  name,
  options,
  ...
}:
let
  inherit (builtins)
    isAttrs
    isBool
    isList
    isPath
    isString
    ;
  inherit (lib)
    literalExpression
    mkOption
    optional
    types
    ;

  spec = import ./spec.nix;
  where = import ./where.nix;

  # What is left out is the runner's to decide.
  mkNullable =
    type: attributes:
    mkOption (
      {
        type = types.nullOr type;
        default = null;
      }
      // attributes
    );

  mkFlag =
    description:
    mkOption {
      type = types.bool;
      default = false;
      inherit description;
    };

  # A type that says what to write instead, where the type alone would not help: `hint` returns that, or null.
  hinted =
    type: hint:
    type
    // {
      check = value: type.check value || hint value != null;
      merge =
        location: definitions:
        let
          wrong = builtins.filter (definition: hint definition.value != null) definitions;
          first = builtins.head wrong;
        in
        if wrong == [ ] then
          type.merge location definitions
        else
          throw "\n- ${where.option location}: ${hint first.value}${where.files [ first.file ]}";
      substSubModules = modules: hinted (type.substSubModules modules) hint;
    };
  whenIs =
    test: hint: value:
    if test value then hint else null;

  listOf = type: hinted (types.listOf type) (whenIs (value: !isList value) "write a list, [ .. ]");

  # A path of the host, so not of the store.
  hostPath = whenIs isPath "a path without quotes would be copied into the store: write it as a string, relative to the root of the project";
  hostString = hinted types.str hostPath;
  isSet = value: isAttrs value && !(value ? outPath);
  nixosModule = hinted types.deferredModule (
    whenIs isString "a module is an attribute set, a function, or a path, which is written without quotes"
  );

  seconds = types.ints.between 1 86400;
  portNumber = types.ints.between 1 65535;

  # A path is a module as well, but who writes a path has forgotten its quotes.
  setOf = options: types.addCheck (types.submodule { inherit options; }) builtins.isAttrs;

  # Options of the set are in the reference, too.
  orSet = others: set: types.oneOf (others ++ [ set ]) // { inherit (set) getSubOptions; };

  portModule = setOf {
    address = mkNullable types.str {
      example = "0.0.0.0";
      description = "Numeric address of the host; `127.0.0.1` and `::1` when it is left out.";
    };
    host = mkOption {
      type = types.either portNumber (types.enum [ "auto" ]);
      description = "Port on the host; `\"auto\"` takes a free one and keeps it.";
    };
    container = mkOption {
      type = portNumber;
      description = "Port inside, on the container's own `127.0.0.1`.";
    };
    protocol = mkNullable (types.enum [
      "tcp"
      "udp"
    ]) { description = "`\"tcp\"`, which is the default. UDP is not supported by this version."; };
  };

  volumeModule = setOf {
    source = mkOption {
      type = hostString;
      example = "@data";
      description = ''
        Directory or file of the host, absolute or relative to the root of the project, or `@NAME` for a directory
        that is kept in `.containers/volumes/NAME`.
      '';
    };
    target = mkNullable types.str {
      example = "/var/lib/app";
      description = "Where it appears inside, an absolute path. Mandatory.";
    };
    readOnly = mkFlag "Whether it is mounted read-only.";
    owner =
      mkNullable
        (types.enum [
          "user"
          "container"
        ])
        {
          description = ''
            `"user"`: the owner of the source is root inside, so that what root inside writes belongs to the
            developer. `"container"`: the ids on disk are those of the container. The default is `"user"`, for `@NAME`
            `"container"`.
          '';
        };
  };

  deviceModule = setOf {
    path = mkOption {
      type = types.str;
      example = "/dev/kvm";
      description = "The device node.";
    };
    permissions = mkNullable types.str {
      example = "rw";
      description = "Of `r` (read), `w` (write) and `m` (make nodes).";
    };
  };

  httpModule = setOf {
    port = mkOption {
      type = portNumber;
      description = "Port inside.";
    };
    path = mkNullable types.str {
      example = "/health";
      description = "What is asked for; `/` when it is left out.";
    };
    status = mkNullable (types.listOf types.ints.unsigned) {
      example = [
        200
        299
      ];
      description = "First and last status that mean ready; 200 to 399 when it is left out.";
    };
  };

  guest = import ./guest.nix {
    inherit name;
    inherit (config) nixDaemon;
    network = config.network.mode;
    privateUsers = config.users != "host";
    trustHost = config.extra.firewallAllowHost;
    existing = config.nixosConfiguration != null;
  };

  modules = [ guest ] ++ context.modules ++ config.extraModules;

  evaluate =
    if config.nixosConfiguration != null then
      config.nixosConfiguration.extendModules {
        inherit modules;
        # Not the project's `inputs` and `self`: the evaluation may have others of the same names.
        inherit (config) specialArgs;
      }
    else if config.toplevel != null then
      null
    else
      # Not pkgs.nixos, which takes no specialArgs.
      import (config.pkgs.path + "/nixos/lib/eval-config.nix") {
        inherit (config.pkgs.stdenv.hostPlatform) system;
        specialArgs = context.specialArgs // config.specialArgs;
        # What is wrong in a configuration is said with the container's name.
        prefix = [
          "flake-containers"
          "containers"
          name
          # As it was written.
          (if lib.all where.isMapped options.configuration.files then "config" else "configuration")
        ];
        modules =
          [ (import ./nixpkgs-config.nix { given = config.pkgs; }) ]
          ++ modules
          ++ optional (config.configuration != null) config.configuration;
      };

  toplevel =
    if config.toplevel != null then "${config.toplevel}" else "${config.build.nixos.config.system.build.toplevel}";

  # In the background, because bash runs a trap only when the foreground command has ended, and the stop is a SIGTERM to
  # this process alone.
  shellScript =
    text:
    config.pkgs.writeScript "${name}-command" ''
      #!${config.pkgs.runtimeShell}
      stop() {
              trap "" TERM
              kill -TERM 0
      }
      trap stop TERM
      {
      ${text}
      } &
      wait "$!"
      status=$?
      trap "" TERM
      wait
      exit "$status"
    '';

  command =
    let
      said = config.runCommand;
      value = if lib.isFunction said then said config.pkgs else said;
    in
    if value == null then
      null
    else if isList value then
      map programOf value
    else
      [ (if isString value then "${shellScript value}" else programOf value) ];

  # A package stands for its main program. One that names none may be a script itself, as those of writeScript are.
  programOf =
    value:
    let
      main = value.meta.mainProgram or value.pname or null;
    in
    if lib.isDerivation value && main != null then
      "${lib.getBin value}/bin/${main}"
    else if isPath value then
      "${value}"
    else if lib.isFunction value || isSet value then
      throw "\n- flake-containers.containers.${name}.runCommand: its function returns a ${builtins.typeOf value}, where a script, a list of words or a package is meant${where.files options.runCommand.files}"
    else
      toString value;
in
{
  imports = [
    ./compat.nix
    ./misplaced.nix
    ./problems.nix
  ];

  options = {
    # --- what runs --------------------------------------------------------------------------------
    configuration = mkNullable nixosModule {
      example = literalExpression ''
        { pkgs, ... }: {
          services.postgresql.enable = true;
        }
      '';
      description = ''
        The NixOS configuration of the container: a module as in `configuration.nix`. Given several times, and on both
        levels, the modules are merged. `system.stateVersion` is the release of the container's nixpkgs unless it says
        otherwise: set it where data are to outlast an upgrade of nixpkgs, as those of PostgreSQL are.
      '';
    };

    pkgs = mkOption {
      type = types.raw;
      default =
        if config.nixpkgs == null then
          context.pkgs
        else
          import config.nixpkgs (
            context.nixpkgsArguments // { inherit (context.pkgs.stdenv.hostPlatform) system; }
          );
      defaultText = literalExpression "perSystem.flake-containers.pkgs";
      description = "The instance of Nixpkgs that the container is made of. A container that is a function gets it as `pkgs`.";
    };

    nixpkgs =
      mkNullable (hinted types.path (whenIs isSet "here it is the nixpkgs that is imported: the options of that name go into configuration.nixpkgs, or for all containers into flake-containers.nixpkgs"))
        {
      example = literalExpression "inputs.nixpkgs-unstable";
      description = "Another nixpkgs for this container, imported with `flake-containers.nixpkgs.{config,overlays}`.";
    };

    specialArgs = mkOption {
      type = types.lazyAttrsOf types.raw;
      default = { };
      example = literalExpression "{ inherit inputs; }";
      description = "More arguments for the modules of `configuration`, usable in their `imports`.";
    };

    extraModules = mkOption {
      type = listOf nixosModule;
      default = [ ];
      example = literalExpression "[ inputs.sops-nix.nixosModules.sops ]";
      description = "More NixOS modules, beside `configuration` or on top of `nixosConfiguration`.";
    };

    nixosConfiguration = mkNullable (hinted types.raw (whenIs (value: !(value ? extendModules)) "it is not what nixosSystem returns: write self.nixosConfigurations.NAME")) {
      example = literalExpression "self.nixosConfigurations.web";
      description = ''
        An existing NixOS evaluation to run instead of a `configuration`. It is extended by what a container needs.
      '';
    };

    toplevel = mkNullable (hinted types.path (whenIs (value: value ? extendModules) "it is a NixOS configuration: write it to nixosConfiguration")) {
      example = literalExpression "self.packages.x86_64-linux.my-system";
      description = "A system that has been made already (a NixOS `system.build.toplevel`), instead of a `configuration`.";
    };

    init = mkNullable types.str {
      example = literalExpression ''"''${toplevel}/prepare-root"'';
      description = "The program that runs as PID 1; `init` in the toplevel when it is left out.";
    };

    runCommand =
      mkNullable
        (types.oneOf [
          (types.functionTo types.raw)
          (types.listOf (
            types.oneOf [
              types.str
              types.package
              types.path
            ]
          ))
          types.str
          types.package
          types.path
        ])
        {
          example = literalExpression ''
            pkgs: "exec ''${pkgs.python3}/bin/python -m http.server 8000"
          '';
          description = ''
            What runs instead of an init: a script for bash, a program with its arguments as a list, a package, whose
            main program it is, or a function of `pkgs` that returns one of these. A signal to stop reaches all that a script has
            started. Nothing of `configuration` is activated, but its packages are in `PATH`.
          '';
        };

    # --- when it is started, and what of ----------------------------------------------------------
    dependsOn = mkOption {
      type = hinted (types.coercedTo (types.listOf types.str) (names: lib.genAttrs names (_: "ready")) (
        types.attrsOf (
          types.enum [
            "started"
            "ready"
            "completed"
          ]
        )
      )) (whenIs isString "write a list of names, [ \"NAME\" ], or { NAME = \"ready\"; }");
      default = { };
      example = {
        cache = "ready";
        migration = "completed";
      };
      description = ''
        The containers that are started before this one, and what is waited for: that they are started, ready, or
        completed, which takes `oneShot = true` in them. A list of names means ready.
      '';
    };

    oneShot = mkFlag "Whether the container is expected to end by itself: `up` waits until it has, with status 0. It takes no `restart` and, but for its `timeout`, no `ready`.";

    ready = {
      timeout = mkNullable seconds {
        description = "Seconds that `up` waits until the container is ready; 60 when it is left out.";
      };
      notify = mkNullable types.bool {
        description = "Whether PID 1 says when it is ready, as systemd does; that is the default with an init.";
      };
      units = mkOption {
        type = listOf types.str;
        default = [ ];
        example = [ "postgresql.service" ];
        description = "Units inside that have to be active.";
      };
      tcp = mkOption {
        type = listOf portNumber;
        default = [ ];
        example = [ 5432 ];
        description = "Ports inside that have to accept connections.";
      };
      http = mkOption {
        type = listOf (
          hinted (types.coercedTo portNumber (port: { inherit port; }) httpModule) (
            whenIs isString "write the port, or { port = 80; path = \"/health\"; }"
          )
        );
        default = [ ];
        example = [
          {
            port = 80;
            path = "/health";
          }
        ];
        description = "Pages inside that have to load. A number is a port whose `/` is asked for.";
      };
      exec = mkOption {
        type = listOf (
          hinted (types.listOf types.str) (
            whenIs isString "each command is a list of words, so this is a list of lists: [ [ \"pg_isready\" \"-q\" ] ]"
          )
        );
        default = [ ];
        example = [
          [
            "pg_isready"
            "-q"
          ]
        ];
        description = "Commands that have to succeed inside: each a program and its arguments.";
      };
      unix = mkOption {
        type = listOf types.str;
        default = [ ];
        example = [ "/run/postgresql/.s.PGSQL.5432" ];
        description = "Sockets inside that have to accept connections.";
      };
    };

    restart =
      mkNullable
        (types.enum [
          "no"
          "on-failure"
        ])
        { description = "Whether the container is started again when it has failed; `\"no\"` when it is left out."; };

    stop.timeout = mkNullable seconds {
      description = "Seconds that `down` waits for an orderly stop before it ends the container; 10 when it is left out.";
    };

    # --- network ----------------------------------------------------------------------------------
    ports = mkOption {
      type = listOf (
        orSet [
          portNumber
          types.str
        ] portModule
      );
      default = [ ];
      example = [
        "8080:80"
        "auto:5432"
      ];
      description = ''
        What is published on the host: `[ADDRESS:]HOST:CONTAINER`, `PORT` or an attribute set. Without an address on
        `127.0.0.1` and `::1` only. Services that listen only on the container's own localhost are reached, too.
      '';
    };

    network = {
      mode = mkOption {
        type = types.enum [
          "private"
          "host"
          "none"
        ];
        default = "private";
        description = ''
          `"private"`: an interface on the project's bridge, with a fixed address and the names of the other containers.
          `"host"`: the host's network. `"none"`: loopback only.
        '';
      };
      internet = mkNullable types.bool {
        description = "Whether the container reaches the internet. Not supported by this version.";
      };
      address = mkNullable types.str {
        description = "A fixed address. Not supported by this version.";
      };
    };

    # --- storage ----------------------------------------------------------------------------------
    volumes = mkOption {
      type = listOf (hinted (orSet [ types.str ] volumeModule) hostPath);
      default = [ ];
      example = [
        "src:/srv/www:ro"
        "@data:/var/lib/app"
      ];
      description = ''
        Directories or files of the host that appear inside: `SOURCE:TARGET[:ro]` or an attribute set. Relative sources
        are relative to the root of the project; `@NAME` is kept in `.containers/volumes/NAME`; an absolute path alone
        appears at the same place. Write sources as strings: a path like `./src` would be copied into the store.
      '';
    };

    volumes-ro = mkOption {
      type = listOf hostString;
      default = [ ];
      example = [ "/data" ];
      description = "As `volumes`, but read-only.";
    };

    tmpfs = mkOption {
      type = listOf types.str;
      default = [ ];
      example = [ "/var/cache" ];
      description = "Empty file systems in memory.";
    };

    ephemeral = mkFlag "Whether the root file system is empty again at each start.";

    store = mkOption {
      type = types.enum [
        "all"
        "closure"
      ];
      default = "all";
      description = "What the container sees of the Nix store, read-only: all of it, or only what it is made of.";
    };

    nixDaemon = mkFlag "Whether the host's Nix daemon can be used inside: binds its socket and its data base, and sets `NIX_REMOTE`.";

    credentials = mkOption {
      type = types.attrsOf hostString;
      default = { };
      example = {
        "pg.password" = "secrets/pg";
      };
      description = ''
        Files that are given as systemd credentials, by name: the path on the host, absolute or relative to the root of
        the project. Units inside get them by `LoadCredential=NAME`. Nothing of it gets into the store.
      '';
    };

    # --- rights and limits ------------------------------------------------------------------------
    users =
      mkNullable
        (hinted (types.enum [
          "private"
          "host"
        ]) (whenIs isAttrs "here it is \"private\" or \"host\": the users of NixOS go into configuration.users"))
        {
          description = ''
            `"private"`, the default: a user namespace, root inside is an unprivileged id outside. `"host"`: root
            inside is root.
          '';
        };

    capabilities = {
      add = mkOption {
        type = listOf types.str;
        default = [ ];
        example = [ "CAP_NET_ADMIN" ];
        description = "Capabilities beside those that systemd-nspawn grants.";
      };
      drop = mkOption {
        type = listOf types.str;
        default = [ ];
        description = "Capabilities that are taken away.";
      };
    };

    devices = mkOption {
      type = listOf (orSet [ types.str ] deviceModule);
      default = [ ];
      example = [ "/dev/kvm" ];
      description = "Devices of the host that may be used inside.";
    };

    resources = mkOption {
      type = types.attrsOf (types.either types.int types.str);
      default = { };
      example = {
        MemoryMax = "512M";
        CPUQuota = "50%";
      };
      description = "Limits, as in {manpage}`systemd.resource-control(5)`.";
    };

    environment = mkOption {
      type = types.attrsOf (
        hinted (types.either types.int types.str) (
          value:
          if isBool value then
            "a variable is text: write \"${if value then "true" else "false"}\""
          else if isAttrs value || isList value then
            "here are the variables of PID 1: the options of NixOS go into configuration.environment"
          else
            null
        )
      );
      default = { };
      example = {
        TZ = "Europe/Berlin";
      };
      description = "Variables of PID 1 or of the command.";
    };

    nspawnArgs = mkOption {
      type = listOf types.str;
      default = [ ];
      example = [ "--rlimit=NOFILE=65536" ];
      description = "More options for {manpage}`systemd-nspawn(1)`, at your own responsibility.";
    };

    # --- results ----------------------------------------------------------------------------------
    build = {
      nixos = mkOption {
        type = types.raw;
        readOnly = true;
        description = "The NixOS evaluation, or null with `toplevel`.";
      };
      config = mkOption {
        type = types.raw;
        readOnly = true;
        description = "The NixOS configuration, evaluated: `nix eval .#NAME-up.config...`";
      };
      toplevel = mkOption {
        type = types.str;
        readOnly = true;
        description = "The store path of the system.";
      };
      command = mkOption {
        type = types.raw;
        readOnly = true;
        internal = true;
        description = "The words of the command that runs instead of an init, or null.";
      };
      spec = mkOption {
        type = types.raw;
        readOnly = true;
        description = "What the runner is told about the container.";
      };
      problems = mkOption {
        type = listOf types.str;
        default = [ ];
        internal = true;
        description = "What is wrong with the options.";
      };
    };
  };

  config = {
    # For a container that is a function.
    _module.args.pkgs = lib.mkOptionDefault config.pkgs;

    volumes = lib.mkIf config.nixDaemon (
      map (directory: {
        source = directory;
        target = directory;
        readOnly = true;
      }) [ "/nix/var/nix/db" "/nix/var/nix/daemon-socket" ]
    );

    build = {
      nixos = evaluate;
      config =
        if config.build.nixos == null then
          throw "flake-containers.containers.${name}: with a toplevel there is no NixOS configuration"
        else
          config.build.nixos.config;
      inherit command toplevel;
      spec = spec.containerSpec (
        config
        // {
          inherit command;
          system = {
            inherit toplevel;
            init =
              if command != null then
                null
              else if config.init != null then
                config.init
              else
                "${toplevel}/init";
            closure =
              if config.store == "all" then
                null
              else
                # Of a file, too, because a command is not always a store path, but may refer to some.
                "${
                  config.pkgs.closureInfo {
                    rootPaths = [
                      toplevel
                      (config.pkgs.writeText "${name}-references" (
                        builtins.toJSON [
                          command
                          config.init
                          config.environment
                        ]
                      ))
                    ];
                  }
                }/store-paths";
          };
          environment =
            lib.optionalAttrs (command != null) (
              {
                PATH = "${toplevel}/sw/bin:/usr/bin:/bin";
              }
              // lib.optionalAttrs config.nixDaemon { NIX_REMOTE = "daemon"; }
            )
            // config.environment;
        }
      );
    };
  };
}
