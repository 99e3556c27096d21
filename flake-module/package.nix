# The runner. Called by `pkgs.callPackage` of the user's nixpkgs. To build it takes nixpkgs 22.11 (systemd 252) or
# newer; with an older one it evaluates, so that everything else can be looked at, and CMake says what is missing.
{
  lib,
  stdenv,
  cmake,
  ninja,
  pkg-config,
  # Since 21.05.
  cjson ? null,
  libgit2,
  libnl,
  libseccomp,
  libyaml,
  # Since 22.11.
  passt ? null,
  pcre2,
  systemd,
  systemdLibs ? systemd,
}:
let
  # Not the whole flake, so that a change of an example or of a test builds nothing anew.
  sources = [
    "CHANGELOG.md"
    "CMakeLists.txt"
    "LICENSE"
    "README.md"
    "SECURITY.md"
    "docs"
    "runner"
    "templates"
  ];
  root = toString ../.;
  relative = path: builtins.substring (builtins.stringLength root + 1) (-1) (toString path);
in
stdenv.mkDerivation {
  pname = "flake-containers";
  version = builtins.head (
    builtins.elemAt (builtins.split "flake-containers VERSION ([0-9.]+)" (
      builtins.readFile ../CMakeLists.txt
    )) 1
  );

  src = builtins.path {
    name = "flake-containers-source";
    path = ../.;
    filter =
      path: _:
      let
        name = relative path;
      in
      builtins.elem name sources
      || builtins.substring 0 5 name == "docs/"
      || builtins.substring 0 7 name == "runner/"
      || builtins.substring 0 10 name == "templates/";
  };

  nativeBuildInputs = [
    cmake
    ninja
    pkg-config
  ];

  # For a host without a systemd-nspawn or a pasta of its own.
  cmakeFlags =
    let
      programs = builtins.filter (package: package != null) [
        systemd
        passt
      ];
    in
    lib.optional (
      programs != [ ]
    ) "-DFC_PROGRAMS=${lib.concatMapStringsSep ":" (package: "${package}/bin") programs}";

  buildInputs = [
    cjson
    libgit2
    libnl
    libseccomp
    libyaml
    pcre2
    systemdLibs
  ]
  # For the one program that is put into containers.
  ++ lib.optional (stdenv.cc.libc ? static) stdenv.cc.libc.static;

  meta = {
    description = "Run the systemd-nspawn containers of a project";
    license = lib.licenses.mit;
    platforms = lib.platforms.linux;
    mainProgram = "flake-containers";
  };
}
