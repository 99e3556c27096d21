/* SPDX-License-Identifier: MIT */

#include "cli/verbs.h"
#include "ops/import.h"
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
        const InitOptions *o = target;
        const Starter *starter;
        int r;

        if (o->list) {
                starter_print_list(globals->json);
                return FC_EXIT_OK;
        }
        r = starter_choose(o->template, &starter, reterr);
        if (r >= 0)
                r = starter_write(starter, NULL, globals, reterr);
        if (r >= 0 && !globals->quiet)
                starter_say(starter, globals->dry_run);
        return r < 0 ? r : FC_EXIT_OK;
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

static const Option import_options[] = {
        {"format", 0, OPTION_STRING, 0, "LANGUAGE",
         "flake or json [flake, or json where there is no nix in PATH]"},
};

static int import_run(const ProjectRequest *request, const void *target, char *const *operands,
                      Error *reterr) {
        char *const *format = target;

        return import_compose(request->globals, operands ? operands[0] : NULL, *format, reterr);
}

const Verb cmd_import = {
        .name = "import",
        .synopsis = "[FILE]",
        .summary = "Write a specification to begin with, of a compose file",
        .options = import_options,
        .n_options = ELEMENTSOF(import_options),
        .target_size = sizeof(char *),
        .max_operands = 1,
        .has_dry_run = true,
        .run = import_run,
};
