/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "view/host-names.h"

static int refuse_rootless(Error *reterr) {
        int r = error_raise(
                reterr, FC_EXIT_HOST,
                "the host does not reach what runs without root: it is in a network of the user's "
                "own");

        error_add_hint(reterr, "declare ports, which the host reaches: flake-containers port NAME");
        return r;
}

static int hosts_run(const ProjectRequest *request, const void *target, char *const *operands,
                     Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL;
        int r;

        r = project_open_known(request, operands, &project, &names, reterr);
        if (r >= 0 && project.facts.rootless)
                r = refuse_rootless(reterr);
        if (r >= 0)
                r = host_names_print(&project, names, reterr);
        return r < 0 ? r : FC_EXIT_OK;
}

const Verb cmd_hosts = {
        .name = "hosts",
        .synopsis = "[NAME..]",
        .summary = "Print lines for the host's /etc/hosts: addresses and names of containers",
        .max_operands = SIZE_MAX,
        .in_instance = true,
        .looks = true,
        .run = hosts_run,
};
