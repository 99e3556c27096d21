# Containers -> the commands NAME-up, NAME-down and NAME-shell, the command for the whole project, and the shell that
# has them; tests -> NAME-test. Which there are depends on the names alone: `nix flake show` evaluates no configuration.
#
# Only commands that start containers have a specification, and so a configuration, in them. The others work on what
# runs.
{
  lib,
  pkgs,
  package,
  sudo,
  rootless,
  containers,
  tests,
  # The flake that the commands belong to, as place.nix tells; null: none that the program could find.
  place,
}:
let
  inherit (builtins) attrNames concatMap;

  spec = import ./spec.nix;

  names = attrNames containers;
  runner = "${package}/bin/flake-containers";

  # The specification of these containers, of those that they need, and of those that share a network of theirs. Of other
  # containers it looks at their addresses, and at whose network they share.
  document =
    wanted:
    let
      chosen = lib.genAttrs (spec.part containers wanted) (name: containers.${name});
      problems =
        spec.projectErrors chosen ++ concatMap (name: chosen.${name}.build.problems) (attrNames chosen);
    in
    if problems == [ ] then
      builtins.toJSON (
        spec.document (spec.networksOf containers) (lib.mapAttrs (_: container: container.build.spec) chosen)
        // lib.optionalAttrs rootless { inherit rootless; }
      )
    else
      throw "\n${lib.concatMapStrings (problem: "- ${problem}\n") problems}";

  # The name tells the program that the evaluation was impure, so that it may come out differently the next time.
  documentName =
    if builtins ? currentSystem then "flake-containers-impure.json" else "flake-containers.json";

  specification = wanted: pkgs.writeText documentName (document wanted);

  # The program builds this for some containers: `with.db.with.web.spec`. The tree has no end; Nix evaluates the part
  # that is asked for.
  choose = wanted: {
    spec = specification wanted;
    "with" = lib.genAttrs names (name: choose (wanted ++ [ name ]));
  };

  command =
    {
      name,
      description,
      arguments,
      passthru,
    }:
    let
      script = pkgs.writeScriptBin name ''
        #!${pkgs.runtimeShell}
        exec ${lib.concatStringsSep " " ([ runner ] ++ arguments)} "$@"
      '';
    in
    script
    // passthru
    // {
      meta = script.meta or { } // {
        inherit description;
        mainProgram = name;
      };
    };

  atPlace = lib.optionals (place != null && place.subdir != null) [
    "--subdir"
    (lib.escapeShellArg place.subdir)
  ];
  ofPlace = lib.optionals (place != null && place.file != null) [
    "--of-flake"
    place.file
  ];

  containerCommand =
    name: verb: description:
    let
      file = specification [ name ];
    in
    lib.nameValuePair "${name}-${verb}" (command {
      name = "${name}-${verb}";
      inherit description;
      arguments =
        atPlace
        ++ lib.optionals (verb == "up") (
          ofPlace
          ++ [
            "--spec"
            "${file}"
          ]
        )
        ++ [
          verb
          name
        ];
      passthru = {
        spec = file;
        inherit (containers.${name}.build) config nixos toplevel;
      };
    });

  containerCommands = lib.listToAttrs (
    concatMap (name: [
      (containerCommand name "up" "Start the container ${name} and wait until it is ready")
      (containerCommand name "down" "Stop the container ${name}")
      (containerCommand name "shell" "Open a shell in the container ${name}")
    ]) names
  );

  # The containers are a fresh instance's, so nothing of what runs matters to it.
  testCommand =
    name:
    let
      test = tests.${name};
      file = specification test.wanted;
    in
    lib.nameValuePair "${name}-test" (command {
      name = "${name}-test";
      description = "Run the test ${name} beside containers of its own";
      arguments =
        atPlace
        ++ ofPlace
        ++ [
          "--spec"
          "${file}"
          "with"
          "--fresh"
        ]
        ++ lib.optional (test.from != null) "--from=${lib.escapeShellArg test.from}"
        ++ test.wanted
        ++ [ "--" ]
        ++ map lib.escapeShellArg test.words;
      passthru = {
        spec = file;
      };
    });

  testCommands = lib.listToAttrs (map testCommand (attrNames tests));

  projectCommand =
    let
      all = choose names;
      script = command {
        name = "flake-containers";
        description = "Run the containers of this project";
        # With a flake the program builds what a verb needs, when the verb needs it.
        arguments =
          if place != null then
            atPlace
          else
            [
              "--spec"
              "${all.spec}"
            ];
        passthru = { };
      };
      # With the manual page and what else the package has beside the program.
      environment = pkgs.buildEnv {
        name = "flake-containers";
        paths = [
          (lib.hiPrio script)
          package
        ];
        pathsToLink = [
          "/bin"
          "/share"
        ];
      };
    in
    environment
    // {
      inherit (all) spec;
      inherit (choose [ ]) "with";
      inherit names;
      inherit (script) meta;
    };

  packages =
    containerCommands
    // testCommands
    // {
      flake-containers = projectCommand;
    };

  # The commands of the development shell. With a flake they build what they need when they are run: entering the shell
  # evaluates and builds none of it, and nothing in it gets old.
  shellCommands =
    if place == null then
      lib.attrValues packages
    else
      [
        (pkgs.runCommand "flake-containers-commands"
          {
            preferLocalBuild = true;
            allowSubstitutes = false;
            program = lib.concatStringsSep " " ([ runner ] ++ atPlace);
            # A word that is not a container's name is refused when the specification is built.
            containers = lib.filter spec.isName names;
          }
          ''
            mkdir -p $out/bin
            script() {
                    printf '#!%s\nexec %s "$@"\n' ${pkgs.runtimeShell} "$program$2" >$out/bin/$1
                    chmod +x $out/bin/$1
            }
            script flake-containers ""
            for name in $containers; do
                    for verb in up down shell; do
                            script $name-$verb " $verb $name"
                    done
            done
            [[ ! -e ${package}/share ]] || ln -s ${package}/share $out/share
          ''
        )
      ];

  # Finds the commands where the real sudo, which has a PATH of its own, does not.
  sudoScript = pkgs.writeScriptBin "sudo" (
    builtins.replaceStrings
      [
        "#!/usr/bin/env bash"
        "@commands@"
      ]
      [
        "#!${pkgs.runtimeShell}"
        (lib.concatStringsSep " " (attrNames packages))
      ]
      (builtins.readFile ./sudo)
  );

  greeting = lib.concatMapStrings (name: "  ${name}\n") (
    concatMap (name: [ "${name}-up   ${name}-down   ${name}-shell" ]) names
  );
in
{
  inherit packages;

  apps = lib.mapAttrs (name: package: {
    type = "app";
    program = "${package}/bin/${name}";
    inherit (package) meta;
  }) testCommands;

  # Evaluates everything and builds nothing: only the systems' paths are used.
  check =
    pkgs.runCommand "flake-containers-check"
      {
        passAsFile = [ "document" ];
        document = builtins.unsafeDiscardStringContext (document names);
      }
      ''
        ${runner} --root . --spec "$documentPath" --quiet config
        touch $out
      '';

  devShell = pkgs.mkShell {
    name = "flake-containers";
    nativeBuildInputs = lib.optional sudo sudoScript ++ shellCommands;
    shellHook = ''
      # What leads to the containers that run: now, and when it is called.
      fc_env() { eval "$(flake-containers env)"; }
      fc_env 2>/dev/null || :
      # Not for "nix develop -c" and direnv.
      case $- in
      *i*)
              if type -t complete >/dev/null; then
                      for _file in ${package}/share/bash-completion/completions/*; do
                              [[ ! -r $_file ]] || . "$_file"
                      done
                      unset _file
              fi
              cat >&2 <<'END'

      The containers of this project:

      ${greeting}
      and for all of them flake-containers up, down, status, ...; see flake-containers --help.

      END
              ;;
      esac
    '';
  };
}
