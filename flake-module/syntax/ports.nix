# Ports, and the addresses that they are published on.
let
  inherit (builtins)
    any
    concatLists
    elem
    elemAt
    filter
    genList
    head
    isAttrs
    isInt
    length
    map
    match
    substring
    toJSON
    toString
    ;
  inherit (import ./text.nix) get number splitAt unless;

  isPort = n: isInt n && n >= 1 && n <= 65535;

  octets =
    text:
    let
      fields = match "([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})" text;
      values = map number fields;
    in
    if fields == null || any (n: n == null || n > 255) values then null else values;

  # inet_pton(3): eight numbers, or null.
  groups =
    text:
    let
      halves = splitAt "::" text;
      group =
        last: text:
        let
          four = octets text;
        in
        if match "[0-9A-Fa-f]{1,4}" text != null then
          [ (builtins.fromTOML "n = 0x${text}").n ]
        else if last && four != null then
          [
            (elemAt four 0 * 256 + elemAt four 1)
            (elemAt four 2 * 256 + elemAt four 3)
          ]
        else
          [ null ];
      read =
        last: half:
        let
          parts = splitAt ":" half;
        in
        if half == "" then
          [ ]
        else
          concatLists (genList (i: group (last && i == length parts - 1) (elemAt parts i)) (length parts));
      front = read (length halves == 1) (head halves);
      back = read true (elemAt halves 1);
      all =
        if length halves == 1 then
          front
        else
          front ++ genList (_: 0) (8 - length front - length back) ++ back;
    in
    if
      length halves > 2
      || (length halves == 2 && length front + length back > 7)
      || length all != 8
      || elem null all
    then
      null
    else
      all;

  zeros = from: to: numbers: builtins.all (i: elemAt numbers i == 0) (genList (i: from + i) (to - from));

  address =
    text:
    let
      four = octets text;
      six = groups text;
      one = head four;
      lead = head six;
      wrong = why: "'${text}': ${why}";
    in
    if four != null then
      unless (
        text == "0.0.0.0" || (one != 0 && !(one >= 224 && one <= 239) && text != "255.255.255.255")
      ) (wrong "not an address that can be listened on")
    else if six == null then
      wrong "not a numeric IPv4 or IPv6 address"
    else if
      zeros 0 5 six
      && (
        elemAt six 5 == 65535
        || (elemAt six 5 == 0 && (elemAt six 6 != 0 || elemAt six 7 > 1))
      )
    then
      wrong "write an IPv4 address without '::'"
    else if lead >= 65280 then
      wrong "not an address that can be listened on"
    else
      unless (!(lead >= 65152 && lead <= 65215)) (wrong "a link-local address cannot be used");

  # "[ADDRESS:]HOST:CONTAINER[/PROTOCOL]", "PORT" or 80 -> { address, host, container, protocol, n }, the first of n
  # ports that follow each other, or { error }.
  parsePort =
    port:
    if isAttrs port then
      checkPort (toJSON (compact port)) {
        address = get "address" port;
        host = get "host" port;
        container = get "container" port;
        protocol = get "protocol" port;
        proxyProtocol = get "proxyProtocol" port;
      } null null
    else if isInt port then
      checkPort (toString port) {
        address = null;
        host = port;
        container = port;
        protocol = null;
      } null null
    else
      let
        short = substring 0 100 port;
        single = match "([0-9]+)(-([0-9]+))?(/([^/]*))?" short;
        pair = match "((\\[([^]]*)]|([^]:[]*)):)?(auto|([0-9]+)(-([0-9]+))?):([0-9]+)(-([0-9]+))?(/([^/]*))?" short;
        bracketed = elemAt pair 2;
        host = elemAt pair 4;
      in
      if single != null then
        checkPort port {
          address = null;
          host = number (head single);
          container = number (head single);
          protocol = elemAt single 4;
        } (elemAt single 2) (elemAt single 2)
      else if pair != null then
        checkPort port {
          address = if bracketed != null then bracketed else elemAt pair 3;
          host = if host == "auto" then host else number (elemAt pair 5);
          container = number (elemAt pair 8);
          protocol = elemAt pair 12;
        } (elemAt pair 7) (elemAt pair 10)
      else
        { error = "'${port}': expected [ADDRESS:]HOST:CONTAINER or PORT, the address numeric, IPv6 in brackets"; };

  # Each of its ports, or what is wrong with it.
  parsePorts =
    port:
    let
      range = parsePort port;
      nth =
        i:
        builtins.removeAttrs range [ "n" ]
        // {
          host = if range.host == "auto" then "auto" else range.host + i;
          container = range.container + i;
        };
    in
    if range ? error then [ range ] else genList nth range.n;

  compact = set: builtins.removeAttrs set (filter (name: set.${name} == null) (builtins.attrNames set));

  # `hostEnd` and `containerEnd`: the texts of the last ports, null: one port.
  checkPort =
    text: port: hostEnd: containerEnd:
    let
      badAddress = if port.address == null then null else address port.address;
      last = first: end: if end == null then first else number end;
      hostLast = if port.host == "auto" then "auto" else last port.host hostEnd;
      containerLast = last port.container containerEnd;
      n = containerLast - port.container + 1;
      nHost = if port.host == "auto" then n else hostLast - port.host + 1;
    in
    if
      !(port.host == "auto" || (isPort port.host && isPort hostLast))
      || !isPort port.container
      || !isPort containerLast
    then
      { error = "'${text}': a port is a number from 1 to 65535"; }
    else if n < 1 || nHost < 1 then
      { error = "'${text}': a range begins with the lower port"; }
    else if n != nHost then
      {
        error = "'${text}': there must be as many ports on the host as in the container, not ${toString nHost} and ${toString n}";
      }
    else if badAddress != null then
      { error = "'${text}': ${badAddress}"; }
    else if
      !elem port.protocol [
        null
        "tcp"
        "udp"
      ]
    then
      { error = "'${text}': '${port.protocol}' is not a protocol, use 'tcp' or 'udp'"; }
    else if port.protocol == "udp" && get "proxyProtocol" port == true then
      { error = "'${text}': proxyProtocol only works with 'tcp'"; }
    else
      port
      // {
        inherit n;
        protocol = if port.protocol == "udp" then "udp" else null;
        proxyProtocol = if get "proxyProtocol" port == true then true else null;
      };

  # Two spellings of one address are one.
  canonicalAddress = text: if octets text != null then text else toJSON (groups text);
in
{
  inherit groups;

  inherit
    canonicalAddress
    parsePort
    parsePorts
    ;
}
