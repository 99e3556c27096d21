# mkFlake: modules in, flake outputs out. perSystem is evaluated once a system, and its attributes become
# <attribute>.<system>.<name>.
{ lib }:
let
  inherit (lib)
    genAttrs
    mapAttrs
    mkOption
    types
    ;

  # perSystem's type: a list of modules that grows with each declaration and definition.
  modulesType =
    module:
    types.mkOptionType {
      name = "deferredModule";
      description = "module";
      descriptionClass = "noun";
      check = types.deferredModule.check;
      merge =
        loc: defs:
        [ module ]
        ++ map (def: lib.setDefaultModuleLocation "${def.file}, via option ${lib.showOption loc}" def.value) defs;
      inherit (types.submoduleWith { modules = [ module ]; }) getSubOptions getSubModules;
      substSubModules = imports: modulesType { inherit imports; };
      functor = {
        name = "perSystem";
        payload = module;
      };
      typeMerge =
        functor:
        if functor.name != "perSystem" then
          null
        else
          modulesType {
            imports = [
              module
              functor.payload
            ];
          };
    };

  flake-parts-lib = {
    inherit evalFlakeModule mkFlake mkTransposedPerSystemModule;
    inherit (lib) importApply;
    mkPerSystemType = modulesType;
    mkPerSystemOption = module: mkOption { type = modulesType module; };
    mkDeferredModuleType = modulesType;
    mkDeferredModuleOption = module: mkOption { type = modulesType module; };
    mkSubmoduleOptions = options: mkOption { type = types.submoduleWith { modules = [ { inherit options; } ]; }; };
  };

  mkTransposedPerSystemModule =
    {
      name,
      option,
      file,
    }:
    {
      _file = file;
      options.flake.${name} = mkOption {
        type = types.lazyAttrsOf option.type;
        default = { };
        description = "See perSystem.${name}.";
      };
      options.perSystem = flake-parts-lib.mkPerSystemOption {
        _file = file;
        options.${name} = option;
      };
      config.transposition.${name} = { };
    };

  transposed =
    name: type:
    mkTransposedPerSystemModule {
      inherit name;
      file = "flake-parts stand-in, ${name}";
      option = mkOption {
        type = types.lazyAttrsOf type;
        default = { };
        description = "The flake's ${name}.";
      };
    };

  core =
    {
      config,
      inputs,
      self,
      ...
    }:
    {
      _file = "flake-parts stand-in";
      options = {
        systems = mkOption {
          type = types.listOf types.str;
          description = "The systems of the outputs.";
        };
        flake = mkOption {
          type = types.submoduleWith {
            modules = [ { freeformType = types.lazyAttrsOf (types.unique { message = ""; } types.raw); } ];
          };
          description = "Outputs as they are.";
        };
        transposition = mkOption {
          type = types.lazyAttrsOf types.raw;
          description = "Attributes of perSystem that become outputs.";
        };
        allSystems = mkOption {
          type = types.lazyAttrsOf types.unspecified;
          internal = true;
          description = "perSystem's result for each system.";
        };
        perSystem = mkOption {
          description = "Module of the outputs of one system.";
          type = modulesType (
            { system, inputs', ... }:
            {
              _file = "flake-parts stand-in, perSystem";
              config._module.args = {
                inputs' = mapAttrs (
                  name: input:
                  if input._type or null == "flake" then
                    forSystem system input
                  else
                    throw "Trying to retrieve system-dependent attributes for input ${name}, but this input is not a flake. Perhaps flake = false was added to the input declarations by mistake, or you meant to use a different input, or you meant to use plain old inputs, not inputs'."
                ) self.inputs;
                self' = forSystem system self;
                pkgs = lib.mkOptionDefault inputs'.nixpkgs.legacyPackages;
              };
            }
          );
          apply =
            modules: system:
            (lib.evalModules {
              inherit modules;
              prefix = [
                "perSystem"
                system
              ];
              specialArgs = { inherit system; };
              class = "perSystem";
            }).config;
        };
      };
      config = {
        perSystem = { };
        allSystems = genAttrs config.systems config.perSystem;
        _module.args = {
          getSystem = system: config.allSystems.${system} or (config.perSystem system);
          withSystem = system: f: f (config.allSystems.${system} // { config = config.allSystems.${system}; });
        };
        flake = mapAttrs (name: _: mapAttrs (_: perSystem: perSystem.${name}) config.allSystems) config.transposition;
      };
    };

  forSystem = system: flake: mapAttrs (_: output: output.${system}) (lib.filterAttrs (_: output: output ? ${system}) (flake.outputs or flake));

  # As the real one: it asks perSystem for a formatter without having a system. A module whose set of attributes depends
  # on `system` fails here, in every flake that has no formatter.
  formatter =
    { config, ... }:
    {
      _file = "flake-parts stand-in, formatter";
      options.flake.formatter = mkOption {
        type = types.lazyAttrsOf types.package;
        default = { };
        description = "See perSystem.formatter.";
      };
      options.perSystem = flake-parts-lib.mkPerSystemOption {
        options.formatter = mkOption {
          type = types.nullOr types.package;
          default = null;
          description = "What nix fmt runs.";
        };
      };
      config.flake.formatter =
        let
          probe = builtins.tryEval (config.perSystem (throw "perSystem needs a system to say whether it has a formatter")).formatter;
        in
        lib.optionalAttrs (!probe.success || probe.value != null) (
          mapAttrs (
            _: perSystem:
            if perSystem.formatter != null then
              perSystem.formatter
            else
              throw "flake-parts could not determine statically that no formatter is defined for *all* systems."
          ) config.allSystems
        );
    };

  evalFlakeModule =
    {
      inputs,
      specialArgs ? { },
      self ? inputs.self,
      moduleLocation ? "${self.outPath}/flake.nix",
    }:
    module:
    lib.evalModules {
      class = "flake";
      specialArgs = {
        inherit
          self
          inputs
          flake-parts-lib
          moduleLocation
          ;
      }
      // specialArgs;
      modules = [
        core
        formatter
        (transposed "packages" types.package)
        (transposed "checks" types.package)
        (transposed "devShells" types.package)
        (transposed "legacyPackages" types.raw)
        (transposed "apps" types.raw)
        (lib.setDefaultModuleLocation moduleLocation module)
      ];
    };
  mkFlake = args: module: (evalFlakeModule args module).config.flake;
in
flake-parts-lib
