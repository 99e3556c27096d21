{
  description = "A container whose configuration cannot be evaluated, beside one that can";

  inputs = {
    nixpkgs.url = "nixpkgs";
    flake-parts.url = "flake-parts";
    flake-containers.url = "flake-containers";
  };

  outputs =
    inputs@{ flake-parts, ... }:
    flake-parts.lib.mkFlake { inherit inputs; } {
      imports = [ inputs.flake-containers.flakeModule ];
      systems = [ "x86_64-linux" ];
      perSystem.flake-containers.containers = {
        broken = throw "evaluated what was not asked for";
        sound = { };
      };
    };
}
