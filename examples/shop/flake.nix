{
  description = "A shop: database, cache, web application and worker, and a test suite with a shop of its own";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    flake-parts.url = "github:hercules-ci/flake-parts";
    # Of a clone: "git+file:///home/me/flake-containers".
    flake-containers.url = "github:flake-containers/flake-containers";
  };

  outputs =
    inputs@{ flake-parts, ... }:
    flake-parts.lib.mkFlake { inherit inputs; } {
      imports = [ inputs.flake-containers.flakeModule ];

      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];

      # The same as flake-containers.json has with Debian.
      perSystem.flake-containers =
        let
          # A program of app/, as a service.
          program =
            name:
            { pkgs, ... }:
            let
              python = pkgs.python3.withPackages (packages: [
                packages.psycopg2
                packages.redis
              ]);
            in
            {
              systemd.services.${name} = {
                wantedBy = [ "multi-user.target" ];
                # Containers find each other by their names.
                environment = {
                  DATABASE_URL = "postgresql://shop@db/shop";
                  REDIS_URL = "redis://cache";
                };
                serviceConfig = {
                  ExecStart = "${python}/bin/python -B /srv/app/${name}.py";
                  DynamicUser = true;
                  Restart = "on-failure";
                };
              };
            };
        in
        {
          containers = {
            db = {
              volumes = [ "@db:/var/lib/postgresql" ];
              ports = [ "5432:5432" ];
              ready.tcp = [ 5432 ];
              seed = [
                {
                  run = [
                    "createuser"
                    "shop"
                  ];
                  user = "postgres";
                }
                {
                  run = [
                    "createdb"
                    "--owner"
                    "shop"
                    "shop"
                  ];
                  user = "postgres";
                }
                {
                  sql = "seed.sql";
                  database = "shop";
                  user = "postgres";
                }
              ];
              exports.DATABASE_URL = "postgresql://shop@\${host}:\${port}/shop";
              configuration = {
                # Decides on the release of PostgreSQL: kept, the data outlast an upgrade of nixpkgs.
                system.stateVersion = "26.05";

                services.postgresql = {
                  enable = true;
                  enableTCPIP = true;
                  # samenet: the network of the project.
                  authentication = ''
                    host all all localhost trust
                    host shop shop samenet trust
                  '';
                };
              };
            };

            cache = {
              ephemeral = true;
              ready.tcp = [ 6379 ];
              configuration.services.redis.servers."" = {
                enable = true;
                bind = null;
                save = [ ];
                settings.protected-mode = "no";
              };
            };

            worker = {
              volumes = [ "app:/srv/app:ro" ];
              dependsOn = [
                "db"
                "cache"
              ];
              configuration = program "worker";
            };

            web = {
              volumes = [ "app:/srv/app:ro" ];
              ports = [ "8000:8000" ];
              dependsOn = [
                "db"
                "cache"
                "worker"
              ];
              ready.http = [
                {
                  port = 8000;
                  path = "/health";
                }
              ];
              exports.SHOP_URL = "http://\${host}:\${port}";
              configuration = program "web";
            };
          };
        };
    };
}
