# Steps of a seed.
let
  inherit (builtins) isInt match;
  inherit (import ./text.nix) unless;

  # Not what psql would take for more than a name.
  database =
    name:
    unless (match "[A-Za-z0-9_.][A-Za-z0-9_.-]{0,62}" name != null)
      "'${name}' cannot name a database: use 1 to 63 of letters, digits, '_', '.' and '-', with no '-' in front";

  seedUser =
    user:
    unless
      (
        if isInt user then
          0 <= user && user <= 65534
        else
          match "[A-Za-z_][A-Za-z0-9_.-]{0,31}" user != null
      )
      "user must be an account's name, or its number (0 to 65534), is '${toString user}'";
in
{
  inherit database seedUser;
}
