# Options -> what the runner gets, and what is refused. In the flake there is a prebuilt system unless a row says which.
{
  lib,
  flake-parts,
  nixpkgs,
}@inputs:
let
  module = import ./module.nix inputs;
  inherit (module) packages project;

  toplevel = "/nix/store/00000000000000000000000000000000-system";
  system = {
    inherit toplevel;
    init = "${toplevel}/init";
  };

  equal = expr: expected: { inherit expr expected; };
  # becomes OPTIONS SPEC: of one container `web`, beside its system.
  becomes = options: expected: rec {
    containers.web = { inherit toplevel; } // options;
    expr = builtins.removeAttrs (module.spec containers).web [ "system" ];
    inherit expected;
  };
  web = options: (module.spec { web = options; }).web;

  # A nixosSystem as users have one.
  existing = import (nixpkgs + "/nixos/lib/eval-config.nix") {
    system = module.system;
    modules = [
      {
        networking.hostName = "laptop";
        environment.systemPackages = [ ];
      }
    ];
  };

  resolvers = {
    host = {
      network.mode = "host";
      configuration = { };
    };
    local.configuration.networking.resolvconf.useLocalResolver = true;
    none.configuration = { };
    said.configuration.networking.resolvconf.enable = true;
    server.configuration.networking.nameservers = [ "192.0.2.1" ];
  };

  rows = {
    # --- the system
    toplevel = equal (web { inherit toplevel; }) { inherit system; };
    toplevelInit = equal (web { inherit toplevel; init = "/nix/store/x/prepare-root"; }).system {
      inherit toplevel;
      init = "/nix/store/x/prepare-root";
    };
    configuration = {
      expr =
        let
          spec = web { configuration.networking.firewall.enable = true; };
        in
        lib.hasPrefix builtins.storeDir spec.system.toplevel && spec.system.init == "${spec.system.toplevel}/init";
      expected = true;
    };
    hostName = equal (packages (project { web.configuration = { }; })).web-up.config.networking.hostName "web";
    guest = equal (
      let
        inherit ((packages (project { web.configuration = { }; })).web-up) config;
      in
      {
        inherit (config.boot) isContainer isNspawnContainer;
        inherit (config.networking) useDHCP useHostResolvConf;
        firewall = config.networking.firewall.enable;
        hosts = config.environment.etc.hosts.enable;
        nix = config.nix.enable;
        resolvconf = config.networking.resolvconf.enable;
        waitOnline = config.systemd.services.systemd-networkd-wait-online.enable;
        manager = config.systemd.extraConfig;
        password = config.users.allowNoPasswordLogin;
      }
    ) {
      isContainer = true;
      isNspawnContainer = true;
      useDHCP = false;
      useHostResolvConf = false;
      firewall = false;
      hosts = false;
      nix = false;
      resolvconf = false;
      waitOnline = false;
      manager = "";
      password = true;
    };
    # Where the names of others can be asked for, resolvconf has something to do.
    guestResolvers =
      equal
        (lib.mapAttrs (name: _: (packages (project resolvers))."${name}-up".config.networking.resolvconf.enable) resolvers)
        {
          host = true;
          local = true;
          none = false;
          said = true;
          server = true;
        };
    # Root's nix reads no profile, no matter which user starts it.
    guestNixDaemon =
      let
        configuration.options.systemd.settings.Manager = lib.mkOption { type = lib.types.lazyAttrsOf lib.types.raw; };
        inherit
          (packages (project {
            before.nixDaemon = true;
            later = {
              nixDaemon = true;
              inherit configuration;
            };
          }))
          before-up
          later-up
          ;
      in
      equal
        {
          before = before-up.config.systemd.extraConfig;
          later = later-up.config.systemd.extraConfig;
          settings = later-up.config.systemd.settings.Manager;
          variable = before-up.config.environment.variables.NIX_REMOTE;
        }
        {
          before = "DefaultEnvironment=NIX_REMOTE=daemon";
          later = "";
          settings.DefaultEnvironment = "NIX_REMOTE=daemon";
          variable = "daemon";
        };
    guestWaitOnline = equal (
      let
        inherit
          ((packages (project {
            web.configuration.options.systemd.network.wait-online.enable = lib.mkOption { type = lib.types.bool; };
          })).web-up.config)
          systemd
          ;
      in
      {
        option = systemd.network.wait-online.enable;
        service = systemd.services ? systemd-networkd-wait-online;
      }
    ) {
      option = false;
      service = false;
    };
    # What a later NixOS has given up is not set, which would be an error there.
    guestOfLaterNixos = equal (
      builtins.isString
        (packages (project {
          web.configuration =
            { lib, ... }:
            {
              imports = [ (lib.mkRemovedOptionModule [ "services" "lvm" "enable" ] "It is gone.") ];
            };
        })).web-up.toplevel
    ) true;
    # What the user says plainly wins where it is a matter of taste.
    guestFirewall = equal (packages (project { web.configuration.networking.firewall.enable = true; })).web-up.config.networking.firewall.enable true;
    sharedModules = {
      expr =
        let
          flake = module.outputs [
            {
              flake-containers = {
                enable = true;
                modules = [ { networking.firewall.allowedTCPPorts = [ 1 ]; } ];
                containers.web.extraModules = [ { networking.firewall.allowedTCPPorts = [ 2 ]; } ];
                containers.web.configuration.networking.firewall.allowedTCPPorts = [ 3 ];
              };
              perSystem.flake-containers.modules = [ { networking.firewall.allowedTCPPorts = [ 4 ]; } ];
            }
          ];
        in
        builtins.sort builtins.lessThan (packages flake).web-up.config.networking.firewall.allowedTCPPorts;
      expected = [ 1 2 3 4 ];
    };
    # As with nixosSystem: it may be an extended one, and a tree may have none.
    libOfPkgs = equal (packages (project {
      web = {
        pkgs = import nixpkgs { inherit (module) system; } // { path = ./fork; };
        configuration = { };
      };
    })).web-up.config.networking.hostName "web";
    specialArgs = equal (packages (project {
      web = {
        specialArgs.answer = 42;
        configuration = { answer, ... }: { networking.firewall.allowedTCPPorts = [ answer ]; };
      };
    })).web-up.config.networking.firewall.allowedTCPPorts [ 42 ];
    existing = equal (
      let
        web = (packages (project { web.nixosConfiguration = existing; })).web-up;
      in
      [
        web.config.networking.hostName
        web.config.boot.isContainer
      ]
    ) [ "web" true ];
    commandText = {
      expr =
        let
          spec = web {
            inherit toplevel;
            runCommand = pkgs: "echo ${pkgs.system}";
          };
        in
        [
          (builtins.length spec.command)
          (lib.hasPrefix builtins.storeDir (builtins.head spec.command))
          (spec.system ? init)
          spec.environment.PATH
        ];
      expected = [ 1 true false "${toplevel}/sw/bin:/usr/bin:/bin" ];
    };
    commandList = equal (web {
      inherit toplevel;
      runCommand = [ "/bin/sh" "-c" "echo $HOME %n" ];
    }).command [ "/bin/sh" "-c" "echo $HOME %n" ];
    # A package stands for its main program, also before words; a script for itself.
    commandPackage =
      let
        command = runCommand: map builtins.unsafeDiscardStringContext (web { inherit toplevel runCommand; }).command;
        name = words: map (word: builtins.match "(${builtins.storeDir}/[^-]*-)?(.*)" word) words;
        last = command: map (match: builtins.elemAt match 1) (name command);
        isInStore = word: lib.hasPrefix builtins.storeDir word;
        said = command (pkgs: [ (pkgs.writeShellScriptBin "hi" "") "a b" ]);
      in
      equal
        {
          bin = last (command (pkgs: pkgs.writeShellScriptBin "hi" "echo hi"));
          main = last (command (pkgs: pkgs.bash));
          words = last said;
          inStore = map isInStore said;
          script = last (command (pkgs: pkgs.writeScript "hi" "#!/bin/sh"));
          named = last (command (pkgs: pkgs.bash // { meta = { }; pname = "shell"; }));
          path = last (command ./module.nix);
          direct = last (command (import nixpkgs { }).bash);
        }
        {
          bin = [ "hi/bin/hi" ];
          main = [ "bash-debian/bin/bash" ];
          words = [ "hi/bin/hi" "a b" ];
          inStore = [ true false ];
          script = [ "hi" ];
          named = [ "bash-debian/bin/shell" ];
          path = [ "module.nix" ];
          direct = [ "bash-debian/bin/bash" ];
        };
    commandNixDaemon = equal (web {
      inherit toplevel;
      nixDaemon = true;
      runCommand = [ "/bin/sh" ];
      environment.PATH = "/bin";
    }).environment {
      NIX_REMOTE = "daemon";
      PATH = "/bin";
    };

    # --- the rest of the specification
    nothing = becomes { } { };
    ports = becomes { ports = [ "8080:80" 443 { host = "auto"; container = 22; address = "0.0.0.0"; } ]; } {
      ports = [
        { host = 8080; container = 80; }
        { host = 443; container = 443; }
        { address = "0.0.0.0"; host = "auto"; container = 22; }
      ];
    };
    volumes = becomes {
      volumes = [ "src:/srv/www" "@data:/var/lib/app" { source = "a:b"; target = "/c d"; readOnly = true; create = true; owner = "container"; } "x:/y:overlay" ];
      volumes-ro = [ "/tmp" ];
    } {
      volumes = [
        { source = "src"; target = "/srv/www"; }
        { source = "@data"; target = "/var/lib/app"; }
        { source = "a:b"; target = "/c d"; readOnly = true; create = true; owner = "container"; }
        { source = "x"; target = "/y"; overlay = true; }
        { source = "/tmp"; target = "/tmp"; readOnly = true; }
      ];
    };
    volumeOwners = becomes {
      volumes = map (owner: { source = "src"; target = "/srv/${toString owner}"; inherit owner; }) [ "user" "host" 33 "1000:100" "root" ];
    } {
      volumes = map (owner: { source = "src"; target = "/srv/${toString owner}"; inherit owner; }) [ "user" "host" 33 "1000:100" "root" ];
    };
    # By the configuration's numbers, since the system has no accounts before it boots.
    volumeOwnerByName = equal (web {
      volumes = [ { source = "src"; target = "/srv"; owner = "app"; } ];
      configuration = {
        options.users = lib.genAttrs [ "users" "groups" ] (_: lib.mkOption { type = lib.types.lazyAttrsOf lib.types.raw; });
        config.users = {
          users.app = { uid = 1000; group = "users"; };
          groups.users.gid = 100;
        };
      };
    }).volumes [ { source = "src"; target = "/srv"; owner = "1000:100"; } ];
    dependsOn = rec {
      containers = {
        web = { inherit toplevel; dependsOn = [ "db" ]; };
        db = { inherit toplevel; dependsOn.seed = "completed"; };
        seed = { inherit toplevel; oneShot = true; };
      };
      expr = module.spec containers;
      expected = {
        web = { inherit system; dependsOn.db = "ready"; };
        db = { inherit system; dependsOn.seed = "completed"; };
        seed = { inherit system; oneShot = true; };
      };
    };
    ready = becomes {
      ready = {
        timeout = 5;
        notify = true;
        units = [ "a.service" ];
        tcp = [ 80 ];
        http = [ 80 { port = 81; path = "/h"; status = [ 200 204 ]; } ];
        exec = [ [ "true" ] ];
        unix = [ "/run/s" ];
      };
    } {
      ready = {
        timeout = 5;
        notify = true;
        units = [ "a.service" ];
        tcp = [ 80 ];
        http = [ { port = 80; } { port = 81; path = "/h"; status = [ 200 204 ]; } ];
        exec = [ [ "true" ] ];
        unix = [ "/run/s" ];
      };
    };
    hooks = becomes {
      hooks = { afterReady = [ [ "make" "migrate" ] ]; beforeDown = [ [ "./dump" ] ]; };
    } {
      hooks = { afterReady = [ [ "make" "migrate" ] ]; beforeDown = [ [ "./dump" ] ]; };
    };
    seed = becomes {
      seed = [
        { run = [ "createdb" "shop" ]; user = "postgres"; timeout = 5; }
        { sql = "seed.sql"; database = "shop"; }
        { run = [ "id" ]; user = 33; }
      ];
    } {
      seed = [
        { run = [ "createdb" "shop" ]; user = "postgres"; timeout = 5; }
        { sql = "seed.sql"; database = "shop"; }
        { run = [ "id" ]; user = 33; }
      ];
    };
    rights = becomes {
      users = "host";
      capabilities.add = [ "CAP_NET_ADMIN" ];
      capabilities.drop = [ "CAP_AUDIT_CONTROL" ];
      devices = [ "/dev/kvm" { path = "/dev/fuse"; permissions = "rw"; } { path = "/dev/net/tun"; } ];
      resources = { MemoryMax = "512M"; TasksMax = 512; };
      nspawnArgs = [ "--rlimit=NOFILE=65536" ];
    } {
      users = "host";
      capabilities = { add = [ "CAP_NET_ADMIN" ]; drop = [ "CAP_AUDIT_CONTROL" ]; };
      devices = [ "/dev/kvm" { path = "/dev/fuse"; permissions = "rw"; } "/dev/net/tun" ];
      resources = { MemoryMax = "512M"; TasksMax = 512; };
      nspawnArgs = [ "--rlimit=NOFILE=65536" ];
    };
    various = becomes {
      tmpfs = [ "/scratch" ];
      environment = { TZ = "UTC"; N = 1; };
      credentials = { "pg.password" = "secrets/pg"; a.file = "b"; c.environment = "D"; e.command = [ "f" "g" ]; };
      ephemeral = true;
      restart = "on-failure";
      stop.timeout = 3;
      network.mode = "none";
    } {
      tmpfs = [ "/scratch" ];
      environment = { TZ = "UTC"; N = "1"; };
      credentials = { "pg.password" = "secrets/pg"; a.file = "b"; c.environment = "D"; e.command = [ "f" "g" ]; };
      ephemeral = true;
      restart = "on-failure";
      stop.timeout = 3;
      network.mode = "none";
    };
    exports = becomes { exports.A = "\${host}"; } { exports.A = "\${host}"; };
    envFiles = becomes { envFile = ".env"; environmentUnits = [ "a.service" ]; } { envFile = [ ".env" ]; environmentUnits = [ "a.service" ]; };
    profiles = becomes { profiles = [ "debug" "full" ]; } { profiles = [ "debug" "full" ]; };
    envFileList = becomes { envFile = [ "a" "/b" ]; } { envFile = [ "a" "/b" ]; };
    # Quotes and the like are the JSON's business.
    words = becomes { environment.X = "a \"b\" $c \\ 'd'\n%n ü"; } { environment.X = "a \"b\" $c \\ 'd'\n%n ü"; };
    closure = {
      expr =
        let
          spec = web { configuration = { }; store = "closure"; };
        in
        [ spec.store (lib.hasSuffix "/store-paths" spec.system.closure) ];
      expected = [ "closure" true ];
    };
    nixDaemon = becomes { nixDaemon = true; } {
      volumes = [
        { source = "/nix/var/nix/db"; target = "/nix/var/nix/db"; readOnly = true; }
        { source = "/nix/var/nix/daemon-socket"; target = "/nix/var/nix/daemon-socket"; readOnly = true; }
      ];
    };
    conditions = becomes { ports = lib.mkIf false [ "1:1" ]; tmpfs = lib.mkMerge [ [ "/a" ] (lib.mkBefore [ "/b" ]) ]; } { tmpfs = [ "/b" "/a" ]; };

    # --- names that other projects use
    familiar = becomes {
      bindMounts."/data" = { hostPath = "src"; isReadOnly = false; };
      forwardPorts = [ { hostPort = 8080; containerPort = 80; } ];
      additionalCapabilities = [ "CAP_NET_ADMIN" ];
      allowedDevices = [ { node = "/dev/fuse"; modifier = "rw"; } ];
      extraFlags = [ "--x" ];
      timeoutStartSec = "1min";
      autoStart = false;
    } {
      volumes = [ { source = "src"; target = "/data"; } ];
      ports = [ { host = 8080; container = 80; } ];
      capabilities.add = [ "CAP_NET_ADMIN" ];
      devices = [ { path = "/dev/fuse"; permissions = "rw"; } ];
      nspawnArgs = [ "--x" ];
      ready.timeout = 60;
    };
    familiarNetwork = becomes { privateNetwork = false; } { network.mode = "host"; };
    familiarPath = equal (web { path = toplevel; }) { inherit system; };
    familiarConfig = equal (packages (project { web.config.networking.firewall.allowedTCPPorts = [ 5 ]; })).web-up.config.networking.firewall.allowedTCPPorts [ 5 ];

    # --- both levels, and what comes out
    bothLevels = equal (
      let
        flake = module.outputs [
          {
            flake-containers.enable = true;
            flake-containers.containers.web = { inherit toplevel; ports = [ "1:1" ]; };
            perSystem.flake-containers.containers.web = { lib, ... }: { ports = lib.mkAfter [ "2:2" ]; };
            perSystem.flake-containers.containers.db = { inherit toplevel; };
          }
        ];
      in
      (module.document (packages flake).flake-containers).containers
    ) {
      web = { inherit system; ports = [ { host = 1; container = 1; } { host = 2; container = 2; } ]; };
      db = { inherit system; };
    };
    perSystemAlone = equal (builtins.attrNames (packages (module.outputs [ { perSystem.flake-containers.containers.db = { }; } ]))) [
      "db-down"
      "db-shell"
      "db-up"
      "flake-containers"
    ];
    # Both levels have `enable`, with a default; perSystem has the last word for its system.
    enabled =
      equal
        (lib.mapAttrs
          (_: modules: builtins.attrNames (packages (module.outputs modules)) != [ ])
          rec {
            nothing = [ ];
            byDefault = [ { flake-containers.containers.db = { }; } ];
            off = [ { flake-containers = { enable = false; containers.db = { }; }; } ];
            offForAll = off ++ [ { perSystem.flake-containers.containers.web = { }; } ];
            onHere = off ++ [ { perSystem.flake-containers.enable = true; } ];
            offHere = byDefault ++ [ { perSystem.flake-containers.enable = false; } ];
            alone = [ { perSystem.flake-containers = { enable = false; containers.db = { }; }; } ];
          }
        )
        {
          nothing = false;
          byDefault = true;
          off = false;
          offForAll = false;
          onHere = true;
          offHere = false;
          alone = false;
        };
    # One's own options for all, on both levels, and a container's own are merged.
    defaults = equal (
      let
        flake = module.outputs [
          {
            flake-containers = {
              defaults = { lib, ... }: { ready.timeout = lib.mkDefault 7; environment.A = "top"; };
              containers.web = { inherit toplevel; ready.timeout = 9; tmpfs = [ "/own" ]; };
            };
            perSystem.flake-containers = {
              defaults = { tmpfs = [ "/all" ]; environment.B = "perSystem"; };
              containers.db = { inherit toplevel; };
            };
          }
        ];
      in
      lib.mapAttrs (_: c: { inherit (c) environment tmpfs; inherit (c.ready) timeout; }) (
        module.document (packages flake).flake-containers
      ).containers
    ) {
      web = { environment = { A = "top"; B = "perSystem"; }; tmpfs = [ "/own" "/all" ]; timeout = 9; };
      db = { environment = { A = "top"; B = "perSystem"; }; tmpfs = [ "/all" ]; timeout = 7; };
    };
    # Those of the project are for all containers, with those of the flake itself; those of a container are for it
    # alone.
    projectSpecialArgs =
      equal
        (
          let
            flake = module.outputs [
              {
                flake-containers = {
                  specialArgs.ports = [ 1 ];
                  containers.web = {
                    specialArgs.own = [ 3 ];
                    configuration =
                      { inputs, self, ports, more, own, ... }:
                      {
                        networking.firewall.allowedTCPPorts = ports ++ more ++ own;
                        networking.extraHosts = "${self.outPath} ${builtins.concatStringsSep "," (builtins.attrNames inputs)}";
                      };
                  };
                };
                perSystem.flake-containers.specialArgs.more = [ 2 ];
              }
            ];
            inherit ((packages flake).web-up) config;
          in
          [ config.networking.firewall.allowedTCPPorts config.networking.extraHosts ]
        )
        [
          [ 1 2 3 ]
          "/flake nixpkgs,self"
        ];
    # An evaluation that was made elsewhere has its own.
    existingSpecialArgs = equal (packages (project {
      web.nixosConfiguration = import (nixpkgs + "/nixos/lib/eval-config.nix") {
        system = module.system;
        specialArgs.inputs.port = 7;
        modules = [ ({ inputs, ... }: { networking.firewall.allowedTCPPorts = [ inputs.port ]; }) ];
      };
    })).web-up.config.networking.firewall.allowedTCPPorts [ 7 ];
    # A module of another flake: it defines containers, and leaves the rest to the project.
    othersModule = equal (
      let
        theirs = {
          flake-containers.containers.cache.ports = [ "6379:6379" ];
          perSystem.flake-containers.containers.cache = { inherit toplevel; };
        };
        flake = module.outputs [
          theirs
          { flake-containers.containers.cache = { lib, ... }: { ports = lib.mkForce [ "7000:6379" ]; }; }
        ];
      in
      (module.document (packages flake).flake-containers).containers.cache.ports
    ) [ { host = 7000; container = 6379; } ];
    nixosConfigurations =
      equal
        (
          let
            flake = module.outputs [
              {
                flake-containers = {
                  nixosConfigurations = module.system;
                  containers.web.configuration = { };
                  containers.built = { inherit toplevel; };
                };
              }
            ];
          in
          [
            (builtins.attrNames flake.nixosConfigurations)
            flake.nixosConfigurations.web.config.networking.hostName
            ((project { web.configuration = { }; }).nixosConfigurations or { })
          ]
        )
        [
          [ "built" "web" ]
          "web"
          { }
        ];
    darwin = equal (
      let
        flake = project { web = { inherit toplevel; }; };
      in
      [ flake.packages.x86_64-darwin flake.devShells.x86_64-darwin flake.formatter or { } ]
    ) [ { } { } { } ];
    # The names are known without looking at any configuration.
    lazy = equal (builtins.attrNames (packages (project { web.configuration = throw "looked at"; db = throw "looked at"; }))) [
      "db-down"
      "db-shell"
      "db-up"
      "flake-containers"
      "web-down"
      "web-shell"
      "web-up"
    ];
    # NAME-up has what NAME needs and is not bothered by the others.
    subset = equal (builtins.attrNames (module.document (packages (project {
      web = { inherit toplevel; dependsOn = [ "db" ]; };
      db = { inherit toplevel; };
      broken.ports = throw "looked at";
    })).web-up).containers) [ "db" "web" ];
    version = equal (module.document (packages (project { web = { inherit toplevel; }; })).web-up).version 1;
    rootless = equal (
      let
        flake = rootless: module.outputs [
          {
            _file = "flake.nix";
            flake-containers = {
              enable = true;
              containers.web = { inherit toplevel; };
            };
            perSystem.flake-containers = rootless;
          }
        ];
        said = rootless: (module.document (packages (flake rootless)).web-up).rootless or "nothing";
      in
      [ (said { }) (said { rootless = false; }) (said { rootless = true; }) ]
    ) [ "nothing" "nothing" true ];
    mainProgram = equal (packages (project { web = { inherit toplevel; }; })).web-up.meta.mainProgram "web-up";
    # The user's packages stay the user's.
    ownPackages = equal (
      let
        flake = module.outputs [
          (
            { lib, ... }:
            {
              flake-containers = {
                enable = true;
                nixpkgs.overlays = [ (_: _: { marked = "containers"; }) ];
                containers.web.configuration = { pkgs, ... }: { networking.hosts.${pkgs.marked} = [ ]; };
              };
              perSystem =
                { pkgs, ... }:
                {
                  legacyPackages.marked = pkgs.marked or "none";
                };
            }
          )
        ];
      in
      [ flake.legacyPackages.x86_64-linux.marked (builtins.attrNames (packages flake).web-up.config.networking.hosts) ]
    ) [ "none" [ "containers" ] ];
    # A container may be a function of `pkgs`, which are its own.
    functionOfPackages = equal (
      let
        flake = module.outputs [
          {
            flake-containers = {
              enable = true;
              nixpkgs.overlays = [ (_: _: { marked = "own"; }) ];
              containers.web = { pkgs, ... }: { inherit toplevel; environment.A = pkgs.marked; };
            };
          }
        ];
      in
      (module.document (packages flake).web-up).containers.web.environment
    ) { A = "own"; };
    # A definition under a false mkIf is not a container, on either level.
    takenBack = equal (
      let
        flake = module.outputs [
          {
            flake-containers = {
              enable = true;
              containers = {
                a = lib.mkIf false { inherit toplevel; };
                b = lib.mkIf true { inherit toplevel; };
                c = lib.mkMerge [ (lib.mkIf false { }) (lib.mkForce (lib.mkIf false { })) ];
                d = lib.mkMerge [ (lib.mkIf false { }) { inherit toplevel; } ];
                e = lib.mkIf false { inherit toplevel; };
                f = lib.mkIf false (throw "looked at");
              };
            };
            perSystem.flake-containers.containers = {
              e = { inherit toplevel; };
              g = lib.mkIf false { inherit toplevel; };
              h = lib.mkIf true { inherit toplevel; };
            };
          }
        ];
      in
      builtins.attrNames (module.document (packages flake).flake-containers).containers
    ) [ "b" "d" "e" "h" ];
    # The configuration's own nixpkgs.config adds to that of the container's packages.
    nixpkgsConfig = equal (
      let
        flake = module.outputs [
          {
            flake-containers = {
              enable = true;
              nixpkgs.config = { allowUnfree = true; deep.a = 1; };
              nixpkgs.overlays = [ (_: _: { marked = "kept"; }) ];
              modules = [ ({ pkgs, ... }: { environment.etc.seen.text = builtins.toJSON { inherit (pkgs) config marked; }; }) ];
              containers.web.configuration.nixpkgs.config = { permitted = [ "x" ]; deep.b = 2; };
              containers.plain.configuration = { };
            };
          }
        ];
        of = name: builtins.fromJSON (packages flake)."${name}-up".config.environment.etc.seen.text;
      in
      {
        web = of "web";
        plain = of "plain";
        builds = builtins.isString (packages flake).web-up.toplevel;
      }
    ) {
      web = { config = { allowUnfree = true; permitted = [ "x" ]; deep = { a = 1; b = 2; }; }; marked = "kept"; };
      plain = { config = { allowUnfree = true; deep.a = 1; }; marked = "kept"; };
      builds = true;
    };
    containerPackages = equal (packages (project {
      web = { pkgs, ... }: {
        configuration = { };
        nixpkgs = nixpkgs;
        environment.A = "b";
      };
    })).web-up.config.networking.hostName "web";
  };

  refused = {
    wrongInside = {
      containers.web.configuration.networking.firewall.allowedTCPPorts = [ "all" ];
      says = [ "flake-containers.containers.web.configuration.networking.firewall.allowedTCPPorts" ];
    };
    # As it was written.
    wrongInConfig = {
      containers.web.config.networking.firewall.allowedTCPPorts = [ "all" ];
      says = [ "flake-containers.containers.web.config.networking.firewall.allowedTCPPorts" ];
    };
    volumeOwnerOfToplevel = {
      containers.web = { inherit toplevel; volumes = [ { source = "src"; target = "/t"; owner = "app"; } ]; };
      says = [ "flake-containers.containers.web.volumes: owner 'app': a toplevel does not tell the numbers of its accounts" ];
    };
    volumeOwnerWithoutNumber = {
      containers.web = {
        volumes = [ { source = "src"; target = "/t"; owner = "app"; } ];
        configuration = {
          options.users = lib.genAttrs [ "users" "groups" ] (_: lib.mkOption { type = lib.types.lazyAttrsOf lib.types.raw; });
          config.users = {
            users.app = { uid = null; group = "app"; };
            groups.app.gid = null;
          };
        };
      };
      says = [ "flake-containers.containers.web.volumes: owner 'app': set users.users.app.uid, and the gid of its group" ];
    };
    pathOfVolume = {
      containers.web = { inherit toplevel; volumes = [ ./. ]; };
      says = [ "- flake-containers.containers.web.volumes: a path without quotes would be copied into the store" "(in flake.nix)" ];
    };
    pathOfVolumeSource = {
      containers.web = { inherit toplevel; volumes = [ { source = ./.; target = "/t"; } ]; };
      says = [ "containers.web.volumes" "source: a path without quotes" ];
    };
    pathOfCredential = {
      containers.web = { inherit toplevel; credentials.key = ./module.nix; };
      says = [ "- flake-containers.containers.web.credentials.key: a path without quotes" "(in flake.nix)" ];
    };
    execWords = {
      containers.web = { inherit toplevel; ready.exec = [ "pg_isready" "-q" ]; };
      says = [ "- flake-containers.containers.web.ready.exec: each command is a list of words" "[ [" "(in flake.nix)" ];
    };
    hookWords = {
      containers.web = { inherit toplevel; hooks.beforeDown = [ "./dump" ]; };
      says = [ "- flake-containers.containers.web.hooks.beforeDown: each command is a list of words" "[ [" "(in flake.nix)" ];
    };
    seedString = {
      containers.web = { inherit toplevel; seed = [ "seed.sql" ]; };
      says = [ "- flake-containers.containers.web.seed: each step is a set" "(in flake.nix)" ];
    };
    seedLine = {
      containers.web = { inherit toplevel; seed = [ { run = "createdb shop"; } ]; };
      says = [ "containers.web.seed" "run: write a list of words" ];
    };
    seedPath = {
      containers.web = { inherit toplevel; seed = [ { sql = ./module.nix; } ]; };
      says = [ "containers.web.seed" "sql: a path without quotes" ];
    };
    volumesString = {
      containers.web = { inherit toplevel; volumes = "src:/srv"; };
      says = [ "- flake-containers.containers.web.volumes: write a list" ];
    };
    volumesSet = {
      containers.web = { inherit toplevel; volumes."/data" = { source = "src"; }; };
      says = [ "- flake-containers.containers.web.volumes: write a list, [ .. ]" ];
    };
    tcpNumber = {
      containers.web = { inherit toplevel; ready.tcp = 5432; };
      says = [ "- flake-containers.containers.web.ready.tcp: write a list, [ .. ] (in flake.nix)" ];
    };
    httpAddress = {
      containers.web = { inherit toplevel; ready.http = [ "http://localhost/" ]; };
      says = [ "- flake-containers.containers.web.ready.http: write the port, or { port" ];
    };
    commandSet = {
      containers.web = { inherit toplevel; runCommand = pkgs: { program = pkgs.bash; }; };
      says = [ "- flake-containers.containers.web.runCommand: its function returns a set" "(in flake.nix)" ];
    };
    commandWords = {
      containers.web = { inherit toplevel; runCommand = pkgs: [ pkgs.bash { } ]; };
      says = [ "- flake-containers.containers.web.runCommand: its function returns a set" ];
    };
    dependsOnString = {
      containers.web = { inherit toplevel; dependsOn = "db"; };
      says = [ "- flake-containers.containers.web.dependsOn: write a list of names" ];
    };
    variableBool = {
      containers.web = { inherit toplevel; environment.DEBUG = true; };
      says = [ "- flake-containers.containers.web.environment.DEBUG: a variable is text: write \"true\"" ];
    };
    packagesOfNixos = {
      containers.web = { inherit toplevel; environment.systemPackages = [ ]; };
      says = [ "- flake-containers.containers.web.environment.systemPackages: here are variables of the container" "configuration.environment" ];
    };
    usersOfNixos = {
      containers.web = { inherit toplevel; users.users.alice = { }; };
      says = [ "- flake-containers.containers.web.users: here it is \"private\" or \"host\"" "configuration.users" ];
    };
    nixpkgsOfNixos = {
      containers.web = { configuration = { }; nixpkgs.config.allowUnfree = true; };
      says = [ "- flake-containers.containers.web.nixpkgs:" "configuration.nixpkgs" ];
    };
    configurationString = {
      containers.web.configuration = "./web.nix";
      says = [ "- flake-containers.containers.web.configuration: a module is" "without quotes" ];
    };
    wholeSystem = {
      containers.web = existing;
      says = [ "- flake-containers.containers.web: it is a whole NixOS system: write web.nixosConfiguration = .. (in flake.nix)" ];
    };
    wrongSystem = {
      containers.web.nixosConfiguration = existing.config;
      says = [ "- flake-containers.containers.web.nixosConfiguration: it is not what nixosSystem returns" ];
    };
    toplevelSystem = {
      containers.web.toplevel = existing;
      says = [ "- flake-containers.containers.web.toplevel: it is a NixOS configuration" "nixosConfiguration" ];
    };
    unknownOption = { containers.web = { inherit toplevel; prots = [ ]; }; says = [ "web" "prots" "does not exist" ]; };
    unknownDeep = { containers.web = { inherit toplevel; ready.tpc = [ ]; }; says = [ "web" "ready.tpc" ]; };
    unknownVolume = { containers.web = { inherit toplevel; volumes = [ { source = "a"; targte = "/b"; } ]; }; says = [ "web" "volumes" "targte" ]; };
    wrongType = { containers.web = { inherit toplevel; ports = "8080:80"; }; says = [ "- flake-containers.containers.web.ports: write a list, [ .. ] (in flake.nix)" ]; };
    wrongElement = { containers.web = { inherit toplevel; ready.tcp = [ 0 ]; }; says = [ "web.ready.tcp" "not of type" ]; };
    wrongEnum = { containers.web = { inherit toplevel; users = "me"; }; says = [ "web.users" "private" "host" ]; };
    wrongCondition = { containers = { web = { inherit toplevel; dependsOn.db = "up"; }; db = { inherit toplevel; }; }; says = [ "web.dependsOn.db" "completed" ]; };
    wrongSeconds = { containers.web = { inherit toplevel; stop.timeout = 0; }; says = [ "web.stop.timeout" "1 and 86400" ]; };
    wrongBool = { containers.web = { inherit toplevel; ephemeral = "yes"; }; says = [ "web.ephemeral" "boolean" ]; };
    wrongContainer = { containers.web = 1; says = [ "containers.web" ]; };
    wrongContainers = { containers = [ ]; says = [ "containers" "not of type" ]; };
    port = { containers.web = { inherit toplevel; ports = [ "eighty" ]; }; says = [ "containers.web.ports" "'eighty'" ]; };
    portTwice = {
      containers = { a = { inherit toplevel; ports = [ "8080:80" ]; }; b = { inherit toplevel; ports = [ "8080:81" ]; }; };
      says = [ "containers.b.ports" "8080" "'a'" ];
    };
    portSctp = { containers.web = { inherit toplevel; ports = [ "53:53/sctp" ]; }; says = [ "containers.web.ports" "sctp" "'udp'" ]; };
    volume = { containers.web = { inherit toplevel; volumes = [ "src" ]; }; says = [ "containers.web.volumes" "'src'" "target" ]; };
    volumeSet = { containers.web = { inherit toplevel; volumes = [ { source = "src"; } ]; }; says = [ "containers.web.volumes" "target" ]; };
    name = { containers.Web_1 = { inherit toplevel; }; says = [ "Web_1" "host name" ]; };
    stranger = { containers.web = { inherit toplevel; dependsOn = [ "bd" ]; }; says = [ "containers.web.dependsOn" "'bd'" ]; };
    circle = {
      containers = { a = { inherit toplevel; dependsOn = [ "b" ]; }; b = { inherit toplevel; dependsOn = [ "a" ]; }; };
      says = [ "dependsOn" "'a', 'b'" ];
    };
    completed = {
      containers = { a = { inherit toplevel; dependsOn.b = "completed"; }; b = { inherit toplevel; }; };
      says = [ "containers.a.dependsOn" "'b'" "oneShot" ];
    };
    twoSystems = { containers.web = { inherit toplevel; configuration = { }; }; says = [ "containers.web" "configuration" "toplevel" ]; };
    threeSystems = {
      containers.web = { inherit toplevel; configuration = { }; nixosConfiguration = existing; };
      says = [ "containers.web" "configuration" "toplevel" "nixosConfiguration" ];
    };
    hostAccess = { containers.web = { inherit toplevel; network = { hostAccess = [ 5432 ]; mode = "none"; }; }; says = [ "containers.web.network.hostAccess" "none" ]; };
    internet = { containers.web = { inherit toplevel; network = { internet = true; mode = "host"; }; }; says = [ "containers.web.network.internet" "host" ]; };
    otherHostName = {
      containers.web.configuration.networking.hostName = "other";
      says = [ "containers.web" "networking.hostName" "'other'" ];
    };
    readOnly = { containers.web = { inherit toplevel; build.spec = { }; }; says = [ "web.build.spec" "read-only" ]; };
    refusedHostAddress = { containers.web = { inherit toplevel; hostAddress = "10.0.0.1"; }; says = [ "containers.web.hostAddress" "ends in 1" ]; };
    refusedLocalhost = { containers.web = { inherit toplevel; extra.exposeLocalhost = true; }; says = [ "containers.web.extra.exposeLocalhost" "ports" ]; };
    refusedAutoStart = { containers.web = { inherit toplevel; autoStart = true; }; says = [ "containers.web.autoStart" "up" ]; };
    refusedUnknown = { containers.web = { inherit toplevel; imageTag = "x"; }; says = [ "web.imageTag" ]; };
  };
in
{
  inherit rows;

  # What the program gets for them.
  documents = lib.mapAttrs (_: row: module.document (packages (project row.containers)).flake-containers) (
    lib.filterAttrs (_: row: row ? containers) rows
  );

  # refusals.NAME is an error whose message has all that `says.NAME` lists.
  refusals = lib.mapAttrs (_: row: (packages (project row.containers)).flake-containers.spec.drvPath) refused;
  says = lib.mapAttrs (_: row: row.says) refused;
}

