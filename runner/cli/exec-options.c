/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "cli/exec-options.h"

int exec_own_failure(int r, Error *reterr) {
        if (r < 0 && reterr && (reterr->exit == FC_EXIT_INTERNAL || reterr->exit == FC_EXIT_FAILED))
                reterr->exit = FC_EXIT_EXEC_OWN;
        return r;
}

int exec_options_check(const char *directory, char *const *environment, Error *reterr) {
        if (directory && directory[0] != '/')
                return error_raise(reterr, FC_EXIT_USAGE, "option '--workdir': '%s' is not absolute",
                                   directory);
        STRV_FOREACH (assignment, environment)
                if ((*assignment)[0] == '=' || !strchr(*assignment, '='))
                        return error_raise(reterr, FC_EXIT_USAGE, "option '--env': '%s' is not NAME=VALUE",
                                           *assignment);
        return 0;
}
