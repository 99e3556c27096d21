{
  description = "The web server of the original flake-containers, written as for that";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    flake-parts.url = "github:hercules-ci/flake-parts";
    # The original needs it to find the project. Here nothing does, and it may stay.
    flake-root.url = "github:srid/flake-root";
    # All that has changed.
    flake-containers.url = "github:flake-containers/flake-containers";
  };

  outputs =
    inputs@{ flake-parts, ... }:
    flake-parts.lib.mkFlake { inherit inputs; } {
      imports = [
        inputs.flake-containers.flakeModule
        inputs.flake-root.flakeModule
      ];

      systems = [ "x86_64-linux" ];

      flake-containers = {
        enable = true;

        containers.httpserver = {
          volumes-ro = [ "/srv" ];

          configuration =
            { pkgs, lib, ... }:
            {
              networking.useDHCP = false;
              networking.firewall.allowedTCPPorts = [ 80 ];

              services.httpd = {
                enable = true;
                adminAddr = "webmaster@example.org";
              };
            };
        };
      };
    };
}
