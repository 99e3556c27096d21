/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/size-text.h"
#include "context/named-volumes.h"
#include "state/disk-use.h"
#include "view/status-size.h"

void container_size_done(ContainerSize *size) {
        for (size_t i = 0; i < size->n_volumes; i++)
                free(size->volumes[i].name);
        free(size->volumes);
        *size = (ContainerSize){};
}

static int size_of_volumes(int state_fd, char *const *names, ContainerSize *size, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = fs_open_beneath_optional(state_fd, STATE_DIR_VOLUMES, O_RDONLY | O_DIRECTORY, &fd, reterr);

        if (r < 0 || fd < 0)
                return r;
        STRV_FOREACH (name, names) {
                VolumeSize *volume = XGROW(size->volumes, size->n_volumes);

                volume->name = xstrdup(*name);
                r = disk_use(fd, *name, &volume->size, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Each part once: a root may be large. */
static int size_of_parts(int container_fd, ContainerSize *size, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        struct stat st;
        int r = fs_list(container_fd, &names);

        if (r < 0 || fstat(container_fd, &st) < 0)
                return error_set(reterr, r < 0 ? r : errno, "list what it keeps");
        size->all = (uint64_t) st.st_blocks * 512;
        STRV_FOREACH (name, names) {
                uint64_t part;

                r = disk_use(container_fd, *name, &part, reterr);
                if (r < 0)
                        return r;
                if (streq(*name, "root"))
                        size->root = part;
                size->all += part;
        }
        return 0;
}

int container_size_find(Project *project, const char *container, ContainerSize *ret, Error *reterr) {
        _cleanup_(container_size_done) ContainerSize size = {};
        _cleanup_close_ int fd = -EBADF;
        _cleanup_strv_ char **volumes = NULL;
        int r;

        r = state_dir_container_open(&project->state, container, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = size_of_parts(fd, &size, reterr);
        if (r >= 0)
                r = named_volumes_of(project, container, &volumes, reterr);
        if (r >= 0 && project->state.fd >= 0)
                r = size_of_volumes(project->state.fd, volumes, &size, reterr);
        if (r < 0)
                return error_about_container(reterr, r, container);
        *ret = size;
        size = (ContainerSize){};
        return 0;
}

char *container_size_volumes_text(const ContainerSize *size) {
        _cleanup_strv_ char **parts = NULL;
        char text[FORMAT_SIZE_MAX];

        for (size_t i = 0; i < size->n_volumes; i++)
                strv_pushf(&parts, "@%s %s", size->volumes[i].name,
                           format_size(text, size->volumes[i].size));
        return parts ? strv_join(parts, " ") : NULL;
}

Json *container_size_json(const ContainerSize *size) {
        Json *o = json_new_object(), *volumes = json_new_array();

        json_add_uint(o, "root", size->root);
        json_add_uint(o, "all", size->all);
        for (size_t i = 0; i < size->n_volumes; i++) {
                Json *volume = json_new_object();

                json_add_string(volume, "name", size->volumes[i].name);
                json_add_uint(volume, "size", size->volumes[i].size);
                json_append(volumes, volume);
        }
        json_add(o, "volumes", volumes);
        return o;
}
