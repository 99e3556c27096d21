# Names of containers and of volumes.
let
  inherit (builtins) elem match;
  inherit (import ./text.nix) first unless;

  isName = name: match "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?" name != null;
  allowedName = "use 1 to 63 of a-z, 0-9 and '-', with no '-' at either end";

  containerName =
    name:
    first [
      (unless (isName name) "'${name}' cannot be a host name: ${allowedName}")
      (unless (
        !elem name [
          "volumes"
          "snapshots"
        ]
      ) "'${name}' cannot name a container: it is a directory of .containers/")
    ];
in
{
  inherit
    allowedName
    containerName
    isName
    ;
}
