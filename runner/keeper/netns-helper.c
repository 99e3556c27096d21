/* SPDX-License-Identifier: MIT */

#include "keeper/netns-helper.h"
#include "base/strv.h"

char **netns_helper_argv(const char *program, const char *address, pid_t leader) {
        char **argv = NULL;

        strv_push(&argv, program);
        strv_push(&argv, address ? "setup" : "loopback");
        strv_pushf(&argv, "--pid=%d", (int) leader);
        if (address) {
                strv_push(&argv, "--interface=host0");
                strv_pushf(&argv, "--address=%s", address);
        }
        return argv;
}

int netns_helper_result(int status, Error *reterr) {
        if (status == 0)
                return 1;
        /* It has waited for that to be sure, and said nothing. */
        if (status == FC_EXIT_NOT_RUNNING)
                return 0;
        return error_raise(reterr, FC_EXIT_INTERNAL,
                           "set the network of the container (see its console log)");
}
