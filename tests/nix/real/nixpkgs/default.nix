# The package set of a real nixpkgs of which there is only nixos/ and lib/: what the stand-in has (standin.nix), and each
# other package that a module of NixOS names (names.json). All programs are Debian's, of one tree in the store (tree.nix),
# so all these packages are one. tests/nix/real/complete puts it together.
args@{
  overlays ? [ ],
  ...
}:
import ./standin.nix (args // { overlays = [ (import ./debian.nix) ] ++ overlays; })
