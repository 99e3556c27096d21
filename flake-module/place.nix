# A flake (its `self`) -> where its commands find it again on a developer's machine: { subdir, file }.
#
#   subdir  the folder of flake.nix in the work tree of git, "" for the top; null: unknown (a flake of `path:`)
#   file    flake.nix as it was, in the store, so that a command knows another project when it sees one; null: unknown
#
# Nix before 2.14 does not tell a flake's folder, and then neither is known.
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
  # Nix sets one of these only for a version control system.
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
