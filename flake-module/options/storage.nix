# What a container sees of the host's files, and what of it remains.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (import ../types.nix lib)
    hinted
    hostPath
    hostString
    listOf
    mkFlag
    mkNullable
    orSet
    setOf
    ;

  volumeModule = setOf {
    source = mkOption {
      type = hostString;
      example = "@data";
      description = ''
        Directory or file of the host, absolute or relative to the root of the project, or `@NAME` for a directory
        that is kept in `.containers/volumes/NAME`.
      '';
    };
    target = mkNullable types.str {
      example = "/var/lib/app";
      description = "Where it appears inside, an absolute path. Mandatory.";
    };
    readOnly = mkFlag "Whether it is mounted read-only.";
    create = mkFlag "Whether the source is made where it is missing: a directory of the developer's. Only of a path in the project.";
    overlay = mkFlag "Whether what the container writes is kept apart, in `.containers`, and not written to the source.";
    owner =
      mkNullable
        (types.either (types.ints.between 0 65534) types.str)
        {
          example = "postgres";
          description = ''
            `"user"`: the owner of the source is root inside, so that what root inside writes belongs to the
            developer. An account, by its name, its number or `"UID:GID"`: that account inside is the owner of the
            source. A name must be one of `configuration.users.users` with a `uid`, and a group with a `gid`.
            `"container"`: the ids on disk are those of the container. `"host"`: those of the host. The default is
            `"user"`, for `@NAME` `"container"`.
          '';
        };
  };

  tmpfsModule = setOf {
    target = mkNullable types.str {
      example = "/var/cache";
      description = "Where it appears inside, an absolute path. Mandatory.";
    };
    size = mkNullable (types.either types.ints.positive types.str) {
      example = "100M";
      description = ''
        How large it may become: bytes, with `K`, `M`, `G` or `T`, or a percentage of the memory. The default is half of
        the memory.
      '';
    };
    mode = mkNullable types.str {
      example = "1777";
      description = ''
        Who may do what there, three or four octal digits. The default is the mode of the place that it covers, else `1777`
        for `/tmp` and `/var/tmp`, and `0755`.
      '';
    };
  };

  credentialModule = setOf {
    file = mkNullable hostString {
      example = "secrets/pg";
      description = "A file of the host, absolute or relative to the root of the project.";
    };
    environment = mkNullable types.str {
      example = "PG_PASSWORD";
      description = "A variable of the user who starts the container.";
    };
    command = mkNullable (listOf types.str) {
      example = [
        "pass"
        "show"
        "pg"
      ];
      description = "A command that this user runs in the root of the project, and that writes it.";
    };
  };
in
{
  options = {
    volumes = mkOption {
      type = listOf (hinted (orSet [ types.str ] volumeModule) hostPath);
      default = [ ];
      example = [
        "src:/srv/www:ro"
        "@data:/var/lib/app"
      ];
      description = ''
        Directories or files of the host that appear inside: `SOURCE:TARGET[:ro|:overlay]` or an attribute set. Relative sources
        are relative to the root of the project; `@NAME` is kept in `.containers/volumes/NAME`; an absolute path alone
        appears at the same place. Write sources as strings: a path like `./src` would be copied into the store.
      '';
    };

    volumes-ro = mkOption {
      type = listOf hostString;
      default = [ ];
      example = [ "/data" ];
      description = "As `volumes`, but read-only.";
    };

    tmpfs = mkOption {
      type = listOf (orSet [ types.str ] tmpfsModule);
      default = [ ];
      example = [
        "/tmp"
        "/var/cache:size=100M,mode=0755"
      ];
      description = ''
        Empty file systems in memory: `TARGET[:size=SIZE][,mode=MODE]` or an attribute set. Each belongs to the owner of
        the place that it covers in the root file system.
      '';
    };

    ephemeral = mkFlag "Whether the root file system is empty again at each start.";

    store = mkOption {
      type = types.enum [
        "all"
        "closure"
      ];
      default = "all";
      description = "What the container sees of the Nix store, read-only: all of it, or only what it is made of.";
    };

    nixDaemon = mkFlag "Whether the host's Nix daemon can be used inside: binds its socket and its data base, and sets `NIX_REMOTE`.";

    credentials = mkOption {
      type = types.attrsOf (hinted (orSet [ types.str ] credentialModule) hostPath);
      default = { };
      example = {
        "pg.password" = "secrets/pg";
        token.environment = "TOKEN";
        key.command = [
          "pass"
          "show"
          "key"
        ];
      };
      description = ''
        What is given as systemd credentials, by name: the path of a file of the host, absolute or relative to the root of
        the project, or a set with one of `file`, `environment` and `command`. Units inside get them by
        `LoadCredential=NAME`. No value gets into the store.
      '';
    };
  };

  config.volumes = lib.mkIf config.nixDaemon (
    map (directory: {
      source = directory;
      target = directory;
      readOnly = true;
    }) [ "/nix/var/nix/db" "/nix/var/nix/daemon-socket" ]
  );
}
