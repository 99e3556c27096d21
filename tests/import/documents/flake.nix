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
        # services.mongo.image: its license is not free: flake-containers.nixpkgs.config.allowUnfree
        # = true
        # services.mongo.restart: 'always' is "on-failure" here; flake-containers enable starts it
        # when the machine boots
        mongo = {
          volumes = [ "@mongo:/var/db/mongodb" ];
          ready.tcp = [ 27017 ];
          restart = "on-failure";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.mongodb = {
                enable = true;
                bind_ip = "0.0.0.0";
                enableAuth = true;
                initialRootPasswordFile = "/etc/mongodb-root";
              };
              environment.etc.mongodb-root.text = "example";
            };
        };

        # services.mongo-express.image: 'mongo-express' is not one that a NixOS module is known of
        # here: its program becomes a unit
        # services.mongo-express.restart: 'always' is "on-failure" here; flake-containers enable
        # starts it when the machine boots
        mongo-express = {
          environment.ME_CONFIG_MONGODB_URL = "mongodb://root:example@mongo:27017/";
          ports = [ "8081:8081" ];
          restart = "on-failure";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.mongo-express = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "...";
              # };
            };
        };
      };
    };
}
