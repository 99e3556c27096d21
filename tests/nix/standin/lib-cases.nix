# Expressions whose value must not depend on whose lib it is: { values = { NAME = any JSON; }; errors = { NAME = throws; }; }
{ lib }:
let
  inherit (lib) mkOption types;

  # eval TYPE [ DEFINITION.. ]: what one option makes of them.
  eval =
    type: definitions:
    (lib.evalModules {
      modules = [
        { options.x = mkOption { inherit type; }; }
      ]
      ++ lib.imap1 (i: x: {
        _file = "module-${toString i}";
        inherit x;
      }) definitions;
    }).config.x;

  container = {
    options = {
      name = mkOption {
        type = types.strMatching "[a-z]+";
        default = "none";
      };
      ports = mkOption {
        type = types.listOf types.port;
        default = [ ];
      };
      read.only = mkOption {
        type = types.bool;
        default = false;
      };
    };
  };
  containers = types.lazyAttrsOf (types.submodule container);

  settled =
    modules:
    (lib.evalModules {
      inherit modules;
      specialArgs.given = "given";
      class = "standin";
    }).config;

  old =
    extra:
    settled (
      [
        {
          options = {
            assertions = mkOption {
              type = types.listOf types.unspecified;
              default = [ ];
            };
            warnings = mkOption {
              type = types.listOf types.str;
              default = [ ];
            };
            new.name = mkOption {
              type = types.int;
              default = 1;
            };
          };
          imports = [
            (lib.mkRenamedOptionModule [ "old" "name" ] [ "new" "name" ])
            (lib.mkRemovedOptionModule [ "gone" ] "It is gone.")
          ];
        }
      ]
      ++ extra
    );
in
{
  values = {
    defaults = eval containers [ { a = { }; } ];
    listsConcatenate = eval (types.listOf types.int) [
      [ 1 ]
      (lib.mkBefore [ 2 ])
      (lib.mkAfter [ 3 ])
      [ 4 ]
    ];
    setsMerge = eval containers [
      { a.ports = [ 80 ]; }
      {
        a.ports = [ 81 ];
        b.read.only = true;
      }
    ];
    conditions = eval (types.attrsOf types.int) [
      (lib.mkIf true { a = 1; })
      (lib.mkIf false { b = throw "looked at"; })
      {
        c = lib.mkIf false 3;
        d = lib.mkMerge [
          (lib.mkIf false 4)
          (lib.mkIf true 5)
        ];
      }
    ];
    priorities = eval (types.attrsOf types.int) [
      {
        a = lib.mkDefault 1;
        b = 1;
        c = lib.mkOptionDefault 1;
      }
      {
        a = 2;
        b = lib.mkForce 2;
        c = lib.mkDefault 2;
      }
      { b = lib.mkOverride 10 3; }
    ];
    lazySets = builtins.attrNames (eval (types.lazyAttrsOf types.int) [ { a = throw "looked at"; } ]);
    lazySubmodules = builtins.attrNames (eval containers [ { a = throw "looked at"; } ]);
    nullOr = map (eval (types.nullOr types.int)) [
      [ null ]
      [ 1 ]
    ];
    either = map (eval (types.either types.int (types.listOf types.str))) [
      [ 1 ]
      [ [ "a" ] ]
      [
        [ "a" ]
        [ "b" ]
      ]
    ];
    oneOf = map (x: eval (types.oneOf [ types.int types.str (types.submodule container) ]) [ x ]) [
      1
      "a"
      { name = "b"; }
    ];
    coerced = map (x: eval (types.coercedTo types.int toString types.str) [ x ]) [
      1
      "a"
    ];
    coercedList = eval (types.listOf (types.coercedTo types.str (name: { inherit name; }) (types.submodule container))) [
      [
        "a"
        { ports = [ 1 ]; }
      ]
    ];
    coercedToSet = eval (types.coercedTo (types.listOf types.str) (names: lib.genAttrs names (_: "ready")) (types.attrsOf types.str)) [
      [ "a" ]
      { b = "started"; }
    ];
    enum = eval (types.enum [ "a" "b" ]) [ "a" "a" ];
    lines = eval types.lines [
      "a"
      "b"
    ];
    functions = (eval (types.functionTo (types.listOf types.int)) [
      (x: [ x ])
      ({ ... }@x: [ 2 ])
    ]) { a = 1; } == [ { a = 1; } 2 ];
    anything = eval types.anything [
      {
        a.b = 1;
        c = [ 1 ];
      }
      { a.d = 2; }
    ];
    unspecified = eval types.unspecified [
      { a = 1; }
      { b = 2; }
    ];
    attrs = eval types.attrs [
      { a.b = 1; }
      { a.c = 2; }
    ];
    singleLine = eval types.singleLineStr [ "a\n" ];
    deferred =
      let
        deferred = eval types.deferredModule [
          { ports = [ 1 ]; }
          (
            { lib, ... }:
            {
              ports = lib.mkBefore [ 2 ];
            }
          )
        ];
      in
      (lib.evalModules {
        modules = [
          container
          deferred
        ];
      }).config;
    submoduleArguments =
      eval
        (types.attrsOf (
          types.submoduleWith {
            specialArgs.special = 7;
            modules = [
              (
                {
                  name,
                  config,
                  special,
                  ...
                }:
                {
                  options.me = mkOption {
                    type = types.str;
                    default = "${name} ${toString special} ${toString config.n}";
                  };
                  options.n = mkOption { type = types.int; };
                }
              )
            ];
          }
        ))
        [ { a.n = 3; } ];
    moduleForms = settled [
      ./a-module.nix
      "${toString ./a-module.nix}"
      (
        {
          lib,
          config,
          given,
          taken,
          ...
        }:
        {
          options.seen = mkOption { type = types.anything; };
          config.seen = [
            given
            taken
            config.value
          ];
          config._module.args.taken = "taken";
        }
      )
      { value = 3; }
    ];
    disabled = settled [
      ./a-module.nix
      {
        disabledModules = [ ./a-module.nix ];
        options.other = mkOption { default = 1; };
      }
    ];
    freeform = settled [
      {
        freeformType = types.attrsOf types.int;
        options.known = mkOption {
          type = types.str;
          default = "known";
        };
      }
      { unknown = 1; }
    ];
    nestedFreeform = eval (types.submodule {
      freeformType = types.lazyAttrsOf (types.unique { message = ""; } types.raw);
      options.known.deep = mkOption { default = 1; };
    }) [ { a.b = 1; } ];
    unchecked = settled [
      { _module.check = false; }
      { nothing = 1; }
    ];
    # flake-parts declares `flake` once as submodule; others add options to it.
    optionsBelowSubmodule =
      (lib.evalModules {
        modules = [
          { options.flake = mkOption { type = types.submoduleWith { modules = [ { freeformType = types.lazyAttrsOf types.raw; } ]; }; }; }
          { options.flake.packages = mkOption { default = { }; }; }
          {
            flake.packages = { };
            flake.other = 1;
          }
        ];
      }).config;
    declaredTwice =
      (lib.evalModules {
        modules = [
          { options.x = mkOption { type = types.submodule { options.a = mkOption { default = 1; }; }; default = { }; }; }
          { options.x = mkOption { type = types.submodule { options.b = mkOption { default = 2; }; }; }; }
          { options.e = mkOption { type = types.enum [ "a" ]; }; }
          { options.e = mkOption { type = types.enum [ "b" ]; }; }
          { e = "b"; }
        ];
      }).config;
    extended =
      let
        base = lib.evalModules { modules = [ container ]; };
      in
      [
        base.config.name
        (base.extendModules { modules = [ { name = "more"; } ]; }).config.name
      ];
    readOnly = settled [
      {
        options.r = mkOption { readOnly = true; };
        config.r = 1;
      }
    ];
    applied = settled [
      {
        options.r = mkOption {
          default = 1;
          apply = x: x + 1;
        };
      }
    ];
    definitionsSeen =
      let
        inherit
          (lib.evalModules {
            modules = [
              container
              { name = "a"; }
            ];
          })
          options
          ;
      in
      {
        isDefined = lib.mapAttrs (_: o: o.isDefined) (removeAttrs options [ "_module" "read" ]);
        priorities = lib.mapAttrs (_: o: o.highestPrio) (removeAttrs options [ "_module" "read" ]);
        inherit (options.name) files loc;
      };
    renamed = (old [ { old.name = 7; } ]).new.name;
    renamedDefault = (old [ { old.name = lib.mkDefault 7; } { new.name = 8; } ]).new.name;
    renamedWarns = (old [ { _file = "here"; old.name = 7; } ]).warnings;
    removedAsserts = lib.filter (a: !a.assertion) (old [ { _file = "here"; gone = 7; } ]).assertions;
    emptyValues = settled [
      {
        options.a = mkOption { type = types.submodule container; default = { }; };
        options.b = mkOption { type = types.lazyAttrsOf (types.nullOr types.int); };
      }
      { b.c = lib.mkIf false 1; }
    ];
    package = (eval types.package [ (derivation { name = "n"; system = "s"; builder = "b"; }) ]).name;
    checks = lib.mapAttrs (_: pair: map (builtins.head pair).check (builtins.tail pair)) {
      port = [ types.port 0 80 65535 65536 (-1) "80" ];
      u8 = [ types.ints.u8 255 256 ];
      between = [ (types.ints.between 1 3) 0 1 3 4 ];
      positive = [ types.ints.positive 0 1 ];
      unsigned = [ types.ints.unsigned (-1) 0 ];
      str = [ types.str "" 1 null ];
      nonEmptyStr = [ types.nonEmptyStr "" " " "a" ];
      path = [ types.path "/a" "a" ./. { outPath = "/a"; } 1 ];
      listOf = [ (types.listOf types.int) [ 1 ] [ "a" ] 1 ];
      nonEmpty = [ (types.nonEmptyListOf types.int) [ ] [ 1 ] ];
      nullOr = [ (types.nullOr types.str) null "a" 1 ];
      deferredModule = [ types.deferredModule { } (_: { }) 1 "a" "/a" ];
      functionTo = [ (types.functionTo types.int) (x: x) { __functor = _: x: x; } 1 ];
      enum = [ (types.enum [ 1 "a" null ]) 1 "a" null "b" ];
      bool = [ types.bool true 1 ];
      anything = [ types.anything null ];
      attrs = [ types.attrs { } [ ] ];
    };
    descriptions = lib.mapAttrs (_: type: type.description) {
      inherit (types)
        anything
        attrs
        bool
        commas
        deferredModule
        float
        int
        lines
        nonEmptyStr
        number
        package
        path
        pathInStore
        port
        raw
        singleLineStr
        str
        unspecified
        ;
      inherit (types.ints)
        positive
        u16
        u32
        u8
        unsigned
        ;
      between = types.ints.between 1 86400;
      list = types.listOf (types.either types.int types.str);
      attrsOf = types.attrsOf (types.listOf types.str);
      lazy = types.lazyAttrsOf types.deferredModule;
      nullOr = types.nullOr (types.listOf types.str);
      nullEnum = types.nullOr (types.enum [ "a" 1 ]);
      nullUnsigned = types.nullOr types.ints.positive;
      eitherUnsigned = types.either types.ints.unsigned types.str;
      oneOf = types.oneOf [ types.int types.str (types.submodule { }) (types.listOf types.int) ];
      coerced = types.coercedTo types.str (x: x) (types.submodule { });
      listCoerced = types.listOf (types.coercedTo types.str (x: x) types.int);
      functionTo = types.functionTo types.str;
      nullFunction = types.nullOr (types.functionTo (types.either types.str (types.listOf types.str)));
      strMatching = types.strMatching "[a-z]";
      submodule = types.submodule { };
      open = types.submodule { freeformType = types.attrsOf types.int; };
      enum = types.enum [ "a" ];
      nonEmptyList = types.nonEmptyListOf types.str;
      uniq = types.uniq types.int;
      pkgs = types.pkgs;
    };
    pretty = map (lib.generators.toPretty { }) [
      1
      "a \"b\" \${c} \\"
      "two\nlines"
      "two\nlines\n"
      true
      null
      [ ]
      { }
      [ 1 [ 2 ] ]
      { a.b = [ "c" ]; "d e" = 1; }
      (derivation { name = "n"; system = "s"; builder = "b"; })
    ];
    # What the reference of the options is rendered from.
    docs = map (doc: doc // { declarations = map baseNameOf doc.declarations; }) (
      lib.filter (doc: !doc.internal && lib.head doc.loc != "_module") (
        lib.optionAttrSetToDocList
          (lib.evalModules {
            modules = [
              {
                _file = "a.nix";
                options.containers = mkOption {
                  type = containers;
                  description = "Containers.";
                  example = { a.ports = [ 1 ]; };
                };
                options.none = mkOption {
                  visible = false;
                  type = types.submodule container;
                };
                options.text = mkOption {
                  type = types.nullOr types.int;
                  default = null;
                  defaultText = lib.literalExpression "null";
                };
                options.many = mkOption { type = types.listOf (types.submodule container); readOnly = true; };
              }
            ];
          }).options
      )
    );
    strings = {
      args = lib.escapeShellArgs [ "a" "b c" "it's" "" "$x" ];
      escaped = lib.escapeShellArg "a/b:c=d";
      prefix = [ (lib.hasPrefix "a" "ab") (lib.hasSuffix "-linux" "x86_64-linux") (lib.removePrefix "a" "ab") (lib.removeSuffix "b" "ab") ];
      split = lib.splitString "." "a.b..c";
      infix = lib.hasInfix "b.c" "ab.cd";
      concat = lib.concatMapStringsSep ", " toString [ 1 2 ];
      upper = lib.toUpper "abc-1";
      lines = lib.concatLines [ "a" "b" ];
      identifier = map lib.strings.escapeNixIdentifier [ "a-b" "1a" "a b" ];
      option = lib.showOption [ "a" "b c" "<name>" "*" "d-e" ];
      toInt = lib.toInt "42";
    };
    lists = {
      unique = lib.unique [ 1 2 1 ];
      last = lib.last [ 1 2 ];
      init = lib.init [ 1 2 ];
      take = lib.take 5 [ 1 2 ];
      drop = lib.drop 1 [ 1 2 ];
      flatten = lib.flatten [ 1 [ 2 [ 3 ] ] ];
      foldr = lib.foldr (a: b: a + b) "" [ "a" "b" ];
      subtract = lib.subtractLists [ 1 ] [ 1 2 ];
      range = lib.range 1 3;
      find = lib.findFirst (x: x > 1) null [ 1 2 3 ];
      optionals = lib.optionals false [ 1 ];
      reverse = lib.reverseList [ 1 2 ];
      toList = lib.toList 1;
    };
    sets = {
      update = lib.recursiveUpdate { a.b = 1; a.c = 2; } { a.b = 3; };
      filter = lib.filterAttrs (n: v: v > 1) { a = 1; b = 2; };
      map' = lib.mapAttrs' (n: v: lib.nameValuePair "x${n}" v) { a = 1; };
      concat = lib.concatMapAttrs (n: v: { ${n} = v; "${n}2" = v; }) { a = 1; };
      byPath = lib.attrByPath [ "a" "b" ] 0 { a.b = 1; };
      has = lib.hasAttrByPath [ "a" "c" ] { a.b = 1; };
      gen = lib.genAttrs [ "a" ] (n: n);
      toList = lib.mapAttrsToList (n: v: "${n}${v}") { a = "1"; };
      attrsToList = lib.attrsToList { a = 1; };
    };
    programs = [
      (lib.getExe { type = "derivation"; name = "n-1"; outPath = "/n"; meta.mainProgram = "main"; })
      (lib.getExe' { type = "derivation"; name = "n-1"; outPath = "/n"; } "other")
    ];
  };

  errors = {
    unknownOption = eval containers [ { a.prots = [ 1 ]; } ];
    wrongType = eval containers [ { a.ports = "80"; } ];
    wrongElement = eval containers [ { a.ports = [ 80 99999 ]; } ];
    wrongEnum = eval (types.enum [ "a" ]) [ "b" ];
    undefined = eval types.int [ ];
    conflict = eval types.int [ 1 2 ];
    notUnique = eval types.raw [ 1 2 ];
    nullAndNot = eval (types.nullOr types.int) [ null 1 ];
    removed = (old [ { gone = 7; } ]).gone;
    readOnlyTwice = settled [
      {
        options.r = mkOption { readOnly = true; default = 1; };
        config.r = 1;
      }
    ];
    declaredTwice = settled [
      { options.r = mkOption { default = 1; }; }
      { options.r = mkOption { default = 2; }; }
    ];
    notASet = eval containers [ { a = 1; } ];
    badModule = settled [ { options = { }; stray = 1; } ];
    conditionNoBool = eval types.int [ (lib.mkIf "true" 1) ];
    wrongClass = settled [ { _class = "other"; } ];
    nestedImports = settled [ { imports = [ [ { } ] ]; } ];
    definitionNoSet = settled [ container { read = 1; } ];
  };
}
