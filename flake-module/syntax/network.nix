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
  inherit (import ./ports.nix) groups;

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

  power = n: if n == 0 then 1 else 2 * power (n - 1);
  number = builtins.foldl' (sum: part: sum * 256 + part) 0;
  # Neither the first address of a network nor the last one.
  isInside =
    numbers: prefix:
    let
      size = power (32 - prefix);
      rest = number numbers - number numbers / size * size;
    in
    rest != 0 && rest != size - 1;

  # Not of this host, of its loopback interface, of a group, nor one that is kept for later.
  isOfOne =
    numbers:
    let
      first = head numbers;
    in
    first != 0 && first != 127 && first < 224;

  # Neither unspecified, of the loopback interface, of a group, nor IPv4 in IPv6.
  isOfOne6 =
    numbers:
    let
      zeros = n: builtins.all (i: elemAt numbers i == 0) (builtins.genList (i: i) n);
    in
    !(zeros 7 && elemAt numbers 7 <= 1) && head numbers < 65280 && !(zeros 5 && elemAt numbers 5 == 65535);

  # Of fd00::42, as of 10.0.0.42: 42, by decimal digits; null: there is none such.
  number6 =
    numbers:
    let
      last = elemAt numbers 7;
      digits = map (unit: last / unit - last / unit / 16 * 16) [
        256
        16
        1
      ];
      value = builtins.foldl' (sum: digit: sum * 10 + digit) 0 digits;
    in
    if
      builtins.all (i: elemAt numbers i == 0) [
        4
        5
        6
      ]
      && last < 4096
      && builtins.all (digit: digit < 10) digits
      && value >= 2
      && value <= 254
    then
      value
    else
      null;

  notOfOne = text: "'${text}' is not the address of one machine";

  fixedAddress6 =
    text:
    let
      numbers = groups text;
    in
    if numbers == null then
      "'${text}' is not an IPv6 address, such as fd00::20"
    else
      first [
        (unless (head numbers >= 64512 && head numbers < 65024) "'${text}' is not in fc00::/7")
        (unless (number6 numbers != null) "'${text}' must end in '::' and a number from 2 to 254")
      ];

  hex = "[0-9a-fA-F]{2}";
in
{
  inherit fixedAddress6;

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

  # A container in a network of the host's: what it is attached to, and its address there.
  interface =
    name:
    first [
      (unless (
        builtins.stringLength name <= 15 && match "[a-zA-Z0-9_][a-zA-Z0-9_.-]*" name != null
      ) "'${name}' is not the name of a network interface, such as br0")
      (unless (name != "lo") "'lo' leads to no other machine")
    ];

  attachedAddress =
    text:
    let
      parts = match "([^/]*)/([1-9]|[12][0-9]|30)" text;
    in
    if parts == null || split (head parts) == null then
      if split text == null then
        "'${text}' is not an IPv4 address, such as 192.168.1.20/24"
      else
        "with this network.mode it has a prefix, such as '${text}/24'"
    else
      let
        numbers = (split (head parts)).numbers;
      in
      unless (isOfOne numbers && isInside numbers (builtins.fromJSON (elemAt parts 1))) (notOfOne text);

  gateway =
    address: text:
    let
      parts = match "([^/]*)/([1-9]|[12][0-9]|30)" address;
      own = split (head parts);
      prefix = builtins.fromJSON (elemAt parts 1);
      size = power (32 - prefix);
    in
    if split text == null then
      "'${text}' is not an IPv4 address, such as 192.168.1.1"
    else if !isOfOne (split text).numbers then
      notOfOne text
    else if parts == null || own == null then
      null
    else
      first [
        (unless (head parts != text) "is the container's own address")
        (unless (
          number own.numbers / size == number (split text).numbers / size
        ) "'${text}' is not in the network of '${address}'")
        (unless (isInside (split text).numbers prefix) (notOfOne text))
      ];

  attachedAddress6 =
    text:
    let
      parts = match "([^/]*)/([1-9]|[1-9][0-9]|1[01][0-9]|12[0-6])" text;
      numbers = groups (head parts);
      first = head numbers;
    in
    if parts == null && groups text != null then
      "with this network.mode it has a prefix, such as '${text}/64'"
    else if parts == null || numbers == null then
      "'${text}' is not an IPv6 address with a prefix, such as fd00::20/64"
    else
      # Nor of the link.
      unless (isOfOne6 numbers && !(first >= 65152 && first <= 65215)) (notOfOne text);

  gateway6 =
    text:
    let
      numbers = groups text;
    in
    if numbers == null then "'${text}' is not an IPv6 address, such as fe80::1" else unless (isOfOne6 numbers) (notOfOne text);

  # Of a fixed address: "10.250.0.0/24"; null: it is not one.
  subnetOf = text: if split text == null then null else "${(split text).front}.0/24";
  lastNumber = text: if split text == null then null else elemAt (split text).numbers 3;

  # Likewise, "fd00:1:2:3::/64", however the address is written.
  subnet6Of =
    text:
    let
      hex = n: (if n < 16 then "" else hex (n / 16)) + builtins.substring (n - n / 16 * 16) 1 "0123456789abcdef";
    in
    if fixedAddress6 text != null then
      null
    else
      "${builtins.concatStringsSep ":" (map (i: hex (elemAt (groups text) i)) [ 0 1 2 3 ])}::/64";
  lastNumber6 = text: if groups text == null then null else number6 (groups text);

  mac =
    text:
    if match "${hex}(:${hex}){5}" text == null then
      "'${text}' is not a MAC address, such as 02:00:00:00:00:01"
    else
      unless (
        match "[0:]*" text == null && elem (builtins.substring 1 1 text) [ "0" "2" "4" "6" "8" "a" "c" "e" "A" "C" "E" ]
      ) "'${text}' is not the MAC address of one interface";
}
