/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/event-health.h"
#include "base/strv.h"

/* Whatever was wrong with it, with these it begins anew. */
static bool ends_degraded(const char *word, size_t size) {
        static const char *const words[] = {"starting",  "ready",   "completed", "stopping", "stopped",
                                            "rebooting", "crashed", "ended",     "recovered"};

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strlen(words[i]) == size && strncmp(words[i], word, size) == 0)
                        return true;
        return false;
}

void event_health_read(const char *text, const char *key, char ***known) {
        _cleanup_free_ char *copy = xstrdup(text);
        char *save = NULL;

        for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                char *word = strstr(line, key), *detail;
                const char *end;

                word = word ? word + strlen(key) : NULL;
                end = word ? strchr(word, '"') : NULL;
                if (!end)
                        continue;
                if (ends_degraded(word, (size_t) (end - word)))
                        *known = strv_free(*known);
                detail = startswith(word, "degraded\",\"detail\":") ? strrchr(line, '}') : NULL;
                if (!detail)
                        continue;
                *detail = '\0';
                strv_push(known, startswith(word, "degraded\",\"detail\":"));
        }
}
