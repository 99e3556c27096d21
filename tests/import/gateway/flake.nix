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

      # networks.edge: the subnet '10.77.0.0/24' is not carried over: a network has 256 addresses,
      # which the specification can give in JSON
      # ports are published on localhost, where compose publishes on all addresses:
      # "0.0.0.0:8080:80" does so here
      flake-containers.containers = {
        # services.traefik.command: '--providers.docker=true' is not carried over: there is no
        # daemon of docker's. Routers are services.traefik.dynamicConfigOptions
        # services.traefik.command: '--providers.docker.exposedbydefault=false' is not carried over:
        # there is no daemon of docker's. Routers are services.traefik.dynamicConfigOptions
        # services.traefik.volumes[0]: not carried over: there is no daemon of docker's
        traefik = {
          ports = [ "80:80" "8080:8080" ];
          ready.tcp = [ 80 ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.traefik.enable = true;
              services.traefik.staticConfigOptions.api.insecure = true;
              services.traefik.staticConfigOptions.entryPoints.web.address = ":80";
            };
        };

        # services.whoami.image: 'traefik/whoami' is not one that a NixOS module is known of here:
        # its program becomes a unit
        # services.whoami.labels: not carried over: nothing here reads them
        whoami = {
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.whoami = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "...";
              # };
            };
        };

        # services.web.networks: aliases are not carried over: the others find it as 'web'
        # services.web.networks: the address in 'edge' is not carried over: one is given for the
        # first network only
        # services.web.volumes[0]: it is mounted, but a NixOS module reads what is in its options
        # services.web.volumes[1]: it is mounted, but a NixOS module reads what is in its options
        web = {
          network.networks = [ "default" "edge" ];
          ports = [ "8081:80" ];
          volumes = [
            "site.conf:/etc/nginx/conf.d/default.conf:ro"
            "html:/usr/share/nginx/html:ro"
          ];
          ready.tcp = [ 80 ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.nginx = {
                enable = true;
                appendHttpConfig = "include /etc/nginx/conf.d/*.conf;";
              };
            };
        };

        # services.static.ports: not carried over: without a network of its own it publishes nothing
        # services.static.volumes[0]: it is mounted, but a NixOS module reads what is in its options
        static = {
          network.mode = "host";
          volumes = [
            {
              source = "html";
              target = "/usr/share/nginx/html";
              readOnly = true;
              create = true;
            }
          ];
          ready.tcp = [ 80 ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.nginx = {
                enable = true;
                virtualHosts.localhost = {
                  default = true;
                  root = "/usr/share/nginx/html";
                };
              };
            };
        };
      };
    };
}
