# Unix sockets of a container that are published.
let
  inherit (builtins)
    head
    isString
    stringLength
    substring
    ;
  inherit (import ./text.nix) first splitAt unless;
  inherit (import ./names.nix) allowedName isName;
  inherit (import ./paths.nix) insidePath;

  # "NAME:PATH"; the path may have colons.
  read =
    socket:
    if isString socket then
      let
        name = head (splitAt ":" socket);
        length = stringLength name;
      in
      {
        inherit name;
        path = if name == socket then null else substring (length + 1) (stringLength socket - length - 1) socket;
      }
    else
      socket;

  socketName = socket: (read socket).name;

  socket =
    value:
    let
      inherit (read value) name path;
    in
    if path == null then
      "'${name}': expected NAME:PATH"
    else
      first [
        (unless (isName name) "'${name}' cannot name a socket: ${allowedName}")
        (insidePath path)
        (unless (stringLength path <= 107) "'${path}': the path of a socket has at most 107 bytes")
      ];
in
{
  inherit
    socket
    socketName
    ;
}
