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

      # the variable 'o' has no value in .env, nor one instead: it is empty
      # volumes: they begin empty: what docker's have in them is dumped there and restored here
      # ports are published on localhost, where compose publishes on all addresses:
      # "0.0.0.0:8080:80" does so here
      flake-containers.containers = {
        # services.minio.command: not carried over: the unit of the module has its own
        # services.minio.environment.MINIO_BROWSER: not carried over: it is the image's own, and no
        # setting here stands for it
        # services.minio.healthcheck: 'test' is not carried over: its port is asked, since a command
        # may need what the seed makes, which runs when it is ready
        minio = {
          ports = [ "9000:9000" "9001:9001" ];
          volumes = [ "@minio:/var/lib/minio" ];
          ready = { timeout = 180; tcp = [ 9000 9001 ]; };
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.minio.enable = true;
              # Whoever reads the store can read it: for more than development put it into credentials.
              services.minio.rootCredentialsFile = "/etc/minio-root";
              environment.etc.minio-root.text = "MINIO_ROOT_USER=minio\nMINIO_ROOT_PASSWORD=minio\"\${x}\n";
            };
        };

        # services.app.image: 'example/app' is not one that a NixOS module is known of here: its
        # program becomes a unit
        # services.app.secrets[0]: it is a credential, not '/run/secrets/api_key':
        # LoadCredential=api_key, or $CREDENTIALS_DIRECTORY/api_key
        # services.app.tmpfs[0]: 'noexec' is not carried over: a file system in memory here has size
        # and mode
        # services.app.tmpfs[1]: not carried over: '/run': /run is mounted by systemd-nspawn
        # services.app.healthcheck: 'test' is not carried over: say it when the program is there:
        # ready.exec, ready.http or ready.tcp
        # services.app.depends_on[1]: not carried over: there is no such service
        # services.app.cap_drop: 'ALL' is not carried over: name them
        # services.app.read_only: not carried over: there is ephemeral, whose root is thrown away
        # services.app.security_opt: not carried over: containers have ids of their own, and few
        # capabilities
        app = {
          ports = [ "auto:8000" ];
          credentials.api_key.environment = "API_KEY";
          tmpfs = [ { target = "/tmp"; size = "64M"; mode = "1777"; } ];
          ready.timeout = 180;
          dependsOn.minio = "started";
          capabilities.add = [ "CAP_NET_BIND_SERVICE" ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.app = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "serve";
              # };
            };
        };
      };
    };
}
