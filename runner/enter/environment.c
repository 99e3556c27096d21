/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/paths.h"
#include "base/strv.h"
#include "enter/environment.h"

const char *environment_get(char *const *environment, const char *name) {
        size_t n = strlen(name);

        STRV_FOREACH (s, environment)
                if (strncmp(*s, name, n) == 0 && (*s)[n] == '=')
                        return *s + n + 1;
        return NULL;
}

void environment_set(char ***environment, const char *assignment) {
        size_t n = strcspn(assignment, "=") + 1;

        for (size_t i = 0; *environment && (*environment)[i]; i++)
                if (strncmp((*environment)[i], assignment, n) == 0) {
                        free((*environment)[i]);
                        (*environment)[i] = xstrdup(assignment);
                        return;
                }
        strv_push(environment, assignment);
}

static void set_take(char ***environment, char *assignment) {
        environment_set(environment, assignment);
        free(assignment);
}

static char *default_path(const Account *account, bool nixos) {
        if (!nixos)
                return xstrdup("PATH=" PATH_FHS);
        return xasprintf("PATH=/run/wrappers/bin:%s/.nix-profile/bin:/etc/profiles/per-user/%s/bin:"
                         "/nix/var/nix/profiles/default/bin:/run/current-system/sw/bin:" PATH_FHS,
                         account->home, account->name);
}

char **environment_for(char *const *inherited, const Account *account, bool nixos, bool terminal,
                       char *const *own, char *const *extra) {
        char **e = strv_copy(inherited);

        if (!environment_get(e, "PATH"))
                set_take(&e, default_path(account, nixos));
        set_take(&e, xasprintf("HOME=%s", account->home));
        set_take(&e, xasprintf("USER=%s", account->name));
        set_take(&e, xasprintf("LOGNAME=%s", account->name));
        set_take(&e, xasprintf("SHELL=%s", account->shell));

        if (terminal) {
                const char *term = environment_get(own, "TERM"), *color = environment_get(own, "COLORTERM");

                set_take(&e, xasprintf("TERM=%s", term && *term ? term : "vt220"));
                if (color)
                        set_take(&e, xasprintf("COLORTERM=%s", color));
        }
        STRV_FOREACH (s, extra)
                environment_set(&e, *s);
        return e;
}

static bool name_is_valid(const char *name, size_t n) {
        for (size_t i = 0; i < n; i++) {
                char c = name[i];

                if (c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
                        continue;
                if (i == 0 || c < '0' || c > '9')
                        return false;
        }
        return n > 0;
}

int environment_check(char *const *extra, Error *reterr) {
        STRV_FOREACH (s, extra) {
                size_t n = strcspn(*s, "=");

                if ((*s)[n] != '=')
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "environment variable '%s' is not NAME=VALUE", *s);
                if (!name_is_valid(*s, n))
                        return error_raise(
                                reterr, FC_EXIT_USAGE,
                                "environment variable '%s': a name has letters, digits and '_', and "
                                "does not begin with a digit",
                                *s);
        }
        return 0;
}
