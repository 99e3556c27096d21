# What is made of the options of a container.
{ lib, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../types.nix lib) listOf;
in
{
  options = {
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
      node = mkOption {
        type = types.raw;
        readOnly = true;
        description = ''
          Its configuration as a node of a NixOS test: `nodes.db = config.flake-containers.containers.db.build.node`, or
          `containers.db` where the test driver knows nodes of systemd-nspawn. Volumes, ports and the like it has not.
        '';
      };
      nodeArgs = mkOption {
        type = types.raw;
        readOnly = true;
        internal = true;
        description = "The arguments of its modules that do not differ from those of other containers.";
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
      # Not assertions of the module system: these end an evaluation with the first container that has some, and one
      # that is not asked for is not looked at. commands.nix throws those of all that a command starts.
      problems = mkOption {
        type = listOf types.str;
        default = [ ];
        internal = true;
        description = "What is wrong with the options.";
      };
    };
  };
}
