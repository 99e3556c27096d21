# Capabilities, devices and limits.
let
  inherit (builtins)
    any
    concatStringsSep
    elem
    elemAt
    filter
    head
    length
    map
    match
    substring
    toString
    ;
  inherit (import ./text.nix)
    first
    has
    number
    splitAt
    startsWith
    unless
    upper
    ;
  inherit (import ./paths.nix) insidePath isBelow;

  capabilities = map (name: "CAP_${name}") (
    splitAt " " (
      "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
      + "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT "
      + "SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL "
      + "SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
    )
  );

  capability =
    name:
    let
      full = if startsWith "CAP_" (upper name) then upper name else "CAP_${upper name}";
    in
    unless (elem name capabilities) "'${name}' is not a capability${
      if elem full capabilities then ", write '${full}'" else ": they are written like CAP_NET_ADMIN"
    }";

  device =
    path:
    let
      own = filter (name: path == "/dev/${name}") (
        splitAt " " "null zero full random urandom tty ptmx console stdin stdout stderr core log kmsg"
      );
      ownFolders = filter (name: isBelow "/dev/${name}" path) (splitAt " " "fd pts shm mqueue hugepages");
    in
    first [
      (insidePath path)
      (unless (startsWith "/dev/" path) "'${path}': a device is below /dev")
      (unless (own ++ ownFolders == [ ]) "'${path}': every container has one of its own")
    ];

  permissions =
    text:
    unless (
      match "[rwm]{1,3}" text != null
      && text != "m"
      && !any (c: length (splitAt c text) > 2) [ "r" "w" "m" ]
    ) "'${text}': must be of 'r', 'w' and 'm', each once, and not 'm' alone";

  mebibyte = 1024 * 1024;
  sizeMax = 4611686018427387904;
  resources = {
    MemoryMax = sizeOrInfinity mebibyte;
    MemoryHigh = sizeOrInfinity mebibyte;
    MemorySwapMax = sizeOrInfinity 0;
    CPUQuota = count "%" 1 1000000 "a percentage of one processor such as '50%' or '200%'";
    CPUWeight = count "" 1 10000 "a number";
    IOWeight = count "" 1 10000 "a number";
    TasksMax =
      text: if text == "infinity" then null else count "" 1 2147483647 "a number or 'infinity'" text;
  };

  sizeOrInfinity =
    least: text:
    if text == "infinity" then null else size least ", a percentage of the memory such as '50%', or 'infinity'" text;

  # How much memory something may take that has to have a limit.
  memory = size 4096 ", or a percentage of the memory such as '50%'";

  size =
    least: others: text:
    let
      fields = match "([0-9]+)([KMGT%]?)" text;
      amount = number (head fields);
      unit = elemAt fields 1;
      factor = { "" = 1; K = 1024; M = mebibyte; G = 1024 * mebibyte; T = mebibyte * mebibyte; }.${unit};
      form = "'${text}': must be bytes such as '512M' (with K, M, G or T)${others}";
    in
    if fields == null || amount == null then
      form
    else if unit == "%" then
      unless (amount >= 1 && amount <= 100) "'${text}': must be between 1% and 100%"
    else
      first [
        (unless (amount <= sizeMax / factor) form)
        (unless (amount * factor >= least) "'${text}': must be at least ${toString least} bytes, written with K, M, G or T")
      ];

  count =
    suffix: from: to: form: text:
    let
      fields = match "([0-9]+)${suffix}" text;
      amount = number (head fields);
    in
    if fields == null || amount == null then
      "'${text}': must be ${form}"
    else
      unless (amount >= from && amount <= to) "'${text}': must be between ${toString from} and ${toString to}";

  # Longer than any number is; the matcher has no room for long texts.
  resource =
    name: value:
    if !(resources ? ${name}) then
      "there is no such limit; there are ${concatStringsSep ", " (builtins.attrNames resources)}"
    else
      resources.${name} (substring 0 100 (toString value));
in
{
  inherit
    capability
    device
    memory
    permissions
    resource
    ;
}
