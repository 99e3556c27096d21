# Texts, and what the rules of the other files are written with. Pure, and of builtins only.
let
  inherit (builtins)
    elem
    filter
    foldl'
    genList
    isString
    map
    match
    replaceStrings
    stringLength
    substring
    ;

  get = name: set: set.${name} or null;
  optional = condition: value: if condition then [ value ] else [ ];
  startsWith = prefix: text: substring 0 (stringLength prefix) text == prefix;
  splitAt = separator: text: filter isString (builtins.split separator text);

  # The first message of several checks.
  first = checks: foldl' (found: check: if found != null then found else check) null checks;
  unless = condition: message: if condition then null else message;

  # Not by regular expressions, whose matcher has no room for long texts.
  character =
    code:
    let
      digit = n: substring n 1 "0123456789abcdef";
    in
    builtins.fromJSON "\"\\u00${digit (code / 16)}${digit (code - code / 16 * 16)}\"";
  range = from: to: genList (i: character (from + i)) (to - from + 1);
  without = characters: text: replaceStrings characters (map (_: "") characters) text;
  has = characters: text: without characters text != text;
  isMadeOf = characters: text: without characters text == "";

  controls = range 1 31 ++ [ (character 127) ];
  printable = range 33 126;
  except = characters: filter (c: !elem c characters);

  upper = replaceStrings (range 97 122) (range 65 90);

  # Digits without a leading zero, as many as cannot overflow; else null.
  number = digits: if match "0|[1-9][0-9]{0,17}|[1-8][0-9]{18}" digits != null then builtins.fromJSON digits else null;
in
{
  inherit
    controls
    except
    first
    get
    has
    isMadeOf
    number
    optional
    printable
    range
    splitAt
    startsWith
    unless
    upper
    ;
}
