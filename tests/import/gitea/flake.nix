{
  description = "The services of a project";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
  inputs.flake-parts.url = "github:hercules-ci/flake-parts";
  inputs.flake-containers.url = "github:example/flake-containers";

  outputs =
    inputs:
    inputs.flake-parts.lib.mkFlake { inherit inputs; } {
      imports = [ inputs.flake-containers.flakeModule ];
      systems = [ "x86_64-linux" "aarch64-linux" ];

      # ports are published on localhost, where compose publishes on all addresses:
      # "0.0.0.0:8080:80" does so here
      flake-containers.containers = {
        # services.server.image: 'gitea' is not one that a NixOS module is known of here: its
        # program becomes a unit
        # services.server.restart: 'always' is "on-failure" here; flake-containers enable starts it
        # when the machine boots
        # services.server.container_name: not carried over: a container is called as its service,
        # and so the others find it
        server = {
          environment = {
            USER_UID = "1000";
            GITEA__database__DB_TYPE = "postgres";
            GITEA__database__HOST = "db:5432";
            GITEA__database__PASSWD = "gitea";
          };
          network.networks = [ "gitea" ];
          ports = [ "3000:3000" "222:22" ];
          volumes = [
            "gitea:/data"
            "/etc/timezone:/etc/timezone:ro"
            "/etc/localtime:/etc/localtime:ro"
          ];
          dependsOn.db = "started";
          restart = "on-failure";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.server = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "...";
              # };
            };
        };

        # services.db.volumes[0]: './postgres' holds data of the image's release and users: they are
        # in the volume @db-data here, which begins empty
        # services.db.restart: 'always' is "on-failure" here; flake-containers enable starts it when
        # the machine boots
        db = {
          network.networks = [ "gitea" ];
          seed = [
            {
              run = [
                "psql"
                "-qc"
                "CREATE ROLE \"gitea\" SUPERUSER LOGIN PASSWORD 'gitea'"
              ];
              user = "postgres";
            }
            {
              run = [ "createdb" "-O" "gitea" "--" "gitea" ];
              user = "postgres";
            }
          ];
          volumes = [ "@db-data:/var/lib/postgresql" ];
          ready.tcp = [ 5432 ];
          restart = "on-failure";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.postgresql = {
                enable = true;
                package = pkgs.postgresql_14;
                enableTCPIP = true;
                # samenet: the network of the project.
                authentication = lib.mkBefore "host all all samenet scram-sha-256";
              };
            };
        };
      };
    };
}
