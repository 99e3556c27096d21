# The type of containers by name. Lazy: that there is one does not need a look at what it is, but for a definition that
# is taken back by lib.mkIf, which is no container.
{ lib }:
let
  inherit (builtins)
    all
    attrNames
    filter
    isAttrs
    removeAttrs
    tryEval
    ;
  inherit (lib) types;

  where = import ./where.nix;

  # What cannot be told is there: whoever asks for it hears what is wrong with it.
  holds = condition: (tryEval condition).value;
  isThis = kind: value: holds (isAttrs value && value._type or null == kind);
  isTakenBack =
    value:
    if isThis "if" value then
      holds (!value.condition) || isTakenBack value.content
    else if isThis "merge" value then
      all isTakenBack value.contents
    else if isThis "override" value || isThis "order" value then
      isTakenBack value.content
    else
      false;

  # Else there would be as many complaints as a NixOS has attributes.
  isSystem = value: holds (isAttrs value && value ? extendModules);

  containersOf =
    type:
    let
      base = types.lazyAttrsOf type;
    in
    base
    // {
      merge =
        location: definitions:
        base.merge location (
          map (
            definition:
            definition
            // {
              value = builtins.mapAttrs (
                name: value:
                if isSystem value then
                  throw "\n- ${where.option (location ++ [ name ])}: it is a whole NixOS system: write ${name}.nixosConfiguration = ..${
                    where.files [ definition.file ]
                  }"
                else
                  value
              ) (removeAttrs definition.value (filter (name: isTakenBack definition.value.${name}) (attrNames definition.value)));
            }
          ) definitions
        );
      substSubModules = modules: containersOf (type.substSubModules modules);
    };
in
containersOf
