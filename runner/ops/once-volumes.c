/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "ops/once-volumes.h"
#include "spec/volume.h"

/* What is typed is relative to where it is typed. */
static char *absolute_source(const ProjectRequest *request, const char *source) {
        return source[0] == '@' ? xstrdup(source) : project_typed_path(request, source);
}

static int once_volume_add(const ProjectRequest *request, ContainerSpec *c, const char *text,
                           Error *reterr) {
        _cleanup_(volume_done) Volume volume = {};
        char *source;
        int r;

        r = volume_parse(text, &volume, reterr);
        if (r >= 0 && volume.overlay)
                r = error_raise(
                        reterr, FC_EXIT_USAGE,
                        "'%s': overlay: what it keeps would be there the next time, write it into the "
                        "specification",
                        text);
        if (r >= 0) {
                source = absolute_source(request, volume.source);
                free(volume.source);
                volume.source = source;
                r = volume_add_once(c, &volume, reterr);
        }
        return r < 0 ? error_prefix(reterr, r, "--volume") : 0;
}

int once_volumes_add(const ProjectRequest *request, Project *project, char *const *names,
                     char *const *volumes, Error *reterr) {
        int r = 0;

        if (volumes && strv_length(names) != 1)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "--volume is for one container, whose name must be given");
        for (size_t i = 0; volumes && i < project->spec->n_containers; i++) {
                ContainerSpec *c = &project->spec->containers[i];

                if (!streq(c->name, names[0]))
                        continue;
                STRV_FOREACH (text, volumes)
                        if (r >= 0)
                                r = once_volume_add(request, c, *text, reterr);
        }
        return r;
}
