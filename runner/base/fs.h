/* SPDX-License-Identifier: MIT */
#pragma once

/* Files and directories relative to a directory fd. The *_beneath functions resolve with openat2(2) and
 * RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS: a path that leaves the directory or that
 * goes through a symbolic link is an error. Everything below `.containers/` is reached through them. A
 * failure of the system is returned as its errno, which callers may look at. */

#include <dirent.h>
#include <sys/types.h>

#include "base/error.h"

/* Return: an O_CLOEXEC fd. `path` "." opens the directory again. */
int fs_open_beneath(int dir_fd, const char *path, int flags, mode_t mode, Error *reterr);

/* Like fs_open_beneath(), but a missing file is the expected outcome `*ret_fd = -EBADF` and success. */
int fs_open_beneath_optional(int dir_fd, const char *path, int flags, int *ret_fd, Error *reterr);

/* Is there something of that name, if only a link? What cannot be told is an error, never a no. */
int fs_is_there(int dir_fd, const char *path, bool *ret, Error *reterr);

/* The same for a regular file. Another user may own its directory: a FIFO or a device in its place is
 * FC_EXIT_CONFLICT, and opening it neither blocks us nor has an effect on it. */
int fs_open_file_beneath(int dir_fd, const char *path, int flags, mode_t mode, Error *reterr);

/* For reading; a missing one is `*ret_fd = -EBADF` and success. */
int fs_open_file_beneath_optional(int dir_fd, const char *path, int *ret_fd, Error *reterr);

/* Makes each missing component of `path` and opens the last; `mode` is for what is made. Return: the fd. */
int fs_mkdir_beneath(int dir_fd, const char *path, mode_t mode, Error *reterr);

/* Makes a directory that is not there yet, which its owner alone can enter. Return: an fd for reading. */
int fs_make_directory(int dir_fd, const char *name, Error *reterr);

/* @ret: the names in a directory at this moment, without "." and "..", in no order; NULL: it is empty. Owned
 * by the caller. Return: 0 or a negative errno. */
int fs_list(int dir_fd, char ***ret);

/* Return: 0 or a negative errno. */
int fs_write_all(int fd, const void *data, size_t size);

/* Reads a whole file of at most `max` bytes. `*ret` is NUL-terminated and owned by the caller; `ret_size`
 * may be NULL. A larger file is an error. `name` is used in the message only. */
int fs_read_fd(int fd, const char *name, size_t max, char **ret, size_t *ret_size, Error *reterr);

/* Replaces `name` in `dir_fd`: temporary file, write, fsync, rename; the old content stays when anything
 * fails, and no temporary file is left. A power failure leaves the old or the new content, whole. Owner is
 * the caller's fsuid. */
int fs_write_atomic(int dir_fd, const char *name, const char *text, size_t size, mode_t mode, Error *reterr);

/* The same without fsync, for what says nothing once the machine has gone down. On a host whose /run is on a
 * disk that is 5 to 20 ms. */
int fs_write_fleeting(int dir_fd, const char *name, const char *text, size_t size, mode_t mode,
                      Error *reterr);

/* Makes `name` in `dir_fd` a link to @target, or changes it to one, in one step; one that is right is left
 * alone. No other process may do so at the same time. */
int fs_replace_link(int dir_fd, const char *name, const char *target, Error *reterr);

/* Moves `from` to a name that is not there yet; -EEXIST where it is. File systems of other machines (NFS,
 * 9p: a folder of Windows in WSL) cannot promise that in one step: there a name that appears at this moment
 * is replaced, unless it is a directory with something in it. Return: 0 or a negative errno;
 * renameat2(2). */
int fs_rename_new(int from_fd, const char *from, int to_fd, const char *to);

/* Removes `name` below `dir_fd` with all it contains, without following links or crossing into another
 * mount; clears the immutable flag where it stands in the way (systemd and NixOS set it on var/empty). A
 * missing name is success. Where it ends early, at an error or killed, another call goes on. */
int fs_remove_tree(int dir_fd, const char *name, Error *reterr);

/* Called after each file and directory. @n: how many by now. Return: whether to go on; otherwise
 * FC_EXIT_INTERRUPTED. */
typedef bool (*FsRemoveWatch)(uint64_t n, void *userdata);
int fs_remove_tree_watched(int dir_fd, const char *name, FsRemoveWatch watch, void *userdata, Error *reterr);

/* Takes from a file or directory, and from the one that it lies in, the flags that keep it from being moved
 * or removed (chattr(1): immutable, append-only). Return: whether there were any, and they are gone. */
bool fs_clear_flags(int dir_fd, const char *name);

/* Makes the process access files as the directory's owner, so that it can do nothing there that the owner
 * could not. It keeps root's groups. Keeps errno. Return: 0 or a negative errno. */
int fs_enter_owner(int dir_fd);
void fs_leave_owner(void);

/* "/proc/self/fd/N", for interfaces that take only a path. `buf` has at least FS_PROC_FD_MAX bytes. */
#define FS_PROC_FD_MAX 32
char *fs_proc_fd(char *buf, int fd);

/* Where the open file lies now, for a process that opens it later and checks whether it is still the same.
 * @what: names it in the error. The string is the caller's. */
int fs_fd_path(int fd, const char *what, char **ret, Error *reterr);

/* For _cleanup_(). */
static inline void closedirp(DIR **d) {
        if (*d)
                (void) closedir(*d);
}
