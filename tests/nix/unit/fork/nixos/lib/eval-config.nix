# Of a fork that keeps only nixos/: lib is elsewhere, and handed over.
{ lib, ... }@arguments: import ../../../../standin/nixpkgs/nixos/lib/eval-config.nix arguments
