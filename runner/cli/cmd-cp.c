/* SPDX-License-Identifier: MIT */

#include "cli/verbs.h"
#include "ops/copy.h"

static int cp_check_terminal(const CopyOperand *from, const CopyOperand *to, Error *reterr) {
        if (to->stream && isatty(STDOUT_FILENO))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "a tar archive is not for a terminal: write it into a file or a pipe");
        if (from->stream && isatty(STDIN_FILENO))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "a tar archive is read from a file or a pipe, not from a terminal");
        return 0;
}

static int cp_run(const ProjectRequest *request, const void *target, char *const *operands, Error *reterr) {
        _cleanup_(copy_operand_done) CopyOperand from = {0}, to = {0};
        int r;

        (void) target;
        r = copy_operand_parse(operands[0], &from, reterr);
        if (r >= 0)
                r = copy_operand_parse(operands[1], &to, reterr);
        if (r >= 0)
                r = copy_operands_check(&from, &to, reterr);
        if (r >= 0)
                r = cp_check_terminal(&from, &to, reterr);
        return r < 0 ? r : copy_between(request, &from, &to, reterr);
}

const Verb cmd_cp = {
        .name = "cp",
        .synopsis = "[NAME:]PATH [NAME:]PATH",
        .summary = "Copy files into a container or out of it; '-' is a tar archive",
        .min_operands = 2,
        .max_operands = 2,
        .needs_root = true,
        .in_instance = true,
        .run = cp_run,
};
