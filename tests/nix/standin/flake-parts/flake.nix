{
  description = "Stand-in for flake-parts, see ../README.md";
  # ../lib is copied beside this file: a flake sees nothing outside of its folder.
  outputs = _: { lib = import ./lib.nix { lib = import ./lib; }; };
}
