# The stand-in for nixpkgs' lib: see ../README.md.
let
  basics = import ./basics.nix;
  options = import ./options.nix { inherit lib; };
  modules = import ./modules.nix { inherit lib; };
  types = import ./types.nix { inherit lib; };
  lib =
    basics
    // options
    // modules
    // {
      inherit options modules types;
      inherit (types) mkOptionType;
      strings = basics;
      lists = basics;
      attrsets = basics;
      trivial = basics // { release = "26.11"; };
      sources = basics;
      meta = basics;
      generators.toPretty = _: options.showValue;
    };
in
# What nixpkgs does not have, or elsewhere, is not for others: a flake that used it would work here only.
removeAttrs lib [
  "apply"
  "defaultOrderPriority"
  "defaultOverridePriority"
  "discharge"
  "escapeNixIdentifier"
  "escapeNixString"
  "evalOption"
  "functionArgsOf"
  "importApply"
  "isConvertibleWithToString"
  "load"
  "mergeDeclarations"
  "mergeTree"
  "mkAliasAndWrapDefsWithPriority"
  "ordered"
  "pushDown"
  "renamed"
  "renderValue"
  "showDefs"
  "showValue"
  "strongest"
  "toOption"
  "unify"
]
