/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "resources/mount-points.h"

/* What of @path is below @directory; NULL: it is not. */
static const char *path_within(const char *path, const char *directory) {
        size_t n = strlen(directory);

        return strncmp(path, directory, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

static bool mount_has_place(const PlanMount *m) {
        return m->kind != PLAN_MOUNT_ROOT && m->kind != PLAN_MOUNT_CREDENTIAL &&
               m->kind != PLAN_MOUNT_SECRET && m->target;
}

/* The innermost mount that a target is in. A file system in memory is emptied before each boot, so a mount
 * point in it is systemd-nspawn's. */
static const PlanMount *mount_find_volume(const ContainerPlan *plan, const char *target) {
        const PlanMount *found = NULL;

        for (size_t i = 0; i < plan->n_mounts; i++) {
                const PlanMount *m = &plan->mounts[i];

                if (mount_has_place(m) && path_within(target, m->target) &&
                    (!found || strlen(m->target) > strlen(found->target)))
                        found = m;
        }
        return found && plan_mount_is_volume(found) ? found : NULL;
}

/* Return: whether it is there, or behind a link, or a negative errno. */
static int mount_point_exists(int volume_fd, const char *path, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = fs_open_beneath_optional(volume_fd, path, O_PATH, &fd, &error);

        if (r >= 0)
                return fd >= 0;
        if (error.exit == FC_EXIT_CONFLICT)
                return 1;
        error_move(reterr, &error);
        return r;
}

static int mount_point_make_directory(int volume_fd, const char *path, Error *reterr) {
        _cleanup_close_ int fd = fs_mkdir_beneath(volume_fd, path, 0755, reterr);

        return fd < 0 ? fd : 0;
}

static int mount_point_make_file(int volume_fd, const char *path, Error *reterr) {
        _cleanup_free_ char *parent = xstrdup(path);
        _cleanup_close_ int fd = -EBADF;
        char *slash = strrchr(parent, '/');
        int r = 0;

        if (slash) {
                *slash = '\0';
                r = mount_point_make_directory(volume_fd, parent, reterr);
        }
        if (r >= 0)
                r = fd = fs_open_beneath(volume_fd, path, O_WRONLY | O_CREAT | O_EXCL, 0644, reterr);
        return r < 0 ? r : 0;
}

static int mount_point_make_as_owner(int volume_fd, const char *path, bool is_directory, Error *reterr) {
        int r = fs_enter_owner(volume_fd);

        if (r < 0)
                return error_set(reterr, r, "look at the volume");
        r = is_directory ? mount_point_make_directory(volume_fd, path, reterr)
                         : mount_point_make_file(volume_fd, path, reterr);
        fs_leave_owner();
        return r;
}

/* @path: in the volume. */
static int mount_point_make(const PlanMount *volume, int volume_fd, const char *path, int mount_fd,
                            Error *reterr) {
        const char *command;
        struct stat st;
        int r;

        r = mount_point_exists(volume_fd, path, reterr);
        if (r != 0)
                return r < 0 ? r : 0;
        if (fstat(mount_fd, &st) < 0)
                return error_set(reterr, errno, "look at what is mounted on '%s'", path);
        command = S_ISDIR(st.st_mode) ? "mkdir -p" : "touch";
        r = volume->read_only ? error_raise(reterr, FC_EXIT_USAGE,
                                            "'%s' does not exist in '%s', which is read-only inside", path,
                                            volume->source)
                              : mount_point_make_as_owner(volume_fd, path, S_ISDIR(st.st_mode), reterr);
        if (r < 0)
                error_add_hint(reterr, "make it: %s '%s/%s'", command, volume->source, path);
        return r;
}

int mount_points_make(const ContainerPlan *plan, const int *mount_fds, bool overlays, Error *reterr) {
        for (size_t i = 0; i < plan->n_mounts; i++) {
                const PlanMount *m = &plan->mounts[i], *volume;
                int r;

                if (!mount_has_place(m) || mount_fds[i] < 0)
                        continue;
                volume = mount_find_volume(plan, m->target);
                if (!volume || plan_mount_is_overlay(volume) != overlays)
                        continue;
                r = mount_point_make(volume, mount_fds[volume - plan->mounts],
                                     path_within(m->target, volume->target), mount_fds[i], reterr);
                if (r < 0)
                        return m->place ? error_about_container(reterr,
                                                                error_prefix(reterr, r, "%s", m->place),
                                                                plan->spec->name)
                                        : error_in_container(reterr, r, plan->spec->name);
        }
        return 0;
}
