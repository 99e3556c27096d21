/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/package.h"
#include "base/strv.h"

#define OS_RELEASE_MAX (16 * 1024)

typedef enum Family {
        FAMILY_DEBIAN,
        FAMILY_FEDORA,
        FAMILY_SUSE,
        FAMILY_ARCH,
        FAMILY_NIXOS,
        _FAMILY_MAX,
} Family;

/* Which words of ID and ID_LIKE mean a family, and what installs there. */
static const struct {
        const char *word;
        Family family;
} families[] = {
        {"debian", FAMILY_DEBIAN}, {"ubuntu", FAMILY_DEBIAN},      {"fedora", FAMILY_FEDORA},
        {"rhel", FAMILY_FEDORA},   {"centos", FAMILY_FEDORA},      {"suse", FAMILY_SUSE},
        {"opensuse", FAMILY_SUSE}, {"opensuse-leap", FAMILY_SUSE}, {"opensuse-tumbleweed", FAMILY_SUSE},
        {"arch", FAMILY_ARCH},     {"nixos", FAMILY_NIXOS},
};

static const struct {
        const char *before, *after;
} installs[_FAMILY_MAX] = {
        [FAMILY_DEBIAN] = {"apt-get install ", ""},
        [FAMILY_FEDORA] = {"dnf install ", ""},
        [FAMILY_SUSE] = {"zypper install ", ""},
        [FAMILY_ARCH] = {"pacman -S ", ""},
        [FAMILY_NIXOS] = {"environment.systemPackages = [ pkgs.", " ]"},
};

/* Packages that are called otherwise than in Debian; NULL: likewise. What has a space is a whole hint. */
static const struct {
        const char *debian, *others[_FAMILY_MAX];
} names[] = {
        {"systemd-container",
         {[FAMILY_ARCH] = "it is part of the package systemd",
          [FAMILY_NIXOS] = "it is part of the package systemd"}},
        {"uidmap",
         {[FAMILY_FEDORA] = "shadow-utils",
          [FAMILY_SUSE] = "shadow",
          [FAMILY_ARCH] = "shadow",
          [FAMILY_NIXOS] = "its place is /run/wrappers/bin, which PATH does not have"}},
        {"libnss-mymachines",
         {[FAMILY_FEDORA] = "write 'mymachines' before 'dns' there; it comes with systemd-container",
          [FAMILY_SUSE] = "write 'mymachines' before 'dns' there; it comes with systemd-container",
          [FAMILY_ARCH] = "write 'mymachines' before 'dns' there; it comes with systemd",
          [FAMILY_NIXOS] = "system.nssModules has it unless services.nscd.enable is false"}},
        {"golang-github-containers-common",
         {[FAMILY_FEDORA] = "containers-common",
          [FAMILY_SUSE] = "libcontainers-common",
          [FAMILY_ARCH] = "containers-common",
          [FAMILY_NIXOS] = "virtualisation.containers.enable = true"}},
};

/* @list: words with spaces between, perhaps in quotes. */
static bool family_find(const char *list, size_t size, Family *ret) {
        _cleanup_free_ char *text = xstrndup(list, size);
        char *rest = text, *word;

        while ((word = strsep(&rest, "\"' ")))
                for (size_t i = 0; i < ELEMENTSOF(families); i++)
                        if (streq(word, families[i].word)) {
                                *ret = families[i].family;
                                return true;
                        }
        return false;
}

/* What the host is comes before what it is like. */
static bool family_of(const char *os_release, Family *ret) {
        static const char *const keys[] = {"ID=", "ID_LIKE="};

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                for (const char *line = os_release; *line;
                     line += strcspn(line, "\n"), line += *line == '\n') {
                        const char *value = startswith(line, keys[i]);

                        if (value && family_find(value, strcspn(value, "\n"), ret))
                                return true;
                }
        return false;
}

char *package_hint(const char *os_release, const char *debian) {
        const char *name = debian;
        Family family;

        if (!family_of(os_release, &family))
                return xasprintf("install it: Debian's package is '%s'", debian);
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(names[i].debian, debian) && names[i].others[family])
                        name = names[i].others[family];
        if (strchr(name, ' '))
                return xstrdup(name);
        return xasprintf("%s%s%s", installs[family].before, name, installs[family].after);
}

char *package_host_hint(const char *debian) {
        static const char *const paths[] = {"/etc/os-release", "/usr/lib/os-release"};
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < ELEMENTSOF(paths) && !text; i++) {
                _cleanup_close_ int fd = open(paths[i], O_RDONLY | O_CLOEXEC);

                if (fd >= 0)
                        (void) fs_read_fd(fd, paths[i], OS_RELEASE_MAX, &text, NULL, NULL);
        }
        return package_hint(text ? text : "", debian);
}

void package_add_hint(Error *reterr, const char *debian) {
        _cleanup_free_ char *hint = package_host_hint(debian);

        error_add_hint(reterr, "%s", hint);
}
