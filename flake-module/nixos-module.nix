# A NixOS module for a developer's machine: the program for all projects, of the machine's nixpkgs, and what the machine
# has to know of containers. A project needs no more of it than the settings, since it brings the program itself.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  inherit (lib)
    literalExpression
    mkIf
    mkOption
    mkOverride
    types
    ;

  cfg = config.programs.flake-containers;
  inherit (cfg.passwordless) groups users;
  program = "${cfg.package}/bin/flake-containers";

  # What sudo and sudo-rs, which is there since 23.11, both take.
  sudoRules = [
    {
      inherit groups users;
      commands = [
        {
          command = program;
          options = [ "NOPASSWD" ];
        }
      ];
    }
  ];
in
{
  imports = [ ./nixos-projects.nix ];

  options.programs.flake-containers = {
    enable = lib.mkEnableOption "flake-containers, the program that runs the containers of a project";

    package = mkOption {
      type = types.package;
      default = pkgs.callPackage ./package.nix { };
      defaultText = literalExpression "pkgs.callPackage ./package.nix { }";
      description = "The program.";
    };

    passwordless = {
      users = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "alice" ];
        description = ''
          Users who run the program as root without a password, by sudo, sudo-rs or doas. They can do everything on the
          machine then, since a specification can. It is for this package's program, not for the one that the commands of
          a project bring.
        '';
      };
      groups = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "wheel" ];
        description = "Groups whose members may do what `passwordless.users` may.";
      };
    };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];

    # The host's end of a project's network has its address when it appears: no network manager is to give it another.
    networking.dhcpcd.denyInterfaces = [ "fc-*" ];
    networking.networkmanager.unmanaged = [ "interface-name:fc-*" ];
    systemd.network.networks."10-flake-containers" = {
      matchConfig.Name = "fc-*";
      linkConfig.Unmanaged = true;
    };

    # A small guest takes five; root has 128 by default. Weaker than what desktops set.
    boot.kernel.sysctl."fs.inotify.max_user_instances" = mkOverride 1200 1024;

    # What the kernel would load when it is needed.
    boot.kernelModules = mkIf config.security.lockKernelModules [
      "bridge"
      "overlay"
      "tun"
      "veth"
    ];

    security = mkIf (users != [ ] || groups != [ ]) (
      {
        sudo.extraRules = sudoRules;
        doas.extraRules = [
          {
            inherit groups users;
            cmd = program;
            noPass = true;
          }
        ];
      }
      // lib.optionalAttrs (options.security ? sudo-rs) { sudo-rs.extraRules = sudoRules; }
    );
  };
}
