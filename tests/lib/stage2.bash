# shellcheck shell=bash disable=SC2154,SC2174,SC2015
# SPDX-License-Identifier: MIT
#
# The init of a toplevel that tests/lib/live.bash makes: does to a container what NixOS's does, in the same order and
# with the same system calls, so that what NixOS would stumble over makes a test fail. `systemConfig` is set above.

set -u
export PATH=/usr/bin:/usr/sbin
trouble() { echo "stage 2: $*" >>/stage2-trouble; }

# The store: read-only with these options, or else NixOS mounts it anew.
options=$(findmnt --direction backward --first-only --noheadings --output OPTIONS "${systemConfig%/*}")
for option in ro nosuid nodev; do
        [[ $options =~ (^|,)$option(,|$) ]] || trouble "the store is not mounted $option: $options"
done
chown -f 0:30000 "${systemConfig%/*}"
chmod -f 1775 "${systemConfig%/*}"
mount -o remount,ro,nosuid,nodev,bind "${systemConfig%/*}" || trouble "the store cannot be mounted read-only again"

for folder in /etc /etc/nixos /bin /home /nix/var /var/log /var/lib /var/db; do
        mkdir -m 0755 -p "$folder" || trouble "mkdir $folder"
done
mkdir -m 01777 -p /tmp || trouble "mkdir /tmp"
mkdir -m 0700 -p /root && chmod 0700 /root || trouble "chmod /root"
test -e /etc/fstab || touch /etc/fstab || trouble "touch /etc/fstab"
ln -sfn /proc/mounts /etc/mtab || trouble "ln /etc/mtab"
mkdir -p /nix/var/nix/gcroots || trouble "mkdir /nix/var/nix/gcroots"

# Wrappers of set-user-ID programs: a file system of their own.
mkdir -p /run/wrappers && mount -t tmpfs -o mode=755,size=1m,nodev tmpfs /run/wrappers || trouble "mount /run/wrappers"
mkdir -p /run/wrappers/bin && cp /usr/bin/true /run/wrappers/bin/true && chmod u+s /run/wrappers/bin/true ||
        trouble "the wrapper"

# /etc: a link for each file, by way of /etc/static, each put in place by rename.
place() {
        ln -sfn "$1" "$2.tmp" && mv -T "$2.tmp" "$2" || trouble "link $2"
}
place "$systemConfig/etc" /etc/static
for file in /etc/static/*; do
        name=${file##*/}
        case $name in
        # A directory of links, as of all that more than one option of NixOS puts something into.
        systemd)
                mkdir -p /etc/systemd || trouble "mkdir /etc/systemd"
                for unit in "$file"/*; do
                        place "$unit" "/etc/systemd/${unit##*/}"
                done
                ;;
        passwd | group | shadow) [[ -e /etc/$name ]] || cp -p "$file" "/etc/$name" || trouble "cp $name" ;;
        *) place "/etc/static/$name" "/etc/$name" ;;
        esac
done
mkdir -p /var/log/apache2 /var/www/html || trouble "mkdir /var/log/apache2"
# Immutable, as NixOS makes it.
mkdir -p /var/empty && chattr -f +i /var/empty

ln -sfn "$systemConfig" /run/current-system
ln -sfn "$systemConfig" /run/booted-system
exec env -u BASH_ENV /usr/lib/systemd/systemd
