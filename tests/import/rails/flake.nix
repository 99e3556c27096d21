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

      # volumes: they begin empty: what docker's have in them is dumped there and restored here
      # ports are published on localhost, where compose publishes on all addresses:
      # "0.0.0.0:8080:80" does so here
      flake-containers.containers = {
        # services.app.environment.SECRET_KEY_BASE: not carried over: its value is that of the
        # shell; credentials can have it: { environment = "NAME"; }
        # services.app.build: a Dockerfile is not read: the program becomes a package of Nix
        # services.app.stdin_open: not carried over: flake-containers shell and exec have a terminal
        # services.app.tty: not carried over: flake-containers shell and exec have a terminal
        # services.app.extra_hosts: not carried over: a name of the host is host.containers, or
        # host.docker.internal, with network.hostAccess = [ PORT ]
        # services.app.links: not carried over: containers of one network find each other by name
        app = {
          environment = {
            DATABASE_URL = "mysql2://app:secret@db/app";
            RAILS_ENV = "development";
          };
          ports = [ "3000:3000" ];
          volumes = [
            ".:/app"
            "@bundle:/usr/local/bundle"
            "@app-node-modules:/app/node_modules"
          ];
          dependsOn = { db = "started"; redis = "started"; };
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.app = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "bash -c rm -f tmp/pids/server.pid && bundle exec rails s -p 3000 -b '0.0.0.0'";
              # };
            };
        };

        # services.db.image: the release '11' is not carried over: it is that of nixpkgs
        # services.db.environment.MARIADB_AUTO_UPGRADE: not carried over: it is the image's own, and
        # no setting here stands for it
        # services.db.volumes[1]: it is mounted, but a NixOS module reads what is in its options
        db = {
          ports = [ "3306:3306" ];
          seed = [
            { run = [ "mariadb" "-e" "CREATE DATABASE `app`" ]; }
            {
              run = [ "mariadb" "-e" "CREATE USER 'app'@'%' IDENTIFIED BY 'secret'" ];
            }
            { run = [ "mariadb" "-e" "GRANT ALL ON `app`.* TO 'app'@'%'" ]; }
            {
              run = [ "mariadb" "-e" "CREATE USER root@'%' IDENTIFIED BY 'secret'" ];
            }
            {
              run = [
                "mariadb"
                "-e"
                "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION"
              ];
            }
            {
              run = [
                "mariadb"
                "-e"
                "ALTER USER root@localhost IDENTIFIED VIA unix_socket OR mysql_native_password USING PASSWORD('secret')"
              ];
            }
          ];
          volumes = [ "@mysql:/var/lib/mysql" "db/my.cnf:/etc/mysql/conf.d/my.cnf:ro" ];
          ready.tcp = [ 3306 ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.mysql = {
                enable = true;
                package = pkgs.mariadb;
                settings.mysqld.bind-address = "*";
              };
            };
        };

        redis = {
          ports = [ "6379:6379" ];
          ready.tcp = [ 6379 ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
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
