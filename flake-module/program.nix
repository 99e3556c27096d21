# A program as options say it: a script, the words of a command, a package, whose main program it is, a path, or a function
# of `pkgs` that returns one of these. Given lib.
lib:
let
  inherit (builtins)
    isList
    isPath
    isString
    map
    toString
    ;
  inherit (lib) types;
  inherit (import ./types.nix lib) isSet;

  where = import ./where.nix;
in
{
  type = types.oneOf [
    (types.functionTo types.raw)
    (types.listOf (
      types.oneOf [
        types.str
        types.package
        types.path
      ]
    ))
    types.str
    types.package
    types.path
  ];

  # The words; null of null. `shellScript` makes an executable file of a script's text; `option` and its `files` are named
  # where what a function returns is none of these.
  wordsOf =
    {
      option,
      files,
      pkgs,
      shellScript,
    }:
    said:
    let
      value = if lib.isFunction said then said pkgs else said;

      # One that names no main program may be a script itself, as those of writeScript are.
      programOf =
        value:
        let
          main = value.meta.mainProgram or value.pname or null;
        in
        if lib.isDerivation value && main != null then
          "${lib.getBin value}/bin/${main}"
        else if isPath value then
          "${value}"
        else if lib.isFunction value || isSet value then
          throw "\n- flake-containers.${option}: its function returns a ${builtins.typeOf value}, where a script, a list of words or a package is meant${where.files files}"
        else
          toString value;
    in
    if value == null then
      null
    else if isList value then
      map programOf value
    else
      [ (if isString value then "${shellScript value}" else programOf value) ];
}
