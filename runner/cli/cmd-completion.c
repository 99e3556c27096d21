/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "completion/completion.h"
#include "view/completion-words.h"

static int make_script(const char *shell, char **ret, Error *reterr) {
        _cleanup_free_ CompletionVerb *verbs = NULL;
        CompletionTable table = {.globals = globals_options, .n_globals = globals_n_options};

        for (const Verb *v; (v = verb_at(table.n_verbs));)
                *XGROW(verbs, table.n_verbs) = (CompletionVerb){
                        v->name, v->alias, v->synopsis, v->summary, v->options, v->n_options, v->stop_early,
                };
        table.verbs = verbs;
        return completion_make(&table, shell, ret, reterr);
}

static int completion_run(const ProjectRequest *request, const void *target, char *const *operands,
                          Error *reterr) {
        _cleanup_free_ char *script = NULL;
        int r;

        r = completion_words_print(request, operands[0], operands + 1, reterr);
        if (r != 0)
                return r < 0 ? r : FC_EXIT_OK;
        if (operands[1])
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is one operand too many", operands[1]);
        r = make_script(operands[0], &script, reterr);
        if (r < 0)
                return r;
        return fputs(script, stdout) < 0 ? error_set(reterr, errno, "print the script") : FC_EXIT_OK;
}

const Verb cmd_completion = {
        .name = "completion",
        .synopsis = "SHELL",
        .summary = "Print a script that completes our words in bash, zsh or fish",
        .min_operands = 1,
        .max_operands = SIZE_MAX,
        .run = completion_run,
};
