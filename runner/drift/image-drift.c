/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "drift/image-drift.h"
#include "resources/resource-sources.h"
#include "rootfs/image-mark.h"

bool image_drift_is_there(Project *project, const ContainerPlan *plan, int container_fd) {
        _cleanup_close_ int root_fd = -EBADF, image_fd = -EBADF;
        _cleanup_free_ char *then = NULL, *now = NULL;

        if (!plan->image || plan->spec->ephemeral ||
            fs_open_beneath_optional(container_fd, "root", O_RDONLY | O_DIRECTORY, &root_fd, NULL) < 0 ||
            root_fd < 0)
                return false;
        then = image_mark_read(root_fd);
        if (!then || project_open_sources(project, NULL) < 0)
                return false;
        image_fd = resource_open_image(&project->sources, plan, NULL);
        now = image_fd >= 0 ? image_mark_make(image_fd) : NULL;
        return now && !streq(then, now);
}
