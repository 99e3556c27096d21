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

  installed = config: builtins.any (package: package.name or null == program.name) config.environment.systemPackages;
  programOf = rule: map (command: command.command) rule.commands;
  ours = builtins.filter (rule: rule.users or [ ] == [ "alice" ]);
  inotify = config: toString config.boot.kernel.sysctl."fs.inotify.max_user_instances" or "";
in
{
  rows = {
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
