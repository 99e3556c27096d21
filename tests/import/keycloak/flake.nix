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

      flake-containers.containers = {
        # services.postgres.command: 'max_connections' is given twice: the last counts
        # services.postgres.healthcheck: how often is not carried over: it is asked at once, and
        # again until it succeeds
        # services.postgres.healthcheck: 'test' is not carried over: its port is asked, since a
        # command may need what the seed makes, which runs when it is ready
        postgres = {
          seed = [
            {
              run = [
                "psql"
                "-qc"
                "CREATE ROLE \"keycloak\" SUPERUSER LOGIN PASSWORD 'password'"
              ];
              user = "postgres";
            }
            {
              run = [ "createdb" "-O" "keycloak" "--" "keycloak" ];
              user = "postgres";
            }
          ];
          ready = { timeout = 1050; tcp = [ 5432 ]; };
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.postgresql = {
                enable = true;
                package = pkgs.postgresql_17;
                enableTCPIP = true;
                # samenet: the network of the project.
                authentication = lib.mkBefore "host all all samenet scram-sha-256";
                settings.max_connections = lib.mkForce "200";
                settings.shared_preload_libraries = lib.mkForce "auto_explain,pg_prewarm";
                settings.shared_buffers = lib.mkForce "256MB";
              };
            };
        };

        # services.keycloak.ports[0]: 'app_protocol' is not carried over: it has no effect here
        # services.keycloak.command: not carried over: the unit of the module has its own
        # services.keycloak.image: its database is PostgreSQL in the same container, which the
        # module makes: KC_DB and its like name another
        # services.keycloak.environment.KC_BOOTSTRAP_ADMIN_USERNAME: not carried over: it is the
        # image's own, and no setting here stands for it
        # services.keycloak.environment.KC_DB: not carried over: it is the image's own, and no
        # setting here stands for it
        # services.keycloak.environment.KC_DB_URL: not carried over: it is the image's own, and no
        # setting here stands for it
        # services.keycloak.depends_on.postgres: 'restart' is not carried over: one that runs is
        # left alone when this one is started again
        keycloak = {
          ports = [ "127.0.0.1:8080:8080/tcp" ];
          ready.tcp = [ 8080 ];
          dependsOn.postgres = "ready";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.keycloak = {
                enable = true;
                initialAdminPassword = "ad\"min";
                database.passwordFile = "/etc/keycloak-database";
                settings = {
                  http-enabled = true;
                  http-port = 8080;
                  hostname-strict = false;
                };
              };
              environment.etc.keycloak-database.text = "keycloak";
            };
        };
      };
    };
}
