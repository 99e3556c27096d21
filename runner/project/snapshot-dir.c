/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "project/snapshot-dir.h"
#include "spec/name.h"
#include "state/own-dir.h"
#include "state/state.h"
#include "state/trash.h"

#define MANIFEST "manifest.json"

int snapshot_label_check(const char *label, Error *reterr) {
        return name_check(label, "snapshot", reterr);
}

int snapshots_open(const StateDir *dir, int *ret_fd, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = 0;

        if (dir->fd >= 0)
                r = fs_open_beneath_optional(dir->fd, SNAPSHOTS_DIR, O_RDONLY | O_DIRECTORY, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = own_dir_check(fd, SNAPSHOTS_DIR, reterr);
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int snapshots_make(const StateDir *dir, Error *reterr) {
        _cleanup_close_ int fd = fs_mkdir_beneath(dir->fd, SNAPSHOTS_DIR, 0755, reterr);
        int r;

        if (fd < 0)
                return fd;
        r = own_dir_check(fd, SNAPSHOTS_DIR, reterr);
        return r < 0 ? r : TAKE_FD(fd);
}

int snapshots_list(int fd, char ***ret, Error *reterr) {
        _cleanup_strv_ char **names = NULL, **labels = NULL;
        int r = fs_list(fd, &names);

        if (r < 0)
                return error_set(reterr, r, "list '" STATE_DIR_NAME "/" SNAPSHOTS_DIR "'");
        STRV_FOREACH (name, names)
                if (snapshot_label_check(*name, NULL) >= 0)
                        strv_push(&labels, *name);
        strv_sort(labels);
        *ret = TAKE_PTR(labels);
        return 0;
}

int snapshot_load(int fd, const char *name, SnapshotManifest **ret, Error *reterr) {
        _cleanup_free_ char *path = xasprintf("%s/" MANIFEST, name),
                            *shown = xasprintf(STATE_DIR_NAME "/" SNAPSHOTS_DIR "/%s", path), *text = NULL;
        _cleanup_close_ int file_fd = -EBADF;
        size_t size;
        int r;

        *ret = NULL;
        r = fs_open_file_beneath_optional(fd, path, &file_fd, reterr);
        if (r < 0 || file_fd < 0)
                return r;
        r = fs_read_fd(file_fd, shown, STATE_SIZE_MAX, &text, &size, reterr);
        return r < 0 ? r : snapshot_manifest_parse(text, size, shown, ret, reterr);
}

int snapshot_hold(int fd, const char *label, Error *reterr) {
        _cleanup_close_ int dir_fd = fs_open_beneath(fd, label, O_RDONLY | O_DIRECTORY, 0, reterr);

        if (dir_fd < 0)
                return dir_fd;
        if (flock(dir_fd, LOCK_SH | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? error_raise(reterr, FC_EXIT_CONFLICT,
                                                          "snapshot '%s' is being removed", label)
                                            : error_set(reterr, errno, "lock snapshot '%s'", label);
        return TAKE_FD(dir_fd);
}

int snapshot_hold_alone(int fd, const char *label, int *ret_fd, Error *reterr) {
        _cleanup_close_ int dir_fd = -EBADF;
        int r = fs_open_beneath_optional(fd, label, O_RDONLY | O_DIRECTORY, &dir_fd, NULL);

        if (r < 0 || dir_fd < 0) {
                *ret_fd = -EBADF;
                return 0;
        }
        if (flock(dir_fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK)
                        return error_set(reterr, errno, "lock snapshot '%s'", label);
                r = error_raise(reterr, FC_EXIT_CONFLICT,
                                "a fresh instance has begun as snapshot '%s', and runs", label);
                error_add_hint(reterr, "which: flake-containers ls");
                return r;
        }
        *ret_fd = TAKE_FD(dir_fd);
        return 0;
}

int snapshot_raise_missing(int fd, const char *label, Error *reterr) {
        _cleanup_strv_ char **labels = NULL;
        _cleanup_free_ char *list = NULL;

        if (fd >= 0)
                (void) snapshots_list(fd, &labels, NULL);
        list = labels ? strv_join(labels, ", ") : NULL;
        (void) error_raise(reterr, FC_EXIT_USAGE, "there is no snapshot '%s'", label);
        if (list)
                error_add_hint(reterr, "there %s: %s", labels[1] ? "are" : "is", list);
        else
                error_add_hint(reterr, "there are none yet");
        return -EINVAL;
}

int snapshot_begin(const StateDir *dir, int fd, Error *reterr) {
        _cleanup_close_ int new_fd = -EBADF;
        int r;

        r = trash_put(dir->fd, fd, SNAPSHOTS_NEW, reterr);
        if (r >= 0)
                r = trash_empty(dir->fd, /* wait= */ true, NULL, NULL, reterr);
        if (r < 0)
                return r;
        new_fd = fs_mkdir_beneath(fd, SNAPSHOTS_NEW, 0755, reterr);
        if (new_fd < 0)
                return new_fd;
        /* In there are programs that are set-user-id. */
        if (mkdirat(new_fd, SNAPSHOT_ROOTS, 0700) < 0 || mkdirat(new_fd, SNAPSHOT_VOLUMES, 0700) < 0)
                return error_set(reterr, errno, "make a snapshot");
        return TAKE_FD(new_fd);
}

int snapshot_seal(int new_fd, const SnapshotManifest *manifest, Error *reterr) {
        _cleanup_free_ char *text = snapshot_manifest_print(manifest);
        int r;

        r = fs_write_atomic(new_fd, MANIFEST, text, strlen(text), 0644, reterr);
        if (r < 0)
                return r;
        return syncfs(new_fd) < 0 ? error_set(reterr, errno, "write it to the disk") : 0;
}

int snapshot_name(int fd, const char *label, Error *reterr) {
        int r = fs_rename_new(fd, SNAPSHOTS_NEW, fd, label);

        if (r >= 0 && fsync(fd) < 0)
                r = -errno;
        return r < 0 ? error_set(reterr, r, "give it its name") : 0;
}
