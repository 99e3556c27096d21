/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "spec/path.h"

/* For the schema, of what the functions below take; characters are not more than bytes. */
const JsonShape host_path_shape = {
        .kind = JSON_SHAPE_STRING,
        .max = PATH_MAX - 1,
        .pattern = "^(?!~(/|$))" PATH_CHARACTER_REGEX "+$",
};
const JsonShape inside_path_shape = {
        .kind = JSON_SHAPE_STRING,
        .max = PATH_MAX - 1,
        .pattern = "^(" PATH_PART_REGEX ")+$",
};
const JsonShape mount_point_shape = {
        .kind = JSON_SHAPE_STRING,
        .max = PATH_MAX - 1,
        .pattern = "^(?!/(dev|proc|run/host|sys|etc/hosts|run/flake-containers|var/log/journal)(/|$))"
                   "(?!/run$)(" PATH_PART_REGEX ")+$",
};
const JsonShape store_path_shape = {
        .kind = JSON_SHAPE_STRING,
        .max = PATH_MAX - 1,
        .pattern = "^(" PATH_PART_REGEX "){2,}$",
};

static int check_characters(const char *path, Error *reterr) {
        if (!path[0])
                return error_raise(reterr, FC_EXIT_USAGE, "the path is empty");
        for (const char *s = path; *s; s++)
                if ((unsigned char) *s < 0x20 || *s == 0x7f)
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "'%.100s': a path must not contain control characters", path);
        for (const char *s = path; *s;) {
                size_t n = strcspn(s, "/");

                if (n > NAME_MAX)
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "'%.100s...': a part of a path has at most %d bytes", s,
                                           NAME_MAX);
                s += n + strspn(s + n, "/");
        }
        if (strlen(path) >= PATH_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s...': a path has at most %d bytes", path,
                                   PATH_MAX - 1);
        return 0;
}

int path_check_host(const char *path, Error *reterr) {
        int r;

        r = check_characters(path, reterr);
        if (r < 0)
                return r;
        if (path[0] == '~' && (path[1] == '\0' || path[1] == '/')) {
                r = error_raise(reterr, FC_EXIT_USAGE, "'%.100s': '~' is not expanded here", path);
                error_add_hint(reterr, "write the absolute path, or './%.100s' for what has that name",
                               path);
                return r;
        }
        return 0;
}

static bool is_normalised(const char *path) {
        for (const char *s = path; *s;) {
                size_t n;

                s++; /* the slash */
                n = strcspn(s, "/");
                if (n == 0 || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
                        return false;
                s += n;
        }
        return true;
}

int path_check_inside(const char *path, Error *reterr) {
        int r;

        r = check_characters(path, reterr);
        if (r < 0)
                return r;
        if (path[0] != '/')
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s': a path inside the container must be absolute", path);
        if (streq(path, "/"))
                return error_raise(reterr, FC_EXIT_USAGE, "'/' is the container's whole root");
        if (!is_normalised(path))
                return error_raise(
                        reterr, FC_EXIT_USAGE,
                        "'%.100s': a path inside the container must have no '.', '..' or empty part", path);
        return 0;
}

int path_check_mount_point(const char *path, Error *reterr) {
        static const struct {
                const char *path, *who;
                bool also_below;
        } taken[] = {
                {"/dev", "systemd-nspawn", true},
                {"/proc", "systemd-nspawn", true},
                {"/run", "systemd-nspawn", false},
                {"/run/host", "systemd-nspawn", true},
                {"/sys", "systemd-nspawn", true},
                {"/etc/hosts", "flake-containers", true},
                {"/run/flake-containers", "flake-containers", true},
                {"/var/log/journal", "flake-containers", true},
        };
        int r;

        r = path_check_inside(path, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(taken); i++) {
                const char *rest = startswith(path, taken[i].path);

                if (rest && (*rest == '\0' || (*rest == '/' && taken[i].also_below)))
                        return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': %s is mounted by %s", path,
                                           taken[i].path, taken[i].who);
        }
        return 0;
}

int path_check_store_path(const char *path, Error *reterr) {
        _cleanup_free_ char *store = NULL;
        int r;

        r = path_check_inside(path, reterr);
        if (r < 0)
                return r;
        store = xstrndup(path, (size_t) (strrchr(path, '/') - path));
        if (!store[0])
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s': a store path lies in a store, as in /nix/store/NAME", path);
        return path_check_mount_point(store, reterr);
}

bool path_begins_in(const char *path, const char *part) {
        size_t n = 0;

        if (path[0] == '/')
                return false;
        do {
                path += n + strspn(path + n, "/");
                n = strcspn(path, "/");
        } while (n == 1 && path[0] == '.');
        return n == strlen(part) && startswith(path, part);
}

char *path_join(const char *dir, const char *path, bool *ret_out) {
        _cleanup_free_ char *above = xstrdup(dir);
        bool out = false;

        if (streq(above, "/"))
                above[0] = '\0';
        for (;;) {
                size_t n = strcspn(path, "/");

                if (n == 2 && startswith(path, "..")) {
                        char *slash = strrchr(above, '/');

                        if (slash)
                                *slash = '\0';
                        out = true;
                } else if (n != 1 || path[0] != '.')
                        break;
                path += n + strspn(path + n, "/");
        }
        if (ret_out)
                *ret_out = out;
        return xasprintf("%s/%s", above, path);
}

bool path_has_dotdot(const char *path) {
        while (*path) {
                size_t n = strcspn(path, "/");

                if (n == 2 && startswith(path, ".."))
                        return true;
                path += n + strspn(path + n, "/");
        }
        return false;
}

char *path_normalise(const char *path) {
        char *text = xmalloc0(strlen(path) + 2), *end = text;

        for (const char *s = path; *s;) {
                size_t n = strcspn(s, "/");

                if (n == 2 && startswith(s, ".."))
                        while (end > text && *--end != '/')
                                ;
                else if (n > 0 && !(n == 1 && s[0] == '.')) {
                        *end++ = '/';
                        end = mempcpy(end, s, n);
                }
                s += n + strspn(s + n, "/");
        }
        if (end == text)
                *end++ = '/';
        *end = '\0';
        return text;
}

bool path_is_within(const char *path, const char *directory) {
        const char *rest = startswith(path, directory);

        return rest && (*rest == '\0' || *rest == '/' || streq(directory, "/"));
}
