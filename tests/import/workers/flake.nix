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

      # ports are published on localhost, where compose publishes on all addresses:
      # "0.0.0.0:8080:80" does so here
      flake-containers.containers = {
        # services.queue.environment.RABBITMQ_NODENAME: not carried over: it is the image's own, and
        # no setting here stands for it
        # services.queue.healthcheck: how often is not carried over: it is asked at once, and again
        # until it succeeds
        # services.queue.healthcheck: 'test' is not carried over: its port is asked, since a command
        # may need what the seed makes, which runs when it is ready
        queue = {
          ports = [ "5672:5672" "15672:15672" ];
          volumes = [ "@queue:/var/lib/rabbitmq" ];
          ready = { timeout = 75; tcp = [ 5672 ]; };
          stop.timeout = 60;
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.rabbitmq = {
                enable = true;
                listenAddress = "0.0.0.0";
                configItems.loopback_users = "none";
                configItems.default_user = "worker";
                configItems.default_pass = "pa ss";
                configItems.default_vhost = "jobs";
                managementPlugin.enable = true;
              };
            };
        };

        # services.bus.command: '-m=' is not carried over: of the options of NATS these are:
        # --jetstream, --http_port, --user, --pass, --auth
        # services.bus.command: '--cluster_name' is not carried over: of the options of NATS these
        # are: --jetstream, --http_port, --user, --pass, --auth
        # services.bus.command: 'c' is not carried over: of the options of NATS these are:
        # --jetstream, --http_port, --user, --pass, --auth
        bus = {
          ports = [ "4222:4222" ];
          ready.tcp = [ 4222 ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.nats.enable = true;
              services.nats.settings.http_port = 8222;
              services.nats.settings.authorization.user = "worker";
              services.nats.settings.authorization.password = "pa \"ss";
              services.nats.jetstream = true;
            };
        };

        # services.producer.image: 'example/producer' is not one that a NixOS module is known of
        # here: its program becomes a unit
        # services.producer.depends_on.bus: 'required: false' is not carried over: what is there is
        # required
        # services.producer.scale: not carried over: each container is one: declare another
        producer = {
          dependsOn = { queue = "ready"; bus = "started"; };
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.producer = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "produce --url amqp://worker@queue/jobs";
              # };
            };
        };

        # services.consumer.image: 'example/consumer' is not one that a NixOS module is known of
        # here: its program becomes a unit
        # services.consumer.network_mode: 'service:producer' is not carried over: network.mode =
        # "container" with network.container shares another one's, and ports are said there
        # services.consumer.restart: how often is not carried over: five times in five minutes
        consumer = {
          restart = "on-failure";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.consumer = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "consume";
              # };
            };
        };
      };
    };
}
