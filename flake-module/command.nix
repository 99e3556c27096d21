# What runs in a container instead of an init: `runCommand` as the words of a command.
{
  config,
  lib,
  name,
  options,
  ...
}:
let
  inherit (builtins)
    isList
    isPath
    isString
    map
    toString
    ;

  inherit (import ./types.nix lib) isSet;

  where = import ./where.nix;

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

  said = config.runCommand;
  value = if lib.isFunction said then said config.pkgs else said;

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
  config.build.command =
    if value == null then
      null
    else if isList value then
      map programOf value
    else
      [ (if isString value then "${shellScript value}" else programOf value) ];
}
