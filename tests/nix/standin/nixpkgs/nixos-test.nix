# A NixOS test that is evaluated, and whose nodes are, but which starts no machines: the test driver's options that are used
# here. A node is a NixOS of the test's pkgs, which it cannot configure.
{
  derive,
  lib,
  pkgs,
  test,
}:
let
  inherit (lib) mkOption types;
  option =
    type: attributes:
    mkOption (
      {
        inherit type;
        description = "As in nixos/lib/testing.";
      }
      // attributes
    );

  inherit
    (lib.evalModules {
      modules = [
        {
          options = {
            name = option types.str { };
            testScript = option types.str { };
            nodes = option (types.lazyAttrsOf types.deferredModule) { };
            defaults = option types.deferredModule { default = { }; };
            node.specialArgs = option (types.lazyAttrsOf types.raw) { default = { }; };
          };
        }
        test
      ];
    })
    config
    ;

  nodes = lib.mapAttrs (
    _: node:
    (import ./nixos/lib/eval-config.nix {
      inherit lib pkgs;
      inherit (config.node) specialArgs;
      modules = [
        config.defaults
        node
      ];
    }).config
  ) config.nodes;
in
derive {
  name = "vm-test-run-${config.name}";
  script = "mkdir $out; cp $testScriptPath $out/script";
  inherit (config) testScript;
  systems = lib.mapAttrsToList (_: node: toString node.system.build.toplevel) nodes;
  passAsFile = [ "testScript" ];
  passthru = { inherit nodes config; };
}
