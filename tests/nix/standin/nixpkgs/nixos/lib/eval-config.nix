# Not NixOS: enough of its options that the guest module and a user's few lines evaluate, and a toplevel that boots a
# Debian tree (`standin.tree`) as NixOS boots, from a root in which there is nothing but the store: by tests/live/stage1.c
# and tests/lib/stage2.bash, which `make` copies here.
{
  system ? builtins.currentSystem,
  lib ? import ../../lib,
  pkgs ? null,
  modules,
  prefix ? [ ],
  specialArgs ? { },
}:
let
  inherit (lib) mkOption types;
  # Inside of the module below `pkgs` is what the configuration says.
  given = pkgs;
  option =
    type: default:
    mkOption {
      inherit type default;
      description = "As in NixOS.";
    };
  flag = option types.bool;

  base =
    {
      config,
      options,
      pkgs,
      ...
    }:
    let
      toplevel =
        pkgs.runCommand "nixos-system-${config.networking.hostName}-standin"
          {
            packages = map toString config.environment.systemPackages;
            tree = toString config.standin.tree;
            initialScript = config.services.postgresql.initialScript or "";
            hostName = config.networking.hostName;
            settings = builtins.toJSON {
              inherit (config) boot networking;
              etc = lib.mapAttrs (_: file: file.enable) config.environment.etc;
            };
            passAsFile = [ "settings" ];
          }
          ''
            mkdir -p $out/etc $out/sw/bin
            cp "$settingsPath" $out/settings.json
            if [[ -z $tree ]]; then
                    printf 'ID=nixos\nNAME="NixOS stand-in"\n' >$out/etc/os-release
            else
                    ln -s $tree/usr $out/usr
                    ln -s $tree/usr/bin/* $out/sw/bin/
                    cp -a $tree/etc/. $out/etc/
                    chmod u+w $out/etc
                    rm -f $out/etc/{hosts,machine-id,resolv.conf}
                    gcc -static -O2 -o $out/stage1 ${../stage1.c}
                    [[ -z $initialScript ]] || cp $initialScript $out/etc/initial.sql
                    printf '#!%s/stage1\nsystemConfig=%s\n' $out $out | cat - ${../stage2.bash} >$out/init
                    chmod +x $out/init
            fi
            echo "$hostName" >$out/etc/hostname
            for package in $packages; do
                    ln -sf $package/bin/* $out/sw/bin/
            done
          '';
    in
    {
      _file = "NixOS stand-in";
      # The thousands of other options.
      freeformType = types.lazyAttrsOf types.anything;

      options = {
        assertions = option (types.listOf types.unspecified) [ ];
        warnings = option (types.listOf types.str) [ ];
        boot.isContainer = flag false;
        boot.isNspawnContainer = flag false;
        boot.kernel.sysctl = option (types.lazyAttrsOf types.unspecified) { };
        boot.kernelModules = option (types.listOf types.str) [ ];
        documentation.enable = flag true;
        documentation.nixos.enable = flag true;
        environment.etc = option (types.attrsOf (types.submodule ({ name, ... }: {
          options = {
            enable = flag true;
            target = option types.str name;
            text = option (types.nullOr types.lines) null;
            source = option (types.nullOr types.path) null;
            mode = option types.str "symlink";
          };
        }))) { };
        environment.systemPackages = option (types.listOf types.package) [ ];
        networking.hostName = option types.str "nixos";
        networking.hosts = option (types.attrsOf (types.listOf types.str)) { };
        networking.extraHosts = option types.lines "";
        networking.useDHCP = flag true;
        networking.useHostResolvConf = flag false;
        networking.useNetworkd = flag false;
        networking.nameservers = option (types.listOf types.str) [ ];
        networking.resolvconf.enable = flag true;
        networking.resolvconf.useLocalResolver = flag false;
        networking.firewall.enable = flag true;
        networking.firewall.allowedTCPPorts = option (types.listOf types.port) [ ];
        networking.dhcpcd.enable = flag true;
        networking.dhcpcd.denyInterfaces = option (types.listOf types.str) [ ];
        networking.networkmanager.unmanaged = option (types.listOf types.str) [ ];
        nix.enable = flag true;
        nixpkgs.pkgs = mkOption {
          type = types.raw;
          description = "As in NixOS.";
        };
        nixpkgs.config = option (types.lazyAttrsOf types.anything) { };
        nixpkgs.overlays = option (types.listOf types.raw) [ ];
        security.doas.extraRules = option (types.listOf types.unspecified) [ ];
        security.lockKernelModules = flag false;
        security.sudo.extraRules = option (types.listOf types.unspecified) [ ];
        security.sudo-rs.extraRules = option (types.listOf types.unspecified) [ ];
        services.logrotate.enable = flag true;
        services.journald.extraConfig = option types.lines "";
        services.httpd.enable = flag false;
        services.httpd.adminAddr = option (types.nullOr types.str) null;
        system.build = option (types.lazyAttrsOf types.raw) { };
        system.stateVersion = option types.str "26.11";
        systemd.extraConfig = option types.lines "";
        systemd.network.networks = option (types.lazyAttrsOf types.anything) { };
        systemd.services = option (types.lazyAttrsOf types.anything) { };
        users.allowNoPasswordLogin = flag false;

        standin.tree = mkOption {
          type = types.nullOr types.path;
          # Of a configuration, where the inputs of a test have it.
          default = if builtins.pathExists ../../tree.nix then import ../../tree.nix config else null;
          defaultText = "null";
          description = "Debian's file system; without it the toplevel is built, but does not boot.";
        };
      };

      config = {
        nixpkgs.pkgs = lib.mkIf (given != null) (lib.mkDefault given);
        _module.args.pkgs = lib.mkDefault (
          if options.nixpkgs.pkgs.isDefined then
            config.nixpkgs.pkgs
          else
            import ../.. {
              inherit system;
              inherit (config.nixpkgs) config overlays;
            }
        );
        assertions = [
          {
            assertion = options.nixpkgs.pkgs.isDefined -> config.nixpkgs.config == { };
            message = "Your system configures nixpkgs with an externally created instance.";
          }
        ];
        system.build.toplevel =
          let
            failed = lib.filter (a: !a.assertion) config.assertions;
          in
          if failed != [ ] then
            throw "\nFailed assertions:\n${lib.concatMapStringsSep "\n" (a: "- ${a.message}") failed}"
          else
            lib.foldr lib.warn toplevel config.warnings;
      };
    };
in
lib.evalModules {
  class = "nixos";
  inherit prefix;
  specialArgs = {
    modulesPath = ../modules;
  }
  // specialArgs;
  modules = [ base ] ++ modules;
}
