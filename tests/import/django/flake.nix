{
  description = "The services of my-shop";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
  inputs.flake-parts.url = "github:hercules-ci/flake-parts";
  inputs.flake-containers.url = "github:example/flake-containers";

  outputs =
    inputs:
    inputs.flake-parts.lib.mkFlake { inherit inputs; } {
      imports = [ inputs.flake-containers.flakeModule ];
      systems = [ "x86_64-linux" "aarch64-linux" ];

      # volumes: they begin empty: what docker's have in them is dumped there and restored here
      # ports are published on localhost, where compose publishes on all addresses:
      # "0.0.0.0:8080:80" does so here
      flake-containers.containers = {
        # services.web.build: a Dockerfile is not read: the program becomes a package of Nix
        # services.web.develop: not carried over: flake-containers watch applies a change of the
        # specification; sources are a volume
        web = {
          envFile = [ ".env.web" ];
          ports = [ "8000:8000" ];
          volumes = [ ".:/code" ];
          dependsOn = { migrate = "completed"; cache = "started"; };
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.web = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "python manage.py runserver 0.0.0.0:8000";
              # };
            };
        };

        # services.migrate.env_file[0]: a file that is missing is an error here
        # services.migrate.build: a Dockerfile is not read: the program becomes a package of Nix
        # services.migrate.restart: not carried over: it is expected to end
        migrate = {
          envFile = [ ".env.web" ];
          runCommand = [ "python" "manage.py" "migrate" ];
          oneShot = true;
          dependsOn.db = "ready";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # environment.systemPackages = [ what the command is in ];
            };
        };

        # services.worker.build: a Dockerfile is not read: the program becomes a package of Nix
        # services.worker.stop_signal: not carried over: an init is asked to end, and that ends its
        # services
        # services.worker.user: of the unit that you write: serviceConfig.User = "1000:1000"
        # services.worker.working_dir: of the unit that you write: serviceConfig.WorkingDirectory =
        # "/code"
        worker = {
          envFile = [ ".env.web" ];
          dependsOn = { cache = "started"; db = "started"; };
          stop.timeout = 90;
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.worker = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "celery -A shop worker -l info";
              # };
            };
        };

        # services.db.env_file: its variables have become settings below
        # services.db.healthcheck: 'test' is not carried over: its port is asked, since a command
        # may need what the seed makes, which runs when it is ready
        db = {
          ports = [ "auto:5432" ];
          seed = [
            {
              run = [
                "psql"
                "-qc"
                "CREATE ROLE \"shop\" SUPERUSER LOGIN PASSWORD 'shop'"
              ];
              user = "postgres";
            }
            { run = [ "createdb" "-O" "shop" "--" "shop" ]; user = "postgres"; }
            { sql = "schema.sql"; database = "shop"; }
          ];
          volumes = [ "@pg-data:/var/lib/postgresql" ];
          ready = { timeout = 180; tcp = [ 5432 ]; };
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.postgresql = {
                enable = true;
                enableTCPIP = true;
                # samenet: the network of the project.
                authentication = lib.mkBefore "host all all samenet scram-sha-256";
              };
            };
        };

        cache = {
          tmpfs = [ { target = "/var/lib/redis"; } ];
          ready.tcp = [ 6379 ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.redis.package = pkgs.valkey;
              services.redis.servers."" = {
                enable = true;
                port = 6379;
                bind = null;
                settings.protected-mode = lib.mkForce "no";
              };
            };
        };
      };
    };
}
