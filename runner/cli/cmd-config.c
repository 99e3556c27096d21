/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/json.h"
#include "cli/verbs.h"
#include "context/project.h"
#include "spec/spec-parse.h"

typedef struct ConfigOptions {
        bool services, schema;
} ConfigOptions;

static const Option config_options[] = {
        {"services", 0, OPTION_FLAG, offsetof(ConfigOptions, services), NULL,
         "Print only the names of the containers"},
        {"schema", 0, OPTION_FLAG, offsetof(ConfigOptions, schema), NULL,
         "Print the JSON schema of specifications, for editors"},
};

static void print_services(const Spec *spec, bool json) {
        _cleanup_(json_freep) Json *array = json_new_array();
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < spec->n_containers; i++) {
                if (!json)
                        (void) puts(spec->containers[i].name);
                json_append_string(array, spec->containers[i].name);
        }
        text = json_print(array, /* pretty= */ false);
        if (json)
                (void) puts(text);
}

static int config_run(const ProjectRequest *request, const void *target, char *const *operands,
                      Error *reterr) {
        const ConfigOptions *o = target;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        if (o->schema) {
                text = spec_schema();
                (void) puts(text);
                return FC_EXIT_OK;
        }
        r = project_open(request, &project, reterr);
        if (r >= 0)
                r = project_load_spec(&project, reterr);
        if (r < 0)
                return r;
        if (request->globals->quiet)
                return FC_EXIT_OK;
        if (o->services) {
                print_services(project.spec, request->globals->json);
                return FC_EXIT_OK;
        }
        text = spec_print(project.spec);
        (void) puts(text);
        return FC_EXIT_OK;
}

const Verb cmd_config = {
        .name = "config",
        .synopsis = "",
        .summary = "Check the specification and print it with all defaults (JSON); -q: only check",
        .options = config_options,
        .n_options = ELEMENTSOF(config_options),
        .target_size = sizeof(ConfigOptions),
        .builds = true,
        .run = config_run,
};
