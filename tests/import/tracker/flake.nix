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

      # volumes.tracker-data: 'external' is not carried over: a volume is a directory in .containers
      # volumes: they begin empty: what docker's have in them is dumped there and restored here
      # ports are published on localhost, where compose publishes on all addresses:
      # "0.0.0.0:8080:80" does so here
      flake-containers.containers = {
        # services.redis.restart: 'unless-stopped' is "on-failure" here; flake-containers enable
        # starts it when the machine boots
        redis = {
          volumes = [ "@redis:/var/lib/redis" ];
          ready.tcp = [ 6379 ];
          restart = "on-failure";
          nspawnArgs = [ "--rlimit=NOFILE=10032:10032" ];
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

        # services.memcached.command: '-I' is not carried over: of memcached's options -m is
        # services.memcached.command: '1M' is not carried over: of memcached's options -m is
        # services.memcached.restart: 'unless-stopped' is "on-failure" here; flake-containers enable
        # starts it when the machine boots
        memcached = {
          ready.tcp = [ 11211 ];
          restart = "on-failure";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.memcached = {
                enable = true;
                listen = "0.0.0.0";
                maxMemory = 256;
              };
            };
        };

        # services.postgres.restart: 'unless-stopped' is "on-failure" here; flake-containers enable
        # starts it when the machine boots
        # services.postgres.shm_size: not carried over: systemd-nspawn makes /dev/shm
        postgres = {
          volumes = [ "@postgres:/var/lib/postgresql" ];
          ready.tcp = [ 5432 ];
          restart = "on-failure";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.postgresql = {
                enable = true;
                package = pkgs.postgresql_14;
                enableTCPIP = true;
                # samenet: the network of the project.
                authentication = lib.mkBefore "host all all samenet trust";
                settings.max_connections = lib.mkForce "100";
              };
            };
        };

        # services.web.build: a Dockerfile is not read: the program becomes a package of Nix
        # services.web.healthcheck: how often is not carried over: it is asked at once, and again
        # until it succeeds
        # services.web.healthcheck: 'test' is not carried over: say it when the program is there:
        # ready.exec, ready.http or ready.tcp
        # services.web.restart: 'unless-stopped' is "on-failure" here; flake-containers enable
        # starts it when the machine boots
        # services.web.deploy: 'replicas' is not carried over: each container is one, on this
        # machine
        # services.web.deploy: 'reservations' are not carried over: nothing is reserved on this
        # machine
        web = {
          environment = {
            TRACKER_CONF = "/etc/tracker";
            TRACKER_EVENT_RETENTION_DAYS = "90";
            PYTHONUTF8 = "1";
          };
          ports = [ "9000-9001:9000-9001" ];
          volumes = [ "@tracker-data:/data" "tracker:/etc/tracker" ];
          ready.timeout = 1210;
          dependsOn = { redis = "ready"; postgres = "ready"; memcached = "ready"; };
          restart = "on-failure";
          resources = { MemoryMax = "2G"; CPUQuota = "150%"; TasksMax = "200"; };
          nspawnArgs = [ "--rlimit=NOFILE=4096:4096" ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.web = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "run web";
              # };
            };
        };

        # services.worker.build: a Dockerfile is not read: the program becomes a package of Nix
        # services.worker.restart: 'unless-stopped' is "on-failure" here; flake-containers enable
        # starts it when the machine boots
        worker = {
          environment = {
            TRACKER_CONF = "/etc/tracker";
            TRACKER_EVENT_RETENTION_DAYS = "90";
            PYTHONUTF8 = "1";
          };
          volumes = [ "@tracker-data:/data" "tracker:/etc/tracker" ];
          dependsOn = { redis = "ready"; postgres = "ready"; memcached = "ready"; };
          restart = "on-failure";
          nspawnArgs = [ "--rlimit=NOFILE=4096:4096" ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.worker = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "run worker";
              # };
            };
        };

        # services.cron.build: a Dockerfile is not read: the program becomes a package of Nix
        # services.cron.restart: 'unless-stopped' is "on-failure" here; flake-containers enable
        # starts it when the machine boots
        # services.cron.logging: not carried over: flake-containers logs reads each container's
        # journal
        cron = {
          environment = {
            TRACKER_CONF = "/etc/tracker";
            TRACKER_EVENT_RETENTION_DAYS = "90";
            PYTHONUTF8 = "1";
          };
          volumes = [ "@tracker-data:/data" "tracker:/etc/tracker" ];
          dependsOn = { redis = "ready"; postgres = "ready"; memcached = "ready"; };
          profiles = [ "full" ];
          restart = "on-failure";
          nspawnArgs = [ "--rlimit=NOFILE=4096:4096" ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.cron = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "run cron";
              # };
            };
        };
      };
    };
}
