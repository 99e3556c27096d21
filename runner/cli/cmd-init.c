/* SPDX-License-Identifier: MIT */

#include "base/json.h"
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

static void init_list_text(void) {
        const Starter *s;

        for (size_t i = 0; (s = starter_at(i)); i++)
                (void) printf("%-20s  %s\n", s->name, s->summary);
}

static void init_list_json(void) {
        _cleanup_(json_freep) Json *document = json_new_object();
        _cleanup_free_ char *text = NULL;
        Json *array = json_new_array();
        const Starter *s;

        for (size_t i = 0; (s = starter_at(i)); i++) {
                Json *o = json_new_object();

                json_add_string(o, "name", s->name);
                json_add_string(o, "file", s->file);
                json_add_string(o, "summary", s->summary);
                json_append(array, o);
        }
        json_add(document, "templates", array);
        text = json_print(document, /* pretty= */ true);
        (void) puts(text);
}

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
                if (globals->json)
                        init_list_json();
                else
                        init_list_text();
                return FC_EXIT_OK;
        }
        r = starter_choose(o->template, &starter, reterr);
        if (r >= 0)
                r = starter_write(starter, directory, globals->root, globals->dry_run, reterr);
        if (r < 0)
                return r;
        if (globals->quiet)
                return FC_EXIT_OK;
        (void) fprintf(stderr, "%s: %s\n", starter->file,
                       globals->dry_run ? "would be written" : starter->summary);
        for (size_t i = 0; starter->next[i]; i++)
                (void) fprintf(stderr, "%s%s\n", i == 0 ? "next:  " : "       ", starter->next[i]);
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
