/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "export/keys.h"
#include "export/parts.h"
#include "spec/stop.h"

char *export_stop_signal(const ContainerSpec *c) {
        return c->stop_signal != 0 ? stop_signal_to_string(c->stop_signal)
                                   : xstrdup(c->command ? "SIGTERM" : "SIGRTMIN+3");
}

char *export_shell_word(const char *text) {
        char *word = xmalloc0(4 * strlen(text) + 3), *to = word;

        *to++ = '\'';
        for (const char *s = text; *s; s++)
                if (*s == '\'') {
                        memcpy(to, "'\\''", 4);
                        to += 4;
                } else
                        *to++ = *s;
        *to = '\'';
        return word;
}

Json *export_shell_command(const ContainerSpec *c, const char *script, const char *operand) {
        _cleanup_free_ char *shell =
                c->toplevel ? xasprintf("%s/sw/bin/sh", c->toplevel) : xstrdup("/bin/sh");
        Json *command = json_new_array();

        json_append_string(command, shell);
        json_append_string(command, "-c");
        json_append_string(command, script);
        if (operand) {
                json_append_string(command, "sh");
                json_append_string(command, operand);
        }
        return command;
}

static mode_t tmpfs_mode(const Tmpfs *tmpfs) {
        if (tmpfs->mode_given)
                return tmpfs->mode;
        return streq(tmpfs->target, "/tmp") || streq(tmpfs->target, "/var/tmp") ? 01777 : 0755;
}

/* podman would copy into it what it covers. */
char *export_tmpfs(const Tmpfs *t) {
        return xasprintf("%s:mode=%04o,exec,notmpcopyup%s%s", t->target, (unsigned) tmpfs_mode(t),
                         t->size ? ",size=" : "", t->size ? t->size : "");
}

void export_add_credential_files(const ExportRequest *r, const ContainerSpec *c, char ***lines) {
        if (!*lines)
                strv_push(lines, "umask 077\n"
                                 "place=$(mktemp -d -p \"${XDG_RUNTIME_DIR:-/dev/shm}\")\n"
                                 "trap 'rm -rf \"$place\"' EXIT\n");
        /* A name may begin with a dot. */
        strv_push(lines, "rm -rf \"$place\"\nmkdir \"$place\"\n");
        for (size_t i = 0; i < c->n_credentials; i++) {
                const Credential *credential = &c->credentials[i];
                _cleanup_free_ char *command = export_credential_command(r, credential);

                if (!keys_refuse_credential(credential))
                        strv_pushf(lines, "%s >\"$place/%s\"\n", command, credential->id);
        }
}

char *export_credential_command(const ExportRequest *r, const Credential *credential) {
        _cleanup_free_ char *path = NULL, *word = NULL;
        _cleanup_strv_ char **words = NULL;

        if (credential->variable)
                return xasprintf("printf %%s \"$%s\"", credential->variable);
        if (!credential->command) {
                path = export_host_path(r, credential->path);
                word = export_shell_word(path);
                return xasprintf("cat %s", word);
        }
        STRV_FOREACH (argument, credential->command)
                strv_push_take(&words, export_shell_word(*argument));
        return strv_join(words, " ");
}
