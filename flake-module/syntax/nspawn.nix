# Options of systemd-nspawn.
let
  inherit (builtins)
    elemAt
    filter
    head
    map
    match
    replaceStrings
    substring
    ;
  inherit (import ./text.nix) first splitAt startsWith unless;
  inherit (import ./paths.nix) pathSize;
  inherit (import ./process.nix) argument;

  # The options that the runner sets itself, each with the option to use instead, or the reason why there is none.
  ownedBy = instead: names: map (name: { inherit name instead; }) (splitAt " " names);
  owned =
    ownedBy "use runCommand" "as-pid2"
    ++ ownedBy "use init" "boot"
    ++ ownedBy "use configuration or toplevel" (
      "directory image image-policy oci-bundle pivot-root root-hash root-hash-sig template verity-data"
    )
    ++ ownedBy "use network" (
      "network-bridge network-interface network-ipvlan network-macvlan network-namespace-path network-veth "
      + "network-veth-extra network-zone private-network"
    )
    ++ ownedBy "use ports" "port"
    ++ ownedBy "use users" (
      "private-users private-users-chown private-users-delegate private-users-ownership"
    )
    ++ ownedBy "use environment" "setenv"
    ++ ownedBy "use ready.notify" "notify-ready"
    ++ ownedBy "use ephemeral" "ephemeral volatile"
    ++ ownedBy "use resources" "property slice"
    ++ ownedBy "the host name is the container's name" "hostname"
    ++ ownedBy "the machine name is made from the project and the container's name" "machine"
    ++ ownedBy "the runner does that itself" (
      "cleanup console keep-unit kill-signal link-journal pipe register settings"
    )
    ++ ownedBy "it starts no container" "help version";

  # The short ones that people know from elsewhere.
  shortOptions = {
    U = "use users";
    b = "use init";
    n = "use network";
    p = "use ports";
    E = "use environment";
    u = "use configuration or toplevel";
  };

  nspawnArgument =
    text:
    let
      fields = match "--([a-z0-9-]+)(=.*)?" (replaceStrings [ "\n" ] [ " " ] (substring 0 pathSize text));
      name = head fields;
      value = elemAt fields 1;
      hidden = filter (option: startsWith name option.name) owned;
      instead = shortOptions.${substring 1 1 text} or null;
    in
    first [
      (argument text)
      (unless (
        fields != null
      ) "'${text}': an option of systemd-nspawn is written --OPTION or --OPTION=VALUE, in one string${
        if startsWith "-" text && instead != null then ", and this one cannot be given here: ${instead}" else ""
      }")
      (
        if hidden == [ ] then
          null
        else
          "'${text}': --${(head hidden).name} cannot be given here: ${(head hidden).instead}"
      )
      (unless (
        !(
          startsWith "bind" name && value != null && match "=(.*:)?/etc/hosts(:.*)?" value != null
        )
      ) "'${text}': the runner writes /etc/hosts")
    ];
in
{
  inherit
    nspawnArgument
    ;
}
