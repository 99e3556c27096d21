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
  profile =
    name:
    unless (match "[A-Za-z0-9][A-Za-z0-9_.-]{0,62}" name != null)
      "'${name}' is not a profile: 1 to 63 letters, digits, '_', '.' and '-', beginning with a letter or a digit";
in
{
  inherit
    allowedName
    containerName
    isName
    profile
    ;
}
