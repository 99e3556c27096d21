/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "spec/device.h"
#include "spec/path.h"

int device_check_path(const char *path, Error *reterr) {
        /* systemd-nspawn(1) makes these for every container; /dev/shm and the like may hold anybody's files.
         */
        static const struct {
                const char *name;
                bool also_below;
        } own[] = {
                {"null", false},    {"zero", false},  {"full", false},     {"random", false},
                {"urandom", false}, {"tty", false},   {"ptmx", false},     {"console", false},
                {"fd", true},       {"stdin", false}, {"stdout", false},   {"stderr", false},
                {"core", false},    {"log", false},   {"kmsg", false},     {"pts", true},
                {"shm", true},      {"mqueue", true}, {"hugepages", true},
        };
        const char *name;
        int r;

        r = path_check_inside(path, reterr);
        if (r < 0)
                return r;
        name = startswith(path, "/dev/");
        if (!name)
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': a device is below /dev", path);
        for (size_t i = 0; i < ELEMENTSOF(own); i++) {
                const char *rest = startswith(name, own[i].name);

                if (rest && (*rest == '\0' || (*rest == '/' && own[i].also_below)))
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "'%.100s': every container has a /dev/%s of its own", path,
                                           own[i].name);
        }
        return 0;
}

int device_parse_permissions(const char *text, char **ret, Error *reterr) {
        static const char known[] = "rwm";
        char permissions[sizeof(known)], *out = permissions;
        size_t size = strlen(text);

        for (const char *p = known; *p; p++)
                if (strchr(text, *p))
                        *out++ = *p;
        *out = '\0';
        if (strlen(permissions) != size || !strpbrk(text, "rw"))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s': must be of 'r', 'w' and 'm', each once, and not 'm' alone",
                                   text);
        *ret = xstrdup(permissions);
        return 0;
}
