# What a single value of an option may be. Each check takes it and returns null, or what is wrong with it; ports,
# file systems in memory and volumes are also read, to attribute sets or to { error }. Pure, and of builtins only.
#
# The rules of runner/spec/*.c are the ones that count. They stand here as well, so that a developer hears of a mistake
# before anything is built. tests/nix/unit.sh holds the two against each other.
import ./names.nix
// import ./network.nix
// import ./nspawn.nix
// import ./paths.nix
// import ./ports.nix
// import ./process.nix
// import ./ready.nix
// import ./rights.nix
// import ./seed.nix
// import ./sockets.nix
// import ./tmpfs.nix
// import ./volumes.nix
