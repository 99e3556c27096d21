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
        # services.mailpit.environment.MP_MAX_MESSAGES: not carried over: it is the image's own, and
        # no setting here stands for it
        mailpit = {
          ports = [ "1025:1025" "8025:8025" ];
          volumes = [ "@mailpit:/var/lib/mailpit" ];
          ready.tcp = [ 1025 8025 ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.mailpit.instances.default = {
                listen = "0.0.0.0:8025";
                smtp = "0.0.0.0:1025";
              };
            };
        };

        # services.api_server: called 'api-server' here, and by the others
        # services.api_server.environment[2]: not carried over: its value is that of the shell;
        # credentials can have it: { environment = "NAME"; }
        # services.api_server.image: 'node' is not one that a NixOS module is known of here: its
        # program becomes a unit
        # services.api_server.ports[0]: one port of several of the host is a free one here
        # services.api_server.working_dir: of the unit that you write:
        # serviceConfig.WorkingDirectory = "/srv"
        api-server = {
          environment = { HOST = "0.0.0.0"; SMTP_URL = "smtp://mailpit:1025"; };
          ports = [ "auto:3000" "auto:9229" ];
          volumes = [ "../api:/srv" "@api-server-node-modules:/srv/node_modules" ];
          dependsOn.mailpit = "started";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.api-server = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "sh -c npm ci && npm run dev -- --host \"$HOST\"";
              # };
            };
        };
      };
    };
}
