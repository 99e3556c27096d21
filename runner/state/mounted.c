/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "spec/path.h"
#include "state/mounted.h"

#define MOUNTINFO     "/proc/self/mountinfo"
#define MOUNTINFO_MAX (64 * 1024 * 1024)
#define DELETED_MARK  "//deleted"

/* Blank, tab, newline and backslash are written as three octal digits. */
static void mounted_unescape(char *s) {
        char *to = s;

        for (; *s; to++) {
                if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
                    s[3] >= '0' && s[3] <= '7') {
                        *to = (char) ((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
                        s += 4;
                } else
                        *to = *s++;
        }
        *to = '\0';
}

/* @skip: how many fields stand before it. As it is written; owned by the caller. */
static char *mounted_field(const char *line, int skip) {
        for (int i = 0; i < skip; i++) {
                line += strcspn(line, " \n");
                if (*line != ' ')
                        return NULL;
                line++;
        }
        return xstrndup(line, strcspn(line, " \n"));
}

static char *mounted_point(const char *line) {
        char *point = mounted_field(line, 4);

        if (point)
                mounted_unescape(point);
        return point;
}

/* The kernel puts that behind the path; a path has no two slashes in a row. */
static bool mounted_root_is_removed(const char *line) {
        _cleanup_free_ char *root = mounted_field(line, 3);
        const char *mark = root ? strstr(root, DELETED_MARK) : NULL;

        return mark && mark[strlen(DELETED_MARK)] == '\0';
}

bool mounted_is_removed(const char *mountinfo, const char *path) {
        for (const char *line = mountinfo; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                _cleanup_free_ char *point = mounted_point(line);

                if (point && streq(point, path) && mounted_root_is_removed(line))
                        return true;
        }
        return false;
}

/* NULL: it cannot be looked at. */
static char *read_mountinfo(pid_t pid) {
        _cleanup_free_ char *name = xasprintf("/proc/%d/mountinfo", (int) pid), *text = NULL;
        _cleanup_close_ int fd = open(name, O_RDONLY | O_CLOEXEC);

        return fd >= 0 && fs_read_fd(fd, name, MOUNTINFO_MAX, &text, NULL, NULL) >= 0 ? TAKE_PTR(text)
                                                                                      : NULL;
}

bool mounted_is_removed_for(pid_t pid, const char *path) {
        _cleanup_free_ char *text = read_mountinfo(pid);

        return text && mounted_is_removed(text, path);
}

/* The type stands behind a "-", which follows any number of optional fields. */
static bool mounted_line_is_overlay(const char *line) {
        _cleanup_free_ char *copy = xstrndup(line, strcspn(line, "\n"));
        const char *mark = strstr(copy, " - ");

        return mark && startswith(mark, " - overlay ");
}

bool mounted_is_overlay(const char *mountinfo, const char *path) {
        bool overlay = false;

        for (const char *line = mountinfo; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                _cleanup_free_ char *point = mounted_point(line);

                if (point && streq(point, path))
                        overlay = mounted_line_is_overlay(line);
        }
        return overlay;
}

bool mounted_is_overlay_for(pid_t pid, const char *path) {
        _cleanup_free_ char *text = read_mountinfo(pid);

        return !text || mounted_is_overlay(text, path);
}

char *mounted_find(const char *mountinfo, const char *path) {
        for (const char *line = mountinfo; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                char *point = mounted_point(line);

                if (point && path_is_within(point, path))
                        return point;
                free(point);
        }
        return NULL;
}

int mounted_refuse(int dir_fd, const char *name, Error *reterr) {
        _cleanup_close_ int fd = open(MOUNTINFO, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL, *dir = NULL, *path = NULL, *point = NULL;
        int r;

        if (fd < 0)
                return error_set(reterr, errno, "open '" MOUNTINFO "'");
        r = fs_read_fd(fd, MOUNTINFO, MOUNTINFO_MAX, &text, NULL, reterr);
        if (r >= 0)
                r = fs_fd_path(dir_fd, "the directory", &dir, reterr);
        if (r < 0)
                return r;
        path = xasprintf("%s/%s", streq(dir, "/") ? "" : dir, name);
        point = mounted_find(text, path);
        if (!point)
                return 0;
        r = error_raise(reterr, FC_EXIT_CONFLICT, "something is mounted at '%s'", point);
        error_add_hint(reterr, "unmount it: umount '%s'", point);
        return r;
}
