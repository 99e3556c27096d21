/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/skeleton.h"
#include "backend/tree.h"
#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/strv.h"

#define TREE      "root"
#define TREE_COPY "root.new"

int tree_exists(int container_fd, bool *ret, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = fs_open_beneath_optional(container_fd, TREE, O_PATH | O_DIRECTORY, &fd, reterr);

        if (r < 0)
                return r;
        *ret = fd >= 0;
        return 0;
}

int tree_check_image(const char *image, const char *build, Error *reterr) {
        struct stat st;
        int r = 0;

        if (stat(image, &st) < 0)
                r = errno == ENOENT ? error_raise(reterr, FC_EXIT_USAGE, "image '%s' does not exist", image)
                                    : error_set(reterr, errno, "look at image '%s'", image);
        else if (!S_ISDIR(st.st_mode))
                r = error_raise(reterr, FC_EXIT_USAGE, "image '%s' is not a directory", image);
        if (r < 0 && build)
                error_add_hint(reterr, "make it: %s", build);
        return r;
}

/* The last line that cp printed says why. */
static const char *last_line(char *output) {
        size_t n = strlen(output);
        char *newline;

        while (n > 0 && output[n - 1] == '\n')
                output[--n] = '\0';
        newline = strrchr(output, '\n');
        return newline ? newline + 1 : output;
}

static int copy(int container_fd, const char *image, Error *reterr) {
        _cleanup_free_ char *cp = process_find_program("cp", NULL), *output = NULL;
        char *argv[] = {cp,
                        (char *) "-a",
                        (char *) "--reflink=auto",
                        (char *) "--",
                        (char *) image,
                        (char *) TREE_COPY,
                        NULL};
        int r;

        if (!cp)
                return error_raise(reterr, FC_EXIT_HOST, "program 'cp' is missing");
        r = process_run_in(container_fd, argv, &output, reterr);
        if (r < 0)
                return r;
        if (r == 128 + SIGINT || r == 128 + SIGTERM)
                return error_raise(reterr, FC_EXIT_INTERRUPTED, "interrupted while copying image '%s'",
                                   image);
        if (r > 0)
                return error_raise(reterr, FC_EXIT_INTERNAL, "copy image '%s': %s", image,
                                   last_line(output));
        return 0;
}

/* A cp whose command was killed is killed with it, but may still be writing its last file while we remove
 * it. */
static int remove_stale_copy(int container_fd, Error *reterr) {
        int r = -ENOTEMPTY;

        for (unsigned tries = 0; r == -ENOTEMPTY && tries < 5; tries++)
                r = fs_remove_tree(container_fd, TREE_COPY, reterr);
        return r;
}

int tree_prepare(int container_fd, const char *image, const char *build, bool *ret_copied, Error *reterr) {
        bool there;
        int r;

        r = tree_exists(container_fd, &there, reterr);
        if (r < 0)
                return r;
        if (!there) {
                r = image ? tree_check_image(image, build, reterr) : 0;
                if (r < 0)
                        return r;
                r = remove_stale_copy(container_fd, reterr);
                if (r < 0)
                        return r;
                r = image ? copy(container_fd, image, reterr)
                          : skeleton_make(container_fd, TREE_COPY, reterr);
                if (r >= 0 && renameat(container_fd, TREE_COPY, container_fd, TREE) < 0)
                        r = error_set(reterr, errno, "name the new root");
                if (r < 0) {
                        (void) fs_remove_tree(container_fd, TREE_COPY, NULL);
                        return r;
                }
        }
        if (ret_copied)
                *ret_copied = !there;
        return 0;
}

int tree_check(int container_fd, const char *image, const char *build, Error *reterr) {
        bool there;
        int r;

        r = tree_exists(container_fd, &there, reterr);
        if (r < 0 || there || !image)
                return r;
        return tree_check_image(image, build, reterr);
}

/* Return: the directory; made for @owner, with those that lead to it, when it is missing. */
static int make_directory(int root_fd, const char *path, uint32_t owner) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *parent = xstrdup(path);
        char *slash = strrchr(parent, '/');

        if (fs_open_beneath_optional(root_fd, path, O_RDONLY | O_DIRECTORY, &fd, NULL) < 0)
                return -EIO;
        if (fd >= 0)
                return TAKE_FD(fd);
        if (slash) {
                *slash = '\0';
                fd = make_directory(root_fd, parent, owner);
                if (fd < 0)
                        return fd;
                (void) safe_close(fd);
        }
        fd = fs_mkdir_beneath(root_fd, path, 0755, NULL);
        if (fd >= 0 && fchown(fd, owner, owner) < 0)
                return -errno;
        return TAKE_FD(fd);
}

void tree_make_parents(int root_fd, uint32_t owner, char *const *mount_points) {
        STRV_FOREACH (path, mount_points) {
                _cleanup_free_ char *parent = xstrdup(*path + 1);
                char *slash = strrchr(parent, '/');

                if (!slash)
                        continue;
                *slash = '\0';
                (void) safe_close(make_directory(root_fd, parent, owner));
        }
}
