/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "ops/once-ports.h"
#include "spec/port-clash.h"
#include "spec/port.h"

static ContainerSpec *container_find(const Project *project, const char *name) {
        for (size_t i = 0; i < project->spec->n_containers; i++)
                if (streq(project->spec->containers[i].name, name))
                        return &project->spec->containers[i];
        return NULL;
}

static int container_of(const Project *project, char *const *names, char *const *started, const char *text,
                        ContainerSpec **ret, const char **ret_port, Error *reterr) {
        _cleanup_free_ char *name = port_split_name(text, ret_port);

        if (!name && strv_length(names) != 1)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s': of which container? Expected NAME:HOST:CONTAINER", text);
        if (!name)
                name = xstrdup(names[0]);
        *ret = container_find(project, name);
        if (!*ret || !strv_contains(started, name))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s': '%s' is not one of the containers that are started", text,
                                   name);
        return 0;
}

static int once_port_add(const Project *project, char *const *names, char *const *started, const char *text,
                         Error *reterr) {
        const char *port = NULL;
        ContainerSpec *c = NULL;
        PortRange range;
        int r;

        r = container_of(project, names, started, text, &c, &port, reterr);
        if (r >= 0)
                r = port_range_parse(port, &range, reterr);
        if (r >= 0)
                r = ports_add_once(c, &range, reterr);
        return r;
}

int once_ports_add(Project *project, char *const *names, char *const *started, char *const *ports,
                   Error *reterr) {
        int r = 0;

        STRV_FOREACH (text, ports)
                if (r >= 0)
                        r = once_port_add(project, names, started, *text, reterr);
        if (r >= 0 && ports)
                r = ports_check(project->spec, reterr);
        return r < 0 ? error_prefix(reterr, r, "--publish") : 0;
}
