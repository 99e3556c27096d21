# The option reference, docs/options.md, made of the options themselves: docs/make-options.
{
  # The lib of a current nixpkgs.
  lib,
}:
let
  inherit (builtins)
    concatStringsSep
    filter
    isAttrs
    replaceStrings
    substring
    ;

  # Nothing that a package or the flake decides is in here: everything of the kind has a defaultText.
  unknown = what: throw "docs/options.nix: a default needs ${what}, give the option a defaultText";

  top = lib.evalModules {
    modules = [
      ../flake-module
      { options.flake = lib.mkOption { internal = true; }; }
    ];
    specialArgs = {
      inputs = unknown "inputs";
      self = unknown "self";
      withSystem = unknown "a system";
      flake-parts-lib.mkPerSystemOption = _: lib.mkOption { internal = true; };
    };
  };

  system = lib.evalModules {
    modules = [
      ../flake-module/project.nix
      { pkgs = unknown "pkgs"; }
    ];
    specialArgs = {
      nixpkgsArguments = unknown "nixpkgsArguments";
      self = null;
    };
  };

  machine = lib.evalModules {
    modules = [
      ../flake-module/nixos-module.nix
      {
        options = lib.genAttrs [ "assertions" "boot" "environment" "networking" "security" "systemd" ] (
          _: lib.mkOption { internal = true; }
        );
        config.security.lockKernelModules = false;
      }
    ];
    specialArgs.pkgs = unknown "pkgs";
  };

  listed =
    evaluation:
    lib.sort (a: b: a.name < b.name) (
      filter (option: option.visible && !option.internal && builtins.head option.loc != "_module") (
        lib.optionAttrSetToDocList evaluation.options
      )
    );

  text = value: if isAttrs value then value.text or (lib.generators.toPretty { } value) else lib.generators.toPretty { } value;

  trim = string: lib.removeSuffix "\n" (lib.removePrefix "\n" string);

  value =
    title: content:
    if lib.hasInfix "\n" content then
      "${title}:\n\n```nix\n${trim content}\n```"
    else if content == "" then
      null
    else
      "${title}: `${content}`";

  paragraph =
    prefix: option:
    concatStringsSep "\n\n" (
      filter (part: part != null) [
        "### ${replaceStrings [ "<" ">" ] [ "&lt;" "&gt;" ] (prefix + option.name)}"
        (trim (replaceStrings [ "{manpage}" ] [ "" ] (option.description.text or option.description)))
        "Type: ${option.type}"
        (if (text (option.default or null)) == "null" then null else value "Default" (text option.default))
        (if (text (option.example or true)) == "true" then null else value "Example" (text option.example))
        (if option.readOnly then "Read-only." else null)
      ]
    )
    + "\n";

  # Of the containers of NixOS and of extra-container: what is mapped, in one line each.
  isCompat = option: builtins.any (lib.hasSuffix "flake-module/compat.nix") (map toString option.declarations);
  compat = option: "| `${lib.removePrefix "containers.<name>." option.name}` | ${trim option.description} |\n";

  # Of the stand-in NixOS or the real one, ours alone.
  isOfMachine =
    option: lib.hasPrefix "programs." option.name || lib.hasPrefix "services.flake-containers." option.name;

  prefix = "perSystem.flake-containers.";
  systemOptions = listed system;
  isContainer = option: lib.hasPrefix "containers.<name>." option.name;
in
''
  # Options

  Made of the types in `flake-module/` by `docs/make-options`; do not edit.

  The options of a container are the same in `flake-containers.containers` and in `perSystem.flake-containers.containers`.
  A container that is defined in both is merged: lists are joined, modules are combined.

  ## Top level

  ${concatStringsSep "\n" (map (paragraph "") (listed top))}
  ## perSystem

  ${concatStringsSep "\n" (map (paragraph prefix) (filter (option: !isContainer option) systemOptions))}
  ## A container

  ${concatStringsSep "\n" (
    map (paragraph "") (
      map (option: option // { name = lib.removePrefix "containers.<name>." option.name; }) (
        filter (option: isContainer option && !isCompat option) systemOptions
      )
    )
  )}
  ## Names of NixOS containers and extra-container

  Accepted in a container where they carry over:

  | Name | Here |
  |---|---|
  ${concatStringsSep "" (map compat (filter isCompat systemOptions))}
  ## A machine's NixOS

  Of `nixosModules.default`. With `programs.flake-containers.enable` it also keeps dhcpcd, NetworkManager and networkd away
  from the host's ends of the projects' networks (`fc-*`), raises `fs.inotify.max_user_instances` to 1024, of which each container takes some, and
  loads the kernel modules that containers need where `security.lockKernelModules` would keep them out.

  ${concatStringsSep "\n" (map (paragraph "") (filter isOfMachine (listed machine)))}''
