# A flake (its `self`) -> where its commands find it again on a developer's machine: { subdir, file }.
#
#   subdir  the folder of flake.nix in the work tree of git, "" for the top; null: unknown (a flake of `path:`)
#   file    flake.nix as it was, in the store, so that a command knows another project when it sees one; null: unknown
#
# Nix before 2.14 says of no flake in which folder it is, and then neither is known.
self:
let
  inherit (builtins)
    pathExists
    readFile
    stringLength
    substring
    toFile
    unsafeDiscardStringContext
    ;

  plain = path: unsafeDiscardStringContext (toString path);
  tree = self.sourceInfo or { };

  isKnown = self._type or null == "flake";
  # Only of a version control system Nix says one of these.
  isWorkTree = tree ? submodules || tree ? rev || tree ? dirtyRev || tree ? revCount;

  file = self.outPath + "/flake.nix";
in
{
  subdir =
    if isKnown && isWorkTree then
      substring (stringLength (plain tree.outPath) + 1) (-1) (plain self.outPath)
    else
      null;

  # Not a path in the flake's source, which changes with each file of it.
  file =
    if isKnown && pathExists file then
      toFile "flake.nix" (unsafeDiscardStringContext (readFile file))
    else
      null;
}
