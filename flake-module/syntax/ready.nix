# What is asked to know that a container is ready.
let
  inherit (builtins)
    any
    elemAt
    head
    length
    match
    stringLength
    substring
    toString
    ;
  inherit (import ./text.nix)
    first
    isMadeOf
    number
    printable
    range
    splitAt
    startsWith
    unless
    ;
  inherit (import ./paths.nix) pathSize;

  unitKinds = "service|socket|target|mount|automount|path|timer|device|swap|slice|scope";

  unit =
    name:
    let
      letters = range 48 57 ++ range 65 90 ++ range 97 122 ++ splitAt " " ": - _ . \\ @";
    in
    first [
      (unless (name != "") "the name of the unit is empty")
      (unless (
        stringLength name <= 255 && isMadeOf letters name && !startsWith "@" name
      ) "'${name}' cannot name a unit")
      (unless (match ".+\\.(${unitKinds})" name != null) "'${name}' does not end in the type of a unit: write '${name}.service'")
      (unless (match "[^@]*@\\.[^.]*" name == null) "'${name}' is a template, not a unit")
    ];

  # For a drop-in it gets a directory of its name and ".d".
  service =
    name:
    first [
      (unit name)
      (unless (match ".*\\.service" name != null) "'${name}' is not a service")
      (unless (stringLength name <= 253) "'${name}' is too long for a directory '${substring 0 10 name}....d'")
    ];

  httpPath =
    path:
    first [
      (unless (startsWith "/" path) "'${path}': a path begins with '/'")
      (unless (stringLength path <= pathSize) "'${substring 0 40 path}...': the path is too long")
      (unless (isMadeOf printable path)
        "'${path}': only printable ASCII without spaces can stand in a path, all else as %XX"
      )
    ];

  httpStatus =
    range:
    if length range != 2 then
      "must be two numbers, the first and the last status"
    else if any (n: n < 100 || n > 599) range then
      "a status is a number from 100 to 599"
    else
      unless (head range <= elemAt range 1) "the range from ${toString (head range)} to ${
        toString (elemAt range 1)
      } is empty";
in
{
  inherit
    httpPath
    httpStatus
    service
    unit
    ;
}
