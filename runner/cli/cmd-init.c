/* SPDX-License-Identifier: MIT */

#include "cli/verbs.h"
#include "ops/starter.h"

typedef struct InitOptions {
        char *template;
        bool list;
} InitOptions;

static const Option init_options[] = {
        {"template", 't', OPTION_STRING, offsetof(InitOptions, template), "TEMPLATE",
         "Which [default, or debian where there is no nix in PATH]"},
        {"list", 'l', OPTION_FLAG, offsetof(InitOptions, list), NULL,
         "Show what templates there are, and write nothing"},
};

static int init_run(const ProjectRequest *request, const void *target, char *const *operands,
                    Error *reterr) {
        const Globals *globals = request->globals;
        const char *directory = globals->root        ? globals->root
                                : globals->directory ? globals->directory
                                                     : ".";
        const InitOptions *o = target;
        const Starter *starter;
        int r;

        if (o->list) {
                starter_print_list(globals->json);
                return FC_EXIT_OK;
        }
        r = starter_choose(o->template, &starter, reterr);
        if (r >= 0)
                r = starter_write(starter, directory, globals->root, globals->dry_run, reterr);
        if (r < 0)
                return r;
        if (!globals->quiet)
                starter_say(starter, globals->dry_run);
        return FC_EXIT_OK;
}

const Verb cmd_init = {
        .name = "init",
        .synopsis = "",
        .summary = "Write a specification to begin with",
        .options = init_options,
        .n_options = ELEMENTSOF(init_options),
        .target_size = sizeof(InitOptions),
        .has_dry_run = true,
        .run = init_run,
};
