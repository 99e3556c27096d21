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
        # services.elasticsearch.image: its license is not free:
        # flake-containers.nixpkgs.config.allowUnfree = true
        # services.elasticsearch.environment["discovery.type"]: not carried over: it is the image's
        # own, and no setting here stands for it
        # services.elasticsearch.environment["xpack.security.enabled"]: not carried over: it is the
        # image's own, and no setting here stands for it
        # services.elasticsearch.environment.ES_JAVA_OPTS: not carried over: it is the image's own,
        # and no setting here stands for it
        elasticsearch = {
          ports = [ "9200:9200" ];
          volumes = [ "@esdata:/var/lib/elasticsearch" ];
          ready.tcp = [ 9200 ];
          resources.MemoryMax = "1073741824";
          nspawnArgs = [ "--rlimit=MEMLOCK=infinity:infinity" ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.elasticsearch = {
                enable = true;
                listenAddress = "0.0.0.0";
              };
            };
        };

        # services.logstash.image: 'logstash/logstash' is not one that a NixOS module is known of
        # here: its program becomes a unit
        logstash = {
          ports = [ "5044:5044" "5140:5140/udp" ];
          volumes = [ "logstash.conf:/usr/share/logstash/pipeline/logstash.conf:ro" ];
          dependsOn.elasticsearch = "started";
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.logstash = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "...";
              # };
            };
        };

        # services.search.environment["discovery.type"]: not carried over: it is the image's own,
        # and no setting here stands for it
        # services.search.environment.OPENSEARCH_INITIAL_ADMIN_PASSWORD: not carried over: it is the
        # image's own, and no setting here stands for it
        search = {
          ready.tcp = [ 9200 ];
          profiles = [ "other" ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              services.opensearch = {
                enable = true;
                settings."network.host" = "0.0.0.0";
                settings."discovery.type" = "single-node";
              };
            };
        };

        # services.kibana.image: 'kibana/kibana' is not one that a NixOS module is known of here:
        # its program becomes a unit
        # services.kibana.labels: not carried over: nothing here reads them
        kibana = {
          environment.ELASTICSEARCH_HOSTS = "http://elasticsearch:9200";
          ports = [ "5601:5601" ];
          configuration =
            { lib, pkgs, ... }:
            {
              system.stateVersion = "26.05";
              # What the image runs becomes a unit, and the program a package:
              # systemd.services.kibana = {
              #   wantedBy = [ "multi-user.target" ];
              #   serviceConfig.ExecStart = "...";
              # };
            };
        };
      };
    };
}
