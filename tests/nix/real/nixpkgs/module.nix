# A module of NixOS, beside the real ones: what programs of Debian's need that are not in /usr.
{
  lib,
  options,
  pkgs,
  ...
}:
{
  config = lib.mkMerge [
    {
      # They look for their libraries in /lib. The interpreter of the init sees to that, see tests/live/stage1.c.
      system.extraSystemBuilderCmds = ''
        gcc -static -O2 -D_GNU_SOURCE -o $out/stage1 ${./stage1.c}
        ln -s ${pkgs.debian.tree}/usr/lib $out/lib
        for script in $out/init $out/prepare-root; do
                if [[ -f $script && ! -L $script && $(head -c 2 $script) == '#!' ]]; then
                        sed -i "1c#!$out/stage1" $script
                fi
        done
      '';
    }
    # systemd has the path of these programs built in, and since Debian 13 another one; and where it looks for those of
    # NixOS's units.
    {
      system.activationScripts.mount = ''
        mkdir -p /bin /usr/bin
        for folder in /bin /usr/bin; do
                ln -sfn ${pkgs.debian}/bin/{mount,umount,systemd-tmpfiles} $folder/
        done
      '';
    }
    # A data base is checked where it is built, which is root here, and made with locales that they do not find.
    {
      services.postgresql.checkConfig = lib.mkDefault false;
      services.postgresql.initdbArgs = lib.mkDefault [
        "--no-locale"
        "--encoding=UTF8"
      ];
    }
    # What they find in /lib64 stays.
    (lib.optionalAttrs (options.environment ? stub-ld) { environment.stub-ld.enable = lib.mkForce false; })
    (lib.optionalAttrs (options.environment ? ldso) {
      environment.ldso = lib.mkForce "${pkgs.debian.tree}/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2";
    })
    # Programs that Debian does not have.
    (lib.optionalAttrs (options.services.nscd ? enableNsncd) {
      services.nscd.enableNsncd = lib.mkForce false;
    })
  ];
}
