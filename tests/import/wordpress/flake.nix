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
        # services.db.image: the release '8.0' is not carried over: it is that of nixpkgs
        # services.db.restart: 'always' is "on-failure" here; flake-containers enable starts it when
        # the machine boots
        # services.db.expose: not carried over: containers of one network reach all ports of each
        # other
        db = {
          seed = [
            { run = [ "mysql" "-e" "CREATE DATABASE `wordpress`" ]; }
            {
              run = [
                "mysql"
                "-e"
                "CREATE USER 'wordpress'@'%' IDENTIFIED BY 'word''press'"
              ];
            }
            {
              run = [ "mysql" "-e" "GRANT ALL ON `wordpress`.* TO 'wordpress'@'%'" ];
            }
            {
              run = [
                "sh"
                "-c"
                "p=$(sed \"s/['\\\\]/&&/g\" \"$1\") && mysql -e \"$2'$p'$3\""
                "sh"
                "/run/secrets/root"
                "CREATE USER root@'%' IDENTIFIED BY "
                ""
              ];
            }
            {
              run = [ "mysql" "-e" "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION" ];
            }
          ];
          volumes = [ "@db-data:/var/lib/mysql" ];
          ready.tcp = [ 3306 ];
          restart = "on-failure";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.mysql = {
                enable = true;
                package = pkgs.mysql84;
                settings.mysqld.bind-address = "*";
                settings.mysqld.loose_default_authentication_plugin = "mysql_native_password";
                settings.mysqld.loose_character_set_server = "utf8mb4";
              };
            };
        };

        # services.wordpress.image: 'wordpress' is not one that a NixOS module is known of here: its
        # program becomes a unit
        # services.wordpress.restart: 'always' is "on-failure" here; flake-containers enable starts
        # it when the machine boots
        wordpress = {
          environment = {
            WORDPRESS_DB_HOST = "db";
            WORDPRESS_DB_USER = "wordpress";
            WORDPRESS_DB_PASSWORD = "word'press";
            WORDPRESS_DB_NAME = "wordpress";
          };
          ports = [ "80:80" ];
          volumes = [ "@wp-data:/var/www/html" ];
          restart = "on-failure";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.wordpress = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "...";
              # };
            };
        };
      };
    };
}
