/* SPDX-License-Identifier: MIT */

#include "base/strv.h"
#include "cli/verbs.h"
#include "ops/publish.h"

typedef int (*PublishFunc)(const Project *project, const char *container, char *const *texts, Error *reterr);

static int publish_run_with(const ProjectRequest *request, char *const *operands, PublishFunc work,
                            Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        char *const operand[] = {operands[0], NULL};
        _cleanup_strv_ char **names = NULL;
        int r;

        r = project_open_known(request, operand, &project, &names, reterr);
        return r < 0 ? r : work(&project, operands[0], operands + 1, reterr);
}

static int publish_run(const ProjectRequest *request, const void *target, char *const *operands,
                       Error *reterr) {
        return publish_run_with(request, operands, publish_ports, reterr);
}

static int unpublish_run(const ProjectRequest *request, const void *target, char *const *operands,
                         Error *reterr) {
        return publish_run_with(request, operands, unpublish_ports, reterr);
}

const Verb cmd_publish = {
        .name = "publish",
        .synopsis = "NAME PORT..",
        .summary = "Publish more ports of a container while it runs, until it ends",
        .min_operands = 2,
        .max_operands = SIZE_MAX,
        .needs_root = true,
        .run = publish_run,
};

const Verb cmd_unpublish = {
        .name = "unpublish",
        .synopsis = "NAME PORT..",
        .summary = "Take such ports back; connections that use them go on",
        .min_operands = 2,
        .max_operands = SIZE_MAX,
        .needs_root = true,
        .run = unpublish_run,
};
