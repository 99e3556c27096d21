# Containers -> the commands NAME-up, NAME-down and NAME-shell, the command for the whole project, and the shell that
# has them. Which there are depends on the names of the containers alone: `nix flake show` evaluates no configuration.
{
  lib,
  pkgs,
  package,
  sudo,
  containers,
}:
let
  inherit (builtins) attrNames concatMap;

  spec = import ./spec.nix;

  names = attrNames containers;
  runner = "${package}/bin/flake-containers";

  # The specification of these containers and of what they need. Looks at no other container.
  specification =
    wanted:
    let
      chosen = lib.genAttrs (spec.closure containers wanted) (name: containers.${name});
      problems =
        spec.projectErrors chosen ++ concatMap (name: chosen.${name}.build.problems) (attrNames chosen);
    in
    if problems == [ ] then
      pkgs.writeText "flake-containers.json" (
        builtins.toJSON (spec.document (lib.mapAttrs (_: container: container.build.spec) chosen))
      )
    else
      throw "\n${lib.concatMapStrings (problem: "- ${problem}\n") problems}";

  command =
    {
      name,
      description,
      text,
      passthru,
    }:
    let
      script = pkgs.writeScriptBin name "#!${pkgs.runtimeShell}\n${text}\n";
    in
    script
    // passthru
    // {
      meta = script.meta or { } // {
        inherit description;
        mainProgram = name;
      };
    };

  containerCommand =
    name: verb: description:
    let
      file = specification [ name ];
    in
    lib.nameValuePair "${name}-${verb}" (command {
      name = "${name}-${verb}";
      inherit description;
      text = ''exec ${runner} --spec ${file} ${verb} ${name} "$@"'';
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

  all = specification names;

  projectCommand =
    let
      script = command {
        name = "flake-containers";
        description = "Run the containers of this project";
        text = ''exec ${runner} --spec ${all} "$@"'';
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
      spec = all;
      inherit (script) meta;
    };

  packages = containerCommands // {
    flake-containers = projectCommand;
  };

  # Finds the commands where the real sudo, which has a PATH of its own, does not.
  sudoScript = pkgs.writeScriptBin "sudo" ''
    #!${pkgs.runtimeShell}
    # The sudo of 'nix develop .#flake-containers': it knows where the commands of this shell are.
    options=()
    while (($#)); do
            case $1 in
            --)
                    options+=("$1")
                    shift
                    break
                    ;;
            -[CDRTUghprtu] | --chdir | --chroot | --close-from | --command-timeout | --group | --host | --other-user | \
                    --prompt | --role | --type | --user)
                    options+=("''${@:1:2}")
                    shift "$(($# < 2 ? $# : 2))"
                    ;;
            -* | [A-Za-z_]*=*)
                    options+=("$1")
                    shift
                    ;;
            *) break ;;
            esac
    done
    case ''${1-} in
    ${lib.concatStringsSep " | " (attrNames packages)})
            command=$(type -P -- "$1") && set -- "$command" "''${@:2}"
            ;;
    esac
    # The one behind this in PATH: there may be more of our kind, of other projects.
    real=
    while read -r program; do
            if [[ $program -ef ''${BASH_SOURCE[0]} ]]; then
                    real=
            else
                    real=''${real:-$program}
            fi
    done < <(type -ap sudo)
    if [[ ! $real ]]; then
            echo "sudo: there is none behind that of this shell" >&2
            exit 127
    fi
    exec "$real" "''${options[@]}" "$@"
  '';

  greeting = lib.concatMapStrings (name: "  ${name}\n") (
    concatMap (name: [ "${name}-up   ${name}-down   ${name}-shell" ]) names
  );
in
{
  inherit packages;

  devShell = pkgs.mkShell {
    name = "flake-containers";
    nativeBuildInputs = lib.optional sudo sudoScript ++ lib.attrValues packages;
    shellHook = ''
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
