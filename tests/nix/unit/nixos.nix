# What nixosModules.default makes of a machine's configuration: rows like those of options.nix, by a NixOS of the tree
# `nixpkgs`. What only the real one has is in `real`, what only the stand-in can tell in `packages`.
{ nixpkgs, ... }:
let
  pkgs = import nixpkgs { system = "x86_64-linux"; };

  machine =
    modules:
    (import (nixpkgs + "/nixos/lib/eval-config.nix") {
      system = null;
      inherit (pkgs) lib;
      inherit pkgs;
      modules = [ ../../../flake-module/nixos-module.nix ] ++ modules;
    }).config;

  enabled = {
    programs.flake-containers = {
      enable = true;
      package = program;
    };
  };
  program = derivation {
    name = "program";
    system = "x86_64-linux";
    builder = "/bin/sh";
  };

  on = machine [ enabled ];
  off = machine [ ];
  permitted = machine [
    enabled
    {
      programs.flake-containers.passwordless = {
        users = [ "alice" ];
        groups = [ "dev" ];
      };
    }
  ];

  # A flake as this program's module makes one: a specification for all containers, and one for each part.
  shop.packages.x86_64-linux.flake-containers = {
    spec = "/nix/store/all.json";
    "with".db = {
      spec = "/nix/store/db.json";
      "with".web.spec = "/nix/store/db+web.json";
    };
  };
  projects = projects: machine [ { programs.flake-containers.package = program; services.flake-containers.projects = projects; } ];
  unitOf = name: project: (projects { ${name} = project; }).systemd.services."flake-containers@${name}";
  # The command lines without the program, which is a store path.
  commands =
    name: project:
    let
      inherit (unitOf name project) serviceConfig;
      rest = line: builtins.replaceStrings [ "\":${program}/bin/flake-containers\" " ] [ "" ] line;
    in
    map rest [ serviceConfig.ExecStart serviceConfig.ExecReload serviceConfig.ExecStop ];
  # What the machine refuses.
  refusals =
    name: project:
    map (assertion: assertion.message) (
      builtins.filter (
        assertion: !assertion.assertion && builtins.match "services.flake-containers.*" assertion.message != null
      ) (projects { ${name} = project; }).assertions
    );

  installed = config: builtins.any (package: package.name or null == program.name) config.environment.systemPackages;
  programOf = rule: map (command: command.command) rule.commands;
  ours = builtins.filter (rule: rule.users or [ ] == [ "alice" ]);
  inotify = config: toString config.boot.kernel.sysctl."fs.inotify.max_user_instances" or "";
in
{
  rows = {
    projectNone = {
      expr = builtins.filter (name: builtins.substring 0 16 name == "flake-containers") (
        builtins.attrNames (projects { }).systemd.services
      );
      expected = [ ];
    };
    # The directory that is the user's, all containers, what was built last.
    projectPath = {
      expr = commands "shop" { path = "/home/alice/shop"; };
      expected = [
        "\"--root=/home/alice/shop\" --progress=plain up --no-build"
        "\"--root=/home/alice/shop\" --progress=plain up --no-build"
        "\"--root=/home/alice/shop\" --progress=plain down"
      ];
    };
    projectFlake = {
      expr = commands "shop" { flake = shop; };
      expected = [
        "\"--root=/var/lib/flake-containers/shop\" \"--spec=/nix/store/all.json\" --progress=plain up --no-build"
        "\"--root=/var/lib/flake-containers/shop\" \"--spec=/nix/store/all.json\" --progress=plain up --no-build"
        "\"--root=/var/lib/flake-containers/shop\" \"--spec=/nix/store/all.json\" --progress=plain down"
      ];
    };
    projectContainers = {
      expr = builtins.head (
        commands "shop" {
          flake = shop;
          containers = [
            "db"
            "web"
          ];
        }
      );
      expected = "\"--root=/var/lib/flake-containers/shop\" \"--spec=/nix/store/db+web.json\" --progress=plain up --no-build db web";
    };
    projectOddPath = {
      expr =
        let
          unit = unitOf "odd" { path = ''/srv/my "shop" $HOME 100%n\o''; };
        in
        [
          (builtins.elemAt (commands "odd" { path = ''/srv/my "shop" $HOME 100%n\o''; }) 2)
          unit.unitConfig.ConditionPathExists
          unit.unitConfig.RequiresMountsFor
          unit.unitConfig.X-FlakeContainersCheckout
          unit.unitConfig.IgnoreOnIsolate
        ];
      expected = [
        ''"--root=/srv/my \"shop\" $HOME 100%%n\\o" --progress=plain down''
        ''/srv/my "shop" $HOME 100%%n\o''
        ''"/srv/my \"shop\" $HOME 100%%n\\o"''
        ''/srv/my "shop" $HOME 100%n\o''
        true
      ];
    };
    projectUser = {
      expr =
        let
          project.shop = {
            flake = shop;
            user = "alice";
          };
          unit = (projects project).systemd.services."flake-containers@shop";
        in
        [
          unit.environment.DOAS_USER
          unit.unitConfig.X-FlakeContainersUser
          (projects project).systemd.tmpfiles.rules
        ];
      expected = [
        "alice"
        "alice"
        [ "d /var/lib/flake-containers/shop 0755 alice - - -" ]
      ];
    };
    projectOrder = {
      expr = map (unit: [ unit.wantedBy unit.wants (builtins.elem "machines.target" unit.after) unit.reloadIfChanged ]) [
        (unitOf "shop" { flake = shop; })
        (unitOf "shop" { flake = shop; online = true; })
      ];
      expected = [
        [
          [ "multi-user.target" ]
          [ "machines.target" ]
          true
          true
        ]
        [
          [ "multi-user.target" ]
          [
            "machines.target"
            "network-online.target"
          ]
          true
          true
        ]
      ];
    };
    projectTimeout = {
      expr = (unitOf "shop" { flake = shop; stopTimeout = 300; }).serviceConfig.TimeoutStopSec;
      expected = "300";
    };
    projectFine = {
      expr = refusals "shop" { flake = shop; } ++ refusals "shop" { path = "/home/alice/shop"; };
      expected = [ ];
    };
    projectNoFlake = {
      expr = refusals "shop" { flake = { }; };
      expected = [
        "services.flake-containers.projects.shop.flake: it has no containers for x86_64-linux: import flake-containers.flakeModule there, or take another `flake`."
      ];
    };
    projectName = {
      expr = map (name: builtins.length (refusals name { flake = shop; path = "/srv"; })) [
        "Shop"
        "a b"
        "-a"
        "a-"
        "a.b"
      ];
      expected = [
        1
        1
        1
        1
        1
      ];
    };
    projectRelative = {
      expr = map (path: builtins.length (refusals "shop" { inherit path; })) [
        "shop"
        "/srv "
        "/srv\\"
        "/a\nb"
      ];
      expected = [
        1
        1
        1
        1
      ];
    };
    dhcpcd = {
      expr = builtins.elem "fc-*" on.networking.dhcpcd.denyInterfaces;
      expected = true;
    };
    dhcpcdOff = {
      expr = builtins.elem "fc-*" off.networking.dhcpcd.denyInterfaces;
      expected = false;
    };
    networkmanager = {
      expr = on.networking.networkmanager.unmanaged;
      expected = [ "interface-name:fc-*" ];
    };
    networkd = {
      expr = builtins.attrNames on.systemd.network.networks;
      expected = [ "10-flake-containers" ];
    };
    inotify = {
      expr = inotify on;
      expected = "1024";
    };
    inotifyOfAnother = {
      expr = inotify (machine [
        enabled
        ({ lib, ... }: { boot.kernel.sysctl."fs.inotify.max_user_instances" = lib.mkDefault 524288; })
      ]);
      expected = "524288";
    };
    kernelModules = {
      expr = builtins.elem "veth" on.boot.kernelModules;
      expected = false;
    };
    kernelModulesLocked = {
      expr = map (module: builtins.elem module (machine [ enabled { security.lockKernelModules = true; } ]).boot.kernelModules) [
        "bridge"
        "overlay"
        "tun"
        "veth"
      ];
      expected = [
        true
        true
        true
        true
      ];
    };
    noRules = {
      expr = builtins.length (ours on.security.sudo.extraRules) + builtins.length on.security.doas.extraRules;
      expected = 0;
    };
    sudo = {
      expr = map (rule: { inherit (rule) users groups; programs = programOf rule; options = map (c: c.options) rule.commands; }) (
        ours permitted.security.sudo.extraRules
      );
      expected = [
        {
          users = [ "alice" ];
          groups = [ "dev" ];
          programs = [ "${program}/bin/flake-containers" ];
          options = [ [ "NOPASSWD" ] ];
        }
      ];
    };
    sudo-rs = {
      expr = map programOf (ours permitted.security.sudo-rs.extraRules);
      expected = [ [ "${program}/bin/flake-containers" ] ];
    };
    doas = {
      expr = map (rule: [ rule.cmd rule.noPass rule.groups ]) (ours permitted.security.doas.extraRules);
      expected = [
        [
          "${program}/bin/flake-containers"
          true
          [ "dev" ]
        ]
      ];
    };
  };

  # The real one would copy itself to the store for this.
  packages = {
    installed = {
      expr = installed on;
      expected = true;
    };
    notInstalled = {
      expr = installed off;
      expected = false;
    };
  };

  # As the programs read it.
  real = {
    networkd =
      let
        inherit ((machine [ enabled { systemd.network.enable = true; } ]).systemd.network.units."10-flake-containers.network") text;
      in
      {
        expr = map (line: pkgs.lib.hasInfix line text) [
          "[Match]\nName=fc-*\n"
          "[Link]\nUnmanaged=true\n"
        ];
        expected = [
          true
          true
        ];
      };
    sudoers = {
      expr = pkgs.lib.hasInfix (builtins.unsafeDiscardStringContext "NOPASSWD: ${program}/bin/flake-containers")
          permitted.security.sudo.configFile;
      expected = true;
    };
  };
}
