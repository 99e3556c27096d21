# One container: `flake-containers.containers.NAME`, on both levels. Its options are in options/, one file a theme; this
# makes of them what the runner is told. Given a `context` of the project, as project.nix makes it.
{
  config,
  lib,
  name,
  ...
}:
let
  spec = import ./spec.nix;

  inherit (config.build) command toplevel;

  init =
    if command != null then
      null
    else if config.init != null then
      config.init
    else
      "${toplevel}/init";

  # Of a file, too, because a command is not always a store path, but may refer to some.
  closure = config.pkgs.closureInfo {
    rootPaths = [
      toplevel
      (config.pkgs.writeText "${name}-references" (
        builtins.toJSON [
          command
          config.init
          config.environment
        ]
      ))
    ];
  };

  environment =
    lib.optionalAttrs (command != null) (
      {
        PATH = "${toplevel}/sw/bin:/usr/bin:/bin";
      }
      // lib.optionalAttrs config.nixDaemon { NIX_REMOTE = "daemon"; }
    )
    // config.environment;
in
{
  imports = [
    ./options/system.nix
    ./options/ready.nix
    ./options/network.nix
    ./options/storage.nix
    ./options/rights.nix
    ./options/result.nix
    ./compat.nix
    ./misplaced.nix
    ./problems.nix
    ./nixos.nix
    ./command.nix
  ];

  config.build.spec = spec.containerSpec (
    config
    // {
      inherit command environment;
      system = {
        inherit toplevel init;
        closure = if config.store == "all" then null else "${closure}/store-paths";
      };
    }
  );
}
