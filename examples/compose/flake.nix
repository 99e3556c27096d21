{
  description = "A database, an application and a web server that need one another";

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

      perSystem.flake-containers = {
        # For all of them.
        modules = [ { time.timeZone = "UTC"; } ];

        containers = {
          db = {
            ready.tcp = [ 5432 ];
            configuration = {
              # Decides on the release of PostgreSQL: kept, the data outlast an upgrade of nixpkgs.
              system.stateVersion = "26.05";

              services.postgresql = {
                enable = true;
                enableTCPIP = true;
                initialScript = ./seed.sql;
                # samenet: the network of the project.
                authentication = ''
                  host app app samenet trust
                '';
              };
            };
          };

          app = {
            dependsOn = [ "db" ];
            ready.http = [ 8000 ];
            volumes = [ "src:/srv/app:ro" ];
            configuration =
              { pkgs, ... }:
              let
                python = pkgs.python3.withPackages (packages: [ packages.psycopg2 ]);
              in
              {
                systemd.services.app = {
                  description = "The application";
                  wantedBy = [ "multi-user.target" ];
                  # Containers find each other by their names.
                  environment.DATABASE = "host=db dbname=app user=app";
                  serviceConfig = {
                    ExecStart = "${python}/bin/python /srv/app/app.py";
                    DynamicUser = true;
                    Restart = "on-failure";
                  };
                };
              };
          };

          web = {
            dependsOn = [ "app" ];
            # http://localhost:8080, the only port of the three on the host
            ports = [ "8080:80" ];
            ready.http = [ 80 ];
            configuration = {
              services.nginx = {
                enable = true;
                recommendedProxySettings = true;
                virtualHosts.localhost.locations."/".proxyPass = "http://app:8000";
              };
            };
          };
        };
      };
    };
}
