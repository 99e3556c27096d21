# Problems with the options of one container (check.nix), with the option that was written and its file.
{
  config,
  lib,
  name,
  options,
  ...
}:
let
  inherit (builtins)
    all
    any
    attrNames
    elem
    filter
    head
    isAttrs
    isList
    ;

  spec = import ./spec.nix;
  where = import ./where.nix;

  # Whether a definition, as it was written, has that element of the merged value.
  isThis =
    merged: written:
    written == merged
    || (isAttrs merged && written == merged.port or null)
    || (
      isAttrs merged
      && isAttrs written
      && all (attribute: merged ? ${attribute} && written.${attribute} == merged.${attribute}) (
        attrNames written
      )
    );
  has =
    finding: definition:
    if finding ? key then
      (isAttrs definition && definition ? ${finding.key})
      || (isList definition && elem finding.key definition)
    else if finding ? element then
      isList definition && any (isThis finding.element) definition
    else
      true;

  # The definitions that have it; all of the option where that cannot be told.
  files =
    finding:
    let
      path = if finding ? key then lib.init finding.option else finding.option;
      option = lib.attrByPath path { } options;
      definitions = option.definitionsWithLocations or [ ];
      these = filter (definition: has finding definition.value) definitions;
    in
    map (definition: definition.file) (if these == [ ] then definitions else these);

  said =
    finding:
    let
      found = files finding;
      mapped = filter where.isMapped found;
      written = where.mappedOption (head mapped);
    in
    if mapped == [ ] then
      spec.said name finding + where.files found
    else
      spec.said name (finding // { option = [ written ]; })
      + where.files ((lib.attrByPath (lib.splitString "." written) { } options).files or [ ]);
in
{
  config.build.problems = map said (
    spec.containerErrors (config // { command = config.build.command; })
  );
}
