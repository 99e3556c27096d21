/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/json.h"
#include "base/strv.h"
#include "context/network.h"
#include "view/host-names.h"

/* What the host may call a container. Its own name alone could be another project's. */
typedef struct HostNames {
        char *address, *address6;
        char *full, *machine;
} HostNames;

static void host_names_done(HostNames *h) {
        free(h->address);
        free(h->address6);
        free(h->full);
        free(h->machine);
        *h = (HostNames){};
}

/* As the host reaches it: in the first of its networks. */
static HostNames host_names_find(const Project *project, const Network *n, const char *name) {
        const char *owner = network_owner(n, name);
        const ProjectNetwork *network = network_first(n, owner);

        if (!network)
                return (HostNames){};
        return (HostNames){
                .address = network_address(n, network, owner),
                .address6 = network_address6(n, network, owner),
                .full = network_full_name(n, name),
                .machine = project_machine(project, name),
        };
}

static void host_names_print_lines(const HostNames *h) {
        (void) printf("%s %s %s\n", h->address, h->full, h->machine);
        if (h->address6)
                (void) printf("%s %s %s\n", h->address6, h->full, h->machine);
}

static void host_names_add_json(Json *array, const char *name, const HostNames *h) {
        Json *o = json_new_object(), *names = json_new_array();

        json_add_string(o, "name", name);
        json_add_string(o, "address", h->address);
        if (h->address6)
                json_add_string(o, "address6", h->address6);
        json_append_string(names, h->full);
        json_append_string(names, h->machine);
        json_add(o, "names", names);
        json_append(array, o);
}

int host_names_print(Project *project, char *const *names, Error *reterr) {
        _cleanup_(json_freep) Json *array = project->globals->json ? json_new_array() : NULL;
        _cleanup_(network_done) Network network = {};
        _cleanup_free_ char *text = NULL;
        bool changed;
        int r;

        r = network_read(project, &network, &changed, reterr);
        if (r < 0)
                return r;
        network_look_for_ipv6(project, &network);
        STRV_FOREACH (name, names) {
                _cleanup_(host_names_done) HostNames h = host_names_find(project, &network, *name);

                if (!h.address)
                        continue;
                if (array)
                        host_names_add_json(array, *name, &h);
                else
                        host_names_print_lines(&h);
        }
        if (array) {
                text = json_print(array, /* pretty= */ false);
                (void) puts(text);
        }
        return 0;
}
