# evalModules: modules in, { config, options, ... } out.
#
# Three steps, as in nixpkgs: `collect` loads what is imported, `mergeTree` walks declarations and definitions down to
# the options, `mergeDefinitions` makes one value of an option's definitions.
{ lib }:
let
  inherit (lib)
    addErrorContext
    all
    any
    attrByPath
    attrNames
    concatMap
    elem
    filter
    functionArgs
    head
    imap1
    isAttrs
    isFunction
    isList
    isOption
    length
    mapAttrs
    mkOption
    optional
    recursiveUpdate
    removeAttrs
    reverseList
    setAttrByPath
    showDefs
    showFiles
    showOption
    sort
    types
    zipAttrs
    ;

  unknownFile = "<unknown-file>";

  isProperty = kind: value: isAttrs value && value._type or null == kind;
in
rec {
  ### Properties: what a definition can say about itself

  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  mkOrder = priority: content: {
    _type = "order";
    inherit priority content;
  };
  mkOptionDefault = mkOverride 1500;
  mkDefault = mkOverride 1000;
  mkImageMediaOverride = mkOverride 60;
  mkForce = mkOverride 50;
  mkVMOverride = mkOverride 10;
  mkBefore = mkOrder 500;
  mkAfter = mkOrder 1500;
  mkAssert = condition: message: content: if condition then content else throw "\nFailed assertion: ${message}";
  mkDefinition = def: def // { _type = "definition"; };
  defaultOverridePriority = 100;
  defaultOrderPriority = 1000;

  # A set with properties -> sets without, whose attributes have them instead.
  pushDown =
    value:
    if isProperty "merge" value then
      concatMap pushDown value.contents
    else if isProperty "if" value then
      map (mapAttrs (_: mkIf value.condition)) (pushDown value.content)
    else if isProperty "override" value then
      map (mapAttrs (_: mkOverride value.priority)) (pushDown value.content)
    else
      [ value ];

  # mkIf and mkMerge are resolved, the others stay.
  discharge =
    value:
    if isProperty "merge" value then
      concatMap discharge value.contents
    else if isProperty "if" value then
      if !builtins.isBool value.condition then
        throw "‘mkIf’ called with a non-Boolean condition"
      else if value.condition then
        discharge value.content
      else
        [ ]
    else
      [ value ];

  strongest =
    defs:
    let
      priority = def: if isProperty "override" def.value then def.value.priority else defaultOverridePriority;
      highestPrio = builtins.foldl' (best: def: lib.min best (priority def)) 9999 defs;
      strip = def: if isProperty "override" def.value then def // { value = def.value.content; } else def;
    in
    {
      inherit highestPrio;
      values = map strip (filter (def: priority def == highestPrio) defs);
    };

  ordered =
    defs:
    let
      priority = def: if isProperty "order" def.value then def.value.priority else defaultOrderPriority;
      strip = def: if isProperty "order" def.value then def // { value = def.value.content; } else def;
    in
    if any (def: isProperty "order" def.value) defs then map strip (sort (a: b: priority a < priority b) defs) else defs;

  ### Loading

  setDefaultModuleLocation = file: module: {
    _file = file;
    imports = [ module ];
  };
  importApply = path: args: setDefaultModuleLocation path (import path args);

  load =
    args: file: key: module:
    if isFunction module then
      unify file key (apply key module args)
    else if isProperty "if" module || isProperty "override" module then
      unify file key { config = module; }
    else if isAttrs module then
      unify file key module
    else if isList module then
      throw "Module imports can't be nested lists. Perhaps you meant to remove one level of lists? Definitions: ${
        showDefs [
          {
            inherit file;
            value = module;
          }
        ]
      }"
    else
      let
        imported = import module;
      in
      unify (toString module) (toString module) (
        if isFunction imported then apply (toString module) imported args else imported
      );

  # Only what a function names is looked up in config._module.args, and only when it is used.
  apply =
    key: f: args:
    f (
      args
      // mapAttrs (
        name: _: addErrorContext "while evaluating the module argument `${name}' in \"${key}\":" (args.${name} or args.config._module.args.${name})
      ) (functionArgs f)
    );

  unify =
    file: key: module:
    let
      meta = [
        "_class"
        "_file"
        "key"
        "disabledModules"
        "imports"
        "freeformType"
      ];
      long = module ? config || module ? options;
      rest = removeAttrs module (meta ++ (if long then [ "config" "options" ] else [ "require" ]));
      config = if long then module.config or { } else rest;
    in
    if !isAttrs module then
      throw "module ${file} (${key}) does not look like a module."
    else if long && rest != { } then
      throw "Module `${key}' has an unsupported attribute `${head (attrNames rest)}'. This is caused by introducing a top-level `config' or `options' attribute. Add configuration attributes immediately on the top level instead, or move all of them (namely: ${toString (attrNames rest)}) into the explicit `config' attribute."
    else
      {
        file = toString module._file or file;
        key = toString module.key or key;
        class = module._class or null;
        disabled = module.disabledModules or [ ];
        imports = module.require or [ ] ++ module.imports or [ ];
        options = module.options or { };
        config =
          if module ? freeformType then
            mkMerge [
              config
              { _module.freeformType = module.freeformType; }
            ]
          else
            config;
      };

  # The modules and all they import, each once.
  collect =
    class: args: modules:
    let
      loadAll =
        file: key: list:
        imap1 (i: module: checkClass (load args file "${key}:anon-${toString i}" module)) list;
      checkClass =
        module:
        if class == null || module.class == null || module.class == class then
          module
        else
          throw "The module `${module.file}` (class: ${builtins.toJSON module.class}) cannot be imported into a module evaluation that expects class ${builtins.toJSON class}.";
      all' = builtins.genericClosure {
        startSet = loadAll unknownFile "" modules;
        operator = module: loadAll module.file module.key module.imports;
      };
      disabled = concatMap (module: map (d: d.key or toString d) module.disabled) all';
    in
    filter (module: !elem module.key disabled) all';

  ### Merging

  # declarations: [ { file, options } ], definitions: [ { file, config } ], config without properties at its top
  # -> { options, unmatched }
  mergeTree =
    prefix: declarations: definitions:
    let
      checkSet =
        def:
        if isAttrs def.config then
          def.config
        else
          throw "In module `${def.file}', you're trying to define a value of type `${builtins.typeOf def.config}'\nrather than an attribute set for the option\n`${showOption prefix}'!";

      declared = zipAttrs (
        map (
          decl:
          mapAttrs (_: options: {
            inherit (decl) file;
            inherit options;
          }) decl.options
        ) declarations
      );
      defined = zipAttrs (
        map (
          def:
          mapAttrs (_: value: {
            inherit (def) file;
            inherit value;
          }) (checkSet def)
        ) definitions
      );

      results =
        mapAttrs (
          name: decls:
          let
            loc = prefix ++ [ name ];
            isSubmodule = decl: !isOption decl.options || decl.options.type.name or null == "submodule";
            merged = mergeDeclarations loc (map toOption decls);
          in
          if all (decl: isOption decl.options) decls || (any (decl: isOption decl.options) decls && all isSubmodule decls) then
            {
              options = evalOption loc merged (defined.${name} or [ ]);
              unmatched = [ ];
            }
          else if any (decl: isOption decl.options) decls then
            throw "The option `${showOption loc}' in module `${(head decls).file}' would be a parent of the following options, but its type does not support nested options."
          else
            mergeTree loc decls (
              concatMap (
                def:
                map (config: {
                  inherit (def) file;
                  inherit config;
                }) (pushDown def.value)
              ) (defined.${name} or [ ])
            )
        ) declared;
    in
    {
      options = mapAttrs (_: result: result.options) results;
      unmatched =
        concatMap (name: map (def: def // { path = [ name ] ++ def.path or [ ]; }) results.${name}.unmatched) (attrNames results)
        ++ concatMap (name: map (def: def // { path = [ name ]; }) defined.${name}) (
          filter (name: !declared ? ${name}) (attrNames defined)
        );
    };

  # A set of options that is declared where another module declares a submodule adds to that.
  toOption =
    decl:
    if isOption decl.options then
      decl
    else
      decl
      // {
        options = mkOption {
          type = types.submoduleWith {
            modules = [ { inherit (decl) options; } ];
            shorthandOnlyDefinesConfig = null;
          };
        };
      };

  mergeDeclarations =
    loc: decls:
    let
      # The modules of a submodule are where their option is declared.
      located =
        decl:
        let
          inherit (decl.options) type;
        in
        if decl.options.type.getSubModules or null == null then
          decl.options
        else
          decl.options // { type = type.substSubModules (map (setDefaultModuleLocation decl.file) type.getSubModules); };
      merge =
        a: decl:
        let
          b = located decl;
          conflict = throw "The option `${showOption loc}' in `${decl.file}' is already declared in ${showFiles a.declarations}.";
          both = name: a ? ${name} && b ? ${name};
          type = a.type.typeMerge b.type.functor;
        in
        if both "default" || both "example" || both "description" || both "apply" || (both "type" && type == null) then
          conflict
        else
          b // a // { declarations = a.declarations ++ [ decl.file ]; } // lib.optionalAttrs (both "type") { inherit type; };
    in
    {
      type = types.unspecified;
    }
    // builtins.foldl' merge {
      inherit loc;
      declarations = [ ];
    } decls;

  evalOption =
    loc: option: defs:
    let
      withDefault =
        optional (option ? default) {
          file = head option.declarations;
          value = mkOptionDefault option.default;
        }
        ++ defs;
      merged = mergeDefinitions loc option.type withDefault;
      value =
        if option.readOnly or false && length withDefault > 1 then
          throw "The option `${showOption loc}' is read-only, but it's set multiple times. Definition values:${showDefs merged.defsFinal}"
        else
          merged.mergedValue;
    in
    option
    // {
      value = addErrorContext "while evaluating the option `${showOption loc}':" (
        if option ? apply then option.apply value else value
      );
      inherit (merged) highestPrio isDefined;
      definitions = map (def: def.value) merged.defsFinal;
      definitionsWithLocations = merged.defsFinal;
      files = map (def: def.file) merged.defsFinal;
      __toString = _: showOption loc;
    };

  mergeDefinitions =
    loc: type: defs:
    let
      resolved = concatMap (
        def:
        map (
          value:
          if isProperty "definition" value then
            value
          else
            {
              inherit (def) file;
              inherit value;
            }
        ) (addErrorContext "while evaluating definitions from `${def.file}':" (discharge def.value))
      ) defs;
      inherit (strongest resolved) highestPrio values;
    in
    rec {
      inherit highestPrio;
      defsFinal = ordered values;
      isDefined = defsFinal != [ ];
      mergedValue =
        let
          invalid = filter (def: !type.check def.value) defsFinal;
        in
        if !isDefined then
          type.emptyValue.value
            or (throw "The option `${showOption loc}' was accessed but has no value defined. Try setting the option.")
        else if invalid != [ ] then
          throw "A definition for option `${showOption loc}' is not of type `${type.description}'. Definition values:${showDefs invalid}"
        else
          type.merge loc defsFinal;
      optionalValue = lib.optionalAttrs isDefined { value = mergedValue; };
    };

  ### All of it

  evalModules =
    evalArgs@{
      modules,
      specialArgs ? { },
      prefix ? [ ],
      class ? null,
    }:
    let
      own = {
        _file = "lib/modules.nix";
        key = "lib/modules.nix";
        options._module = {
          args = mkOption {
            type = types.lazyAttrsOf types.raw;
            internal = true;
            description = "Arguments of modules.";
          };
          check = mkOption {
            type = types.bool;
            default = true;
            internal = true;
            description = "Whether each definition needs an option.";
          };
          freeformType = mkOption {
            type = types.nullOr types.optionType;
            default = null;
            internal = true;
            description = "The type of what has no option.";
          };
          specialArgs = mkOption {
            readOnly = true;
            internal = true;
            description = "Arguments that imports may use.";
          };
        };
        config._module = {
          args = {
            inherit extendModules;
            moduleType = type;
          };
          inherit specialArgs;
        };
      };

      loaded = reverseList (
        collect class (
          {
            inherit
              lib
              options
              config
              specialArgs
              ;
            _class = class;
            _prefix = prefix;
          }
          // specialArgs
        ) (modules ++ [ own ])
      );
      tree = mergeTree prefix loaded (
        concatMap (
          module:
          map (config: {
            inherit (module) file;
            inherit config;
          }) (pushDown module.config)
        ) loaded
      );

      inherit (tree) options;
      valueOf = value: if isOption value then value.value else mapAttrs (_: valueOf) value;
      declaredConfig = valueOf options;
      freeform = declaredConfig._module.freeformType;
      config =
        if freeform == null then
          declaredConfig
        else
          recursiveUpdate (
            if tree.unmatched == [ ] then
              { }
            else
              freeform.merge prefix (
                map (def: {
                  inherit (def) file;
                  value = setAttrByPath def.path def.value;
                }) tree.unmatched
              )
          ) declaredConfig;

      checked =
        let
          stray = head tree.unmatched;
        in
        if config._module.check && freeform == null && tree.unmatched != [ ] then
          throw "The option `${showOption (prefix ++ stray.path)}' does not exist. Definition values:${showDefs [ stray ]}"
        else
          null;

      extendModules =
        args@{
          modules ? [ ],
          specialArgs ? { },
          prefix ? [ ],
        }:
        evalModules (
          evalArgs
          // {
            modules = evalArgs.modules ++ modules;
            specialArgs = evalArgs.specialArgs or { } // specialArgs;
            prefix = args.prefix or evalArgs.prefix or [ ];
          }
        );
      type = types.submoduleWith { inherit modules specialArgs class; };
    in
    {
      _type = "configuration";
      options = builtins.seq checked options;
      config = builtins.seq checked (removeAttrs config [ "_module" ]);
      _module = builtins.seq checked config._module;
      inherit class extendModules type;
    };

  ### Options that have moved. The module needs `assertions` and `warnings`.

  mkRenamedOptionModule = from: to: renamed { inherit from to; };
  mkAliasOptionModule =
    from: to:
    renamed {
      inherit from to;
      silent = true;
    };
  mkRemovedOptionModule =
    from: instead:
    { options, ... }:
    {
      options = setAttrByPath from (mkOption {
        visible = false;
        apply =
          _: throw "The option `${showOption from}' can no longer be used since it's been removed. ${instead}";
      });
      config.assertions =
        let
          option = lib.getAttrFromPath from options;
        in
        [
          {
            assertion = !option.isDefined;
            message = "The option definition `${showOption from}' in ${showFiles option.files} no longer has any effect; please remove it.\n${instead}\n";
          }
        ];
    };
  mkChangedOptionModule =
    from: to: f:
    renamed {
      inherit from to;
      change = f;
    };
  renamed =
    {
      from,
      to,
      silent ? false,
      change ? null,
    }:
    { config, options, ... }:
    let
      old = lib.getAttrFromPath from options;
      type = (attrByPath to { } options).type or null;
    in
    {
      options = setAttrByPath from (
        mkOption (
          {
            visible = false;
            description = "Alias of {option}`${showOption to}`.";
            apply = value: if change == null then attrByPath to null config else value;
          }
          // lib.optionalAttrs (type != null && change == null) { inherit type; }
        )
      );
      config = mkMerge (
        optional (!silent && options ? warnings) {
          warnings =
            optional old.isDefined
              "The option `${showOption from}' defined in ${showFiles old.files} has been ${
                if change == null then "renamed" else "changed"
              } to `${showOption to}'${if change == null then "." else " that has a different type. Please read `${showOption to}' documentation and update your configuration accordingly."}";
        }
        ++ [
          (
            if change == null then
              setAttrByPath to (mkAliasAndWrapDefsWithPriority lib.id old)
            else
              mkIf old.isDefined (setAttrByPath to (change config))
          )
        ]
      );
    };
  mkAliasDefinitions = mkAliasAndWrapDefinitions lib.id;
  mkAliasAndWrapDefinitions = wrap: option: mkIf option.isDefined (wrap (mkMerge option.definitions));
  # With the priority that they have there.
  mkAliasAndWrapDefsWithPriority =
    wrap: option: mkIf option.isDefined (wrap (mkMerge (map (mkOverride option.highestPrio) option.definitions)));
}
