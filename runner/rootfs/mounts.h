/* SPDX-License-Identifier: MIT */
#pragma once

/* Detached mounts: a file or directory of the host as a mount that is attached nowhere yet, changed before
 * anything sees it, and handed to the process that attaches it. It lives as long as its descriptor or its
 * place in a mount namespace, so nothing has to be undone. */

#include "base/error.h"

/**
 * mount_clone() - a detached copy of the mount that a file or directory is on, rooted there; open_tree(2)
 * @fd: O_PATH will do
 * @recursive: with what is mounted below
 *
 * Return: an fd, to be attached elsewhere with move_mount(2) or closed, which makes it vanish.
 */
int mount_clone(int fd, bool recursive, Error *reterr);

/* The same of what is at a path. @attributes: MOUNT_ATTR_*, which it gets with those in it. */
int mount_clone_path(const char *path, bool recursive, uint64_t attributes, Error *reterr);

/* Likewise, with what is mounted below now, and private. */
int mount_clone_as_it_is(const char *path, uint64_t attributes, Error *reterr);

typedef struct MountOption {
        const char *key, *value; /* NULL: left out */
} MountOption;

/* A new file system of a kind that is in memory. @attributes: MOUNT_ATTR_*. Return: as above. */
int mount_make(const char *kind, const MountOption *options, size_t n, unsigned attributes, Error *reterr);

/* Attaches a detached mount; it stays the caller's. @path: must be there. */
int mount_attach(int fd, const char *path, Error *reterr);

/* Both. */
int mount_make_at(const char *kind, const char *path, const MountOption *options, size_t n,
                  unsigned attributes, Error *reterr);

/* Parts a detached mount, and those in it, from what they are copies of: what the host mounts there later
 * does not appear in it, where it would be without its attributes. */
int mount_make_private(int tree_fd, Error *reterr);

/* Makes a detached mount read-only, with those in it. */
int mount_set_read_only(int tree_fd, Error *reterr);

/* Makes a detached mount read-only, without devices and without set-user-ID programs. */
int mount_protect(int tree_fd, Error *reterr);

/**
 * mount_map_ids() - give the files of a detached mount, and of those in it, other ids
 * @ids_fd: which, see mount-maps.h
 *
 * Return: -EINVAL where a file system cannot, -ENOSYS where the kernel cannot, -EPERM where it was done
 * already; then nothing is changed.
 */
int mount_map_ids(int tree_fd, int ids_fd, Error *reterr);

/* A copy of a mount, without what is mounted below, with other ids; @ids_fd: -EBADF: with the same. Return:
 * as mount_clone(). */
int mount_clone_mapped(int fd, int ids_fd, Error *reterr);

/* Whether it works for the mount that a file or directory is on, tried on a copy. Return: 0, or what
 * mount_map_ids() would, without an Error. */
int mount_try_ids(int fd, int ids_fd);

/* Whether mount_map_ids() returned what is said above, and not a failure of another kind. */
static inline bool mount_has_no_ids(int r) {
        return r == -EINVAL || r == -ENOSYS || r == -EPERM;
}
