# stdenv.mkDerivation for a project that is built with cmake and ninja, by what Debian has in /usr.
{ derive, lib }:
attrs:
let
  attrs' = if lib.isFunction attrs then lib.fix attrs else attrs;
  phase =
    name: default:
    ''
      echo "stand-in stdenv: ${name}"
      ${attrs'."pre${name}" or ""}
      ${attrs'.${lib.toLower (lib.substring 0 1 name) + lib.substring 1 (-1) name + "Phase"} or default}
      ${attrs'."post${name}" or ""}
    '';
in
derive {
  name = attrs'.name or "${attrs'.pname}-${attrs'.version}";
  inherit (attrs') src;
  passthru = {
    pname = attrs'.pname or null;
    version = attrs'.version or null;
  }
  // attrs'.passthru or { };
  meta = attrs'.meta or { };
  script = ''
    cp -r $src source
    chmod -R u+w source
    cd source
    runHook() { :; }
    cores=''${NIX_BUILD_CORES:-1}
    ${phase "Patch" ""}
    ${phase "Configure" ''
      cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=$out \
              ${lib.escapeShellArgs (attrs'.cmakeFlags or [ ])}
      cd build
    ''}
    ${phase "Build" ''ninja -j "$cores"''}
    ${phase "Install" "ninja install"}
  '';
}
