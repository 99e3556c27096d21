{
  description = "Stand-in for nixpkgs' lib, see ../README.md";
  outputs = _: { lib = import ./.; };
}
