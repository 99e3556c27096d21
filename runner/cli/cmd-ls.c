/* SPDX-License-Identifier: MIT */

#include "cli/verbs.h"
#include "view/project-list.h"

static int ls_run(const ProjectRequest *request, const void *target, char *const *operands, Error *reterr) {
        _cleanup_(project_list_done) ProjectList list = {};
        int r = project_list_gather(&list, reterr);

        if (r < 0)
                return r;
        if (!request->globals->json)
                return project_list_print(&list, reterr);
        project_list_print_json(&list);
        return FC_EXIT_OK;
}

const Verb cmd_ls = {
        .name = "ls",
        .synopsis = "",
        .summary = "Show the projects of this machine, and what runs of them",
        .looks = true,
        .run = ls_run,
};
