/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "context/named-volumes.h"
#include "spec/volume.h"

/* One volume of a definition: lines "volumes[0].source @data", "volumes[0].target /srv". */
typedef struct VolumeLines {
        const char *source, *target;
        bool overlay;
} VolumeLines;

static void add_once(char ***names, char *name) {
        if (name && !strv_contains(*names, name))
                strv_push_take(names, name);
        else
                free(name);
}

static void add_volume_of_lines(const char *container, VolumeLines *lines, char ***names) {
        const Volume volume = {
                .source = (char *) lines->source,
                .target = (char *) lines->target,
                .overlay = lines->overlay,
        };

        if (volume.source && volume.target)
                add_once(names, volume_kept_name(container, &volume));
        *lines = (VolumeLines){};
}

/* As a container was started with them. The lines of one stand together, with the source first. */
static void add_volumes_of_definition(const char *container, char *const *definition, char ***names) {
        VolumeLines lines = {};

        STRV_FOREACH (line, definition) {
                const char *rest = startswith(*line, "volumes["), *value;

                rest = rest ? startswith(rest + strspn(rest, "0123456789"), "].") : NULL;
                if (!rest)
                        continue;
                value = startswith(rest, "source ");
                if (value) {
                        add_volume_of_lines(container, &lines, names);
                        lines.source = value;
                }
                value = startswith(rest, "target ");
                if (value)
                        lines.target = value;
                lines.overlay = lines.overlay || streq(rest, "overlay true");
        }
        add_volume_of_lines(container, &lines, names);
}

int named_volumes_of(Project *project, const char *container, char ***ret, Error *reterr) {
        const ContainerSpec *spec = project_container_spec(project, container);
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        int r = project_load_state(project, container, &state, reterr);

        if (r < 0)
                return r;
        for (size_t i = 0; spec && i < spec->n_volumes; i++)
                add_once(ret, volume_kept_name(container, &spec->volumes[i]));
        if (state)
                add_volumes_of_definition(container, state->definition, ret);
        return 0;
}
