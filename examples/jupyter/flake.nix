{
  description = "Jupyter as the only process of a container, on the files of the project";

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

        containers.jupyter = {
          # http://localhost:8888
          ports = [ "8888:8888" ];
          ready.tcp = [ 8888 ];
          volumes = [ ".:/work" ];

          # Instead of a whole system: no init, no services.
          runCommand =
            pkgs:
            let
              python = pkgs.python3.withPackages (packages: [ packages.notebook ]);
            in
            [
              "${python}/bin/jupyter-notebook"
              "--ip=127.0.0.1"
              "--port=8888"
              "--no-browser"
              "--allow-root"
              "--notebook-dir=/work"
            ];
        };
      };
    };
}
