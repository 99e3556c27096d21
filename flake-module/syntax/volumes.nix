# Volumes.
let
  inherit (builtins)
    all
    elem
    elemAt
    fromJSON
    head
    isAttrs
    isString
    match
    replaceStrings
    stringLength
    substring
    toString
    ;
  inherit (import ./text.nix)
    first
    get
    has
    startsWith
    unless
    ;
  inherit (import ./paths.nix)
    beginsIn
    hostPath
    mountPoint
    pathSize
    ;
  inherit (import ./names.nix) allowedName isName;

  volumeSource =
    source:
    if startsWith "@overlay-" source && isName (substring 1 (-1) source) then
      "'${source}': what overlays keep is called so, and is not a volume"
    else if startsWith "@" source then
      unless (isName (substring 1 (-1) source)) "'${source}' cannot name a volume: ${allowedName}; a directory of that name is written './${source}'"
    else
      first [
        (hostPath source)
        (unless (
          !beginsIn ".containers" source
        ) "'${source}': nothing in '.containers' is a volume; '@NAME' is a directory of that name that is kept there")
      ];

  # "SOURCE:TARGET[:ro|:rw|:overlay]", or "/PATH" for "/PATH:/PATH" -> { source, target, readOnly, create, overlay, owner },
  # or { error }.
  # In strings '\:' is a colon in a path and '\\' a backslash.
  parseVolume =
    volume:
    if isAttrs volume then
      checkVolume (if get "source" volume == null then "volume" else "'${volume.source}'") {
        source = get "source" volume;
        target = get "target" volume;
        readOnly = (get "readOnly" volume) == true;
        create = (get "create" volume) == true;
        overlay = (get "overlay" volume) == true;
        owner = get "owner" volume;
      }
    else
      let
        path = "([^:\\\\]|\\\\[:\\\\])+";
        fields = match "(${path})(:(${path}))?(:([^:]*))?" volume;
        plain = replaceStrings [ "\\:" "\\\\" ] [ ":" "\\" ];
        source = plain (head fields);
        target = elemAt fields 3;
        mode = elemAt fields 6;
      in
      if stringLength volume > 3 * pathSize then
        { error = "'${substring 0 40 volume}...': a path has at most ${toString (pathSize - 1)} bytes"; }
      else if fields == null then
        { error = "'${volume}': expected SOURCE:TARGET[:ro|:rw|:overlay], a ':' in a path is written '\\:'"; }
      else if target == null && !startsWith "/" source then
        { error = "volume '${volume}' has no target: write '${volume}:/where/it/appears'"; }
      else if
        elem mode [
          "idmap"
          "noidmap"
          "rootidmap"
          "owneridmap"
        ]
      then
        { error = "'${volume}': instead of '${mode}' set owner = \"user\" or owner = \"container\" in { source; target; owner; }"; }
      else if
        !elem mode [
          null
          "ro"
          "rw"
          "overlay"
        ]
      then
        { error = "'${volume}': expected 'ro', 'rw' or 'overlay' after the target, not '${mode}'"; }
      else
        checkVolume "'${volume}'" {
          inherit source;
          target = if target == null then source else plain target;
          readOnly = mode == "ro";
          create = false;
          overlay = mode == "overlay";
          owner = null;
        };

  # One of `volumes-ro`, a string.
  parseReadOnlyVolume =
    text:
    let
      volume = parseVolume text;
    in
    if volume ? error then
      volume
    else if volume.overlay then
      { error = "'${text}': overlay: what is read-only needs none, leave one of the two"; }
    else
      volume // { readOnly = true; };

  isAccountName =
    owner:
    isString owner
    && !elem owner [
      "user"
      "container"
      "host"
      "root"
    ]
    && match "[A-Za-z_][A-Za-z0-9_.-]{0,31}" owner != null;

  isId = text: match "0|[1-9][0-9]{0,4}" text != null && fromJSON text <= 65534;

  volumeOwner =
    owner:
    let
      ids = match "([0-9]+):([0-9]+)" owner;
    in
    unless
      (
        !isString owner
        || isAccountName owner
        || elem owner [
          "user"
          "container"
          "host"
          "root"
        ]
        || (ids != null && all isId ids)
      )
      "owner must be 'user', 'container', 'host', an account's name, its number (0 to 65534) or 'UID:GID', is '${owner}'";

  # What is made belongs to the developer, so it is made where nothing else does.
  volumeCreate =
    source:
    if startsWith "@" source then
      "'${source}' is made in any case"
    else
      unless (
        !startsWith "/" source && match "(.*/)?\\.\\.(/.*)?" source == null
      ) "'${source}' is not made: only a path in the project, without '..', is";

  checkVolume =
    text: volume:
    let
      source = volumeSource volume.source;
      target = mountPoint volume.target;
      owner = volumeOwner volume.owner;
    in
    if volume.source == null then
      { error = "${text} has no source"; }
    else if volume.target == null then
      { error = "${text} has no target"; }
    else if source != null then
      { error = if text == "'${volume.source}'" then source else "${text}: source ${source}"; }
    else if target != null then
      { error = "${text}: target ${target}"; }
    else if owner != null then
      { error = "${text}: ${owner}"; }
    else if volume.create && volumeCreate volume.source != null then
      { error = "${text}: create: ${volumeCreate volume.source}"; }
    else if volume.overlay && startsWith "@" volume.source then
      { error = "${text}: overlay: '${volume.source}' is the container's own, an overlay is for what is not"; }
    else if volume.overlay && volume.readOnly then
      { error = "${text}: overlay: what is read-only needs none, leave one of the two"; }
    else
      volume;
in
{
  inherit
    isAccountName
    parseReadOnlyVolume
    parseVolume
    ;
}
