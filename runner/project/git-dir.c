/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "project/git-dir.h"

#define GIT_FILE_MAX 8192

static bool exists(const char *directory, const char *name, mode_t *ret_type) {
        _cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
        struct stat st;

        if (lstat(path, &st) < 0)
                return false;
        if (ret_type)
                *ret_type = st.st_mode & S_IFMT;
        return true;
}

char *git_dir_find_work_tree(const char *path) {
        _cleanup_free_ char *directory = xstrdup(path);
        struct stat st;
        dev_t device;

        if (stat(path, &st) < 0)
                return NULL;
        device = st.st_dev;

        for (;;) {
                char *slash;

                if (exists(directory, ".git", NULL))
                        return TAKE_PTR(directory);
                if (exists(directory, "HEAD", NULL) && exists(directory, "objects", NULL))
                        return NULL;

                slash = strrchr(directory, '/');
                if (!slash || slash == directory)
                        return NULL;
                *slash = '\0';
                /* git stops at mount points too, unless told otherwise. */
                if (stat(directory, &st) < 0 || st.st_dev != device)
                        return NULL;
        }
}

char *git_dir_parse_file(const char *work_tree, const char *text) {
        const char *target = startswith(text, "gitdir: ");
        size_t n = target ? strcspn(target, "\n") : 0;

        if (n == 0)
                return NULL;
        return target[0] == '/' ? xstrndup(target, n) : xasprintf("%s/%.*s", work_tree, (int) n, target);
}

char *git_dir_of(const char *work_tree) {
        _cleanup_free_ char *path = xasprintf("%s/.git", work_tree), *text = NULL;
        _cleanup_close_ int fd = -EBADF;
        mode_t type;

        if (!exists(work_tree, ".git", &type))
                return NULL;
        if (type != S_IFREG)
                return TAKE_PTR(path);

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0 || fs_read_fd(fd, path, GIT_FILE_MAX, &text, NULL, NULL) < 0)
                return NULL;
        return git_dir_parse_file(work_tree, text);
}
