# Projects whose containers a machine starts when it boots, as units of the shape that `flake-containers enable` gives them
# (runner/plan/boot-unit.c), where NixOS writes the units.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    concatMap
    concatStringsSep
    filterAttrs
    literalExpression
    mapAttrs'
    mapAttrsToList
    mkOption
    optional
    optionalAttrs
    optionals
    types
    ;

  inherit (config.programs.flake-containers) package;
  cfg = config.services.flake-containers;

  # One word of a command line or of a list of paths, for systemd. The ':' of a program keeps it from expanding variables.
  quote = text: "\"${builtins.replaceStrings [ "\\" "\"" "%" ] [ "\\\\" "\\\"" "%%" ] text}\"";
  plain = builtins.replaceStrings [ "%" ] [ "%%" ];

  # Of a flake what these containers need is built with the machine; otherwise the program takes what was built last.
  specificationOf =
    project:
    if project.flake == null then
      null
    else
      (builtins.foldl' (all: name: all."with".${name})
        project.flake.packages.${pkgs.stdenv.hostPlatform.system}.flake-containers
        project.containers
      ).spec;

  unit =
    name: project:
    let
      specification = specificationOf project;
      command =
        verb:
        concatStringsSep " " (
          [
            (quote ":${package}/bin/flake-containers")
            (quote "--root=${project.path}")
          ]
          ++ optional (specification != null) (quote "--spec=${specification}")
          ++ [ "--progress=plain" ]
          ++ verb
          ++ project.containers
        );
    in
    {
      name = "flake-containers@${name}";
      value = {
        description = "Containers of ${plain project.path} (flake-containers)";
        documentation = [ "man:flake-containers-enable(1)" ];
        wantedBy = [ "multi-user.target" ];
        wants = [ "machines.target" ] ++ optional project.online "network-online.target";
        after = [
          "machines.target"
          "dbus.service"
          "network.target"
          "network-online.target"
          "remote-fs.target"
          "nss-user-lookup.target"
        ];
        unitConfig = {
          ConditionPathExists = plain project.path;
          RequiresMountsFor = quote project.path;
          # What it has started is stopped with the host, not with the targets of the moment.
          IgnoreOnIsolate = true;
          # What `status` and `ls` read.
          X-FlakeContainersCheckout = project.path;
          X-FlakeContainersNames = concatStringsSep " " project.containers;
          X-FlakeContainersUser = if project.user == null then "0" else project.user;
        };
        # As after doas(1): whose the project is.
        environment = optionalAttrs (project.user != null) { DOAS_USER = project.user; };
        # A change of the machine is applied as `up` does, a new system of a container in place.
        reloadIfChanged = true;
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
          ExecStart = command [
            "up"
            "--no-build"
          ];
          ExecReload = command [
            "up"
            "--no-build"
          ];
          ExecStop = command [ "down" ];
          # `up` has a deadline of its own for each container.
          TimeoutStartSec = "infinity";
          TimeoutStopSec = toString project.stopTimeout;
        };
      };
    };

  problems =
    name: project:
    let
      option = "services.flake-containers.projects.${name}";
    in
    [
      {
        assertion = builtins.match "[a-z0-9]([a-z0-9-]*[a-z0-9])?" name != null;
        message = "services.flake-containers.projects: \"${name}\" is not a name: it consists of a-z, 0-9 and '-', and does not begin or end with '-'.";
      }
      {
        assertion = builtins.match "/.*[^ \\]" project.path != null && builtins.match ".*[\n\t].*" project.path == null;
        message = "${option}.path: \"${project.path}\" must be an absolute path that a unit of systemd can name.";
      }
    ]
    ++ optionals (project.flake != null) [
      {
        assertion = project.flake ? packages.${pkgs.stdenv.hostPlatform.system}.flake-containers.spec;
        message = "${option}.flake: it has no containers for ${pkgs.stdenv.hostPlatform.system}: import flake-containers.flakeModule there, or take another `flake`.";
      }
    ];

  projectType = types.submodule (
    { config, name, ... }:
    {
      options = {
        flake = mkOption {
          type = types.nullOr types.raw;
          default = null;
          example = literalExpression "inputs.shop";
          description = ''
            The flake that has the containers. They are built with the machine, and a change of them is applied when the
            machine is switched. Without it the project is what `path` has: its `flake-containers.json`, or what was built
            last of its `flake.nix`.
          '';
        };
        path = mkOption {
          type = types.str;
          default = "/var/lib/flake-containers/${name}";
          defaultText = literalExpression ''"/var/lib/flake-containers/''${name}"'';
          example = "/home/alice/shop";
          description = ''
            The project's directory, in which `.containers` keeps what the containers write. That of the default is made
            when the machine boots.
          '';
        };
        containers = mkOption {
          type = types.listOf types.str;
          default = [ ];
          example = [ "db" ];
          description = "Which containers, each with what it depends on. Of an empty list, all without `profiles`.";
        };
        user = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "alice";
          description = "On whose behalf, as if they had typed `up`: whose files the project's are. Null is root.";
        };
        online = mkOption {
          type = types.bool;
          default = false;
          description = ''
            Whether to wait for the machine's network at boot: for containers with `network.internet`, and for ports at an
            address of the machine.
          '';
        };
        stopTimeout = mkOption {
          type = types.ints.positive;
          default = 120;
          description = "How many seconds the containers may take to stop, all together, when the machine shuts down.";
        };
      };
    }
  );

  ours = filterAttrs (name: project: project.path == "/var/lib/flake-containers/${name}") cfg.projects;
in
{
  options.services.flake-containers.projects = mkOption {
    type = types.attrsOf projectType;
    default = { };
    example = literalExpression ''{ shop = { flake = inputs.shop; containers = [ "db" ]; }; }'';
    description = ''
      Projects whose containers are started when the machine boots and stopped, in order, when it shuts down: what
      `flake-containers enable` does elsewhere.
    '';
  };

  config = {
    assertions = concatMap (list: list) (mapAttrsToList problems cfg.projects);
    systemd.services = mapAttrs' unit cfg.projects;
    systemd.tmpfiles.rules = mapAttrsToList (
      _: project: "d ${project.path} 0755 ${if project.user == null then "root" else project.user} - - -"
    ) ours;
  };
}
