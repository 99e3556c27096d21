/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "resources/secret-command.h"
#include "resources/secret.h"

/* A password store may ask the user in a window. */
#define COMMAND_TIMEOUT_USEC (60 * USEC_PER_SEC)

void secret_done(Secret *s) {
        if (s->data)
                explicit_bzero(s->data, s->size);
        free(s->data);
        *s = (Secret){};
}

static const char *find_variable(char *const *environment, const char *name) {
        size_t n = strlen(name);

        STRV_FOREACH (s, environment)
                if (strncmp(*s, name, n) == 0 && (*s)[n] == '=')
                        return *s + n + 1;
        return NULL;
}

static int obtain_variable(const Project *project, const char *name, char *const *environment, Secret *ret,
                           Error *reterr) {
        const char *value = find_variable(environment, name);

        if (!value) {
                int r = error_raise(reterr, FC_EXIT_USAGE, "the variable '%s' is not set", name);

                if (!asker_is_whole(project->asker))
                        error_add_hint(reterr,
                                       "sudo keeps variables back: leave it out, the program gets root by "
                                       "itself");
                return r;
        }
        if (strlen(value) > SECRET_SIZE_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "the variable '%s' is larger than %d bytes", name,
                                   SECRET_SIZE_MAX);
        *ret = (Secret){.data = xstrdup(value), .size = strlen(value)};
        return 0;
}

int secret_obtain(const Project *project, const Credential *c, const char *place, Secret *ret,
                  Error *reterr) {
        char *const *environment;
        int r;

        r = asker_environment(project->asker, &environment, reterr);
        if (r >= 0)
                r = c->variable ? obtain_variable(project, c->variable, environment, ret, reterr)
                                : secret_run(project, c->command, environment, COMMAND_TIMEOUT_USEC, ret,
                                             reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", place) : 0;
}
