/* SPDX-License-Identifier: MIT */
#pragma once

/* What exactly an ExecRequest runs, after looking into the container: program, arguments, user, environment,
 * directory. */

#include "enter/account.h"
#include "enter/exec.h"
#include "enter/namespaces.h"

typedef struct Command {
        Account account;
        char *path; /* absolute, inside */
        char **argv;
        char **environment;
        char *directory;
        bool directory_optional; /* "/" will do */
        bool certain_path;       /* executing `path` cannot fail for a reason that lies in the file */
        bool certain_directory;  /* entering `directory` cannot fail */
} Command;

void command_done(Command *command);

/* @manager: the guest's manager will start it, and adds the guest's own environment; else that is taken from
 * the leader.
 *
 * FC_EXIT_NOT_FOUND and FC_EXIT_NOT_EXECUTABLE for the program; FC_EXIT_USAGE for a directory or a variable
 * that cannot be one; FC_EXIT_EXEC_OWN when the directory does not exist. */
int command_resolve(const ExecRequest *request, const EnterTarget *target, bool terminal, bool manager,
                    Command *ret, Error *reterr);

/* Makes the command fit through D-Bus (see carry.h). FC_EXIT_EXEC_OWN when that takes a shell and there is
 * none. */
int command_make_carriable(Command *command, const EnterTarget *target, const char *container,
                           Error *reterr);
