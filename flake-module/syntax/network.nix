# Networks of a project, and the addresses that containers have in them.
let
  inherit (builtins)
    any
    elem
    elemAt
    head
    match
    ;
  inherit (import ./text.nix) first unless;
  inherit (import ./names.nix) allowedName isName;

  # "10.250.0.2" -> the part before the last number, and all numbers; null: not an IPv4 address.
  split =
    text:
    let
      number = "(0|[1-9][0-9]{0,2})";
      found = match "${number}\\.${number}\\.${number}\\.${number}" text;
      numbers = map builtins.fromJSON found;
    in
    if found == null || any (n: n > 255) numbers then
      null
    else
      {
        inherit numbers;
        front = "${elemAt found 0}.${elemAt found 1}.${elemAt found 2}";
      };

  isPrivate =
    numbers:
    let
      second = elemAt numbers 1;
    in
    head numbers == 10
    || (head numbers == 172 && second >= 16 && second <= 31)
    || (head numbers == 192 && second == 168)
    || (head numbers == 100 && second >= 64 && second <= 127);

  hex = "[0-9a-fA-F]{2}";
in
{
  networkName = name: unless (isName name) "'${name}' cannot be the name of a network: ${allowedName}";

  fixedAddress =
    text:
    let
      address = split text;
      last = elemAt address.numbers 3;
    in
    if address == null then
      "'${text}' is not an IPv4 address, such as 10.250.0.2"
    else
      first [
        (unless (isPrivate address.numbers) "'${text}' is not in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10")
        (unless (last >= 2 && last <= 254) "'${text}' must end in 2 to 254: the host has 1")
      ];

  namespace =
    name:
    unless (
      builtins.stringLength name <= 255 && match "[a-zA-Z0-9_-][a-zA-Z0-9_.-]*" name != null
    ) "'${name}' is not the name of a network namespace, as ip-netns(8) has it";

  # Of a fixed address: "10.250.0.0/24"; null: it is not one.
  subnetOf = text: if split text == null then null else "${(split text).front}.0/24";
  lastNumber = text: if split text == null then null else elemAt (split text).numbers 3;

  mac =
    text:
    if match "${hex}(:${hex}){5}" text == null then
      "'${text}' is not a MAC address, such as 02:00:00:00:00:01"
    else
      unless (
        match "[0:]*" text == null && elem (builtins.substring 1 1 text) [ "0" "2" "4" "6" "8" "a" "c" "e" "A" "C" "E" ]
      ) "'${text}' is not the MAC address of one interface";
}
