/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "export/parts.h"
#include "export/probe.h"

/* On either address of the container's own localhost, as ready/check-socket.c asks. */
#define CONNECT "{ exec 3<>/dev/tcp/127.0.0.1/%u || exec 3<>/dev/tcp/::1/%u; } 2>/dev/null"

static char *quote_bash(char *script) {
        _cleanup_free_ char *text = script, *word = export_shell_word(text);

        return xasprintf("bash -c %s", word);
}

static char *probe_tcp(uint16_t port) {
        return quote_bash(xasprintf(CONNECT, port, port));
}

static char *probe_http(const HttpCheck *check) {
        _cleanup_free_ char *path = export_shell_word(check->path);

        return quote_bash(xasprintf(CONNECT
                                    " && printf 'GET %%s HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' %s >&3"
                                    " && read -r _ status _ <&3"
                                    " && [ \"$status\" -ge %u ] && [ \"$status\" -le %u ]",
                                    check->port, check->port, path, check->status_min, check->status_max));
}

static char *probe_exec(char *const *command) {
        _cleanup_strv_ char **words = NULL;

        STRV_FOREACH (argument, command)
                strv_push_take(&words, export_shell_word(*argument));
        return strv_join(words, " ");
}

char *probe_script(const ContainerSpec *c) {
        const ReadyChecks *checks = &c->ready_checks;
        _cleanup_strv_ char **steps = NULL;

        /* Which also says whether a unit has failed. */
        if (c->init && c->ready_notify)
                strv_push(&steps, "systemctl is-system-running >/dev/null");
        if (checks->units) {
                _cleanup_free_ char *units = probe_exec(checks->units);

                strv_pushf(&steps, "systemctl is-active --quiet %s", units);
        }
        for (size_t i = 0; i < checks->n_tcp; i++)
                strv_push_take(&steps, probe_tcp(checks->tcp[i]));
        for (size_t i = 0; i < checks->n_http; i++)
                strv_push_take(&steps, probe_http(&checks->http[i]));
        for (size_t i = 0; i < checks->n_exec; i++)
                strv_push_take(&steps, probe_exec(checks->exec[i]));
        return steps ? strv_join(steps, " && ") : NULL;
}
