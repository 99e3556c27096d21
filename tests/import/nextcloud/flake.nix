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

      # the variable 'DOMAIN' has no value in .env, nor one instead: it is empty
      # of .env, written here as they are: POSTGRES_USER, REDIS_PASSWORD
      # volumes: they begin empty: what docker's have in them is dumped there and restored here
      flake-containers.containers = {
        # services.db.volumes[1]: it is mounted, but a NixOS module reads what is in its options
        # services.db.healthcheck: how often is not carried over: it is asked at once, and again
        # until it succeeds
        # services.db.healthcheck: 'test' is not carried over: its port is asked, since a command
        # may need what the seed makes, which runs when it is ready
        # services.db.restart: 'unless-stopped' is "on-failure" here; flake-containers enable starts
        # it when the machine boots
        db = {
          environment.TZ = "Europe/Berlin";
          network.networks = [ "backend" ];
          seed = [
            {
              run = [
                "sh"
                "-c"
                "p=$(sed \"s/'/&&/g\" \"$1\") && runuser -u postgres -- psql -qc \"$2'$p'$3\""
                "sh"
                "/run/secrets/db_password"
                "CREATE ROLE \"cloud\" SUPERUSER LOGIN PASSWORD "
                ""
              ];
            }
            {
              run = [ "createdb" "-O" "cloud" "--" "nextcloud" ];
              user = "postgres";
            }
            {
              run = [
                "env"
                "POSTGRES_USER=cloud"
                "POSTGRES_DB=nextcloud"
                "PGDATABASE=nextcloud"
                "bash"
                "-c"
                "for f in /docker-entrypoint-initdb.d/*; do case $f in *.sql) psql -qv ON_ERROR_STOP=1 <\"$f\" ;; *.sql.gz) gunzip -c \"$f\" | psql -qv ON_ERROR_STOP=1 ;; *.sh) bash \"$f\" ;; esac || exit 1; done"
              ];
              user = "postgres";
            }
          ];
          volumes = [
            "@db:/var/lib/postgresql"
            "initdb:/docker-entrypoint-initdb.d:ro"
            "secrets/db_password.txt:/run/secrets/db_password:ro"
          ];
          ready = { timeout = 120; tcp = [ 5432 ]; };
          restart = "on-failure";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.postgresql = {
                enable = true;
                package = pkgs.postgresql_16;
                enableTCPIP = true;
                # samenet: the network of the project.
                authentication = lib.mkBefore "host all all samenet scram-sha-256";
              };
            };
        };

        # services.redis.restart: 'unless-stopped' is "on-failure" here; flake-containers enable
        # starts it when the machine boots
        redis = {
          network.networks = [ "backend" ];
          volumes = [ "@redis:/var/lib/redis" ];
          ready.tcp = [ 6379 ];
          restart = "on-failure";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.redis.servers."" = {
                enable = true;
                port = 6379;
                bind = null;
                settings.protected-mode = lib.mkForce "no";
                settings.requirepass = lib.mkForce "s3cret";
                settings.appendonly = lib.mkForce "yes";
                settings.save = lib.mkForce [ "60 1" "300 10" ];
              };
            };
        };

        # services.app.image: 'nextcloud' is not one that a NixOS module is known of here: its
        # program becomes a unit
        # services.app.restart: 'unless-stopped' is "on-failure" here; flake-containers enable
        # starts it when the machine boots
        app = {
          environment = {
            POSTGRES_HOST = "db";
            REDIS_HOST = "redis";
            REDIS_HOST_PASSWORD = "s3cret";
            NEXTCLOUD_TRUSTED_DOMAINS = "";
          };
          network.networks = [ "frontend" "backend" ];
          ports = [ "127.0.0.1:8080:80" ];
          volumes = [
            "@nextcloud:/var/www/html"
            "secrets/db_password.txt:/run/secrets/postgres:ro"
          ];
          dependsOn = { db = "ready"; redis = "started"; };
          restart = "on-failure";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.app = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "...";
              # };
            };
        };
      };
    };
}
