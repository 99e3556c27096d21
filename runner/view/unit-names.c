/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "view/unit-names.h"

#define UNITS_DIR "etc/systemd/system"

/* What a directory "multi-user.target.wants" lists. */
static void add_wanted(int units_fd, const char *name, char ***units) {
        _cleanup_close_ int fd = openat(units_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_strv_ char **wanted = NULL;

        if (fd >= 0 && fs_list(fd, &wanted) >= 0)
                strv_extend(units, wanted);
}

static void add_of_image(int root_fd, const char *image, char ***units) {
        _cleanup_free_ char *path = xasprintf("%s/" UNITS_DIR, image);
        _cleanup_close_ int fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_ char **names = NULL;

        if (fd < 0 || fs_list(fd, &names) < 0)
                return;
        STRV_FOREACH (name, names) {
                const char *dot = strrchr(*name, '.');

                if (streq_ptr(dot, ".wants") || streq_ptr(dot, ".requires"))
                        add_wanted(fd, *name, units);
        }
}

char **unit_names_of(const Project *project, const ContainerSpec *spec) {
        _cleanup_strv_ char **units = strv_copy(spec->ready_checks.units);
        const char *image = spec->toplevel ? spec->toplevel : spec->rootfs;
        char **sorted = NULL;

        if (image && project->state.root_fd >= 0)
                add_of_image(project->state.root_fd, image, &units);
        strv_sort(units);
        STRV_FOREACH (unit, units)
                if (!strv_contains(sorted, *unit))
                        strv_push(&sorted, *unit);
        return sorted;
}
