/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/json.h"
#include "base/strv.h"
#include "ops/network.h"
#include "ops/project.h"
#include "cli/verbs.h"

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
static HostNames find_names(const Project *project, const Network *n, const char *name) {
        const ProjectNetwork *network = network_first(n, name);

        if (!network)
                return (HostNames){};
        return (HostNames){
                .address = network_address(n, network, name),
                .address6 = network_address6(n, network, name),
                .full = network_full_name(n, name),
                .machine = project_machine(project, name),
        };
}

static void print_host_lines(const HostNames *h) {
        (void) printf("%s %s %s\n", h->address, h->full, h->machine);
        if (h->address6)
                (void) printf("%s %s %s\n", h->address6, h->full, h->machine);
}

static void add_json(Json *array, const char *name, const HostNames *h) {
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

static int hosts_run(const ProjectRequest *request, const void *target, char *const *operands,
                     Error *reterr) {
        _cleanup_(json_freep) Json *array = request->globals->json ? json_new_array() : NULL;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_(network_done) Network network = {};
        _cleanup_strv_ char **names = NULL;
        _cleanup_free_ char *text = NULL;
        bool changed;
        int r;

        r = project_open_known(request, operands, &project, &names, reterr);
        if (r >= 0)
                r = network_read(&project, &network, &changed, reterr);
        if (r < 0)
                return r;
        network_look_for_ipv6(&project, &network);
        STRV_FOREACH (name, names) {
                _cleanup_(host_names_done) HostNames h = find_names(&project, &network, *name);

                if (!h.address)
                        continue;
                if (array)
                        add_json(array, *name, &h);
                else
                        print_host_lines(&h);
        }
        if (array) {
                text = json_print(array, /* pretty= */ false);
                (void) puts(text);
        }
        return FC_EXIT_OK;
}

const Verb cmd_hosts = {
        .name = "hosts",
        .synopsis = "[NAME..]",
        .summary = "Print lines for the host's /etc/hosts: addresses and names of containers",
        .max_operands = SIZE_MAX,
        .in_instance = true,
        .run = hosts_run,
};
