# Declaring options, and saying what they and their definitions are.
{ lib }:
let
  inherit (lib)
    concatMapStrings
    concatStringsSep
    escapeNixString
    filter
    head
    isAttrs
    isList
    length
    mapAttrsToList
    optionalAttrs
    typeOf
    ;
in
rec {
  isOption = value: value._type or null == "option";
  mkOption = attrs: attrs // { _type = "option"; };
  mkEnableOption =
    name:
    mkOption {
      default = false;
      example = true;
      description = "Whether to enable ${name}.";
      type = lib.types.bool;
    };
  mkPackageOption =
    pkgs: name: args:
    let
      path = lib.toList (args.default or name);
    in
    mkOption (
      {
        type = lib.types.package;
        description = "The ${if builtins.isList name then lib.last name else name} package to use.";
        default = lib.getAttrFromPath path pkgs;
        defaultText = literalExpression (concatStringsSep "." ([ (args.pkgsText or "pkgs") ] ++ path));
      }
      // optionalAttrs (args ? example) { example = literalExpression "pkgs.${args.example}"; }
    );

  literalExpression = text: {
    _type = "literalExpression";
    inherit text;
  };
  literalMD = text: {
    _type = "literalMD";
    inherit text;
  };

  showOption =
    path:
    concatStringsSep "." (
      map (
        part:
        if builtins.match "<.*>|\\*|[a-zA-Z_][a-zA-Z0-9_'-]*" part != null then
          part
        else
          escapeNixString part
      ) path
    );
  showFiles = files: lib.concatMapStringsSep " and " (file: "`${file}'") files;
  showDefs =
    defs:
    concatMapStrings (
      def:
      let
        value = builtins.tryEval (showValue def.value);
      in
      "\n- In `${def.file}'${if value.success then ": ${value.value}" else ""}"
    ) defs;
  # A value as Nix would read it, one element a line.
  showValue =
    let
      block =
        indent: open: lines: close:
        if lines == [ ] then "${open} ${close}" else "${open}\n${concatMapStrings (line: "${indent}  ${line}\n") lines}${indent}${close}";
      string =
        indent: value:
        let
          lines = lib.splitString "\n" value;
        in
        if length lines == 1 then
          "\"${builtins.replaceStrings [ "\\" "\"" "\${" ] [ "\\\\" "\\\"" "\\\${" ] value}\""
        else
          "''\n${
            concatMapStrings (line: "${indent}  ${builtins.replaceStrings [ "\${" "''" ] [ "''\${" "'''" ] line}\n") (lib.init lines)
          }${if lib.last lines == "" then indent else "${indent}  ${lib.last lines}"}''";
      show =
        indent: value:
        if typeOf value == "string" then
          string indent value
        else if isList value then
          block indent "[" (map (show (indent + "  ")) value) "]"
        else if lib.isFunction value then
          "<function>"
        else if value.type or null == "derivation" then
          "<derivation ${value.name}>"
        else if isAttrs value then
          block indent "{" (mapAttrsToList (name: v: "${lib.escapeNixIdentifier name} = ${show (indent + "  ") v};") value) "}"
        else if typeOf value == "path" then
          toString value
        else
          builtins.toJSON value;
    in
    show "";
  getFiles = map (def: def.file);
  getValues = map (def: def.value);

  mergeOneOption = mergeUniqueOption { message = ""; };
  mergeUniqueOption =
    { message, ... }:
    loc: defs:
    if length defs == 1 then
      (head defs).value
    else
      throw "The option `${showOption loc}' is defined multiple times while it's expected to be unique.\n${message}\nDefinition values:${showDefs defs}\nUse `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.";
  mergeEqualOption =
    loc: defs:
    if lib.all (def: def.value == (head defs).value) defs then
      (head defs).value
    else
      throw "The option `${showOption loc}' has conflicting definition values:${showDefs defs}\nUse `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.";

  # What the option reference is made of. Options of submodules follow their parent, as in nixpkgs.
  optionAttrSetToDocList =
    options:
    let
      one =
        option:
        let
          name = showOption option.loc;
          visible = option.visible or true;
          doc = {
            inherit (option) loc;
            inherit name;
            description = option.description or null;
            declarations = filter (file: file != "<unknown-file>") option.declarations;
            internal = option.internal or false;
            visible = if builtins.isBool visible then visible else visible == "shallow";
            readOnly = option.readOnly or false;
            type = option.type.description or "unspecified";
          }
          // optionalAttrs (option ? example) { example = renderValue option.example; }
          // optionalAttrs (option ? defaultText || option ? default) {
            default = renderValue (option.defaultText or option.default);
          }
          // optionalAttrs (option ? relatedPackages) { inherit (option) relatedPackages; };
          inner = option.type.getSubOptions option.loc;
        in
        [ doc ] ++ lib.optionals (inner != { } && (visible == true || visible == "transparent")) (walk inner);
      walk =
        value:
        if isOption value then
          one value
        else if isAttrs value then
          lib.concatLists (mapAttrsToList (_: walk) value)
        else
          [ ];
    in
    walk options;
  renderValue = value: if value ? _type && value ? text then value else literalExpression (showValue value);
}
