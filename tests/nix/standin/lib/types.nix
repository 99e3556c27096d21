# Types of options: each has check, merge, a description, and what the module system asks beside that.
{ lib }:
let
  inherit (lib)
    all
    concatLists
    concatMapStringsSep
    elem
    filter
    functionArgs
    head
    imap1
    isAttrs
    isFunction
    isList
    isString
    last
    length
    mapAttrs
    mergeDefinitions
    mergeEqualOption
    mergeOneOption
    showDefs
    showOption
    toJSON
    ;

  mkOptionType =
    attrs@{ name, ... }:
    let
      type = {
        _type = "option-type";
        description = name;
        descriptionClass = null;
        deprecationMessage = null;
        check = _: true;
        merge = mergeEqualOption;
        emptyValue = { };
        getSubOptions = _: { };
        # The modules of a submodule, and the type with others in their place.
        getSubModules = null;
        substSubModules = _: null;
        nestedTypes = { };
        functor = {
          inherit name;
          payload = null;
        };
        # What a second declaration of the same option makes of both: null when they do not fit together. Types that
        # take arguments say it themselves.
        typeMerge = functor: if functor.name == name && functor.payload == null then type else null;
      }
      // attrs;
    in
    type;

  # phrase CLASSES TYPE: a type's description within another one's, in parentheses where it could be misread.
  phrase =
    classes: type: if elem type.descriptionClass classes then type.description else "(${type.description})";

  # One level into the definitions of a list or set.
  element =
    loc: type: file: value:
    mergeDefinitions loc type [
      { inherit file value; }
    ];

  wraps = name: type: make: {
    functor = {
      inherit name;
      payload.elemType = type;
    };
    typeMerge =
      functor:
      let
        inner = type.typeMerge functor.payload.elemType.functor;
      in
      if functor.name == name && inner != null then make inner else null;
    inherit (type) getSubModules;
    substSubModules = modules: make (type.substSubModules modules);
    nestedTypes.elemType = type;
  };

  types = rec {
    raw = mkOptionType {
      name = "raw";
      description = "raw value";
      descriptionClass = "noun";
      merge = mergeOneOption;
    };
    unspecified = mkOptionType {
      name = "unspecified";
      description = "unspecified value";
      descriptionClass = "noun";
      merge =
        loc: defs:
        let
          values = map (def: def.value) defs;
        in
        if length defs == 1 then
          head values
        else if all isFunction values then
          x: unspecified.merge loc (map (def: def // { value = def.value x; }) defs)
        else if all isList values then
          concatLists values
        else if all isAttrs values then
          builtins.foldl' (a: b: a // b) { } values
        else
          mergeEqualOption loc defs;
    };
    anything = mkOptionType {
      name = "anything";
      description = "anything";
      descriptionClass = "noun";
      merge =
        loc: defs:
        if all (def: isAttrs def.value && !(def.value ? outPath)) defs then
          (lazyAttrsOf anything).merge loc defs
        else if all (def: isFunction def.value) defs then
          x: anything.merge (loc ++ [ "<function body>" ]) (map (def: def // { value = def.value x; }) defs)
        else if length defs == 1 then
          (head defs).value
        else
          mergeEqualOption loc defs;
    };

    bool = mkOptionType {
      name = "bool";
      description = "boolean";
      descriptionClass = "noun";
      check = builtins.isBool;
    };
    int = mkOptionType {
      name = "int";
      description = "signed integer";
      descriptionClass = "noun";
      check = builtins.isInt;
    };
    float = mkOptionType {
      name = "float";
      description = "floating point number";
      descriptionClass = "noun";
      check = builtins.isFloat;
    };
    number = either int float;
    ints = rec {
      between =
        low: high:
        addCheck int (x: x >= low && x <= high)
        // {
          name = "intBetween";
          description = "integer between ${toString low} and ${toString high} (both inclusive)";
        };
      sized =
        bits: high:
        between 0 high
        // {
          name = "unsignedInt${toString bits}";
          description = "${toString bits} bit unsigned integer; between 0 and ${toString high} (both inclusive)";
        };
      u8 = sized 8 255;
      u16 = sized 16 65535;
      u32 = sized 32 4294967295;
      unsigned = addCheck int (x: x >= 0) // {
        name = "unsignedInt";
        description = "unsigned integer, meaning >=0";
        descriptionClass = "nonRestrictiveClause";
      };
      positive = addCheck int (x: x > 0) // {
        name = "positiveInt";
        description = "positive integer, meaning >0";
        descriptionClass = "nonRestrictiveClause";
      };
    };
    port = ints.u16;

    str = mkOptionType {
      name = "str";
      description = "string";
      descriptionClass = "noun";
      check = isString;
    };
    nonEmptyStr = mkOptionType {
      name = "nonEmptyStr";
      description = "non-empty string";
      descriptionClass = "noun";
      check = x: isString x && builtins.match "[ \t\n]*" x == null;
    };
    singleLineStr = mkOptionType {
      name = "singleLineStr";
      description = "(optionally newline-terminated) single-line string";
      descriptionClass = "noun";
      check = x: isString x && builtins.match "[^\n\r]*\n?" x != null;
      merge = loc: defs: lib.removeSuffix "\n" (mergeEqualOption loc defs);
    };
    strMatching =
      pattern:
      mkOptionType {
        name = "strMatching ${lib.escapeNixString pattern}";
        description = "string matching the pattern ${pattern}";
        descriptionClass = "noun";
        check = x: isString x && builtins.match pattern x != null;
      };
    separatedString =
      separator:
      mkOptionType {
        name = "separatedString";
        description =
          if separator == "" then
            "Concatenated string"
          else
            "strings concatenated with ${toJSON separator}";
        descriptionClass = "noun";
        check = isString;
        merge = _: defs: concatMapStringsSep separator (def: def.value) defs;
      };
    lines = separatedString "\n";
    commas = separatedString ",";

    path = mkOptionType {
      name = "path";
      description = "absolute path";
      descriptionClass = "noun";
      check = x: lib.isStringLike x && builtins.substring 0 1 (toString x) == "/";
    };
    pathInStore = mkOptionType {
      name = "path";
      description = "path in the Nix store";
      descriptionClass = "noun";
      check = x: lib.isStringLike x && builtins.match "${builtins.storeDir}/[^.].*" (toString x) != null;
    };
    package = mkOptionType {
      name = "package";
      descriptionClass = "noun";
      check = x: lib.isDerivation x || lib.isStorePath x;
      merge =
        loc: defs:
        let
          value = mergeOneOption loc defs;
        in
        if builtins.isPath value || (isString value && !builtins.hasContext value) then
          rec {
            type = "derivation";
            name = builtins.unsafeDiscardStringContext (builtins.substring 33 (-1) (baseNameOf outPath));
            outPath = builtins.storePath value;
            outputs = [ "out" ];
            out = { inherit outPath; };
            outputName = "out";
          }
        else
          value;
    };
    pkgs =
      addCheck (unique { message = "A Nixpkgs pkgs set can not be merged with another pkgs set."; } attrs) (
        x: x._type or null == "pkgs"
      )
      // {
        name = "pkgs";
        descriptionClass = "noun";
        description = "Nixpkgs package set";
      };
    attrs = mkOptionType {
      name = "attrs";
      description = "attribute set";
      check = isAttrs;
      merge = _: builtins.foldl' (result: def: result // def.value) { };
      emptyValue.value = { };
    };

    listOf =
      type:
      mkOptionType (
        {
          name = "listOf";
          description = "list of ${phrase [ "noun" "composite" ] type}";
          descriptionClass = "composite";
          check = isList;
          merge =
            loc: defs:
            map (merged: merged.value) (
              filter (merged: merged ? value) (
                concatLists (
                  imap1 (
                    n: def:
                    imap1 (
                      m: value:
                      (element (loc ++ [ "[definition ${toString n}-entry ${toString m}]" ]) type def.file value).optionalValue
                    ) def.value
                  ) defs
                )
              )
            );
          emptyValue.value = [ ];
          getSubOptions = prefix: type.getSubOptions (prefix ++ [ "*" ]);
        }
        // wraps "listOf" type listOf
      );
    nonEmptyListOf =
      type: addCheck (listOf type) (x: x != [ ]) // { description = "non-empty ${phrase [ "noun" ] (listOf type)}"; emptyValue = { }; };

    attrsOf = type: attrsWith { elemType = type; };
    lazyAttrsOf =
      type:
      attrsWith {
        elemType = type;
        lazy = true;
      };
    attrsWith =
      {
        elemType,
        lazy ? false,
        placeholder ? "name",
      }:
      let
        name = if lazy then "lazyAttrsOf" else "attrsOf";
        with' =
          type:
          attrsWith {
            elemType = type;
            inherit lazy placeholder;
          };
      in
      mkOptionType (
        {
          inherit name;
          description = "${if lazy then "lazy attribute set" else "attribute set"} of ${phrase [ "noun" "composite" ] elemType}";
          descriptionClass = "composite";
          check = isAttrs;
          merge =
            loc: defs:
            let
              merged = builtins.zipAttrsWith (name: mergeDefinitions (loc ++ [ name ]) elemType) (
                map (
                  def:
                  mapAttrs (_: value: {
                    inherit (def) file;
                    inherit value;
                  }) def.value
                ) defs
              );
            in
            # The lazy one does not look at the definitions to know the names, so an mkIf cannot remove one.
            if lazy then
              mapAttrs (_: m: if m.isDefined then m.mergedValue else elemType.emptyValue.value or m.mergedValue) merged
            else
              mapAttrs (_: m: m.mergedValue) (lib.filterAttrs (_: m: m.isDefined) merged);
          emptyValue.value = { };
          getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "<${placeholder}>" ]);
        }
        // wraps name elemType with'
      );

    nullOr =
      type:
      mkOptionType (
        {
          name = "nullOr";
          description = "null or ${phrase [ "noun" "conjunction" ] type}";
          descriptionClass = "conjunction";
          check = x: x == null || type.check x;
          merge =
            loc: defs:
            let
              nulls = filter (def: def.value == null) defs;
            in
            if nulls == [ ] then
              type.merge loc defs
            else if length nulls == length defs then
              null
            else
              throw "The option `${showOption loc}` is defined both null and not null, in ${lib.showFiles (lib.getFiles defs)}.";
          emptyValue.value = null;
          inherit (type) getSubOptions;
        }
        // wraps "nullOr" type nullOr
      );
    uniq = unique { message = ""; };
    unique =
      { message }:
      type:
      mkOptionType (
        {
          name = "unique";
          inherit (type)
            description
            descriptionClass
            check
            emptyValue
            getSubOptions
            ;
          merge =
            loc: defs:
            if length defs == 1 then
              type.merge loc defs
            else
              lib.mergeUniqueOption { inherit message; } loc defs;
        }
        // wraps "unique" type (unique { inherit message; })
      );
    functionTo =
      type:
      mkOptionType (
        {
          name = "functionTo";
          description = "function that evaluates to a(n) ${phrase [ "noun" "composite" ] type}";
          descriptionClass = "composite";
          check = isFunction;
          merge = loc: defs: {
            __functionArgs = builtins.zipAttrsWith (_: all lib.id) (map (def: lib.functionArgsOf def.value) defs);
            __functor =
              _: argument:
              (mergeDefinitions (loc ++ [ "<function body>" ]) type (
                map (def: def // { value = def.value argument; }) defs
              )).mergedValue;
          };
          getSubOptions = prefix: type.getSubOptions (prefix ++ [ "<function body>" ]);
        }
        // wraps "functionTo" type functionTo
      );

    enum =
      values:
      let
        show = v: if isString v then "\"${v}\"" else lib.showValue v;
      in
      mkOptionType {
        name = "enum";
        description =
          if values == [ ] then
            "impossible (empty enum)"
          else if length values == 1 then
            "value ${show (head values)} (singular enum)"
          else
            "one of ${concatMapStringsSep ", " show values}";
        descriptionClass = if length values < 2 then "noun" else "conjunction";
        check = x: elem x values;
        functor = {
          name = "enum";
          payload = { inherit values; };
        };
        typeMerge = functor: if functor.name == "enum" then enum (lib.unique (values ++ functor.payload.values)) else null;
      };
    either =
      a: b:
      mkOptionType {
        name = "either";
        description =
          if a.descriptionClass == "nonRestrictiveClause" then
            "${a.description}, or ${phrase [ "noun" "conjunction" ] b}"
          else
            "${phrase [ "noun" "conjunction" ] a} or ${phrase [ "noun" "conjunction" "composite" ] b}";
        descriptionClass = "conjunction";
        check = x: a.check x || b.check x;
        merge =
          loc: defs:
          if all (def: a.check def.value) defs then
            a.merge loc defs
          else if all (def: b.check def.value) defs then
            b.merge loc defs
          else
            mergeOneOption loc defs;
        nestedTypes.left = a;
        nestedTypes.right = b;
      };
    oneOf = list: builtins.foldl' either (head list) (lib.tail list);
    coercedTo =
      from: convert: to:
      mkOptionType (
        {
          name = "coercedTo";
          description = "${phrase [ "noun" ] to} or ${phrase [ "noun" ] from} convertible to it";
          check = x: (from.check x && to.check (convert x)) || to.check x;
          merge =
            loc: defs:
            to.merge loc (
              map (
                def: def // { value = if from.check def.value then convert (from.merge loc [ def ]) else def.value; }
              ) defs
            );
          inherit (to) emptyValue getSubOptions getSubModules;
          substSubModules = modules: coercedTo from convert (to.substSubModules modules);
          typeMerge = _: null;
        }
      );
    addCheck = type: check: type // { check = x: type.check x && check x; };

    submodule =
      modules:
      submoduleWith {
        modules = lib.toList modules;
        shorthandOnlyDefinesConfig = true;
      };
    submoduleWith =
      args@{
        modules,
        specialArgs ? { },
        shorthandOnlyDefinesConfig ? false,
        description ? null,
        class ? null,
      }:
      let
        base = lib.evalModules {
          inherit class specialArgs;
          modules = [ { _module.args.name = lib.mkOptionDefault "‹name›"; } ] ++ modules;
        };
      in
      mkOptionType {
        name = "submodule";
        description =
          if description != null then
            description
          else if base._module.freeformType ? description then
            "open submodule of ${phrase [ "noun" "composite" ] base._module.freeformType}"
          else
            "submodule";
        check = x: isAttrs x || isFunction x || path.check x;
        merge =
          loc: defs:
          (base.extendModules {
            prefix = loc;
            modules = [
              { _module.args.name = last loc; }
            ]
            ++ map (
              def:
              if isAttrs def.value && shorthandOnlyDefinesConfig == true then
                {
                  _file = def.file;
                  config = def.value;
                }
              else
                lib.setDefaultModuleLocation def.file def.value
            ) defs;
          }).config;
        emptyValue.value = { };
        getSubOptions =
          prefix:
          (base.extendModules {
            inherit prefix;
            modules = [ { _module.check = false; } ];
          }).options
          // lib.optionalAttrs (base._module.freeformType != null) {
            _freeformOptions = base._module.freeformType.getSubOptions prefix;
          };
        getSubModules = modules;
        substSubModules = modules: submoduleWith (args // { inherit modules; });
        nestedTypes = lib.optionalAttrs (base._module.freeformType != null) { inherit (base._module) freeformType; };
        functor = {
          name = "submodule";
          payload = args // { inherit shorthandOnlyDefinesConfig; };
        };
        typeMerge =
          functor:
          let
            other = functor.payload;
          in
          if functor.name != "submodule" then
            null
          else
            submoduleWith {
              modules = modules ++ other.modules;
              specialArgs = specialArgs // other.specialArgs or { };
              # null: whatever the other declaration says.
              shorthandOnlyDefinesConfig =
                if shorthandOnlyDefinesConfig == null then
                  other.shorthandOnlyDefinesConfig
                else
                  shorthandOnlyDefinesConfig;
              description = if description != null then description else other.description or null;
              class = if class != null then class else other.class or null;
            };
      };

    deferredModule = deferredModuleWith { };
    deferredModuleWith =
      {
        staticModules ? [ ],
      }:
      mkOptionType {
        name = "deferredModule";
        description = "module";
        descriptionClass = "noun";
        check = x: isAttrs x || isFunction x || path.check x;
        merge = loc: defs: {
          imports =
            staticModules
            ++ map (def: lib.setDefaultModuleLocation "${def.file}, via option ${showOption loc}" def.value) defs;
        };
        inherit (submoduleWith { modules = staticModules; }) getSubOptions getSubModules;
        substSubModules = staticModules: deferredModuleWith { inherit staticModules; };
        functor = {
          name = "deferredModuleWith";
          payload = { inherit staticModules; };
        };
        typeMerge =
          functor:
          if functor.name == "deferredModuleWith" then
            deferredModuleWith { staticModules = staticModules ++ functor.payload.staticModules; }
          else
            null;
      };
    optionType = mkOptionType {
      name = "optionType";
      description = "optionType";
      descriptionClass = "noun";
      check = x: x._type or null == "option-type";
      merge = mergeOneOption;
    };
    inherit mkOptionType;
  };
in
types
