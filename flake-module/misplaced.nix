# Options that people who know NixOS write into a container although they belong elsewhere: each says where it goes.
{
  config,
  lib,
  name,
  options,
  ...
}:
let
  inherit (builtins) attrNames filter;

  where = import ./where.nix;

  # The top of a NixOS configuration, without the options that a container has as well.
  ofNixos = lib.genAttrs [
    "boot"
    "console"
    "documentation"
    "fileSystems"
    "fonts"
    "hardware"
    "home-manager"
    "i18n"
    "networking"
    "nix"
    "programs"
    "security"
    "services"
    "swapDevices"
    "system"
    "systemd"
    "time"
    "virtualisation"
    "xdg"
  ] (option: "it is an option of NixOS: write configuration.${option}");

  reasons = ofNixos // {
    imports = "an attribute set only has options: write a function, containers.${name} = { ... }: { imports = [ .. ]; }; modules of NixOS go into configuration.imports";
    enable = "a container that is defined is there: use lib.mkIf to have it at times only";
    packages = "write configuration.environment.systemPackages";
    volume = "write volumes";
    port = "write ports";
    env = "write environment";
    env_file = "write envFile";
    environmentFile = "write envFile";
    command = "write runCommand";
    image = "containers are made of a NixOS configuration, or of a toplevel; a root file system goes into a flake-containers.json";
    depends_on = "write dependsOn";
    hostname = "the host name is the container's name";
  };
in
{
  options = lib.mapAttrs (
    _: reason:
    lib.mkOption {
      type = lib.types.listOf lib.types.raw // {
        # Any value, any number of definitions.
        check = _: true;
        merge = _: _: [ ];
      };
      visible = false;
      description = "Refused: ${reason}.";
    }
  ) reasons;

  config.build.problems = map (
    option:
    "flake-containers.containers.${name}.${option}: ${reasons.${option}}${where.files options.${option}.files}"
  ) (filter (option: options.${option}.isDefined) (attrNames reasons));
}
