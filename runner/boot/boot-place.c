/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/userns.h"
#include "boot/boot-place.h"
#include "host/linger.h"

#define OF_HOST "/etc/systemd/system"
#define IN_HOME "/.config/systemd/user"

/* As systemd finds it. */
char *boot_place_directory(bool rootless) {
        const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

        if (!rootless)
                return xstrdup(OF_HOST);
        return config && config[0] == '/' ? xasprintf("%s/systemd/user", config)
                                          : xasprintf("%s" IN_HOME, home ? home : "");
}

char *boot_place_directory_of(uid_t uid) {
        const struct passwd *account = getpwuid(uid);

        return account ? xasprintf("%s" IN_HOME, account->pw_dir) : NULL;
}

const char *boot_place_when(bool rootless) {
        return !rootless || linger_is_enabled(userns_own_uid())
                       ? "when the host boots"
                       : "when you log in; to have it at boot: loginctl enable-linger";
}

static int raise_elsewhere(Error *reterr) {
        int r = error_raise(reterr, FC_EXIT_HOST, "'" OF_HOST "' is not to be changed by a program here");

        error_add_hint(reterr, "on NixOS: services.flake-containers.projects of nixosModules.default "
                               "(man flake-containers-enable)");
        return r;
}

/* On NixOS it is a link to a store. */
static int open_of_host(Error *reterr) {
        struct stat st;
        int fd;

        if (lstat(OF_HOST, &st) >= 0 && S_ISLNK(st.st_mode))
                return raise_elsewhere(reterr);
        fd = open(OF_HOST, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return error_set(reterr, errno, "open '" OF_HOST "'");
        if (faccessat(fd, ".", W_OK, 0) < 0 && errno == EROFS) {
                (void) safe_close(fd);
                return raise_elsewhere(reterr);
        }
        return fd;
}

/* Here root is the user: links in it are the user's own. */
static int open_of_user(Error *reterr) {
        _cleanup_free_ char *path = boot_place_directory(/* rootless= */ true);
        int fd;

        for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                (void) mkdir(path, 0755);
                *slash = '/';
        }
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
                return error_set(reterr, errno, "make '%s'", path);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? error_set(reterr, errno, "open '%s'", path) : fd;
}

int boot_place_open(bool rootless, Error *reterr) {
        return rootless ? open_of_user(reterr) : open_of_host(reterr);
}

int boot_place_connect(bool rootless, HostBus **ret, Error *reterr) {
        return rootless ? host_bus_open_user(ret, reterr) : host_bus_open(/* event= */ NULL, ret, reterr);
}
