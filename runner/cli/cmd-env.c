/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "running/connection.h"
#include "view/format-option.h"
#include "view/variables-text.h"

typedef struct EnvOptions {
        char *format;
} EnvOptions;

static const Option env_options[] = {
        {"format", 'f', OPTION_STRING, offsetof(EnvOptions, format), "SYNTAX",
         "sh, fish, json or dotenv [sh]"},
};

static int env_run(const ProjectRequest *request, const void *target, char *const *operands, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL, **variables = NULL;
        _cleanup_free_ char *text = NULL;
        const EnvOptions *o = target;
        bool json = request->globals->json;
        const char *word = format_option_word(o->format, json, "sh");
        VariablesFormat format = variables_format_from_string(word);
        ProjectRequest parted = *request;
        int r;

        parted.part = PART_NAMED;
        r = format_option_check(word, format >= 0, json, "sh, fish, json, dotenv", reterr);
        if (r >= 0)
                r = project_open_known(&parted, operands, &project, &names, reterr);
        if (r >= 0)
                r = connection_gather(&project, names, /* all= */ strv_length(operands) == 0, &variables,
                                      reterr);
        if (r < 0)
                return r;
        text = variables_text(variables, format);
        return fputs(text, stdout) < 0 ? error_set(reterr, errno, "print the variables") : FC_EXIT_OK;
}

const Verb cmd_env = {
        .name = "env",
        .synopsis = "[NAME..]",
        .summary = "Print variables that lead to what runs",
        .options = env_options,
        .n_options = ELEMENTSOF(env_options),
        .target_size = sizeof(EnvOptions),
        .max_operands = SIZE_MAX,
        .in_instance = true,
        .looks = true,
        .run = env_run,
};
