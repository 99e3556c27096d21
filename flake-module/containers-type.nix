# The type of containers by name. Lazy: to know that a container exists its options are not evaluated, except for
# lib.mkIf, with which a definition may be no container at all.
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

  # A definition that fails to evaluate counts as a container: its error is raised when its value is used.
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

  # Otherwise there would be as many errors as a NixOS has attributes.
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
