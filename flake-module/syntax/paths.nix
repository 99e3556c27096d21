# Paths, on the host and inside.
let
  inherit (builtins)
    any
    elem
    filter
    head
    match
    stringLength
    substring
    toString
    ;
  inherit (import ./text.nix)
    controls
    first
    has
    splitAt
    startsWith
    unless
    ;

  pathSize = 4096;
  partSize = 256;

  characters =
    path:
    if path == "" then
      "the path is empty"
    else if has controls path then
      "'${path}': a path must not contain control characters"
    else if any (part: stringLength part >= partSize) (splitAt "/" path) then
      "'${substring 0 40 path}...': a part of a path has at most ${toString (partSize - 1)} bytes"
    else
      unless (stringLength path < pathSize) "'${substring 0 40 path}...': a path has at most ${
        toString (pathSize - 1)
      } bytes";

  hostPath =
    path:
    first [
      (characters path)
      (unless (match "(~|\\$HOME|\\$\\{HOME})(/.*)?" path == null)
        "'${path}': '${head (splitAt "/" path)}' is not expanded here: write a path relative to the project, an absolute one, or './${path}' for what has that name"
      )
    ];

  insidePath =
    path:
    first [
      (characters path)
      (unless (startsWith "/" path) "'${path}': a path inside the container must be absolute")
      (unless (path != "/") "'/' is the container's whole root")
      (unless (
        !any (
          part:
          elem part [
            ""
            "."
            ".."
          ]
        ) (builtins.tail (splitAt "/" path))
      ) "'${path}': a path inside the container must have no '.', '..' or empty part, and no '/' at its end")
    ];

  # What a relative path begins with, beside '.'.
  beginsIn =
    part: path:
    !startsWith "/" path
    && builtins.head (
      filter (
        text:
        !elem text [
          ""
          "."
        ]
      ) (splitAt "/" path)
      ++ [ null ]
    ) == part;

  isBelow = directory: path: path == directory || startsWith "${directory}/" path;

  mountPoint =
    path:
    let
      taken = filter (directory: isBelow directory path) [
        "/dev"
        "/proc"
        "/run/host"
        "/sys"
        "/etc/hosts"
        "/run/flake-containers"
        "/var/log/journal"
      ];
    in
    first [
      (insidePath path)
      (unless (path != "/run") "'/run' is mounted by systemd-nspawn")
      (if taken == [ ] then null else "'${path}': '${head taken}' is mounted already")
    ];
in
{
  inherit
    beginsIn
    hostPath
    insidePath
    isBelow
    mountPoint
    pathSize
    ;
}
