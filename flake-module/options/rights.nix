# What a container may do: its users, capabilities, devices, limits.
{ lib, ... }:
let
  inherit (builtins) isAttrs isBool isList;
  inherit (lib) mkOption types;
  inherit (import ../types.nix lib)
    hinted
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
      description = "Limits, as in {manpage}`systemd.resource-control(5)`.";
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

    nspawnArgs = mkOption {
      type = listOf types.str;
      default = [ ];
      example = [ "--rlimit=NOFILE=65536" ];
      description = "More options for {manpage}`systemd-nspawn(1)`, at your own responsibility.";
    };
  };
}
