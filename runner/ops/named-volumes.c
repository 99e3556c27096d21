/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "ops/named-volumes.h"

/* "volumes[0].source @data", as a container was started with it. */
static const char *volume_of_line(const char *line) {
        const char *rest = startswith(line, "volumes["), *source = rest ? strstr(rest, "].source @") : NULL;

        return source ? source + strlen("].source @") : NULL;
}

static void add_once(char ***names, const char *name) {
        if (!strv_contains(*names, name))
                strv_push(names, name);
}

int named_volumes_of(Project *project, const char *container, char ***ret, Error *reterr) {
        const ContainerSpec *spec = project_container_spec(project, container);
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        int r = project_load_state(project, container, &state, reterr);

        if (r < 0)
                return r;
        for (size_t i = 0; spec && i < spec->n_volumes; i++)
                if (spec->volumes[i].source[0] == '@')
                        add_once(ret, spec->volumes[i].source + 1);
        if (state)
                STRV_FOREACH (line, state->definition)
                        if (volume_of_line(*line))
                                add_once(ret, volume_of_line(*line));
        return 0;
}
