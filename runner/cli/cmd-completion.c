/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/completion-words.h"
#include "cli/completion.h"
#include "cli/verbs.h"

static int completion_run(const ProjectRequest *request, const void *target, char *const *operands,
                          Error *reterr) {
        _cleanup_free_ char *script = NULL;
        int r;

        r = completion_words_print(request, operands[0], operands + 1, reterr);
        if (r != 0)
                return r < 0 ? r : FC_EXIT_OK;
        if (operands[1])
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is one operand too many", operands[1]);
        r = completion_make(operands[0], &script, reterr);
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
