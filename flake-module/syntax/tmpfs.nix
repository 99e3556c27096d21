# File systems in memory.
let
  inherit (builtins)
    elemAt
    filter
    head
    isAttrs
    length
    map
    match
    replaceStrings
    stringLength
    substring
    toString
    ;
  inherit (import ./text.nix)
    first
    get
    splitAt
    startsWith
    unless
    ;
  inherit (import ./paths.nix) mountPoint pathSize;
  inherit (import ./rights.nix) memory;

  tmpfsMode =
    mode:
    unless (match "[0-7]{3,4}" mode != null) "'${mode}': a mode is three or four octal digits such as '1777'";

  # Each that is given for the option of that name.
  valuesOf = name: options: map (substring (stringLength name + 1) (-1)) (filter (startsWith "${name}=") options);

  checkTmpfs =
    text: tmpfs:
    let
      wrong = first [
        (unless (tmpfs.target != null) "it has no target")
        (if tmpfs.target == null then null else mountPoint tmpfs.target)
        (if tmpfs.size == null then null else memory (substring 0 100 (toString tmpfs.size)))
        (if tmpfs.mode == null then null else tmpfsMode (substring 0 100 tmpfs.mode))
      ];
    in
    if wrong == null then
      tmpfs
    else
      { error = if tmpfs == { target = text; size = null; mode = null; } then wrong else "'${text}': ${wrong}"; };

  # "TARGET[:size=SIZE][,mode=MODE]" -> { target, size, mode }, or { error }. In strings '\:' is a colon in the path and
  # '\\' a backslash.
  parseTmpfs =
    tmpfs:
    if isAttrs tmpfs then
      checkTmpfs (if get "target" tmpfs == null then "tmpfs" else tmpfs.target) {
        target = get "target" tmpfs;
        size = get "size" tmpfs;
        mode = get "mode" tmpfs;
      }
    else
      let
        path = "([^:\\\\]|\\\\[:\\\\])*";
        fields = match "(${path})(:([^:\\\\]*))?" tmpfs;
        target = replaceStrings [ "\\:" "\\\\" ] [ ":" "\\" ] (head fields);
        options = if elemAt fields 3 == null then [ ] else splitAt "," (elemAt fields 3);
        sizes = valuesOf "size" options;
        modes = valuesOf "mode" options;
        others = filter (option: !startsWith "size=" option && !startsWith "mode=" option) options;
      in
      if stringLength tmpfs > 3 * pathSize then
        { error = "'${substring 0 40 tmpfs}...': a path has at most ${toString (pathSize - 1)} bytes"; }
      else if fields == null then
        { error = "'${tmpfs}': expected TARGET[:size=SIZE][,mode=MODE], a ':' in a path is written '\\:'"; }
      else if others != [ ] then
        { error = "'${tmpfs}': '${head others}' must be one of size=SIZE, mode=MODE"; }
      else if length sizes > 1 || length modes > 1 then
        { error = "'${tmpfs}': '${if length sizes > 1 then "size" else "mode"}' is given twice"; }
      else
        checkTmpfs tmpfs {
          inherit target;
          size = if sizes == [ ] then null else head sizes;
          mode = if modes == [ ] then null else head modes;
        };
in
{
  inherit
    parseTmpfs
    ;
}
