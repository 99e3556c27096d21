# When a container is started, when it is ready, what fills it then, and when it is started again or stopped.
{ lib, ... }:
let
  inherit (builtins) isString;
  inherit (lib) mkOption types;
  inherit (import ../types.nix lib)
    hinted
    hostString
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

  hookCommands = listOf (
    hinted (types.listOf types.str) (
      whenIs isString "each command is a list of words, so this is a list of lists: [ [ \"make\" \"migrate\" ] ]"
    )
  );

  seedModule = setOf {
    run =
      mkNullable
        (hinted (types.listOf types.str) (
          whenIs isString "write a list of words; a line for a shell is [ \"sh\" \"-c\" \"...\" ]"
        ))
        {
          example = [
            "createdb"
            "shop"
          ];
          description = "A program and its arguments, run inside without a shell.";
        };
    sql = mkNullable hostString {
      example = "seed.sql";
      description = ''
        A file with SQL, absolute or relative to the root of the project, which `psql` inside reads, as the user
        `postgres`, or else `mariadb` or `mysql`.
      '';
    };
    database = mkNullable types.str {
      example = "shop";
      description = "With `sql`: the database that it connects to.";
    };
    user = mkNullable (types.either types.str types.ints.unsigned) {
      example = "postgres";
      description = "Name or number of the account inside that it runs as.";
    };
    timeout = mkNullable seconds {
      description = "Seconds that it may take; 300 when it is left out.";
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

    profiles = mkOption {
      type = listOf types.str;
      default = [ ];
      example = [ "debug" ];
      description = ''
        The container is started only by `up --profile` with one of these names, by its name, or since another one
        depends on it.
      '';
    };

    shared = mkFlag "Whether the work trees of a git repository share the container: the main one has it, `up` in any starts it, and the `down` of the last that uses it stops it. Not with `oneShot`.";

    ready = {
      timeout = mkNullable seconds {
        description = "Seconds that `up` waits until the container is ready; 60 when it is left out.";
      };
      notify = mkNullable types.bool {
        description = "Whether PID 1, or the command, says when it is ready (sd_notify(3)), as systemd does; that is the default with an init.";
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

    seed = mkOption {
      type = listOf (
        hinted seedModule (
          whenIs isString "each step is a set: { sql = \"seed.sql\"; } or { run = [ \"createdb\" \"shop\" ]; }"
        )
      );
      default = [ ];
      example = [
        {
          run = [
            "createdb"
            "shop"
          ];
          user = "postgres";
        }
        {
          sql = "seed.sql";
          database = "shop";
        }
      ];
      description = ''
        What fills the container once, when it has become ready for the first time: steps, one after another. Each has
        `run` or `sql`. What depends on the container waits for their end. They run again when its root, or its `@`
        volumes where it has any, are fresh; `reset --volumes` makes them so.
      '';
    };

    hooks.afterReady = mkOption {
      type = hookCommands;
      default = [ ];
      example = [
        [
          "make"
          "migrate"
        ]
      ];
      description = ''
        Commands on the host when `up`, `restart` or `reset` have started the container and it is ready: each a program
        and its arguments, run as the developer in the project's directory, with the variables of `env`.
      '';
    };

    hooks.beforeDown = mkOption {
      type = hookCommands;
      default = [ ];
      example = [ [ "./dump-database" ] ];
      description = "Likewise before `down` stops the container, which it does in any case.";
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
