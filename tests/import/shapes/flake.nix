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

      # include: not carried over: import those files, too, and join what comes of them
      # networks.wide: the subnet '10.0.0.0/8' is not carried over: a network has 256 addresses,
      # which the specification can give in JSON
      # networks.wide: 'driver' is not carried over: a network is the project's own, and nothing
      # leads out of it
      # volumes.anonymous: 'driver_opts' is not carried over: a volume is a directory in .containers
      # secrets.s: 'external' is not carried over: what is in it is a file, or a variable
      # volumes: they begin empty: what docker's have in them is dumped there and restored here
      # ports are published on localhost, where compose publishes on all addresses:
      # "0.0.0.0:8080:80" does so here
      flake-containers.containers = {
        # services.all.environment[1]: 'A' is given twice: the first counts here
        # services.all.environment[2]: not carried over: '1B' cannot name a variable: allowed are
        # letters, digits and '_', not a digit first
        # services.all.environment[3]: not carried over: its value is that of the shell; credentials
        # can have it: { environment = "NAME"; }
        # services.all.image: 'example/all' is not one that a NixOS module is known of here: its
        # program becomes a unit
        # services.all.ports[3]: not carried over: '99999:80': a port is a number from 1 to 65535
        # services.all.ports[4]: not carried over: '8000-8002:80-81': there must be as many ports on
        # the host as in the container, not 3 and 2
        # services.all.ports[5]: not carried over: it has no 'target'
        # services.all.volumes[0]: not carried over: '~' is not expanded here, write the whole path
        # services.all.volumes[4]: not carried over: 'type' and 'target' must be given, and a type
        # of 'bind', 'volume' or 'tmpfs'
        # services.all.volumes[6]: not carried over: target: 'in/proc': a path inside the container
        # must be absolute
        # services.all.volumes[9]: not carried over: it has no 'source'
        # services.all.devices[1]: not carried over: a device has the same path inside
        # services.all.ulimits: 'CORE' is not carried over: it is not a number, nor 'soft' and
        # 'hard'
        # services.all.annotations: not carried over: nothing here reads them
        # services.all.blkio_config: not carried over: there is resources.IOWeight
        # services.all.cgroup: not carried over: each container has a control group of its own
        # services.all.cgroup_parent: not carried over: each container has a control group of its
        # own
        # services.all.container_name: not carried over: a container is called as its service, and
        # so the others find it
        # services.all.cpu_shares: not carried over: there is resources.CPUWeight
        # services.all.cpuset: not carried over: there is resources.CPUQuota
        # services.all.credential_spec: not carried over: it is Windows'
        # services.all.device_cgroup_rules: not carried over: there is devices
        # services.all.dns: not carried over: names are the project's; with network.internet the
        # host's resolver is asked
        # services.all.domainname: not carried over: the host name is the container's
        # services.all.extends: not carried over: write here what it would take from there
        # services.all.external_links: not carried over: containers of other projects are reached by
        # their published ports
        # services.all.gpus: not carried over: name the device nodes in devices
        # services.all.group_add: not carried over: groups are the system's inside
        # services.all.hostname: not carried over: the host name is the container's name
        # services.all.init: not carried over: there is one in any case
        # services.all.ipc: not carried over: each container has its own
        # services.all.labels: not carried over: nothing here reads them
        # services.all.mem_reservation: not carried over: there is resources.MemoryHigh
        # services.all.oom_score_adj: not carried over: the kernel decides
        # services.all.pid: not carried over: each container has its own
        # services.all.platform: not carried over: it is this machine's
        # services.all.privileged: not carried over: name what it needs in capabilities.add and
        # devices
        # services.all.pull_policy: not carried over: nothing is fetched by us
        # services.all.runtime: not carried over: it is systemd-nspawn
        # services.all.storage_opt: not carried over: a root lies on the disk
        # services.all.sysctls: not carried over: they are the host's, or what a service inside sets
        # services.all.userns_mode: not carried over: there is users = "host"
        # services.all.uts: not carried over: each container has its own
        # services.all.volumes_from: not carried over: name the volumes in each
        # services.all.unknown: not carried over: compose has no such key
        all = {
          environment.A = "b=c";
          network.mac = "02:00:00:00:00:01";
          ports = [ "[::1]:8000:80" "0.0.0.0:8001:80/udp" "127.0.0.1:auto:81" ];
          volumes = [
            "@anonymous:/a:ro"
            "@all-c:/c"
            "@relative-path:/e"
            "a b:/f g"
            "beside:/h:ro"
            "@all-j:/j"
          ];
          tmpfs = [ { target = "/b"; size = "1000000"; } ];
          resources = { MemoryMax = "300M"; CPUQuota = "50%"; TasksMax = "50"; };
          devices = [ { path = "/dev/fuse"; permissions = "rw"; } { path = "/dev/kvm"; } ];
          nspawnArgs = [ "--rlimit=NPROC=65535" ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.all = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "...";
              # };
            };
        };

        # services.private.image: 'registry.example/nginx' is taken for docker.io's 'nginx'
        # services.private.mem_limit: not carried over: it is not a size
        # services.private.use_api_socket: not carried over: there is no daemon of docker's
        private = {
          ready.tcp = [ 80 ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.nginx = {
                enable = true;
                virtualHosts.localhost = {
                  default = true;
                  root = "/var/www";
                };
              };
            };
        };

        cache = {
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
                settings.requirepass = lib.mkForce "\"a \\\"b\\n\"";
              };
            };
        };

        # services.odd.command: not carried over: a quote has no end
        # services.odd.image: 'alpine' is not one that a NixOS module is known of here: its program
        # becomes a unit
        # services.odd.networks: aliases are not carried over: the others find it as 'odd'
        # services.odd.networks: 'link_local_ips' of 'wide' is not carried over: a network here has
        # no such thing
        # services.odd.healthcheck: how often is not carried over: it is asked at once, and again
        # until it succeeds
        # services.odd.healthcheck: 'interval' is not carried over: it is not a duration
        # services.odd.healthcheck: 'test' is not carried over: it must be a string, or a list that
        # begins with CMD, CMD-SHELL or NONE
        # services.odd.restart: not carried over: 'sometimes' is not known
        # services.odd.ports: not carried over: it is an object
        # services.odd.volumes: not carried over: it is a string
        # services.odd.environment: not carried over: it is a string
        # services.odd.depends_on: not carried over: it is a string
        odd = {
          network.networks = [ "wide" ];
          ready.timeout = 180;
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.odd = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "...";
              # };
            };
        };
      };
    };
}
