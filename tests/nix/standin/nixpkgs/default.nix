# A few packages, built for real: by the bash, gcc and cmake of the Debian machine instead of nixpkgs' own. Nix's
# sandbox hides those, so it must be off.
args@{
  system ? builtins.currentSystem,
  config ? { },
  overlays ? [ ],
  ...
}:
let
  lib = import ./lib;

  # derive { name, script, .. }: a derivation that a shell script makes. What is not a string, and `passthru`, is left
  # to the caller of the result.
  derive =
    {
      name,
      script,
      passthru ? { },
      meta ? { },
      ...
    }@arguments:
    let
      drv = derivation (
        {
          inherit system;
          builder = "/bin/bash";
          # The last line keeps bash from executing the last program in its own place: coreutils close stdout and stderr
          # before they exit, which Nix takes for the end of the build, and kills what is left of it.
          args = [
            "-euc"
            "PATH=/usr/bin:/bin\n${script}\n:"
          ];
        }
        // builtins.removeAttrs arguments [
          "script"
          "passthru"
          "meta"
        ]
      );
    in
    extend (drv // { inherit meta; } // passthru) arguments;
  extend =
    drv: arguments:
    drv
    // {
      overrideAttrs = f: derive (arguments // f arguments);
    };

  base = self: {
    _type = "pkgs";
    inherit
      system
      config
      overlays
      lib
      ;
    path = ./.;
    callPackage =
      file: overrides:
      let
        f = if lib.isFunction file then file else import file;
      in
      f (builtins.intersectAttrs (lib.functionArgs f) self // overrides);
    stdenv = {
      inherit system;
      hostPlatform = {
        inherit system;
        isLinux = lib.hasSuffix "-linux" system;
      };
      cc.libc = null;
      mkDerivation = import ./mk-derivation.nix { inherit derive lib; };
    };
    inherit (self.stdenv) hostPlatform mkDerivation;

    # What Debian has in its usual places, so that no program has to be told.
    cmake = null;
    ninja = null;
    pkg-config = null;
    systemd = null;
    libsystemd = null;
    cjson = null;
    libcjson = null;
    libgit2 = null;
    libyaml = null;
    libnl = null;
    libseccomp = null;
    pcre2 = null;
    bashInteractive = self.bash;
    bash = derive {
      name = "bash-debian";
      script = "mkdir -p $out/bin; ln -s /bin/bash $out/bin/bash; ln -s /bin/bash $out/bin/sh";
      meta.mainProgram = "bash";
    };
    runtimeShell = "/bin/bash";
    coreutils = derive {
      name = "coreutils-debian";
      script = ''
        mkdir -p $out/bin
        for f in cat chmod cp cut dirname env false head id ln ls mkdir mktemp mv readlink rm sed sleep sort tail touch tr \
                true uname wc; do
                ln -s /usr/bin/$f $out/bin/$f
        done
      '';
    };

    git = null;
    nixfmt-tree = self.writeShellScriptBin "treefmt" "exit 0";

    # Of Debian's modules those that are installed, whichever are asked for.
    python3 =
      derive {
        name = "python3-debian";
        script = "mkdir -p $out/bin; ln -s /usr/bin/python3 $out/bin/python3; ln -s /usr/bin/python3 $out/bin/python";
        meta.mainProgram = "python3";
      }
      // {
        withPackages = _: self.python3;
      };

    writeTextFile =
      {
        name,
        text,
        executable ? false,
        destination ? "",
        meta ? { },
        passthru ? { },
        ...
      }:
      derive {
        inherit name meta passthru text;
        passAsFile = [ "text" ];
        script = ''
          target=$out${destination}
          mkdir -p "''${target%/*}"
          cp "$textPath" "$target"
          ${if executable then "chmod +x \"$target\"" else ""}
        '';
      };
    writeText = name: text: self.writeTextFile { inherit name text; };
    writeScript =
      name: text:
      self.writeTextFile {
        inherit name text;
        executable = true;
      };
    writeShellScript = name: text: self.writeScript name "#!${self.runtimeShell}\n${text}\n";
    writeScriptBin =
      name: text:
      self.writeTextFile {
        inherit name text;
        executable = true;
        destination = "/bin/${name}";
        meta.mainProgram = name;
      };
    writeShellScriptBin = name: text: self.writeScriptBin name "#!${self.runtimeShell}\n${text}\n";
    writeShellApplication =
      {
        name,
        text,
        runtimeInputs ? [ ],
        meta ? { },
        passthru ? { },
        ...
      }:
      self.writeTextFile {
        inherit name passthru;
        executable = true;
        destination = "/bin/${name}";
        text = ''
          #!${self.runtimeShell}
          set -euo pipefail
          ${if runtimeInputs == [ ] then "" else "export PATH=${lib.concatMapStringsSep ":" (p: "${p}/bin") runtimeInputs}:$PATH"}
          ${text}
        '';
        meta = { mainProgram = name; } // meta;
      };
    runCommand =
      name: env: script:
      derive (
        builtins.removeAttrs env [
          "nativeBuildInputs"
          "buildInputs"
          "preferLocalBuild"
          "allowSubstitutes"
        ]
        // {
          inherit name;
          script = ''
            PATH=${lib.concatMapStrings (p: "${p}/bin:") (lib.filter (p: p != null) (env.nativeBuildInputs or [ ]))}$PATH
            ${script}
          '';
        }
      );
    runCommandLocal = self.runCommand;
    # The files of several packages in one tree. Of two with the same name the one with the lower meta.priority.
    buildEnv =
      {
        name,
        paths,
        pathsToLink ? [ "/" ],
        passthru ? { },
        meta ? { },
        ...
      }:
      derive {
        inherit name passthru meta;
        script = ''
          mkdir -p $out
          for p in ${toString (lib.sort (a: b: a.meta.priority or 5 > b.meta.priority or 5) paths)}; do
                  for part in ${toString pathsToLink}; do
                          [[ -e $p$part ]] || continue
                          mkdir -p $out$part
                          cp -rsf --no-preserve=mode $p$part/. $out$part/
                  done
          done
        '';
      };
    symlinkJoin = args: self.buildEnv (args // { name = args.name or "${args.pname}-${args.version}"; });
    linkFarm =
      name: entries:
      derive {
        inherit name;
        script = lib.concatMapStringsSep "\n" (e: ''mkdir -p "$(dirname "$out/${e.name}")"; ln -s ${e.path} "$out/${e.name}"'') entries;
      };
    # What `nix develop` asks of a shell: a derivation whose builder is bash, with a $stdenv/setup to source.
    mkShell = self.mkShellNoCC;
    mkShellNoCC =
      attrs@{
        name ? "nix-shell",
        packages ? [ ],
        nativeBuildInputs ? [ ],
        buildInputs ? [ ],
        inputsFrom ? [ ],
        shellHook ? "",
        passthru ? { },
        meta ? { },
        ...
      }:
      let
        # Takes the inputs and the hooks of other shells.
        gathered = what: lib.concatMap (shell: shell.inputs.${what}) inputsFrom;
        inputs = lib.filter (p: p != null) (packages ++ nativeBuildInputs ++ buildInputs ++ gathered "packages");
        hooks = lib.concatStringsSep "\n" (gathered "hooks" ++ [ shellHook ]);
      in
      derive (
        builtins.removeAttrs attrs [
          "packages"
          "nativeBuildInputs"
          "buildInputs"
          "inputsFrom"
        ]
        // {
          inherit name meta;
          shellHook = hooks;
          passthru = passthru // {
            inputs = {
              packages = inputs;
              hooks = [ hooks ];
            };
          };
          outputs = [ "out" ];
          stdenv = self.writeTextFile {
            name = "setup";
            destination = "/setup";
            # Of the store alone: `nix develop` adds the user's behind it.
            text = "PATH=${lib.concatMapStringsSep ":" (p: "${lib.getBin p}/bin") (inputs ++ [ self.coreutils ])}\n";
          };
          script = "echo 'This derivation is for nix develop' >&2; export >$out";
        }
      );
    formats.json = _: {
      type = lib.types.anything;
      generate = name: value: self.writeText name (builtins.toJSON value);
    };
    closureInfo =
      { rootPaths }:
      derive {
        name = "closure-info";
        exportReferencesGraph = lib.concatLists (lib.imap0 (i: path: [ "closure-${toString i}" path ]) (lib.toList rootPaths));
        script = ''
          mkdir $out
          # Name, deriver, count and that many references: names are what we want. The paths have the store's folder.
          cat closure-* | grep '^/' | grep -v '\.drv$' | sort -u >$out/store-paths
        '';
      };
    testers.runNixOSTest = test: import ./nixos-test.nix { inherit derive lib test; pkgs = self; };
    nixos =
      configuration:
      import ./nixos/lib/eval-config.nix {
        inherit system;
        pkgs = self;
        modules = lib.toList configuration;
      };
    extend = overlay: import ./. (args // { inherit system config; overlays = overlays ++ [ overlay ]; });
  };

  withOverlays = lib.foldl' (
    build: overlay: final:
    let
      prev = build final;
    in
    prev // overlay final prev
  ) base overlays;
in
lib.fix withOverlays
