# What a container may do: its users, capabilities, devices, limits.
{ lib, ... }:
let
  inherit (builtins) isAttrs isBool isList;
  inherit (lib) mkOption types;
  inherit (import ../types.nix lib)
    hinted
    hostPath
    hostString
    listOf
    mkNullable
    orSet
    setOf
    whenIs
    ;

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
in
{
  options = {
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
      description = "Limits, as in {manpage}`systemd.resource-control(5)`. A change of them restarts nothing.";
    };

    environment = mkOption {
      type = types.attrsOf (
        hinted (types.either types.int types.str) (
          value:
          if isBool value then
            "a variable is text: write \"${if value then "true" else "false"}\""
          else if isAttrs value || isList value then
            "here are variables of the container: the options of NixOS go into configuration.environment"
          else
            null
        )
      );
      default = { };
      example = {
        TZ = "Europe/Berlin";
      };
      description = "Variables of the services and of `exec` and `shell`, or of the command. Not for secrets.";
    };

    envFile = mkOption {
      type = hinted (types.coercedTo types.str (file: [ file ]) (listOf hostString)) hostPath;
      default = [ ];
      example = ".env";
      description = ''
        A file with variables, or a list of files of which later ones count more: `NAME=VALUE`, one a line, as docker
        compose and `EnvironmentFile=` of {manpage}`systemd.exec(5)` agree on it. Each path is absolute or relative to the
        root of the project, and is read when the container starts. The values are secrets: they get neither into the
        store nor into anything that other users can see. They reach what `environment` reaches, which counts more.
      '';
    };

    environmentUnits = mkOption {
      type = listOf types.str;
      default = [ ];
      example = [ "postgresql.service" ];
      description = ''
        The services that get `environment` and `envFile`, beside `exec` and `shell`. The default is all of them, of
        `envFile` all but systemd's own.
      '';
    };

    nspawnArgs = mkOption {
      type = listOf types.str;
      default = [ ];
      example = [ "--rlimit=NOFILE=65536" ];
      description = "More options for {manpage}`systemd-nspawn(1)`, at your own responsibility.";
    };
  };
}
