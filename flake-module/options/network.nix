# What a container has of the network, and what of it is published on the host.
{ lib, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../types.nix lib)
    listOf
    mkNullable
    orSet
    portNumber
    setOf
    ;

  portModule = setOf {
    address = mkNullable types.str {
      example = "0.0.0.0";
      description = "Numeric address of the host; `127.0.0.1` and `::1` when it is left out.";
    };
    host = mkOption {
      type = types.either portNumber (types.enum [ "auto" ]);
      description = "Port on the host; `\"auto\"` takes a free one and keeps it.";
    };
    container = mkOption {
      type = portNumber;
      description = "Port inside, on any address of the container, its own localhost first.";
    };
    protocol = mkNullable (types.enum [
      "tcp"
      "udp"
    ]) { description = "`\"tcp\"`, which is the default, or `\"udp\"`."; };
    proxyProtocol = mkNullable types.bool {
      description = "Whether the service is told the client's address, by the PROXY protocol.";
    };
  };
in
{
  options = {
    exports = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = {
        DATABASE_URL = "postgres://app@\${host}:\${port}/app";
      };
      description = ''
        Variables of the development shell, and of `flake-containers env`, while the container runs: templates in which
        `''${host}`, `''${port}`, `''${port:N}` and `''${name}` stand for what they say, and `$$` for `$`. (In a flake's
        strings a backslash stands before `''${`.)
      '';
    };

    ports = mkOption {
      type = listOf (
        orSet [
          portNumber
          types.str
        ] portModule
      );
      default = [ ];
      example = [
        "8080:80"
        "auto:5432"
      ];
      description = ''
        What is published on the host: `[ADDRESS:]HOST:CONTAINER[/udp]`, `PORT[/udp]` or an attribute set. A port may be
        a range, as in `"8000-8010:80-90"`. Without an address on `127.0.0.1` and `::1` only. Services that listen only on the container's own localhost are reached, too.
      '';
    };

    sockets = mkOption {
      type = listOf (
        orSet [ types.str ] (setOf {
          name = mkOption {
            type = types.str;
            description = "Name of the folder on the host, and of the socket in `flake-containers port`.";
          };
          path = mkOption {
            type = types.str;
            description = "Path inside.";
          };
        })
      );
      default = [ ];
      example = [ "pg:/run/postgresql/.s.PGSQL.5432" ];
      description = ''
        Unix sockets of the container that the owner of the project, and no other user, can connect to on the host:
        `NAME:PATH` or an attribute set. `flake-containers port CONTAINER NAME` says where.
      '';
    };

    network = {
      mode = mkOption {
        type = types.enum [
          "private"
          "host"
          "none"
          "namespace"
          "container"
          "bridge"
          "macvlan"
          "interface"
        ];
        default = "private";
        description = ''
          `"private"`: an interface in each of its networks, with a fixed address and the names of the other containers.
          `"host"`: the host's network. `"none"`: loopback only.
          `"namespace"`: that of the host which `network.namespace` names.
          `"container"`: that of the container which `network.container` names.
          `"bridge"`, `"macvlan"` and `"interface"`: an interface in a network of the host's, by `network.interface`.
        '';
      };
      internet = mkNullable types.bool {
        description = ''
          Whether the container reaches what programs of the host reach: the internet and the local network, by TCP, UDP
          and ping, with the host's resolver. It cannot be reached from there. Off unless it is said. The host needs
          `pasta` (package `passt`).
        '';
      };
      hostAccess = mkOption {
        type = listOf portNumber;
        default = [ ];
        example = [ 5432 ];
        description = ''
          TCP ports of the host's own localhost that the container reaches, as `host.containers` (or
          `host.docker.internal`), with the internet or without. Nothing else of the host's localhost is reachable.
        '';
      };
      namespace = mkNullable types.str {
        example = "vpn";
        description = ''
          A network namespace of the host's (`/run/netns/vpn`, as `ip netns` and VPNs make it), with
          `network.mode = "namespace"`.
        '';
      };
      container = mkNullable types.str {
        example = "vpn";
        description = ''
          Another container, whose network this one shares, with `network.mode = "container"`: interfaces, addresses,
          localhost and the internet. Ports are published by that one. This one starts when that is ready, and ends with it.
        '';
      };
      interface = mkNullable types.str {
        example = "br0";
        description = ''
          The host's interface that the container's is attached to: with `network.mode = "bridge"` a bridge, which it
          is a port of, with `"macvlan"` any other, on whose wire it is a further one, with `"interface"` one that the
          container has to itself: the host keeps it, and does not use it meanwhile.
        '';
      };
      gateway = mkNullable types.str {
        example = "192.168.1.1";
        description = "With such an interface and `network.address`: what leads out of its network.";
      };
      address6 = mkNullable types.str {
        example = "fd00::20/64";
        description = ''
          With such an interface and `network.address`: an IPv6 address beside that, with its prefix. In a network of the
          project's a fixed one without a prefix, as `"fd00:1:2:3::20"`, which says the network's first 64 bits; it ends in
          the container's last number, which `network.address` has as well.
        '';
      };
      gateway6 = mkNullable types.str {
        example = "fe80::1";
        description = "With `network.address6`: what leads out of its network.";
      };
      networks = mkOption {
        type = listOf types.str;
        default = [ ];
        example = [
          "front"
          "back"
        ];
        description = ''
          Names of the project's networks that the container is in; none is the network `default`. Containers that share
          none neither reach nor know each other. The first has the interface `host0` and the address that is shown.
        '';
      };
      address = mkNullable types.str {
        example = "10.250.0.2";
        description = ''
          A fixed IPv4 address in the container's first network, of which it says the subnet: the 256 addresses around
          it, of which the host has the one that ends in 1. Two checkouts of the project do not run at the same time then.
          In a network of the host's it has a prefix, as `"192.168.1.20/24"`; without one the system inside asks for an
          address by DHCP.
        '';
      };
      mac = mkNullable types.str {
        example = "02:00:00:00:00:01";
        description = "A fixed MAC address of the container's first interface, `host0`.";
      };
    };
  };
}
