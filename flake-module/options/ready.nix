# When a container is started, when it is ready, and when it is started again or stopped.
{ lib, ... }:
let
  inherit (builtins) isString;
  inherit (lib) mkOption types;
  inherit (import ../types.nix lib)
    hinted
    listOf
    mkFlag
    mkNullable
    portNumber
    seconds
    setOf
    whenIs
    ;

  httpModule = setOf {
    port = mkOption {
      type = portNumber;
      description = "Port inside.";
    };
    path = mkNullable types.str {
      example = "/health";
      description = "What is asked for; `/` when it is left out.";
    };
    status = mkNullable (types.listOf types.ints.unsigned) {
      example = [
        200
        299
      ];
      description = "First and last status that mean ready; 200 to 399 when it is left out.";
    };
  };
in
{
  options = {
    dependsOn = mkOption {
      type = hinted (types.coercedTo (types.listOf types.str) (names: lib.genAttrs names (_: "ready")) (
        types.attrsOf (
          types.enum [
            "started"
            "ready"
            "completed"
          ]
        )
      )) (whenIs isString "write a list of names, [ \"NAME\" ], or { NAME = \"ready\"; }");
      default = { };
      example = {
        cache = "ready";
        migration = "completed";
      };
      description = ''
        The containers that are started before this one, and what is waited for: that they are started, ready, or
        completed, which takes `oneShot = true` in them. A list of names means ready.
      '';
    };

    oneShot = mkFlag "Whether the container is expected to end by itself: `up` waits until it has, with status 0. It takes no `restart` and, but for its `timeout`, no `ready`.";

    ready = {
      timeout = mkNullable seconds {
        description = "Seconds that `up` waits until the container is ready; 60 when it is left out.";
      };
      notify = mkNullable types.bool {
        description = "Whether PID 1 says when it is ready, as systemd does; that is the default with an init.";
      };
      units = mkOption {
        type = listOf types.str;
        default = [ ];
        example = [ "postgresql.service" ];
        description = "Units inside that have to be active.";
      };
      tcp = mkOption {
        type = listOf portNumber;
        default = [ ];
        example = [ 5432 ];
        description = "Ports inside that have to accept connections.";
      };
      http = mkOption {
        type = listOf (
          hinted (types.coercedTo portNumber (port: { inherit port; }) httpModule) (
            whenIs isString "write the port, or { port = 80; path = \"/health\"; }"
          )
        );
        default = [ ];
        example = [
          {
            port = 80;
            path = "/health";
          }
        ];
        description = "Pages inside that have to load. A number is a port whose `/` is asked for.";
      };
      exec = mkOption {
        type = listOf (
          hinted (types.listOf types.str) (
            whenIs isString "each command is a list of words, so this is a list of lists: [ [ \"pg_isready\" \"-q\" ] ]"
          )
        );
        default = [ ];
        example = [
          [
            "pg_isready"
            "-q"
          ]
        ];
        description = "Commands that have to succeed inside: each a program and its arguments.";
      };
      unix = mkOption {
        type = listOf types.str;
        default = [ ];
        example = [ "/run/postgresql/.s.PGSQL.5432" ];
        description = "Sockets inside that have to accept connections.";
      };
    };

    restart =
      mkNullable
        (types.enum [
          "no"
          "on-failure"
        ])
        { description = "Whether the container is started again when it has failed; `\"no\"` when it is left out."; };

    stop.timeout = mkNullable seconds {
      description = "Seconds that `down` waits for an orderly stop before it ends the container; 10 when it is left out.";
    };

    stop.signal = mkNullable types.str {
      description = ''
        The signal, as signal(7) names it, that asks the command or the init to end; `"SIGTERM"` for a command and
        `"SIGRTMIN+3"` for an init when it is left out.
      '';
      example = "SIGINT";
    };
  };
}
