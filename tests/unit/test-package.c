/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/package.h"
#include "test.h"

TEST(says_how_a_distribution_installs) {
        static const struct {
                const char *os_release, *debian, *hint;
        } table[] = {
                {"ID=debian\n", "passt", "apt-get install passt"},
                {"NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n", "uidmap", "apt-get install uidmap"},
                {"ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "umoci", "apt-get install umoci"},
                {"ID=fedora\n", "systemd-container", "dnf install systemd-container"},
                {"ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "uidmap", "dnf install shadow-utils"},
                {"ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n", "uidmap",
                 "zypper install shadow"},
                {"ID=sles\nID_LIKE='suse'", "passt", "zypper install passt"},
                {"ID=arch", "systemd-container", "it is part of the package systemd"},
                {"ID=manjaro\nID_LIKE=arch\n", "skopeo", "pacman -S skopeo"},
                {"ID=nixos\n", "passt", "environment.systemPackages = [ pkgs.passt ]"},
                /* What it is goes first, wherever that stands. */
                {"ID_LIKE=debian\nID=fedora\n", "passt", "dnf install passt"},
                /* Only whole words, only these keys. */
                {"ID=debianish\n", "passt", "install it: Debian's package is 'passt'"},
                {"VARIANT_ID=fedora\nBUILD_ID=arch\n", "passt", "install it: Debian's package is 'passt'"},
                {"", "passt", "install it: Debian's package is 'passt'"},
                {"ID=\n\nID", "passt", "install it: Debian's package is 'passt'"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *hint = package_hint(table[i].os_release, table[i].debian);

                test_set_row("%s %s", table[i].os_release, table[i].debian);
                ASSERT_STREQ(hint, table[i].hint);
        }
}
