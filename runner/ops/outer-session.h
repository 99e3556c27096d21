/* SPDX-License-Identifier: MIT */
#pragma once

/* A shell of the developer's on the host beside one container, with short ways into it: what
 * `extra-container shell` is. In it `c` runs a command inside, `h` tells what there is, and $name and $ip
 * are set, as what `env` prints. Called again in it, the verb changes the container to what is specified
 * now, instead of opening another shell. */

#include "context/project.h"

typedef struct OuterSession {
        const char *container;
        const char *instance;   /* a fresh one's; NULL: the project's own */
        char *const *variables; /* of running/connection.h; may be NULL */
        char *const *command;   /* runs in the place of a shell, and knows `c` and `h`; NULL: none */
        bool inside;            /* of a session: all is set already */
} OuterSession;

/* Is this process in a session of that container of that project? @ret: the instance, owned by the caller,
 * NULL: it is the project's own. */
bool outer_session_is_around(const char *root, const char *container, char **ret);

/* Return: the exit status of the shell or the command, or a negative errno. */
int outer_session_run(const ProjectRequest *request, const OuterSession *session, Error *reterr);

/* What the shell begins with, as bash reads it. Pure. */
extern const char outer_session_script[];
