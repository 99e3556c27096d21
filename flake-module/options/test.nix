# A test of the user's own: a program that runs beside a fresh instance of some containers. Given `containerNames`, of all
# that there are, and `defaultNames`, of those that `with` starts without names.
{
  containerNames,
  defaultNames,
  lib,
  name,
  options,
  pkgs,
  config,
  ...
}:
let
  inherit (lib) literalExpression mkOption types;
  inherit (import ../types.nix lib) listOf mkNullable;

  program = import ../program.nix lib;
  where = import ../where.nix;
  spec = import ../spec.nix;

  refuse =
    option: message:
    throw "\n- flake-containers.tests.${name}${option.name}: ${message}${where.files option.files}";

  unknown = builtins.filter (container: !builtins.elem container containerNames) config.containers;
in
{
  options = {
    containers = mkOption {
      type = listOf types.str;
      default = defaultNames;
      defaultText = literalExpression "all containers without profiles";
      example = [ "db" ];
      description = "The containers that it needs, by name. Those that they depend on come with them.";
    };

    from = mkNullable types.str {
      example = "seeded";
      description = "The snapshot that roots and volumes begin as, of those of the project where the test is run.";
    };

    script = mkOption {
      inherit (program) type;
      example = literalExpression ''
        pkgs: "''${pkgs.postgresql}/bin/psql --host $DB_HOST --port $DB_PORT --file tests.sql"
      '';
      description = ''
        What runs: a script for bash, which ends with the first command that fails, a program with its arguments as a
        list, a package, whose main program it is, or a function of `pkgs` that returns one of these. It runs in the
        folder where the test is started, and gets the test's arguments. Its status is that of the test.
      '';
    };

    words = mkOption {
      type = types.raw;
      readOnly = true;
      internal = true;
      description = "The script as the words of a command.";
    };
    wanted = mkOption {
      type = types.raw;
      readOnly = true;
      internal = true;
      description = "The containers, all of which there are.";
    };
  };

  config = {
    words = program.wordsOf {
      option = "tests.${name}.script";
      inherit (options.script) files;
      inherit pkgs;
      shellScript = text: pkgs.writeScript "${name}-script" "#!${pkgs.runtimeShell}\nset -euo pipefail\n${text}\n";
    } config.script;

    wanted =
      if !spec.isName name then
        throw "\n- flake-containers.tests.${name}: the name of a test is one of commands: ${spec.allowedName}"
      else if config.containers == [ ] then
        refuse {
          name = ".containers";
          inherit (options.containers) files;
        } "a test needs at least one container"
      else if unknown != [ ] then
        refuse {
          name = ".containers";
          inherit (options.containers) files;
        } "there is no container '${builtins.head unknown}'"
      else
        config.containers;
  };
}
