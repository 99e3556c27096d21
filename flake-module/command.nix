# What runs in a container instead of an init: `runCommand` as the words of a command.
{
  config,
  lib,
  name,
  options,
  ...
}:
let
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

  inherit (import ./program.nix lib) wordsOf;
in
{
  config.build.command = wordsOf {
    option = "containers.${name}.runCommand";
    inherit (options.runCommand) files;
    inherit (config) pkgs;
    inherit shellScript;
  } config.runCommand;
}
