# Where a flake is, by what Nix says of it in its `self`: flake-module/place.nix.
let
  place = import ../../../flake-module/place.nix;

  top = toString ../../..;
  git.submodules = false;
  flake = subdir: tree: {
    _type = "flake";
    outPath = top + subdir;
    sourceInfo = tree // {
      outPath = top;
    };
  };
  rows = {
    top = [ (place (flake "" git)).subdir "" ];
    folder = [ (place (flake "/examples/compose" git)).subdir "examples/compose" ];
    odd = [ (place (flake "/o'd d/ü" git)).subdir "o'd d/ü" ];
    revision = [ (place (flake "/a" { rev = "1"; })).subdir "a" ];
    dirty = [ (place (flake "/a" { dirtyRev = "1-dirty"; })).subdir "a" ];
    # A copy of a folder, wherever that was.
    path = [ (place (flake "" { lastModified = 1; })).subdir null ];
    # Before Nix 2.14 both are the top, wherever the flake is.
    old = [
      (place (removeAttrs (flake "" git) [ "_type" ]))
      {
        subdir = null;
        file = null;
      }
    ];
    # Not of the source, which is another one with each change of a file.
    file = [
      (place (flake "/examples/compose" git)).file
      (builtins.toFile "flake.nix" (builtins.readFile ../../../examples/compose/flake.nix))
    ];
    noFile = [ (place (flake "/docs" git)).file null ];
  };
in
builtins.mapAttrs (_: row: {
  expr = builtins.head row;
  expected = builtins.elemAt row 1;
}) rows
