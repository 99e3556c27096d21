# A NixOS module for a machine of a NixOS test (`pkgs.testers.runNixOSTest`): the commands of these containers are
# there, and a git repository for them in /project. It is given `packages` of commands that do not belong to a flake.
{ packages }:
{ lib, pkgs, ... }:
{
  _file = ./vm-test.nix;

  config = {
    environment.systemPackages = [ pkgs.git ] ++ lib.attrValues packages;

    systemd.services.flake-containers-project = {
      description = "The project of the containers";
      wantedBy = [ "multi-user.target" ];
      before = [ "multi-user.target" ];
      serviceConfig.Type = "oneshot";
      script = "${pkgs.git}/bin/git init --quiet /project";
    };

    virtualisation = {
      # On a file system that can be mounted with other ids; one that is shared with the host cannot.
      useNixStoreImage = lib.mkDefault true;
      writableStore = lib.mkDefault false;
      additionalPaths = lib.attrValues packages;
    };
  };
}
