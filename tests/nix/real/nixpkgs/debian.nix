# An overlay: the packages of a Debian tree, and what else NixOS's modules use of nixpkgs to make their files.
self: prev:
let
  inherit (prev) lib;

  # The packages that modules name, each with what they take from it.
  names = builtins.fromJSON (builtins.readFile ./names.json);

  # Not copied, and no input of a flake: it is there already.
  tree =
    let
      path = import ./tree.nix;
    in
    builtins.appendContext path { ${path} = { path = true; }; };

  # Each package has all programs, in `bin` as in `sbin`, and all libraries.
  debian = self.runCommand "debian" { } ''
    mkdir -p $out/bin $out/lib $out/etc
    ln -sf ${tree}/usr/sbin/* ${tree}/usr/libexec/* $out/bin/
    ln -sf ${tree}/usr/bin/* $out/bin/
    for program in ${tree}/usr/lib/{postgresql/*/bin,dbus-1.0,openssh,polkit-1}/*; do
            ln -sf $program $out/bin/
    done
    # Modules are looked for in /usr/share.
    rm $out/bin/perl
    printf '#!%s\nPERL5LIB=%s exec %s "$@"\n' $out/bin/bash $(printf '%s:' ${tree}/usr/share/perl5 ${tree}/usr/share/perl/* ${tree}/usr/lib/*/perl5/*) \
            ${tree}/usr/bin/perl >$out/bin/perl
    chmod +x $out/bin/perl
    ln -s bin $out/sbin
    ln -s bin $out/libexec
    ln -sf ${tree}/usr/share $out/share
    ln -sf ${tree}/usr/lib/*/* $out/lib/
    ln -sf ${tree}/usr/lib/*-linux-gnu/* $out/lib/
    # That is systemd's alone, or generators would be there several times.
    rm $out/lib/systemd
    ln -sf ${tree}/etc/dbus-1 ${tree}/etc/mime.types $out/etc/
    ln -sf ${tree}/usr/lib/apache2/modules $out/modules
    ln -sf ${tree}/etc/apache2 $out/conf
    ln -sf ${tree}/example $out/example
  '';

  # What a module asks of a package beside its files.
  package =
    pname:
    let
      this = debian // {
        inherit pname;
        name = "${pname}-${this.version}";
        version = "99.0";
        shellPath = "/bin/${if pname == "bashInteractive" then "bash" else pname}";
        outputs = [ "out" ];
        override = _: this;
        overrideAttrs = _: this;
        overridePythonAttrs = _: this;
        meta = {
          mainProgram = pname;
          priority = 5;
          available = true;
          license = { };
          platforms = [ self.stdenv.hostPlatform.system ];
          maintainers = [ ];
        };
        passthru = this;
        stdenv = self.stdenv;
        # Tests that a module adds to a package.
        tests = { };
        withPackages = _: this;
        wrapper = this;
        enableDocumentation = false;
      }
      // lib.genAttrs [ "bin" "lib" "dev" "man" "doc" "info" "data" "client" "server" "debug" "libs" "p11kit" "unbundled" "su" "terminfo" "apacheHttpd" "out" ] (
        _: this
      );
    in
    this;

  # The value's type in full is not needed here.
  format = text: _: {
    type =
      with lib.types;
      let
        value = nullOr (oneOf [
          bool
          int
          float
          str
          path
          (attrsOf value)
          (listOf value)
        ]);
      in
      value;
    generate = name: value: self.writeText name (text value);
    lib = { };
  };

  # Where the name of a placeholder ends in the builder's environment, in which all of them are strings.
  substitute =
    {
      src,
      replacements,
      isExecutable ? false,
      name ? baseNameOf (toString src),
      dir ? "",
      postInstall ? "",
      ...
    }:
    self.runCommand name { inherit src; } ''
      target=$out${lib.optionalString (dir != "") "/${dir}/${name}"}
      mkdir -p "$(dirname $target)"
      cp $src $target
      chmod u+w $target
      substituteInPlace $target ${
        lib.concatStringsSep " " (
          lib.mapAttrsToList (
            key: value:
            "--replace ${lib.escapeShellArg "@${key}@"} ${lib.escapeShellArg (if value == true then "1" else toString value)}"
          ) replacements
        )
      }
      ${lib.optionalString isExecutable "chmod +x $target"}
      ${postInstall}
    '';
in
builtins.mapAttrs (
  name: inside:
  if prev.${name} or null != null then
    prev.${name}
  else if builtins.match "(make|build|write|apparmor)[A-Z].*" name != null then
    # A function, or a program of such a name.
    package name // { __functor = this: _: this; }
  else
    lib.genAttrs inside package // package name
) names
// {
  debian = debian // {
    inherit tree;
  };
  bash = package "bash";
  bashInteractive = package "bash";
  runtimeShell = "${debian}/bin/bash";
  coreutils = package "coreutils";
  python3 = package "python3";
  systemd =
    self.runCommand "systemd" { } ''
      mkdir $out
      ln -s ${debian}/* $out/
      rm $out/example $out/lib
      mkdir $out/lib
      ln -s ${debian}/lib/* $out/lib/
      ln -s ${tree}/usr/lib/systemd $out/lib/systemd
      cp -r ${tree}/example $out/
      chmod -R u+w $out/example
      for kind in system user; do
              for unit in ${toString (builtins.fromJSON (builtins.readFile ./units.json))}; do
                      file=$out/example/systemd/$kind/$unit
                      [[ ! -e $file && ! -L $file ]] || continue
                      # Names on the bus are links.
                      if [[ $unit =~ ^dbus-org\.freedesktop\.([a-z]+)1?\.service$ ]]; then
                              ln -s "systemd-''${BASH_REMATCH[1]}d.service" $file
                              continue
                      fi
                      printf '[Unit]\nDescription=What another systemd has\n' >$file
                      [[ $unit != *.service ]] || printf '[Service]\nType=oneshot\nExecStart=${debian}/bin/true\n' >>$file
              done
      done
    ''
    // builtins.removeAttrs (package "systemd") [
      "drvPath"
      "outPath"
      "drvAttrs"
      "all"
      "out"
      "type"
      "name"
    ]
    // lib.genAttrs [
      "withAnalyze" "withBootloader" "withCoredump" "withCryptsetup" "withEfi" "withFirstboot" "withHomed" "withHostnamed" "withHwdb"
      "withImportd" "withLibcryptsetup" "withLocaled" "withLogind" "withMachined" "withNetworkd" "withNspawn" "withOomd"
      "withPCRPhase" "withPortabled" "withRemote" "withRepart" "withResolved" "withSysupdate" "withSysusers" "withTimedated"
      "withTimesyncd" "withTpm2Tss" "withTpm2Units" "withUserDb" "withUtmp" "withVmspawn" "withAudit" "withBridge" "withKexectools"
    ] (_: true)
    // {
      type = "derivation";
      interfaceVersion = 2;
      version = "257";
      kbd = package "kbd";
      util-linux = package "util-linux";
      kmod = package "kmod";
    };
  # Its units are its own, not systemd's.
  dbus =
    let
      bus = self.runCommand "dbus" { } ''
        mkdir -p $out/etc/systemd/system
        ln -s ${debian}/{bin,lib,libexec,sbin,share} $out/
        ln -s ${debian}/etc/* $out/etc/
        cp ${tree}/example/systemd/system/dbus.{service,socket} $out/etc/systemd/system/
      '';
    in
    package "dbus"
    // {
      inherit (bus) outPath drvPath drvAttrs;
      out = bus;
      daemon = bus;
      lib = bus;
    };
  # Modules that Debian has built in cannot be loaded.
  apacheHttpd =
    let
      server = self.runCommand "apache-httpd" { } ''
        mkdir -p $out/bin $out/conf/extra
        touch $out/conf/extra/httpd-{autoindex,default,info,languages,manual,mpm,multilang-errordoc,userdir,vhosts}.conf
        cp ${tree}/etc/mime.types ${tree}/etc/apache2/magic $out/conf/
        ln -s ${tree}/usr/lib/apache2/modules $out/modules
        cp ${tree}/usr/sbin/apachectl $out/bin/
        cat >$out/bin/httpd <<'END'
        #!${self.runtimeShell}
        arguments=()
        for argument; do
                if [[ $argument == *httpd.conf && -d /run/httpd ]]; then
                        while read -r word name file rest; do
                                [[ $word == LoadModule && ! -e $file ]] || printf '%s\n' "$word $name $file $rest"
                        done <"$argument" >/run/httpd/loadable.conf
                        argument=/run/httpd/loadable.conf
                fi
                arguments+=("$argument")
        done
        exec ${tree}/usr/sbin/apache2 "''${arguments[@]}"
        END
        chmod +x $out/bin/httpd
      '';
    in
    package "apacheHttpd"
    // {
      inherit (server) outPath drvPath drvAttrs;
      out = server;
      luaSupport = false;
      http2Support = true;
    };
  libxcrypt = package "libxcrypt" // {
    enabledCryptSchemeIds = [ "y" "2b" "6" ];
  };
  # A container has none, but is asked for which architecture it is.
  linuxPackages = lib.makeExtensible (_: {
    inherit (self) stdenv;
    kernel = package "linux" // {
      version = "6.12";
      features = { };
      config = { };
      kernelAtLeast = lib.versionAtLeast "6.12";
      kernelOlder = lib.versionOlder "6.12";
    };
  });
  # NixOS asks whether a user's shell is one of these, and packages are the same whose paths are.
  zsh = self.runCommand "zsh" { } "ln -s ${debian} $out";
  fish = self.runCommand "fish" { } "ln -s ${debian} $out";
  xonsh = self.runCommand "xonsh" { } "ln -s ${debian} $out";

  # nixpkgs' builders have these functions.
  runCommand =
    name: env: script:
    prev.runCommand (lib.strings.sanitizeDerivationName name) env "\n${builtins.readFile ./functions.bash}\n${script}";
  # Many packages are one.
  buildEnv = args: prev.buildEnv (args // { paths = lib.unique (map toString args.paths); });
  writeTextFile =
    args: prev.writeTextFile (args // { name = lib.strings.sanitizeDerivationName args.name; });
  writeTextDir =
    path: text:
    self.writeTextFile {
      name = baseNameOf path;
      inherit text;
      destination = "/${path}";
    };
  runCommandLocal = self.runCommand;
  runCommandCC = self.runCommand;
  substituteAll =
    args:
    substitute (
      args // { replacements = builtins.removeAttrs args [ "src" "isExecutable" "dir" "name" "postInstall" ]; }
    );
  replaceVars = src: replacements: substitute { inherit src replacements; };
  replaceVarsWith = substitute;

  concatText = name: files: self.runCommand name { } "cat ${toString files} >$out";
  substitute =
    { src, substitutions ? [ ], replacements ? [ ], ... }:
    self.runCommand (baseNameOf (toString src)) { } "substitute ${src} $out ${
      lib.escapeShellArgs (lib.flatten substitutions)
    } ${toString replacements}";

  formats =
    lib.genAttrs [ "json" "yaml" "yaml_1_1" "yaml_1_2" "toml" "javaProperties" "php" "elixirConf" "pythonVars" "xml" "hocon" "libconfig" "lua" "cdn" "plist" ] (
      _: format builtins.toJSON
    )
    // {
      ini = args: format (lib.generators.toINI (builtins.removeAttrs args [ "atomsCoercedToLists" ])) args;
      iniWithGlobalSection = args: format (lib.generators.toINIWithGlobalSection { }) args;
      gitIni = args: format lib.generators.toGitINI args;
      systemd = format (lib.generators.toINI { listsAsDuplicateKeys = true; }) { };
      keyValue = args: format (lib.generators.toKeyValue (builtins.removeAttrs args [ "atom" ])) args;
    };

  stdenv = prev.stdenv // rec {
    hostPlatform = lib.systems.elaborate prev.stdenv.system;
    buildPlatform = hostPlatform;
    targetPlatform = hostPlatform;
    isLinux = true;
    inherit (hostPlatform) isx86_64 isAarch64 is64bit;
    shell = self.runtimeShell;
    shellPackage = self.bash;
    cc = package "gcc" // {
      libc = package "glibc";
      cc = package "gcc";
      bintools.dynamicLinker = "/lib64/ld-linux-x86-64.so.2";
    };
    # The toplevel, wrappers of set-user-ID programs and the like; our own program is built by the stand-in's.
    mkDerivation =
      attrs:
      let
        environment = builtins.removeAttrs attrs [
          "buildCommand"
          "installPhase"
          "buildInputs"
          "meta"
        ];
      in
      if builtins.isAttrs attrs && attrs ? buildCommand then
        self.runCommand attrs.name environment attrs.buildCommand
      else if builtins.isAttrs attrs && attrs.dontUnpack or false then
        self.runCommand attrs.name environment "CC='gcc -static'\n${attrs.installPhase}"
      else
        prev.stdenv.mkDerivation attrs;
  };
  stdenvNoCC = self.stdenv;
  inherit (self.stdenv) hostPlatform;
  callPackage =
    file: overrides:
    let
      f = if lib.isFunction file then file else import file;
    in
    f (lib.mapAttrs (name: _: overrides.${name} or self.${name} or (package name)) (
      lib.filterAttrs (name: optional: !optional || self ? ${name} || overrides ? ${name}) (lib.functionArgs f)
    ));
  newScope = extra: file: overrides: self.callPackage file (extra // overrides);
  # Of a source one file is wanted, of glibc's.
  srcOnly =
    _:
    self.runCommand "source" { } ''
      mkdir $out
      echo '#define UNSECURE_ENVVARS "LD_AUDIT\0LD_LIBRARY_PATH\0LD_PRELOAD\0TMPDIR\0"' >$out/unsecvars.h
    '';
  # Debian's own, and what the packages add.
  makeDBusConf =
    { serviceDirectories, suidHelper, ... }:
    self.runCommand "dbus-1" { } ''
      mkdir $out
      for bus in system session; do
              sed '/<\/busconfig>/d; /<includedir>/d; /<include /d; /<standard_[a-z]*_servicedirs/d' \
                      ${tree}/usr/share/dbus-1/$bus.conf >$out/$bus.conf
              for folder in ${toString serviceDirectories}; do
                      printf '<servicedir>%s/share/dbus-1/%s-services</servicedir>\n' $folder $bus
                      printf '<includedir>%s/%s/dbus-1/%s.d</includedir>\n' $folder etc $bus $folder share $bus
              done >>$out/$bus.conf
              echo '</busconfig>' >>$out/$bus.conf
              sed -i 's|/usr/lib/dbus-1.0/dbus-daemon-launch-helper|${suidHelper}|' $out/$bus.conf
      done
    '';
  buildPackages = self;
  pkgsStatic = self;
  pkgsi686Linux = self;
  pkgsBuildBuild = self;
  __splicedPackages = self;
  appendOverlays = overlays: lib.foldl' (pkgs: overlay: pkgs.extend overlay) self overlays;
  config = {
    allowAliases = true;
  }
  // prev.config;
}
# Each release of it is Debian's.
// lib.genAttrs (lib.filter (lib.hasPrefix "postgresql") (builtins.attrNames names)) (
  _:
  let
    this = package "postgresql" // {
      psqlSchema = "debian";
      withJIT = this;
      withoutJIT = this;
    };
  in
  this
)
