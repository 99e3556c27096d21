/* SPDX-License-Identifier: MIT */
#pragma once

/* `-H ssh://HOST`: a command of this project on another machine.
 *
 * The program is there in the same version, found in PATH, and asked first. The project is there below
 * the home of the user who logs in:
 *
 *     ~/.local/share/flake-containers/remote/HASH/NAME
 *
 * HASH being that of this machine, the user and the project's root, so that developers who share an
 * account there do not meet. Commands that read the specification of the project (Verb's `builds`) send
 * it first, with what it names; then the command itself runs there, with the terminal where there is one;
 * what it has changed of the ports comes back. All of it is the user's own, also where the user has typed
 * sudo. Root there is had as by any other command, by sudo and the like, or is not needed. */

#include "base/options.h"
#include "context/project.h"

typedef struct RemoteVerb {
        const char *name; /* as in the table of verbs */
        bool builds;      /* it needs the specification as it is now */
        bool changes;     /* it may have started, stopped or published something afterwards */
        bool has_command; /* something may stand behind "--" */
        const OptionTable *options;
        size_t n_options; /* its own, and then those of all verbs, whose target is `Globals` */
} RemoteVerb;

/* Whether -H makes of the verb what runs there; otherwise it is one that stays here, and knows -H itself. */
bool remote_takes(const char *verb);

/**
 * remote_run() - run it there
 * @operands: without options
 *
 * Return: its exit status there, or a negative errno: FC_EXIT_HOST: there is no connection, or not this
 * program; FC_EXIT_USAGE: it cannot be done there; FC_EXIT_CONFLICT: it was done, and a port is taken here.
 */
int remote_run(const ProjectRequest *request, const RemoteVerb *verb, char *const *operands, Error *reterr);
