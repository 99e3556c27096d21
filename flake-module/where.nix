# How a message says where something stands: the option as in the flake, the file as in the project. Of builtins only.
let
  inherit (builtins)
    elemAt
    filter
    genList
    head
    isString
    length
    match
    substring
    stringLength
    ;

  startsWith = prefix: text: substring 0 (stringLength prefix) text == prefix;

  # The module system's words for a definition that has been mapped to another option, see compat.nix.
  mark = "the option ";
in
rec {
  mapped = option: mark + option;
  isMapped = startsWith mark;
  mappedOption = file: substring (stringLength mark) (-1) file;

  # "/nix/store/..-source/flake.nix, via option perSystem" -> "flake.nix"; null: not a file.
  file =
    text:
    let
      plain = head (filter isString (builtins.split ", via option " text));
      inStore = match "${builtins.storeDir}/[^/]+/(.+)" plain;
    in
    if match "<.*" plain != null then
      null
    else if inStore != null then
      head inStore
    else
      plain;

  # " (in flake.nix, other.nix)", or nothing where no file is known.
  files =
    texts:
    let
      known = filter (text: text != null) (map file texts);
      once = filter (i: !builtins.elem (elemAt known i) (genList (elemAt known) i)) (
        genList (i: i) (length known)
      );
    in
    if known == [ ] then "" else " (in ${builtins.concatStringsSep ", " (map (elemAt known) once)})";

  # [ "perSystem" "x86_64-linux" "flake-containers" "containers" "web" "ready" .. "[definition 1-entry 1]" ] ->
  # "flake-containers.containers.web.ready.."
  option =
    location:
    let
      named = filter (part: !startsWith "[definition " part) location;
      after =
        list: if list == [ ] || head list == "containers" then list else after (builtins.tail list);
      inside = after named;
    in
    builtins.concatStringsSep "." (
      if inside == [ ] then named else [ "flake-containers" ] ++ inside
    );
}
