# As lib-cases.nix, for flake-parts: what flakes become, as JSON. Derivations are told by their names.
{ flake-parts, lib }:
let
  inherit (lib) mkOption types;

  package =
    name: system:
    derivation {
      inherit name system;
      builder = "/bin/sh";
    };
  nixpkgs = {
    _type = "flake";
    legacyPackages = lib.genAttrs [ "x86_64-linux" "x86_64-darwin" ] (system: {
      inherit system;
      hello = package "hello" system;
    });
  };

  # A flake's outputs, with what `self` means for it.
  outputs =
    module:
    let
      self = result // {
        _type = "flake";
        outPath = "/self";
        inputs = builtins.removeAttrs inputs [ "self" ];
      };
      inputs = { inherit self nixpkgs; };
      result = flake-parts.lib.mkFlake { inherit inputs; } module;
    in
    result;

  plain = lib.mapAttrsRecursiveCond (v: !(lib.isDerivation v)) (
    _: v: if lib.isDerivation v then "${v.name} for ${v.system}" else v
  );

  # Without what is empty: flake-parts has more outputs than the stand-in.
  shown = module: lib.filterAttrs (_: value: value != { }) (lib.mapAttrs (_: v: if builtins.isAttrs v then lib.filterAttrs (_: x: x != { }) v else v) (plain (outputs module)));

  systems = [
    "x86_64-linux"
    "x86_64-darwin"
  ];

  # Built like ours: options at the top and in perSystem, a type used twice.
  flakeModule =
    {
      config,
      lib,
      flake-parts-lib,
      ...
    }:
    let
      top = config;
    in
    {
      options.services = mkOption {
        type = types.submodule {
          options.enable = lib.mkEnableOption "services";
          options.list = mkOption {
            type = types.lazyAttrsOf types.deferredModule;
            default = { };
          };
        };
        default = { };
      };
      options.perSystem = flake-parts-lib.mkPerSystemOption (
        {
          config,
          pkgs,
          system,
          ...
        }:
        {
          options.services.list = mkOption {
            type = types.lazyAttrsOf (
              types.submoduleWith { modules = [ { options.words = mkOption { type = types.listOf types.str; }; } ]; }
            );
            default = { };
          };
          config.services.list = lib.mkIf top.services.enable top.services.list;
          config.packages = lib.mkIf (lib.hasSuffix "-linux" system) (
            lib.mapAttrs (name: service: package "${name}-${lib.concatStringsSep "-" service.words}" pkgs.system) config.services.list
          );
        }
      );
    };
in
{
  values = {
    empty = shown { inherit systems; };
    packages = shown {
      inherit systems;
      perSystem =
        { pkgs, system, ... }:
        {
          packages.hello = pkgs.hello;
          packages.named = package "named" system;
          devShells.default = pkgs.hello;
          checks.c = pkgs.hello;
          legacyPackages.set.inner = pkgs.hello;
        };
    };
    merged = shown {
      inherit systems;
      imports = [
        { perSystem.packages.a = package "a" "x86_64-linux"; }
        { perSystem = { pkgs, ... }: { packages.b = pkgs.hello; }; }
      ];
    };
    arguments = shown {
      inherit systems;
      perSystem =
        {
          self',
          inputs',
          config,
          lib,
          ...
        }:
        {
          packages.a = inputs'.nixpkgs.legacyPackages.hello;
          packages.b = self'.packages.a;
          packages.c = config.packages.b;
        };
    };
    ownPkgs = shown {
      inherit systems;
      perSystem =
        { pkgs, system, ... }:
        {
          _module.args.pkgs = { hello = package "other" system; };
          packages.hello = pkgs.hello;
        };
    };
    flake = shown {
      inherit systems;
      flake.templates.default.path = "/t";
      flake.nixosConfigurations.x = { };
      perSystem = { };
    };
    topArguments = shown (
      {
        self,
        inputs,
        withSystem,
        config,
        ...
      }:
      {
        inherit systems;
        perSystem = { pkgs, ... }: { packages.a = pkgs.hello; };
        flake.seen = {
          self = self.outPath;
          inputs = builtins.attrNames inputs;
          name = withSystem "x86_64-linux" ({ config, ... }: config.packages.a.name);
          systems = config.systems;
        };
      }
    );
    module = shown {
      inherit systems;
      imports = [
        flakeModule
        { services.list.web.words = [ "twice" ]; }
      ];
      services.enable = true;
      services.list.web.words = [ "top" ];
      perSystem.services.list.web.words = [ "system" ];
      perSystem.services.list.db.words = [ "only" ];
    };
    moduleOff = shown {
      inherit systems;
      imports = [ flakeModule ];
      services.list.web.words = [ "top" ];
    };
    noFormatter = (outputs { inherit systems; }).formatter or { };
    formatter = plain (outputs {
      inherit systems;
      perSystem = { pkgs, ... }: { formatter = pkgs.hello; };
    }).formatter;
    # What only the names are asked of is not evaluated.
    lazy = builtins.attrNames (outputs {
      inherit systems;
      perSystem.packages.bad = throw "evaluated";
    }).packages.x86_64-linux;
  };

  errors = {
    unknownTop = outputs {
      inherit systems;
      imports = [ flakeModule ];
      services.lits = { };
    };
    unknownPerSystem =
      (outputs {
        inherit systems;
        imports = [ flakeModule ];
        perSystem.services.list.web.wrods = [ ];
      }).packages.x86_64-linux.web.name;
    wrongType =
      (outputs {
        inherit systems;
        imports = [ flakeModule ];
        perSystem.services.list.web.words = 1;
      }).packages.x86_64-linux.web.name;
    noPackage =
      (outputs {
        inherit systems;
        perSystem.packages.a = 1;
      }).packages.x86_64-linux.a;
    # As with Nix before 2.14, which does not say what a flake is.
    inputIsNoFlake =
      (flake-parts.lib.mkFlake
        {
          inputs = {
            self.inputs = {
              nixpkgs = builtins.removeAttrs nixpkgs [ "_type" ];
            };
            nixpkgs = builtins.removeAttrs nixpkgs [ "_type" ];
            self.outPath = "/self";
          };
        }
        {
          inherit systems;
          perSystem = { pkgs, ... }: { packages.a = pkgs.hello; };
        }
      ).packages.x86_64-linux.a;
    # Attributes that depend on the system cannot be known without one.
    shapeOfSystem =
      (outputs {
        inherit systems;
        perSystem =
          { system, ... }:
          lib.optionalAttrs (lib.hasSuffix "-linux" system) { packages.a = package "a" system; };
      }).formatter.x86_64-linux;
  };
}
