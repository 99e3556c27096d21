# What PID 1, or the command, is given.
let
  inherit (builtins)
    elem
    filter
    head
    isList
    map
    match
    split
    stringLength
    substring
    toString
    ;
  inherit (import ./text.nix)
    controls
    except
    first
    has
    isMadeOf
    printable
    range
    startsWith
    unless
    ;

  argumentSize = 128 * 1024;

  argument =
    text:
    unless (stringLength text < argumentSize) "'${substring 0 40 text}...': longer than the ${
      toString (argumentSize - 1)
    } bytes that Linux passes";

  command =
    words:
    if words == [ ] || head words == "" then
      "the first word must name a program"
    else
      first (map argument words);

  variableName =
    name:
    first [
      (unless (name != "") "the name of a variable is empty")
      (unless (
        stringLength name < argumentSize
        && isMadeOf (range 48 57 ++ range 65 90 ++ range 97 122 ++ [ "_" ]) name
        && match "[0-9]" (substring 0 1 name) == null
      ) "'${substring 0 100 name}' cannot name a variable: allowed are letters, digits and '_', not a digit first")
    ];

  variable =
    name: value:
    first [
      (variableName name)
      (unless (
        !elem name [
          "CREDENTIALS_DIRECTORY"
          "LISTEN_FDNAMES"
          "LISTEN_FDS"
          "LISTEN_PID"
          "NOTIFY_SOCKET"
          "container"
          "container_host_id"
          "container_uuid"
        ]
      ) "the variable '${name}' is set by systemd-nspawn")
      (variableText name value)
    ];

  variableText =
    name: value:
    first [
      (unless (stringLength "--setenv=${name}=${value}" < argumentSize)
        "the variable '${name}' is longer than the ${toString (argumentSize - 1)} bytes that Linux passes"
      )
      (unless (!has (except [ "\t" "\n" ] controls) value) "the value of '${name}' contains a control character")
    ];

  # systemd takes these out of what it hands on to services.
  serviceVariable =
    name:
    unless (
      !elem name [
        "CACHE_DIRECTORY"
        "CONFIGURATION_DIRECTORY"
        "EXIT_CODE"
        "EXIT_STATUS"
        "INVOCATION_ID"
        "JOURNAL_STREAM"
        "LOGS_DIRECTORY"
        "LOG_NAMESPACE"
        "MAINPID"
        "MANAGERPID"
        "MONITOR_EXIT_CODE"
        "MONITOR_EXIT_STATUS"
        "MONITOR_INVOCATION_ID"
        "MONITOR_SERVICE_RESULT"
        "MONITOR_UNIT"
        "PIDFILE"
        "REMOTE_ADDR"
        "REMOTE_PORT"
        "RUNTIME_DIRECTORY"
        "SERVICE_RESULT"
        "STATE_DIRECTORY"
        "TRIGGER_PATH"
        "TRIGGER_TIMER_MONOTONIC_USEC"
        "TRIGGER_TIMER_REALTIME_USEC"
        "TRIGGER_UNIT"
        "WATCHDOG_PID"
        "WATCHDOG_USEC"
      ]
    ) "systemd sets this variable itself, and hands no other value on to services";

  # Whether its ports are published is the runner's to say.
  export =
    name: template:
    let
      placeholders = filter isList (split "[$]([$]|[{][^}]*[}])?" template);
      wrong = filter (
        found: match "[$]|[{](host|name|port|port:[1-9][0-9]{0,4})[}]" (if head found == null then "" else head found) == null
      ) placeholders;
    in
    first [
      (variableName name)
      (unless (wrong == [ ])
        "'\$${if head (head wrong) == null then "" else head (head wrong)}' must be one of \${host}, \${port}, \${port:N}, \${name}, or $$ for a $"
      )
      (variableText name template)
    ];

  credential =
    id:
    first [
      (unless (
        id != ""
        && stringLength id <= 255
        && !elem id [
          "."
          ".."
        ]
        && isMadeOf (except [ ":" "/" "\\" ] printable) id
      ) "'${id}' cannot name a credential: allowed are 1 to 255 printable ASCII characters without space, ':', '/' and '\\'")
      (unless (!startsWith "flake-containers." id)
        "'${id}' cannot name a credential: what begins with 'flake-containers.' is ours"
      )
    ];
in
{
  inherit
    argument
    command
    credential
    export
    serviceVariable
    variable
    variableName
    ;
}
