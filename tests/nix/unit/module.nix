# The module with lib, flake-parts and nixpkgs given: what containers in a flake become.
{
  lib,
  flake-parts,
  # A folder that can be imported as nixpkgs.
  nixpkgs,
}:
let
  system = "x86_64-linux";

  # The outputs of a flake that has these flake modules beside ours.
  outputs =
    modules:
    let
      self = result // {
        _type = "flake";
        outPath = "/flake";
        inputs = { inherit (inputs) nixpkgs; };
      };
      inputs = {
        inherit self;
        nixpkgs = {
          _type = "flake";
          outPath = toString nixpkgs;
          legacyPackages = lib.genAttrs [ system "x86_64-darwin" ] (system: import nixpkgs { inherit system; });
        };
      };
      result = flake-parts.lib.mkFlake { inherit inputs; } {
        imports = [ ../../../flake-module ] ++ modules;
        systems = [
          system
          "x86_64-darwin"
        ];
      };
    in
    result;

  # A flake that defines these containers at the top.
  project =
    containers:
    outputs [
      {
        _file = "flake.nix";
        flake-containers = {
          enable = true;
          inherit containers;
        };
      }
    ];

  # The problems of each container.
  problems =
    containers:
    (outputs [
      {
        _file = "flake.nix";
        flake-containers = {
          enable = true;
          inherit containers;
        };
        perSystem =
          { config, ... }:
          {
            legacyPackages = lib.mapAttrs (_: container: container.build.problems) config.flake-containers.containers;
          };
      }
    ]).legacyPackages.${system};

  # Writing the text of a derivation into the store is no build.
  document = package: builtins.fromJSON (builtins.unsafeDiscardStringContext package.spec.text);
in
{
  inherit
    document
    outputs
    problems
    project
    system
    ;
  packages = flake: flake.packages.${system};
  # What the runner gets for them.
  spec = containers: (document (project containers).packages.${system}.flake-containers).containers;
}
