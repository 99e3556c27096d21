# The types of which the options of a container are made. Given lib.
lib:
let
  inherit (builtins) isAttrs isList isPath isString;
  inherit (lib) literalExpression mkOption types;

  where = import ./where.nix;
in
rec {
  # What is left out is the runner's to decide.
  mkNullable =
    type: attributes:
    mkOption (
      {
        type = types.nullOr type;
        default = null;
      }
      // attributes
    );

  mkFlag =
    description:
    mkOption {
      type = types.bool;
      default = false;
      inherit description;
    };

  # A type that says what to write instead, where the type alone would not help: `hint` returns that, or null.
  hinted =
    type: hint:
    type
    // {
      check = value: type.check value || hint value != null;
      merge =
        location: definitions:
        let
          wrong = builtins.filter (definition: hint definition.value != null) definitions;
          first = builtins.head wrong;
        in
        if wrong == [ ] then
          type.merge location definitions
        else
          throw "\n- ${where.option location}: ${hint first.value}${where.files [ first.file ]}";
      substSubModules = modules: hinted (type.substSubModules modules) hint;
    };
  whenIs =
    test: hint: value:
    if test value then hint else null;

  listOf = type: hinted (types.listOf type) (whenIs (value: !isList value) "write a list, [ .. ]");

  # A path of the host, so not of the store.
  hostPath = whenIs isPath "a path without quotes would be copied into the store: write it as a string, relative to the root of the project";
  hostString = hinted types.str hostPath;
  isSet = value: isAttrs value && !(value ? outPath);
  nixosModule = hinted types.deferredModule (
    whenIs isString "a module is an attribute set, a function, or a path, which is written without quotes"
  );

  seconds = types.ints.between 1 86400;
  portNumber = types.ints.between 1 65535;

  # A path is a module as well, but who writes a path has forgotten its quotes.
  setOf = options: types.addCheck (types.submodule { inherit options; }) builtins.isAttrs;

  # Options of the set are in the reference, too.
  orSet = others: set: types.oneOf (others ++ [ set ]) // { inherit (set) getSubOptions; };

  # A module of options of a container. An attribute set defines config only, as with the type of a container: `config`
  # is one of its options.
  containerModule = types.coercedTo types.attrs (definition: { config = definition; }) types.deferredModule;

  # Of `containers`, which there are on both levels.
  containersExample = literalExpression ''
    {
      httpserver = {
        ports = [ "8080:80" ];
        configuration.services.httpd = {
          enable = true;
          adminAddr = "morty@example.org";
        };
      };
    }
  '';

  # Of `tests`, likewise.
  testsExample = literalExpression ''
    {
      suite = {
        containers = [ "db" ];
        from = "seeded";
        script = pkgs: "''${pkgs.python3}/bin/python -m unittest discover tests";
      };
    }
  '';
}
