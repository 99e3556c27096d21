/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/build.h"
#include "base/json.h"
#include "cli/verbs.h"
#include "spec/spec.h"

/* As much of a commit's name as git shows. */
#define COMMIT_SHORT 12

static void add_if_known(Json *o, const char *key, const char *value) {
        if (value)
                json_add_string(o, key, value);
        else
                json_add_null(o, key);
}

static int version_run(const ProjectRequest *request, const void *target, char *const *operands,
                       Error *reterr) {
        _cleanup_(json_freep) Json *o = json_new_object();
        _cleanup_free_ char *text = NULL, *id = build_id();
        const char *changed = strchr(build_revision, '-');

        if (!request->globals->json) {
                (void) printf("flake-containers %s", FC_VERSION);
                if (build_revision[0] != '\0')
                        (void) printf(" (%.*s%s)", COMMIT_SHORT, build_revision, changed ? changed : "");
                (void) puts("");
                return FC_EXIT_OK;
        }
        json_add_string(o, "version", FC_VERSION);
        json_add_uint(o, "specVersion", SPEC_VERSION);
        add_if_known(o, "revision", build_revision[0] != '\0' ? build_revision : NULL);
        add_if_known(o, "buildId", id);
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
