# Lists, attribute sets and strings. What the flake module does not use is not here.
rec {
  inherit (builtins)
    add
    addErrorContext
    all
    any
    attrNames
    attrValues
    catAttrs
    compareVersions
    concatLists
    concatMap
    concatStringsSep
    deepSeq
    elem
    elemAt
    filter
    foldl'
    fromJSON
    functionArgs
    genList
    genericClosure
    getAttr
    groupBy
    hasAttr
    head
    intersectAttrs
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isPath
    isString
    length
    lessThan
    listToAttrs
    mapAttrs
    match
    parseDrvName
    partition
    pathExists
    readFile
    removeAttrs
    replaceStrings
    seq
    sort
    split
    stringLength
    substring
    tail
    toJSON
    toString
    trace
    typeOf
    unsafeGetAttrPos
    zipAttrsWith
    ;

  id = x: x;
  const = x: _: x;
  flip =
    f: a: b:
    f b a;
  pipe = builtins.foldl' (x: f: f x);
  min = a: b: if a < b then a else b;
  max = a: b: if a > b then a else b;
  isFunction = f: builtins.isFunction f || (f ? __functor && builtins.isFunction (f.__functor f));
  toFunction = v: if isFunction v then v else _: v;
  functionArgsOf = f: if f ? __functor then f.__functionArgs or (functionArgs (f.__functor f)) else functionArgs f;
  setFunctionArgs = f: args: {
    __functor = _: f;
    __functionArgs = args;
  };
  fix =
    f:
    let
      x = f x;
    in
    x;

  warn = message: builtins.trace "[1;35mevaluation warning:[0m ${message}";
  warnIf = condition: message: if condition then warn message else id;
  throwIf = condition: message: if condition then throw message else id;
  throwIfNot = condition: throwIf (!condition);
  assertMsg = condition: message: condition || throw message;

  # Lists
  singleton = x: [ x ];
  optional = condition: x: if condition then [ x ] else [ ];
  optionals = condition: list: if condition then list else [ ];
  toList = x: if isList x then x else [ x ];
  last = list: elemAt list (length list - 1);
  init = list: genList (elemAt list) (length list - 1);
  take = count: list: genList (elemAt list) (min count (length list));
  drop = count: list: genList (i: elemAt list (i + count)) (max 0 (length list - count));
  reverseList =
    list:
    let
      count = length list;
    in
    genList (i: elemAt list (count - 1 - i)) count;
  foldr = f: end: list: builtins.foldl' (acc: x: f x acc) end (reverseList list);
  foldl = builtins.foldl';
  imap0 = f: list: genList (i: f i (elemAt list i)) (length list);
  imap1 = f: imap0 (i: f (i + 1));
  flatten = x: if isList x then concatMap flatten x else [ x ];
  remove = x: filter (y: y != x);
  count = predicate: list: length (filter predicate list);
  findFirst =
    predicate: default: list:
    let
      found = filter predicate list;
    in
    if found == [ ] then default else head found;
  unique = builtins.foldl' (acc: x: if elem x acc then acc else acc ++ [ x ]) [ ];
  allUnique = list: unique list == list;
  subtractLists = without: filter (x: !elem x without);
  intersectLists = with': filter (x: elem x with');
  forEach = list: f: map f list;
  crossLists = f: builtins.foldl' (fs: args: concatMap (f: map f args) fs) [ f ];
  range = from: to: genList (i: from + i) (max 0 (to - from + 1));
  naturalSort = sort lessThan;
  zipListsWith =
    f: a: b:
    genList (i: f (elemAt a i) (elemAt b i)) (min (length a) (length b));

  # Attribute sets
  nameValuePair = name: value: { inherit name value; };
  optionalAttrs = condition: attrs: if condition then attrs else { };
  genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);
  attrsToList = mapAttrsToList nameValuePair;
  mapAttrsToList = f: attrs: map (name: f name attrs.${name}) (attrNames attrs);
  mapAttrs' = f: attrs: listToAttrs (mapAttrsToList f attrs);
  filterAttrs = predicate: attrs: removeAttrs attrs (filter (name: !predicate name attrs.${name}) (attrNames attrs));
  concatMapAttrs = f: attrs: builtins.foldl' (a: b: a // b) { } (mapAttrsToList f attrs);
  mergeAttrsList = builtins.foldl' (a: b: a // b) { };
  mapAttrsRecursiveCond =
    condition: f:
    let
      recurse =
        path: mapAttrs (name: value: if isAttrs value && condition value then recurse (path ++ [ name ]) value else f (path ++ [ name ]) value);
    in
    recurse [ ];
  recursiveUpdate =
    a: b:
    zipAttrsWith (
      _: values: if length values == 2 && all isAttrs values then recursiveUpdate (head values) (last values) else last values
    ) [ a b ];
  attrByPath =
    path: default: attrs:
    if path == [ ] then
      attrs
    else if isAttrs attrs && attrs ? ${head path} then
      attrByPath (tail path) default attrs.${head path}
    else
      default;
  hasAttrByPath = path: attrs: path == [ ] || (isAttrs attrs && attrs ? ${head path} && hasAttrByPath (tail path) attrs.${head path});
  getAttrFromPath = path: attrByPath path (throw "cannot find attribute `${concatStringsSep "." path}'");
  setAttrByPath = path: value: if path == [ ] then value else { ${head path} = setAttrByPath (tail path) value; };
  zipAttrs = zipAttrsWith (_: id);
  isDerivation = value: value.type or null == "derivation";
  getBin = package: package.bin or package;
  getExe = package: "${getBin package}/bin/${package.meta.mainProgram or (package.pname or (parseDrvName package.name).name)}";
  getExe' = package: program: "${getBin package}/bin/${program}";
  setPrio = priority: package: package // { meta = package.meta or { } // { inherit priority; }; };
  hiPrio = setPrio (-10);
  lowPrio = setPrio 10;
  recurseIntoAttrs = attrs: attrs // { recurseForDerivations = true; };

  # Strings
  optionalString = condition: string: if condition then string else "";
  concatStrings = concatStringsSep "";
  concatMapStringsSep = separator: f: list: concatStringsSep separator (map f list);
  concatMapStrings = concatMapStringsSep "";
  concatLines = concatMapStrings (line: line + "\n");
  concatImapStringsSep = separator: f: list: concatStringsSep separator (imap1 f list);
  concatMapAttrsStringSep = separator: f: attrs: concatStringsSep separator (mapAttrsToList f attrs);
  hasPrefix = prefix: string: substring 0 (stringLength prefix) string == prefix;
  hasSuffix =
    suffix: string:
    stringLength string >= stringLength suffix
    && substring (stringLength string - stringLength suffix) (stringLength suffix) string == suffix;
  hasInfix = infix: string: length (splitString infix string) > 1;
  removePrefix = prefix: string: if hasPrefix prefix string then substring (stringLength prefix) (-1) string else string;
  removeSuffix =
    suffix: string: if hasSuffix suffix string then substring 0 (stringLength string - stringLength suffix) string else string;
  splitString =
    separator: string:
    let
      context = builtins.getContext string;
    in
    map (part: builtins.appendContext part context) (
      filter isString (split (escapeRegex separator) (builtins.unsafeDiscardStringContext string))
    );
  stringToCharacters = string: genList (i: substring i 1 string) (stringLength string);
  escape = characters: replaceStrings characters (map (c: "\\" + c) characters);
  escapeRegex = escape (stringToCharacters "\\[{()^$?*+|.");
  escapeShellArg =
    value:
    let
      string = toString value;
    in
    if match "[[:alnum:],._+:@%/-]+" string != null then string else "'${replaceStrings [ "'" ] [ "'\\''" ] string}'";
  escapeShellArgs = concatMapStringsSep " " escapeShellArg;
  escapeNixString = string: escape [ "$" ] (toJSON string);
  escapeNixIdentifier = string: if match "[a-zA-Z_][a-zA-Z0-9_'-]*" string != null then string else escapeNixString string;
  toUpper = replaceStrings (stringToCharacters "abcdefghijklmnopqrstuvwxyz") (stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  toLower = replaceStrings (stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ") (stringToCharacters "abcdefghijklmnopqrstuvwxyz");
  fixedWidthString =
    width: filler: string:
    if stringLength string >= width then string else fixedWidthString width filler (filler + string);
  trim = string: head (match "[[:space:]]*(.*[^[:space:]]|)[[:space:]]*" string);
  toInt = string: if match "-?[1-9][0-9]*|0" string != null then fromJSON string else throw "Could not convert ${string} to int.";
  isStorePath = value: isStringLike value && match "${builtins.storeDir}/[^/]+" (toString value) != null;
  isStringLike = value: isString value || isPath value || value ? outPath || value ? __toString;
  isConvertibleWithToString =
    value: isStringLike value || elem (typeOf value) [ "null" "int" "float" "bool" ] || (isList value && all isConvertibleWithToString value);
  versionAtLeast = a: b: compareVersions a b >= 0;
  versionOlder = a: b: compareVersions a b < 0;
  fileContents = file: removeSuffix "\n" (readFile file);

  # Sources
  cleanSourceWith =
    {
      src,
      filter ? _: _: true,
      name ? "source",
    }:
    builtins.path {
      path = src.outPath or src;
      inherit filter name;
    };
  cleanSource = src: cleanSourceWith { inherit src; };
  sourceByRegex =
    src: regexes:
    cleanSourceWith {
      inherit src;
      filter = path: _: any (regex: match regex (removePrefix "${toString src}/" path) != null) regexes;
    };

  licenses.mit = {
    spdxId = "MIT";
    fullName = "MIT License";
  };
  platforms.linux = [
    "x86_64-linux"
    "aarch64-linux"
  ];
}
