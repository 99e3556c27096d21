/* SPDX-License-Identifier: MIT */

#include "base/json.h"
#include "cli/verbs.h"
#include "spec/spec.h"

static int version_run(const ProjectRequest *request, const void *target, char *const *operands,
                       Error *reterr) {
        _cleanup_(json_freep) Json *o = json_new_object();
        _cleanup_free_ char *text = NULL;

        if (!request->globals->json) {
                (void) printf("flake-containers %s\n", FC_VERSION);
                return FC_EXIT_OK;
        }
        json_add_string(o, "version", FC_VERSION);
        json_add_uint(o, "specVersion", SPEC_VERSION);
        text = json_print(o, /* pretty= */ false);
        (void) puts(text);
        return FC_EXIT_OK;
}

const Verb cmd_version = {
        .name = "version",
        .synopsis = "",
        .summary = "Show the version",
        .run = version_run,
};
