# One container: `flake-containers.containers.NAME`, on both levels. Its options are in options/, one file a theme; this
# makes of them what the runner is told. Given a `context` of the project, as project.nix makes it.
{
  config,
  lib,
  name,
  ...
}:
let
  inherit (builtins) isAttrs;

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
  # The program cannot know the accounts of a system that has yet to boot; its configuration does.
  numbered =
    volume:
    let
      owner = if isAttrs volume then volume.owner or null else null;
      inherit (config.build.config) users;
      account = users.users.${owner} or { };
      uid = account.uid or null;
      gid = users.groups.${account.group or ""}.gid or null;
    in
    if !spec.isAccountName owner then
      volume
    else if config.build.nixos == null then
      throw "flake-containers.containers.${name}.volumes: owner '${owner}': a toplevel does not tell the numbers of its accounts: write \"UID:GID\""
    else if uid == null || gid == null then
      throw "flake-containers.containers.${name}.volumes: owner '${owner}': set users.users.${owner}.uid, and the gid of its group, in the configuration, or write \"UID:GID\""
    else
      volume // { owner = "${toString uid}:${toString gid}"; };
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
    ./node.nix
    ./command.nix
  ];

  config.build.spec = spec.containerSpec (
    config
    // {
      inherit command environment;
      volumes = map numbered config.volumes;
      system = {
        inherit toplevel init;
        closure = if config.store == "all" then null else "${closure}/store-paths";
      };
    }
  );
}
