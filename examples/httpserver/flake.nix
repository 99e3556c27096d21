{
  description = "A web server that serves a directory of the project";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    flake-parts.url = "github:hercules-ci/flake-parts";
    # Of a clone: "git+file:///home/me/flake-containers".
    flake-containers.url = "github:flake-containers/flake-containers";
  };

  outputs =
    inputs@{ flake-parts, ... }:
    flake-parts.lib.mkFlake { inherit inputs; } {
      imports = [ inputs.flake-containers.flakeModule ];

      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];

      flake-containers = {
        enable = true;

        containers.httpserver = {
          # http://localhost:8080
          ports = [ "8080:80" ];
          ready.http = [ 80 ];
          volumes = [ "src:/srv/www:ro" ];

          configuration = {
            services.httpd = {
              enable = true;
              adminAddr = "webmaster@example.org";
              virtualHosts.localhost.documentRoot = "/srv/www";
            };
          };
        };
      };
    };
}
