/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <string.h>

#include "keeper/nspawn-status.h"
#include "base/alloc.h"

void nspawn_notice_done(NspawnNotice *notice) {
        free(notice->status);
        *notice = (NspawnNotice){0};
}

/* Strict: kill(2) takes 0 and negative numbers for whole groups of processes. */
static pid_t parse_leader(const char *text) {
        unsigned long pid;
        char *end;

        if (*text < '1' || *text > '9')
                return 0;
        errno = 0;
        pid = strtoul(text, &end, 10);
        return errno == 0 && *end == '\0' && pid <= INT_MAX ? (pid_t) pid : 0;
}

void nspawn_notice_parse(const char *text, NspawnNotice *ret) {
        _cleanup_free_ char *copy = xstrdup(text);
        NspawnNotice notice = {0};
        char *save = NULL;

        for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                const char *leader = startswith(line, "X_NSPAWN_LEADER_PID="),
                           *status = startswith(line, "STATUS=");

                if (leader)
                        notice.leader = parse_leader(leader);
                if (status) {
                        free(notice.status);
                        notice.status = nspawn_status_text(status);
                }
                if (streq(line, "READY=1"))
                        notice.ready = true;
        }
        *ret = notice;
}

char *nspawn_status_text(const char *status) {
        static const char *const prefixes[] = {"Container running: ", "User job ", "Job "};
        size_t n;

        /* 262 says that it has started. */
        if (streq(status, "Container running.") || streq(status, "Container started."))
                return xstrdup("");
        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
                if (startswith(status, prefixes[i]))
                        status = startswith(status, prefixes[i]);
        n = strlen(status);
        return xstrndup(status, n > 3 && streq(status + n - 3, "...") ? n - 3 : n);
}
