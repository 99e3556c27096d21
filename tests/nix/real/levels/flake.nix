{
  description = "Containers on both levels, beside outputs of the flake's own, on systems that are not all Linux";

  inputs = {
    nixpkgs.url = "nixpkgs";
    flake-parts.url = "flake-parts";
    flake-containers.url = "flake-containers";
  };

  outputs =
    inputs@{ flake-parts, ... }:
    flake-parts.lib.mkFlake { inherit inputs; } (
      { config, lib, ... }:
      {
        imports = [ inputs.flake-containers.flakeModule ];

        systems = [
          "x86_64-linux"
          "x86_64-darwin"
        ];

        flake-containers = {
          enable = true;
          nixpkgs.overlays = [ (_: _: { inContainers = true; }) ];
          modules = [ { environment.etc.everywhere.text = "top"; } ];
          containers.web = {
            ports = [ "8080:80" ];
            configuration.environment.etc.top.text = "top";
          };
          # As NixOS's containers have it, with `config` for an option and a function for a module.
          containers.other = {
            config = { pkgs, ... }: { environment.etc.overlay.text = lib.boolToString (pkgs ? inContainers); };
            bindMounts."/data".hostPath = "data";
            autoStart = false;
          };
        };

        perSystem =
          {
            config,
            pkgs,
            self',
            ...
          }:
          {
            packages.own = pkgs.writeText "own" (lib.boolToString (pkgs ? inContainers));
            flake-containers = {
              modules = [ { environment.etc.everywhere.text = lib.mkForce "perSystem"; } ];
              containers.web = {
                ports = [ "8443:443" ];
                configuration.environment.etc.perSystem.source = self'.packages.own;
                specialArgs.flavour = "vanilla";
                extraModules = [ ({ flavour, ... }: { imports = lib.optional (flavour == "vanilla") { environment.etc.flavour.text = flavour; }; }) ];
              };
            };
          };
      }
    );
}
